"""What is planned for a run: breakpoints, and changes of training at ticks to come."""

from msgspec.structs import replace

from rnn_tui.engine.training.breakpoint_watch import BreakpointWatch
from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.settings import SETTINGS
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.experiment.validate import from_dict, to_dict

__all__ = ["Plan", "checked_change"]


class Plan:
    """The breakpoints of a run and its planned changes, in the order of their ticks."""

    def __init__(self, until: tuple[str, ...]) -> None:
        """Plan the breakpoints of `until`. Raises ExperimentError for a text that is none."""
        self.watch(until)
        self._changes: list[Change] = []

    def watch(self, until: tuple[str, ...]) -> None:
        """Replace the breakpoints. Raises ExperimentError for a text that is none."""
        self.breakpoints = BreakpointWatch(until)

    def goes_past(self, tick: int) -> bool:
        """Tell whether a breakpoint names a later tick, which is reached even where the epochs are over before."""
        return self.breakpoints.goes_past(tick)

    @property
    def changes(self) -> tuple[Change, ...]:
        """Changes that have not been made yet."""
        return tuple(self._changes)

    def add(self, experiment: Experiment, changes: tuple[Change, ...]) -> None:
        """Plan changes. Raises ExperimentError for one that this network cannot make."""
        self._changes += [checked_change(experiment, change) for change in changes]

    def next_due(self, tick: int) -> Change | None:
        """Remove and return the next change that is due after `tick` ticks; None: there is none."""
        return self._changes.pop(0) if self._changes and self._changes[0].tick <= tick else None

    def cancel(self) -> bool:
        """Drop all planned changes; return whether there were any."""
        had = bool(self._changes)
        self._changes.clear()
        return had


def checked_change(experiment: Experiment, change: Change) -> Change:
    """Validate a change, which may have come over a wire. Raises ExperimentError where the network cannot make it."""
    changed = replace(experiment, training=change.training)
    for each in SETTINGS:
        if not each.fork and each.of(changed) != each.of(experiment):
            raise ExperimentError(each.path, "cannot change on the way: begin another run")
    return replace(change, training=from_dict(to_dict(changed)).training)
