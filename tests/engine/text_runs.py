"""Runs over a text, small enough for tests, and the same as a notebook would write it."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict

__all__ = ["Notebook", "letters", "on_text"]


def letters(count: int, seed: int = 0) -> str:
    """A text in which no two places are alike for long."""
    return "".join(np.random.default_rng(seed).choice(list("abcdef \n"), count))


def on_text(folder: Path, text: str, *, network: dict[str, Any] | None = None, training: dict[str, Any] | None = None,
            **data: Any) -> Experiment:  # fmt: skip
    """An LSTM of 6 on that text, by sequence; what is given takes the place of its own."""
    path = folder / "text.txt"
    path.write_bytes(text.encode(data.get("encoding", "utf-8")))
    return from_dict(
        {
            "name": "text",
            "data": {"text": str(path), "batch": 3, "length": 5} | data,
            "network": {"cell": "lstm", "hidden_size": 6, "head": "linear", "embedding": 4} | (network or {}),
            "training": {"tick": "sequence", "reduction": "mean", "lr": 0.01, "epochs": 0} | (training or {}),
            "run": {"device": "cpu"},
        }
    )


class Notebook:
    """The loop as a notebook writes it, on batches (N, T+1) of indices that are handed to it."""

    def __init__(self, experiment: Experiment, classes: int) -> None:
        torch.manual_seed(experiment.training.seed)
        network = experiment.network
        self.embedding = nn.Embedding(classes, network.embedding) if network.embedding else None
        kind = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[network.cell]
        self.recurrent = kind(network.embedding or classes, network.hidden_size, network.layers, batch_first=True)
        self.head = nn.Linear(network.hidden_size, classes)
        parts = [*(self.embedding.parameters() if self.embedding else ()), *self.recurrent.parameters()]
        self.parameters = [*parts, *self.head.parameters()]
        self.optimizer = torch.optim.Adam(self.parameters, lr=experiment.training.lr, fused=True)
        self.classes = classes
        self.state: Any = None

    def logits(self, batch: NDArray[np.int64], state: Any) -> tuple[Tensor, Any]:
        """(N, T, C), and the state after them."""
        x = torch.from_numpy(batch[:, :-1])
        read = F.one_hot(x, self.classes).float() if self.embedding is None else self.embedding(x)
        output, state = self.recurrent(read, state)
        return self.head(output), state

    def learn(self, batch: NDArray[np.int64], *, stateful: bool = False) -> float:
        """One update; its loss, averaged over the characters."""
        logits, state = self.logits(batch, self.state if stateful else None)
        self.state = tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()
        loss = F.cross_entropy(logits.flatten(0, 1), torch.from_numpy(batch[:, 1:]).flatten())
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return loss.item()
