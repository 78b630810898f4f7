"""What is planned for a run: breakpoints, and changes of training at ticks to come."""

from msgspec.structs import replace

from rnn_tui.engine.training.breakpoint_watch import BreakpointWatch
from rnn_tui.experiment.changes import Turn
from rnn_tui.experiment.settings import SETTINGS
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.experiment.validate import from_dict, to_dict

__all__ = ["Plan", "checked_turn"]


class Plan:
    """The breakpoints of a run and its planned changes, in the order of their ticks."""

    def __init__(self, until: tuple[str, ...]) -> None:
        """Raises ExperimentError for a text in `until` that is no breakpoint."""
        self.watch(until)
        self._turns: list[Turn] = []

    def watch(self, until: tuple[str, ...]) -> None:
        """Replace the breakpoints. Raises ExperimentError for a text that is none."""
        self.breakpoints = BreakpointWatch(until)

    def goes_past(self, tick: int) -> bool:
        """Whether a breakpoint names a later tick, which is reached even where the epochs are over before."""
        return self.breakpoints.goes_past(tick)

    @property
    def turns(self) -> tuple[Turn, ...]:
        """Changes that have not been made yet."""
        return tuple(self._turns)

    def add(self, experiment: Experiment, turns: tuple[Turn, ...]) -> None:
        """Plan changes. Raises ExperimentError for one that this network cannot make."""
        self._turns += [checked_turn(experiment, turn) for turn in turns]

    def next_due(self, tick: int) -> Turn | None:
        """Remove and return the next change that is due after `tick` ticks; None: there is none."""
        return self._turns.pop(0) if self._turns and self._turns[0].tick <= tick else None

    def cancel(self) -> bool:
        """Drop all planned changes; return whether there were any."""
        had = bool(self._turns)
        self._turns.clear()
        return had


def checked_turn(experiment: Experiment, turn: Turn) -> Turn:
    """Validate a change, which may have come over a wire. Raises ExperimentError where the network cannot make it."""
    changed = replace(experiment, training=turn.training)
    for each in SETTINGS:
        if not each.fork and each.of(changed) != each.of(experiment):
            raise ExperimentError(each.path, "cannot change on the way: begin another run")
    return replace(turn, training=from_dict(to_dict(changed)).training)
