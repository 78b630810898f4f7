"""What becomes known with each new tick: losses, predictions, evaluations, and whether to hold."""

import logging
import math
from collections.abc import Callable

from rnn_tui.engine.session.history import History
from rnn_tui.engine.session.hold import Hold
from rnn_tui.engine.session.measuring import Measuring
from rnn_tui.engine.session.patience import Patience
from rnn_tui.engine.session.plan import Plan
from rnn_tui.engine.session.progress import Progress
from rnn_tui.engine.training.eval_schedule import EvalSchedule
from rnn_tui.engine.training.recorder import Recorder
from rnn_tui.engine.training.threads import ThreadTuner, on_one_thread
from rnn_tui.engine.training.trainer import Trainer

__all__ = ["Recording"]

_log = logging.getLogger(__name__)


class Recording:
    """Writes what a trainer's ticks bring into the history, and holds the run where that asks for it."""

    def __init__(
        self,
        trainer: Trainer,
        progress: Progress,
        history: History,
        plan: Plan,
        hold: Hold,
        *,
        evaluation: EvalSchedule,
        threads: ThreadTuner | None,
        clock: Callable[[], float],
    ) -> None:
        self._trainer = trainer
        self._progress = progress
        self._history = history
        self._plan = plan
        self._hold = hold
        self._threads = threads
        self._clock = clock
        self.evaluation = evaluation
        self.patience = Patience(trainer, progress)
        self.measuring = Measuring(trainer, clock)
        # called after each new pass, and after the last evaluation, while the weights are those that were read
        self.pass_over: Callable[[], object] = lambda: None
        self._recorder = Recorder(trainer)
        self._fetches_at_once = trainer.device.type == "cpu"  # from a GPU numbers are fetched many at a time

    def trained(self, seconds: float) -> None:
        """Count so many seconds of training more, of a tick that is done for the first time."""
        self._history.branch.diagnostics.elapsed += seconds
        self.measuring.trained(seconds)

    def new_tick(self) -> None:
        """Record a tick that was done for the first time."""
        branch, progress = self._history.branch, self._progress
        branch.newest = progress.tick
        if progress.at_end_of_pass:
            branch.ends.append(progress.tick)
        self._record_loss()
        if self.evaluation.is_due:
            self.drain()
            with on_one_thread(self._threads):
                self.evaluation.evaluate_part(branch)
        if progress.at_end_of_pass:
            self.pass_over()
        hits = self._plan.breakpoints.at_tick(progress.tick, progress.epoch if progress.at_end_of_epoch else None)
        self._hold.pause(hits, progress)
        for point, words in hits:
            _log.info("tick %d: %s (%s)", progress.tick, words, point)
        if self.patience.epochs and progress.at_end_of_epoch and self.patience.end_epoch(branch):
            self._stop_early()

    def drain(self) -> None:
        """Fetch the losses that wait on the device, and check whether they are numbers still."""
        hits, problem = self._recorder.drain(self._history.branch, self._plan.breakpoints)
        self._hold.hits += hits
        self._hold.lose(problem)
        if problem:
            _log.info("%s", problem)

    def change_branch(self) -> None:
        """Compare the next prediction with none, because another branch is stood on."""
        self._recorder.change_branch()

    def end_epochs(self) -> None:
        """Hold, because the epochs are over; or allow as many again, where a later tick is to be reached."""
        if self._plan.goes_past(self._progress.tick):
            self.allow_epochs()
            return
        self._hold.end(self._progress)
        _log.info("tick %d: the epochs are over", self._progress.tick)
        self.evaluation.begin_whole(self._history.branch)

    def allow_epochs(self) -> None:
        """Allow as many epochs again."""
        self._history.branch.epochs = self._progress.epoch + self._trainer.experiment.training.epochs

    def evaluate(self, seconds: float = math.inf) -> None:
        """Continue the evaluation of all held-out data at the end of the run, for about so many seconds."""
        was_busy = self.evaluation.is_busy
        with on_one_thread(self._threads):
            self.evaluation.go_on(seconds, self._clock)
        if was_busy and not self.evaluation.is_busy:
            self.pass_over()

    def evaluate_last(self) -> bool:
        """Evaluate the newest weights on held-out data, because the run is left. Return whether that was needed.

        Nothing of the run depends on it but which weights are its best.
        """
        progress = self._progress
        if self._hold.lost or not self._history.at_newest:
            return False
        if not self._trainer.learns or not progress.pass_number or not progress.at_end_of_pass:
            return False
        self.drain()
        with on_one_thread(self._threads):
            return not self._hold.lost and self.evaluation.evaluate_last(self._history.branch)

    def _record_loss(self) -> None:
        if not self._trainer.learns:
            return
        breakpoints = self._plan.breakpoints
        prediction = self._fetches_at_once or breakpoints.learnt
        measured = self.measuring.take(always=breakpoints.measures)
        self._recorder.record(
            self._history.branch, prediction=prediction, gradients=breakpoints.gradients, measured=measured
        )
        if self._fetches_at_once or breakpoints.losses or self._recorder.is_full:
            self.drain()

    def _stop_early(self) -> None:
        """Hold, because the loss has not improved; not where the epochs are over anyway, or a tick is to be reached."""
        branch = self._history.branch
        if self._hold.lost or self._progress.has_completed(branch.epochs):
            return
        if self._plan.goes_past(self._progress.tick):
            self.patience.renew(branch)
            return
        self._hold.stop_early(self.patience.reason(branch))
        _log.info("tick %d: stopped early: %s", self._progress.tick, self._hold.early)
