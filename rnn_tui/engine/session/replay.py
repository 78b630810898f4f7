"""How a trainer gets to a tick of a branch: from a kept state, and from there tick by tick, to the bit as before."""

from collections.abc import Callable

import torch

from rnn_tui.engine.session.history import History
from rnn_tui.engine.training.branches import Branch
from rnn_tui.engine.training.snapshot import Snapshot, restore
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.spec import Training

__all__ = ["HistoryError", "Replay"]

_LONGEST = 10.0  # seconds that going to a tick may take


class HistoryError(ValueError):
    """A tick that cannot be gone to; the message says why."""


class Replay:
    """Moves one trainer along its history, and makes the changes of training on the way."""

    def __init__(self, trainer: Trainer, history: History, clock: Callable[[], float]) -> None:
        self._trainer = trainer
        self._history = history
        self._clock = clock
        self.change_count = 0  # made so far, those that were made again included

    def go_to(self, tick: int) -> None:
        """Go to a tick of this branch, or before it where that would take too long. Raises HistoryError."""
        trainer, history = self._trainer, self._history
        state = history.branch.states.before(tick)
        if state is None:
            raise HistoryError("There is no way back: no states are kept (--history).")
        if not state.ticks < trainer.ticks < tick:
            self._restore(history.branch, state)
            if state.ticks == 0:  # a state holds the changes made before it, but not those at tick 0
                self.repeat_changes()
        if tick == 0:
            trainer.return_to(0, 0)
        deadline = self._clock() + _LONGEST
        while trainer.ticks < tick:
            history.keep_state()
            trainer.tick()
            self.repeat_changes()
            if self._clock() > deadline:
                return

    def continue_branch(self, branch: Branch, state: Snapshot) -> None:
        """Go to the newest tick of a branch that was begun in another process, a pass or less after `state`."""
        self._history.adopt(branch)
        self._restore(branch, state)
        while not self._history.at_newest:
            self._trainer.tick()
            self.repeat_changes()

    def repeat_changes(self) -> None:
        """Make the changes again that were made at this tick of this branch."""
        for change in self._history.branch.changes_at(self._trainer.ticks):
            self.apply(change)

    def apply(self, change: Change) -> None:
        """Train in another way from here on."""
        self.change_count += 1
        self._configure(change.training)
        if change.reseed:
            torch.manual_seed(change.training.seed)

    def _restore(self, branch: Branch, state: Snapshot) -> None:
        self._configure(branch.training_at(state.ticks))
        restore(self._trainer, state)

    def _configure(self, training: Training) -> None:
        if training != self._trainer.experiment.training:
            self._trainer.reconfigure(training)
