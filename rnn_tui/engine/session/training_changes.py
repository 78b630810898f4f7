"""Changes of training on the way: planned ones when their tick has come, others at once; in the past a new branch."""

import logging

from rnn_tui.engine.session.history import History
from rnn_tui.engine.session.plan import Plan, checked_change
from rnn_tui.engine.session.progress import Progress
from rnn_tui.engine.session.recording import Recording
from rnn_tui.engine.session.replay import Replay
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.spec import Training

__all__ = ["TrainingChanges"]

_log = logging.getLogger(__name__)


class TrainingChanges:
    """Makes changes of one trainer, and notes them in its history."""

    def __init__(
        self,
        trainer: Trainer,
        progress: Progress,
        history: History,
        recording: Recording,
        plan: Plan,
        replay: Replay,
    ) -> None:
        self._trainer = trainer
        self._progress = progress
        self._history = history
        self._recording = recording
        self._plan = plan
        self._replay = replay

    def make(self, training: Training, *, reseed: bool) -> None:
        """Train so from this tick on. Raises ExperimentError where this network cannot be trained so."""
        change = Change(tick=self._progress.tick, training=training, reseed=reseed)
        self._make(checked_change(self._trainer.experiment, change))

    def follow_plan(self, changes: tuple[Change, ...] = ()) -> None:
        """Make the changes that were planned for this tick. `changes` are planned before. Raises ExperimentError."""
        self._plan.add(self._trainer.experiment, changes)
        while change := self._plan.next_due(self._progress.tick):
            self._make(change)

    def _make(self, change: Change) -> None:
        """Make a change: from a tick in the past on a new branch."""
        history, recording = self._history, self._recording
        recording.drain()
        before, after = self._trainer.experiment.training, change.training
        forked = history.add_change(change)
        if forked:
            recording.change_branch()
        branch = history.branch
        if forked or (after.patience and not before.patience):
            branch.best = recording.patience.best_so_far(branch)
        # as many epochs as were played on to, unless others are asked for
        allowed = branch.epochs if after.epochs == before.epochs else self._progress.epoch
        branch.epochs = max(allowed, after.epochs) if after.epochs else 0
        self._replay.apply(change)
        _log.info("tick %d: training changed on %s", change.tick, branch.name)
