"""Evaluation of the text, the series or the pairs that a network never learns from: loss and accuracy, in pieces."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from functools import cached_property, partial

import torch
from torch import Tensor

from rnn_tui.data.pairs import NONE
from rnn_tui.engine.network.model import State, drawn_state
from rnn_tui.engine.training.batches_on_device import LongDataset, PairsDataset
from rnn_tui.engine.training.losses import loss_of, there
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.spec import Experiment

__all__ = ["HeldOutEvaluator", "HeldOutPieces", "Score"]

_EVERY = 100  # updates from evaluation to evaluation
_LEAST = 20  # the same where an epoch has fewer than that: then it is evaluated at the end of one
_SHARE = 0.15  # of as many characters as are learnt meanwhile: forward alone takes a third, so it is 5 % of the time
_STEPS = 256  # time steps of a piece where the state is carried
_CHEAP = 4  # times as many where a step is cheap: a fused network on a CPU reads a row as fast as a batch


@dataclass(kw_only=True)
class Score:
    """What the evaluation has found so far."""

    nats: float = 0.0  # −log of the probability of the right characters, added up; of numbers the squared errors
    right: float = 0  # how often the likeliest was the right one, where it is scored; NaN of numbers, never quite right
    scored: int = 0  # characters at the steps that are scored
    characters: int = 0  # or numbers, that had to be predicted
    right_rows: int = 0  # in how many rows all of them were right
    rows: int = 0

    def add(self, other: "Score") -> None:
        """Add what was found elsewhere."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))

    def numbers(self) -> tuple[float, ...]:
        """Return all of it as numbers, as `of` takes them."""
        return astuple(self)

    @classmethod
    def of(cls, numbers: Sequence[float]) -> "Score":
        """Return a score from its numbers."""
        nats, right, *counts = numbers
        scored, characters, right_rows, rows = map(int, counts)
        return cls(nats=nats, right=right, scored=scored, characters=characters, right_rows=right_rows, rows=rows)


class HeldOutPieces:
    """The pieces of what is held out, always in the same order, and which of them are evaluated when."""

    def __init__(self, experiment: Experiment, dataset: LongDataset | PairsDataset, device: torch.device) -> None:
        self.goes_on = experiment.data.stateful  # whether the state is carried from piece to piece
        batches = dataset.batches
        self.every = _EVERY if batches >= _EVERY else batches * -(-_LEAST // batches)
        count, steps = max(1, int(_SHARE * self.every)), _STEPS
        if self.goes_on:
            data = experiment.data
            cheap = device.type == "cpu" and experiment.network.implementation == "fused"
            most = count * data.length * min(data.batch, _CHEAP if cheap else 1)  # time steps each time
            steps = min(_STEPS, most)
            count = most // steps
        self.all = self._readers(dataset, steps)
        self.part = self.all[:count]  # what is evaluated every time

    def wants(self, update: int) -> bool:
        """Tell whether it is evaluated at that update; the first of all shows where it begins."""
        return update == 1 or update % self.every == 0

    @staticmethod
    def _readers(
        dataset: LongDataset | PairsDataset, most: int
    ) -> list[Callable[[], tuple[Tensor, Tensor, Tensor | None]]]:
        """Return for each piece a function: what the model reads, the targets, and the lengths of padded rows."""
        if isinstance(dataset, PairsDataset):
            return [partial(dataset.piece, chosen) for chosen in dataset.held_out_parts()]
        return [partial(dataset.piece, piece) for piece in dataset.held_out_parts(most)]


class HeldOutEvaluator:
    """Evaluates what is held out: always the same pieces in the same order.

    With `stateful` it is read in one go, with the state carried from its first character to its last. Otherwise it is
    evaluated as it is learnt: in sequences of the same length, each from the state before a first step.

    Neither the weights, nor their gradients, nor the state and the random numbers of the run are touched.
    """

    def __init__(self, trainer: Trainer) -> None:
        """Prepare for a trainer on a text, a series or pairs, some of which is held out."""
        assert isinstance(trainer.dataset, (LongDataset, PairsDataset))
        self._trainer, self._dataset = trainer, trainer.dataset
        self._pieces = HeldOutPieces(trainer.experiment, trainer.dataset, trainer.device)

    @property
    def every(self) -> int:
        """Updates from evaluation to evaluation."""
        return self._pieces.every

    def wants(self, update: int) -> bool:
        """Tell whether it is evaluated at that update; the first of all shows where it begins."""
        return self._pieces.wants(update)

    @property
    def part_is_whole(self) -> bool:
        """Whether all of it is evaluated every time."""
        return len(self._pieces.all) <= len(self._pieces.part)

    @cached_property
    def characters(self) -> int:
        """All that is held out: characters, or numbers, that have to be predicted."""
        return sum(int(there(y).sum()) for _, y, _ in (piece() for piece in self._pieces.all))

    @property
    def reads_on(self) -> bool:
        """Whether the state is carried from piece to piece."""
        return self._pieces.goes_on

    def count(self, *, whole: bool) -> int:
        """Return how many pieces are evaluated every time, or there are."""
        return len(self._pieces.all if whole else self._pieces.part)

    def evaluate(self, score: Score, *, whole: bool = False) -> Iterator[None]:
        """Add to the score what is evaluated every time, or the whole; yields after each piece."""
        state: State | None = None
        for number in range(self.count(whole=whole)):
            state = self.evaluate_piece(score, number, state if self.reads_on else None)
            yield

    @torch.no_grad()
    def evaluate_piece(self, score: Score, number: int, state: State | None = None) -> State:
        """Add a piece to the score, read from a state or from the one before a first step; return the state after."""
        x, y, lengths = self._pieces.all[number]()
        if state is None:
            state = drawn_state(self._trainer.experiment, y.shape[1], self._trainer.device)
        return self._add(score, x, y, state, lengths)

    def _add(self, score: Score, x: Tensor, y: Tensor, state: State, lengths: Tensor | None) -> State:
        """Add a piece to the score; y (T, N) is NONE where there is no target. Return the state after it."""
        model = self._trainer.model
        training = model.training
        model.eval()
        try:
            logits, state = model(x, state, lengths)
        finally:
            model.train(training)
        if self._dataset.batch_first:
            logits = logits.transpose(0, 1)
        score.nats += loss_of(logits, y, "sum").item()
        score.rows += y.shape[1]
        if y.is_floating_point():
            score.right, score.characters = math.nan, score.characters + int(there(y).sum())
            return state
        target = self._dataset.only_scored(y)
        wrong = (logits.argmax(-1) != target) & (target != NONE)  # (T, N)
        scored = int((target != NONE).sum())
        score.right += scored - int(wrong.sum())
        score.scored += scored
        score.characters += int((y != NONE).sum())
        score.right_rows += int((~wrong.any(0)).sum())
        return state
