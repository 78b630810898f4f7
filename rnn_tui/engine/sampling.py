"""Free generation: a network reads a text, then what it has said itself, one character after the other.

It begins with h_0 = 0 and needs nothing but the model and its experiment, so it works with a view and without. It
leaves the model as it was, and draws from a random number generator of its own.

R rows are texts that are written side by side, C characters in the vocabulary, H hidden units.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from msgspec.structs import replace
from torch import Tensor, nn
from torch.nn import functional as F

from rnn_tui.engine.layers import layer_cells
from rnn_tui.engine.model import Model, initial_state
from rnn_tui.experiment import Experiment

__all__ = ["Choice", "Line", "Written", "cannot_generate", "drawn", "generate", "write"]

_NOT_LEARNT = "Nothing is learnt here: the outputs are states, and no characters that could be read again."
_NUMBERS = "It says numbers, and no characters: its free run is in the chart of the series."
_BOTH_WAYS = (
    "A bidirectional network cannot write freely: it also reads from the right, and there the next character "
    "would have to be known before it is said."
)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """How the next character is chosen. Temperature 0 or top_k 1: always the likeliest, of equals the first."""

    temperature: float = 1.0
    top_k: int = 0  # only of the k likeliest; 0: of all
    seed: int = 0

    @property
    def kept(self) -> float:
        """How many of the likeliest can be chosen."""
        return 1 if self.temperature == 0 else self.top_k or math.inf


@dataclass(frozen=True, kw_only=True)
class Line:
    """One text that was written; it ends where the probabilities are no numbers any more."""

    characters: Tensor  # (n,) indices
    p: Tensor  # (n,) float64: the network's own probabilities, softmax(logits)


@dataclass(frozen=True, kw_only=True)
class Written:
    """The texts, and what the network thought of the one that it was given."""

    prime_p: Tensor  # (n,) float64: how likely each character was after those before it; 0 for the first
    logits: Tensor  # (C,) float64, after the prime
    lines: tuple[Line, ...]  # one for each choice


def cannot_generate(experiment: Experiment) -> str:
    """Why a network of this experiment cannot write; empty where it can."""
    if not experiment.training.learn:
        return _NOT_LEARNT
    if experiment.is_numbers:
        return _NUMBERS
    return _BOTH_WAYS if experiment.network.bidirectional else ""


def generate(
    model: Model,
    experiment: Experiment,
    prime: str,
    *,
    temperature: float = 1.0,
    top_k: int = 0,
    seed: int = 0,
    length: int = 200,
) -> str:
    """The text that follows `prime`, without it. Raises ValueError where that cannot be, and says why."""
    vocabulary = experiment.vocabulary
    problem = cannot_generate(experiment)
    strange = next((character for character in prime if character not in vocabulary), None)
    if problem:
        raise ValueError(problem)
    if not prime:
        raise ValueError("The prime text is empty: the network needs a character to begin with.")
    if strange is not None:
        raise ValueError(f"{strange!r} is not in the vocabulary.")
    choice = Choice(temperature=temperature, top_k=top_k, seed=seed)
    (line,) = write(model, experiment, [vocabulary.index(each) for each in prime], (choice,), length).lines
    return "".join(vocabulary[index] for index in line.characters.tolist())


@torch.no_grad()
def write(
    model: Model, experiment: Experiment, prime: Sequence[int], choices: Sequence[Choice], length: int
) -> Written:
    """Feed the indices of the prime, at least one, then let the network go on: one text for each choice.

    All texts are one batch. Raises ValueError for a choice that makes no sense.
    """
    for choice in choices:
        if not (0 <= choice.temperature < math.inf and choice.top_k >= 0):
            raise ValueError("The temperature must be a number of at least 0, and top-k at least 0.")
    with _evaluating(model):
        reader = _Reader(model, experiment)
        prime_p = [0.0]
        logits = reader.read(torch.tensor(prime[:1]))  # (1, C)
        for index in prime[1:]:
            prime_p.append(float(logits.softmax(-1)[0, index]))
            logits = reader.read(torch.tensor([index]))
        lines = _go_on(reader, logits.expand(len(choices), -1), choices, length)
    return Written(prime_p=torch.tensor(prime_p, dtype=torch.float64), logits=logits[0], lines=lines)


def drawn(logits: Tensor, choice: Choice) -> Tensor:
    """The probabilities (C,) with which a character is drawn: softmax(logits / T) over the k likeliest."""
    order, weights = _by_rank(logits[None], _column([choice.temperature]), _column([choice.kept]))
    return torch.zeros_like(logits).scatter(0, order[0], weights[0] / weights[0].sum())


class _Reader:
    """A network that reads one character of every row at a time, beginning with h_0 = 0."""

    def __init__(self, model: Model, experiment: Experiment) -> None:
        network = experiment.network
        self._model = model
        self._cells = layer_cells(model, network)
        self._classes = len(experiment.vocabulary)
        self._device = next(model.parameters()).device
        state = initial_state(replace(network, initial_state="zeros"), 1, self._device)
        self._states: list[Any] = list(zip(*state, strict=True)) if isinstance(state, tuple) else list(state)

    def read(self, characters: Tensor) -> Tensor:
        """Indices (R,) -> what follows them: logits (R, C), float64, on the CPU. One row may become several."""
        rows = len(characters)
        read = characters.to(self._device)[None]
        if self._model.embedding is None:
            read = F.one_hot(read, self._classes).float()
        x = self._model.embed(read)[0]  # (R, E)
        for number, cell in enumerate(self._cells):
            self._states[number] = cell(x, _rows(self._states[number], rows))
            x = self._states[number][0] if isinstance(self._states[number], tuple) else self._states[number]
        logits: Tensor = self._model.read_out(x[None])[0]
        return logits.cpu().double()


def _rows(state: Any, rows: int) -> Any:
    """The state of one row as that of several."""
    if isinstance(state, tuple):
        return tuple(part.expand(rows, -1) for part in state)
    return state.expand(rows, -1)


def _go_on(reader: _Reader, logits: Tensor, choices: Sequence[Choice], length: int) -> tuple[Line, ...]:
    """Choose a character for each row, read them, and so on."""
    temperature, kept = _column([each.temperature for each in choices]), _column([each.kept for each in choices])
    luck = [_luck(each.seed, length) for each in choices]
    characters, p = [], []
    for at in range(length):
        order, weights = _by_rank(logits, temperature, kept)
        reached = weights.cumsum(-1)  # the character whose share of this the number falls into is drawn
        fallen = reached > _column([each[at] for each in luck]) * reached[:, -1:]
        chosen = order.gather(-1, fallen.int().argmax(-1, keepdim=True))
        characters.append(chosen[:, 0])
        p.append(logits.softmax(-1).gather(-1, chosen)[:, 0])
        if at + 1 < length:
            logits = reader.read(characters[-1])
    if not characters:
        empty = Line(characters=torch.zeros(0, dtype=torch.int64), p=torch.zeros(0, dtype=torch.float64))
        return (empty,) * len(choices)
    texts, shares = torch.stack(characters, -1), torch.stack(p, -1)  # (R, n)
    ends = [int(row.isfinite().long().cumprod(0).sum()) for row in shares]
    return tuple(Line(characters=texts[row, :end], p=shares[row, :end]) for row, end in enumerate(ends))


def _by_rank(logits: Tensor, temperature: Tensor, kept: Tensor) -> tuple[Tensor, Tensor]:
    """The characters of each row, likeliest first, and exp((logit - highest) / T), 0 for what is not kept; (R, C)."""
    values, order = logits.sort(dim=-1, descending=True, stable=True)
    weights = ((values - values[:, :1]) / temperature.where(temperature > 0, 1.0)).exp()
    return order, weights.where(torch.arange(weights.shape[-1]) < kept, 0.0)


def _luck(seed: int, length: int) -> list[float]:
    """Uniform numbers in [0, 1), one for each character: the same at the same place, however long the text is."""
    found: list[float] = torch.rand(length, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).tolist()
    return found


def _column(values: Sequence[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)[:, None]


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """Without dropout; afterwards as before."""
    before = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(before)
