"""Which loss to expect of a text in three minutes of one core: ours, ours tuned, and a plain PyTorch loop.

    python -m tests.bench.shakespeare TEXT [SECONDS [NAME=VALUE …]]

Prints nats a character on the last tenth, all of it, after so many seconds of CPU time (180), in which that tenth is
not evaluated: other programs on the machine change nothing but how long it takes. With settings, such as
`network.hidden_size=256`, only ours with these is trained. Published for the first megabyte of Shakespeare, in the
README of https://github.com/karpathy/nanoGPT: 1.88 after three minutes on a CPU, 1.47 after three on an A100.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from rnn_tui.data.load import load
from rnn_tui.engine.training.held_out_eval import HeldOutEvaluator, Score
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.presets import OWN_TEXT
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict, to_dict

_TUNED: dict[str, Any] = {  # for as many updates as three minutes of a core allow
    "training.lr": 0.006,
    "training.schedule": "cosine",
    "training.schedule_every": 2500,
}


def _experiment(text: str, settings: dict[str, Any]) -> Experiment:
    values = to_dict(OWN_TEXT)
    values["data"] |= {"text": text, "holdout": 0.1}
    values["run"] |= {"device": "cpu"}
    values["training"] |= {"epochs": 0}
    for name, value in settings.items():
        section, _, key = name.partition(".")
        values[section][key] = value
    return from_dict(values)


def _train(update: Callable[[], None], seconds: float) -> int:
    """Update for so many seconds of CPU time; return how often."""
    updates, began = 0, time.process_time()
    while time.process_time() - began < seconds:
        update()
        updates += 1
    return updates


def _ours(experiment: Experiment, seconds: float) -> tuple[float, int]:
    data = load(experiment)
    trainer, score = Trainer(data.experiment, torch.device("cpu"), data.source), Score()
    updates = _train(trainer.tick, seconds)
    trainer.finish_update()
    for _ in HeldOutEvaluator(trainer).evaluate(score, whole=True):
        pass
    return score.nats / score.characters, updates


def _notebook(experiment: Experiment, seconds: float) -> tuple[float, int]:
    """The loop as a course writes it, of the same sizes; an embedding, an LSTM and a linear layer."""
    network, data, training = experiment.network, experiment.data, experiment.training
    characters = Path(data.text).read_text()
    vocabulary = sorted(set(characters))
    place = {character: index for index, character in enumerate(vocabulary)}
    codes = torch.tensor([place[character] for character in characters])
    learnt, held_out = codes[: -len(codes) // 10], codes[-len(codes) // 10 :]
    size, length = network.hidden_size, data.length
    pieces = learnt[: (len(learnt) - 1) // length * length + 1].unfold(0, length + 1, length)  # (K, T+1)
    dataset = torch.utils.data.TensorDataset(pieces.contiguous())
    loader = torch.utils.data.DataLoader(dataset, batch_size=data.batch, shuffle=True, drop_last=True)
    torch.manual_seed(0)
    embedding = nn.Embedding(len(vocabulary), network.embedding or len(vocabulary))
    lstm = nn.LSTM(embedding.embedding_dim, size, network.layers, batch_first=True)
    head = nn.Linear(size, len(vocabulary))
    model = nn.ModuleList((embedding, lstm, head))
    optimizer = torch.optim.Adam(model.parameters(), lr=training.lr)
    batches = iter(loader)

    def loss_of(rows: torch.Tensor) -> torch.Tensor:
        logits = head(lstm(embedding(rows[:, :-1]))[0])
        return F.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten())

    def learn() -> None:
        nonlocal batches
        found = next(batches, None)
        if found is None:
            batches = iter(loader)
            found = next(batches)
        (rows,) = found
        optimizer.zero_grad()
        torch.autograd.backward(loss_of(rows))
        nn.utils.clip_grad_norm_(model.parameters(), training.clip)
        optimizer.step()

    updates = _train(learn, seconds)
    rows = held_out[: (len(held_out) - 1) // length * length + 1].unfold(0, length + 1, length)
    with torch.no_grad():
        return loss_of(rows).item(), updates


def main() -> None:
    """Print a line for each."""
    torch.set_num_threads(1)
    text, seconds = sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 180.0
    given = {name: _value(value) for name, _, value in (each.partition("=") for each in sys.argv[3:])}
    ways: list[tuple[str, dict[str, Any]]] = [("as asked", given)] if given else [("defaults", {}), ("tuned", _TUNED)]
    for name, settings in ways:
        loss, updates = _ours(_experiment(text, settings), seconds)
        words = " ".join(f"{key}={value}" for key, value in settings.items())
        print(f"{loss:.3f} nats, {updates:,} updates: rnn-tui, {name} {words}", flush=True)
    if not given:
        loss, updates = _notebook(load(_experiment(text, {})).experiment, seconds)
        print(f"{loss:.3f} nats, {updates:,} updates: a plain PyTorch loop, sizes and rate as the defaults", flush=True)


def _value(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


if __name__ == "__main__":
    main()
