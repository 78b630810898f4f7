"""The past of a run, and its other futures: states to go back to, and branches.

A state is kept whenever running again since the last one would take longer than an eye notices; when they outgrow the
memory for them, every second of the older ones is dropped. The ticks in between are run again.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from rnn_tui.engine.training.diagnostics import Diagnostics
from rnn_tui.engine.training.early_stopping import BestLoss
from rnn_tui.engine.training.eval_history import EvalHistory
from rnn_tui.engine.training.loss_history import LossSeries, PredictionHistory
from rnn_tui.engine.training.snapshot import Snapshot
from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.spec import Training

__all__ = ["Branch", "StateHistory"]

_SPACING = 0.05  # seconds of training between two states
_YOUNG = 32  # the newest states, which are not thinned


class KeptState(Protocol):
    """A state that is kept; it never changes."""

    @property
    def ticks(self) -> int:
        """After how many ticks it was."""

    @property
    def nbytes(self) -> int:
        """Memory that it takes."""


AnyState = TypeVar("AnyState", bound=KeptState)


class StateHistory(Generic[AnyState]):
    """The states of one branch, oldest first, within a budget of bytes."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._kept: list[AnyState] = []
        self._bytes = 0
        self._spent = 0.0  # seconds of training since the newest

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[AnyState]:
        return iter(self._kept)

    @property
    def nbytes(self) -> int:
        """Memory that they take."""
        return self._bytes

    def spent(self, seconds: float) -> None:
        """Count so many seconds of training more."""
        self._spent += seconds

    def wants(self, ticks: int) -> bool:
        """Tell whether a state should be kept after so many ticks."""
        if not self._kept:
            return True
        return self._spent >= _SPACING and ticks > self._kept[-1].ticks

    def keep(self, snapshot: AnyState) -> None:
        """Keep a state that is newer than all others."""
        self._kept.append(snapshot)
        self._bytes += snapshot.nbytes
        self._spent = 0.0
        if self._bytes > self._budget:
            self._thin()

    def before(self, tick: int) -> AnyState | None:
        """Return the newest state from which a tick can be run: one with fewer ticks; for 0 the first of all."""
        fitting = [each for each in self._kept if each.ticks < max(tick, 1)]
        return fitting[-1] if fitting else None

    def head(self, tick: int) -> "StateHistory[AnyState]":
        """Return those that a branch from that tick shares with this one; the first is always among them."""
        copy = StateHistory[AnyState](self._budget)
        for each in self._kept:
            if each.ticks < max(tick, 1):
                copy._kept.append(each)
                copy._bytes += each.nbytes
        return copy

    def _thin(self) -> None:
        """Drop every second of the older states, never the first; then the oldest of what is still too much."""
        young = min(_YOUNG, len(self._kept) // 2)
        older, newer = self._kept[: len(self._kept) - young], self._kept[len(self._kept) - young :]
        self._kept = older[::2] + newer
        self._bytes = sum(each.nbytes for each in self._kept)
        while self._bytes > self._budget and len(self._kept) > 2:
            self._bytes -= self._kept.pop(1).nbytes


@dataclass(kw_only=True)
class Branch:
    """One future of a run, from tick 0 to its newest tick."""

    name: str
    states: StateHistory[Snapshot]
    changes: list[Change]  # in the order of their ticks; the first is how the run began
    epochs: int  # where it stops; 0: never
    newest: int = 0  # ticks done
    best: BestLoss = field(default_factory=BestLoss)  # kept where early stopping asks for it
    losses: LossSeries = field(default_factory=LossSeries)  # one for each update
    character_losses: LossSeries = field(default_factory=LossSeries)  # one for each character tick
    predictions: PredictionHistory = field(default_factory=PredictionHistory)
    held_out: EvalHistory = field(default_factory=EvalHistory)
    diagnostics: Diagnostics = field(default_factory=Diagnostics)
    ends: "array[int]" = field(default_factory=lambda: array("q"))  # the tick at which each pass ended

    def training_at(self, ticks: int) -> Training:
        """Return the training settings after so many ticks."""
        return [each for each in self.changes if each.tick <= ticks][-1].training

    def clip_limits(self) -> NDArray[np.float64]:
        """Return the longest gradient that the update after each pass may have, (n,); 0: any."""
        limits = np.zeros(len(self.ends))
        for change in self.changes:  # a change holds for the update that follows its tick
            limits[bisect_left(self.ends, change.tick) :] = change.training.clip
        return limits

    def changes_at(self, ticks: int) -> list[Change]:
        """Return the changes that take effect after exactly so many ticks."""
        return [each for each in self.changes if each.tick == ticks]

    def watched_losses(self, batches: int) -> list[float]:
        """Return what early stopping watches, of each whole epoch: the held-out loss, or the mean of its updates."""
        learnt, found = list(self.losses), []
        for end in range(batches, len(learnt) + 1, batches):
            evaluated = self.held_out.regular(end)
            found.append(sum(learnt[end - batches : end]) / batches if evaluated is None else evaluated.loss)
        return found

    def fork(self, name: str, tick: int, change: Change) -> "Branch":
        """Return another future from that tick on."""
        ends = array("q", [end for end in self.ends if end <= tick])
        losses = self.losses.head(len(ends))
        by_character = len(self.character_losses) == self.newest
        return replace(
            self,
            name=name,
            states=self.states.head(tick),
            changes=[*(each for each in self.changes if each.tick <= tick), change],
            newest=tick,
            losses=losses,
            best=BestLoss(),
            character_losses=self.character_losses.head(tick) if by_character else LossSeries(),
            predictions=self.predictions.head(len(ends)),
            held_out=self.held_out.head(len(ends)),
            diagnostics=self.diagnostics.head(len(ends)),
            ends=ends,
        )
