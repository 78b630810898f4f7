"""A run in slow motion: its ticks are held at each of their phases."""

from collections.abc import Callable

from rnn_tui.engine.answers.probe import Probe
from rnn_tui.engine.inspect.slow_motion import PhasedTick
from rnn_tui.engine.session.history import History
from rnn_tui.engine.session.hold import Hold
from rnn_tui.engine.session.recording import Recording
from rnn_tui.engine.session.replay import HistoryError
from rnn_tui.engine.training.trainer import Trainer

__all__ = ["Phases"]


class Phases:
    """Does ticks of a trainer phase by phase, and shows the one that it is held at to a probe."""

    def __init__(
        self,
        trainer: Trainer,
        probe: Probe,
        history: History,
        recording: Recording,
        hold: Hold,
        after_tick: Callable[[bool], object],
    ) -> None:
        """Begin between two ticks. `after_tick` is called with each that is complete, and whether it was done again."""
        self._trainer = trainer
        self._probe = probe
        self._history = history
        self._recording = recording
        self._hold = hold
        self._after_tick = after_tick

    @property
    def is_held(self) -> bool:
        """Whether a tick is held at a phase that is not its last."""
        return self._probe.motion is not None and not self._probe.motion.is_last

    def next(self) -> bool:
        """Do one phase of a tick, and hold there. Return whether it may go on, as after a tick."""
        motion = self._probe.motion
        self._recording.evaluation.stop()
        if motion is None or not self.is_held:
            self._hold.forget()
            if not self._trainer.has_update:
                self._history.keep_state()
            motion = self._probe.motion = PhasedTick(self._trainer)
        self._drive(motion, motion.step)
        return not (motion.is_last and self._hold.notice)

    def next_part(self) -> bool:
        """Do phases up to the next part of training: forward, backward, the update; or up to the next pass.

        Return whether it may go on, as after a tick.
        """
        part = "" if self._probe.motion is None else self._probe.motion.part
        going = True
        while going:
            going = self.next()
            motion = self._probe.motion
            assert motion is not None
            if motion.part != part or (motion.at == 0 and motion.start == 0):
                break
        return going

    def finish(self) -> bool:
        """Do the rest of a tick that is held. Return whether there was any."""
        motion = self._probe.motion
        unfinished = motion is not None and not motion.complete
        if motion is not None and unfinished:
            self._drive(motion, motion.finish)
        self._probe.motion = None
        return unfinished

    def show_before(self) -> bool:
        """Show the phase before again, where nothing has to be undone for that. Return whether it was so."""
        self._recording.evaluation.stop()
        return self._probe.motion is not None and self._probe.motion.step_back()

    def before(self) -> tuple[int, int]:
        """Return the tick after which the phase before comes, and its number in the tick that follows; -1: the last.

        Raises HistoryError where there is none.
        """
        motion = self._probe.motion
        inside = motion is not None and motion.at > 0
        tick = self._trainer.ticks - 1 if motion is None else motion.before - (not inside)
        if tick < 0:
            raise HistoryError("This is the first phase of the first tick.")
        return tick, motion.at - 1 if motion is not None and inside else -1

    def go_to(self, tick: int, number: int) -> None:
        """Go on from a tick to a phase of the next: see `before`. Nothing happens where it stands elsewhere."""
        while self._trainer.ticks == tick and self._probe.motion is None:
            self.next()
        while self.is_held and self._probe.motion is not None and self._probe.motion.at != number:
            self.next()

    def _drive(self, motion: PhasedTick, go_on: Callable[[], None]) -> None:
        """Do a part of a tick, and what follows from the whole tick once that is complete."""
        if motion.complete:
            go_on()
            return
        again = not self._history.at_newest
        go_on()
        if motion.now.kind == "update":
            self._history.keep_state()
        if motion.complete:
            self._after_tick(again)
