"""A network that reads a text outside training: whole, or a character at a time, beginning with h_0 = 0.

T characters, R rows that are read side by side, C characters in the vocabulary, E features, H hidden units.
"""

from collections.abc import Sequence
from typing import Any

import torch
from msgspec.structs import replace
from torch import Tensor
from torch.nn import functional as F

from rnn_tui.engine.network.cells import by_layer, hidden, map_state
from rnn_tui.engine.network.layer_norm import norm_above
from rnn_tui.engine.network.model import Model, initial_state
from rnn_tui.engine.network.single_layers import layer_cells
from rnn_tui.experiment.spec import Experiment

__all__ = ["TextReader", "read_whole"]

_AT_ONCE = 1000  # characters of a prime that are read in one go


class TextReader:
    """A network that reads one character of every row at a time, beginning with h_0 = 0."""

    def __init__(self, model: Model, experiment: Experiment) -> None:
        self._model, self._experiment = model, experiment
        self._cells = layer_cells(model.recurrent, experiment.network)
        self._states: list[Any] = []  # of each layer, after what has been read

    def read_prime(self, prime: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Read indices (T,); return the logits after the last, (1, C), and how likely each was, (T,); 0 for the first.

        It is read in pieces by the model itself, which is faster than step by step. Both are float64, on the CPU.
        """
        state, shares = _zeros(self._model, self._experiment), [torch.zeros(1, dtype=torch.float64)]
        for start in range(0, len(prime), _AT_ONCE):
            part = prime[start : start + _AT_ONCE]
            logits, state = _said(self._model, self._experiment, part, state)
            after = torch.tensor(prime[start + 1 : start + _AT_ONCE + 1], dtype=torch.int64)[:, None]
            shares.append(logits.softmax(-1)[: len(after)].gather(-1, after)[:, 0])
        self._states = by_layer(state)
        return logits[-1:], torch.cat(shares)

    def read(self, characters: Tensor) -> Tensor:
        """Read indices (R,); return the logits after them (R, C), float64, on the CPU. One row may become several."""
        rows = len(characters)
        x = self._model.embed(_as_read(self._model, self._experiment, characters[None]))[0]  # (R, E)
        for number, cell in enumerate(self._cells):
            self._states[number] = cell(x, map_state(self._states[number], lambda part: part.expand(rows, -1)))
            x = hidden(self._states[number])
            norm = norm_above(self._model.recurrent, number)
            x = x if norm is None else norm(x)
        logits: Tensor = self._model.read_out(x[None])[0]
        return logits.cpu().double()


def read_whole(model: Model, experiment: Experiment, prime: Sequence[int]) -> Tensor:
    """Return the logits (T, C) at each character of a text that is read whole, in every direction that there is."""
    return _said(model, experiment, prime, _zeros(model, experiment))[0]


def _said(model: Model, experiment: Experiment, text: Sequence[int], state: Any) -> tuple[Tensor, Any]:
    """Return the logits for indices (T,), (T, C) float64 on the CPU, and the state after them."""
    x = _as_read(model, experiment, torch.tensor(text, dtype=torch.int64)[:, None])
    logits, state = model(x.transpose(0, 1) if experiment.network.batch_first else x, state)
    return logits.reshape(len(text), -1).cpu().double(), state


def _as_read(model: Model, experiment: Experiment, indices: Tensor) -> Tensor:
    """Return indices as the model reads them: one-hot, where it has no embedding."""
    indices = indices.to(next(model.parameters()).device)
    return indices if model.embedding is not None else F.one_hot(indices, len(experiment.vocabulary)).float()


def _zeros(model: Model, experiment: Experiment) -> Any:
    network = replace(experiment.network, initial_state="zeros")
    return initial_state(network, 1, next(model.parameters()).device)
