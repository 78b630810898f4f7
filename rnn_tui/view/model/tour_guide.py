"""Lead through a tour: which commands a step needs from wherever the run stands, and when the run has come there.

A step's place is the tick at which it stopped. Once that is known, it is gone to again: runs repeat to the bit.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec.structs import replace

from rnn_tui.experiment.comparison import Comparison
from rnn_tui.experiment.spec import Data, Experiment
from rnn_tui.protocol.commands import Command, GoTo, Open, Play, SetBreakpoints, SetSpeed, SlowMotion
from rnn_tui.protocol.engine_messages import Opened
from rnn_tui.protocol.field import OpenField
from rnn_tui.protocol.frame import Status
from rnn_tui.tours.tour import Step, Tour
from rnn_tui.view.model.keys import KEYS

__all__ = ["PRESSABLE", "TourGuide"]

_ACTIONS = ("cursor(", "row(", "layer(", "log(", "zoom", "inside(", "other", "item(", "member(")
_TICKS = "tick epoch tick_back epoch_back first_tick newest_tick"
_PHASES = "next_phase next_part slow_motion"
_COMMANDS = [f"app.tell('{name}')" for name in f"{_TICKS} {_PHASES}".split()]
# What a step may press, with its action: nothing that leaves, asks, or trains otherwise.
PRESSABLE: Mapping[str, str] = {
    key.shown: key.action for key in KEYS if key.action.startswith(_ACTIONS) or key.action in _COMMANDS
}

Event = Literal["look", "there"]


class TourGuide:
    """Where a tour is. It sends nothing and shows nothing: it says what to send, and when a step is to be shown."""

    def __init__(self, tour: Tour) -> None:
        """Begin at the first step, whose experiment is opened with `first_experiment`."""
        self.tour = tour
        self.at = 0  # the step, from 0
        self.is_there = False  # whether the run stands where the step stops
        self._is_shown = False  # whether the step's panes were asked for
        self._rushes = False  # on to where the step stops
        self._places: dict[int, int] = {}  # the tick of each step that has been come to
        self._goal: int | None = None if self.step.until else 0  # the tick to come to; None: its breakpoint
        self._from = 0  # the tick from which it plays on
        self._has_played = False  # since it was last told to
        self._before: int | None = None  # the run in whose place another is being opened

    @property
    def step(self) -> Step:
        """The step on the screen."""
        return self.tour.steps[self.at]

    @property
    def is_last(self) -> bool:
        """Whether there is no other step after this one."""
        return self.at + 1 == len(self.tour.steps)

    @property
    def first_experiment(self) -> Experiment:
        """The experiment to open for the first step."""
        return _with_run(self.step.experiment, self.step.until, self.step.speed)

    @property
    def is_shown(self) -> bool:
        """Whether the run on the screen is this step's."""
        return self._is_shown

    @property
    def has_hurried(self) -> bool:
        """Whether it was told to play as fast as it can."""
        return self._rushes

    @property
    def can_hurry(self) -> bool:
        """Whether it plays to where the step stops for the first time, and not yet as fast as it can."""
        if self.step.comparison is not None:
            return False
        return self._is_shown and not self.is_there and self._goal is None and not self._rushes

    def open_instead_of(self, opened: Opened | None) -> None:
        """Take this run for gone: what is still heard of it belongs to no step."""
        self._before = None if opened is None else opened.run

    def update(self, opened: Opened, status: Status) -> list[Event]:
        """Take in a frame; return what is due: to show the step's panes, and to press its keys."""
        events: list[Event] = []
        if opened.run == self._before:
            return events
        self._before = None
        self._has_played |= status.state == "playing"
        if not self._is_shown and self._is_on_course(opened, status):
            self._is_shown = True
            events.append("look")
        if self._is_shown and not self.is_there and self._has_come(opened, status):
            self.is_there = True
            self._places[self.at] = status.tick
            events.append("there")
        return events

    def is_held(self, opened: Opened, status: Status) -> bool:
        """Tell whether the run stands on its way, or is another one: then it has to be sent on."""
        if self.is_there or opened.run == self._before:
            return False
        stands = status.state != "playing" and (self._has_played or status.tick > self._from)
        return stands or not self._is_on_course(opened, status)

    def next_step(self, opened: Opened, status: Status) -> list[Command]:
        """Go on to the next step; if the run is not there yet, hurry to where this one stops, and no farther.

        Of a run that plays only the speed is set: it may have stopped already, and `Play` would lead it past.
        """
        if self.is_there:
            return [] if self.is_last else self._go_to(self.at + 1, opened, status)
        if self.is_held(opened, status):
            self._rushes = self._goal is None
            return self._on_way(opened, status, speed=0.0)
        if self.can_hurry:
            self._rushes = True
            return [SetSpeed(speed=0.0)]
        return []

    def step_back(self, opened: Opened, status: Status) -> list[Command]:
        """Go back to the step before."""
        return self._go_to(self.at - 1, opened, status) if self.at else []

    def _go_to(self, at: int, opened: Opened, status: Status) -> list[Command]:
        self.at, self.is_there, self._is_shown, self._rushes = at, False, False, False
        speed = self.step.experiment.run.speed if self.step.speed is None else self.step.speed
        commands: list[Command] = [SlowMotion(on=False)] if status.slow else []
        return commands + self._on_way(opened, status, speed=speed)

    def _on_way(self, opened: Opened, status: Status, *, speed: float) -> list[Command]:
        """Return the commands that lead to the place of this step, and note where that is."""
        step = self.step
        if step.comparison is not None:
            return self._on_way_of_many(step.comparison, opened, status)
        self._from = 0 if step.begins else self._places.get(self.at - 1, 0)
        self._goal = self._places.get(self.at, None if step.until else self._from)
        self._has_played = False
        repeats = self._goal is None and not self._rushes and status.newest > self._from
        repeats |= self._goal is not None and self._goal > status.newest
        if (
            repeats or opened.run == self._before or not self._is_on_course(opened, status)
        ):  # ticks that are done again come to no breakpoint
            until = step.until if self._goal is None else f"tick={self._goal}" if self._goal else ""
            experiment = _with_run(step.experiment, until, 0.0 if self._from else speed)
            self._before = opened.run
            return [Open(experiment=experiment, play=bool(until))]
        if self._goal is not None:
            return [GoTo(tick=self._goal)]
        at_first: list[Command] = [] if self._rushes else [GoTo(tick=self._from)]
        return [*at_first, SetBreakpoints(until=(step.until,)), SetSpeed(speed=speed), Play(on=True)]

    def _on_way_of_many(self, comparison: Comparison, opened: Opened, status: Status) -> list[Command]:
        """Return the commands that train many networks to their end; those that are on the screen go on."""
        self._goal, self._has_played = None, False
        if opened.run == self._before or not self._is_on_course(opened, status):
            self._before = opened.run
            return [OpenField(comparison=comparison)]
        if status.state == "playing":
            return []
        return [Play(on=status.state == "paused")]  # of those that have ended too: it is answered by a frame

    def _has_come(self, opened: Opened, status: Status) -> bool:
        if not self._is_on_course(opened, status) or status.state == "playing":
            return False
        if self.step.comparison is not None:
            return status.state == "done"
        if self._goal is not None:
            return status.tick == self._goal
        return status.tick > self._from and (self.step.until in status.hits or status.state == "done")

    def _is_on_course(self, opened: Opened, status: Status) -> bool:
        """Tell whether the run on the screen is this step's, and has not been changed on the way."""
        began, mine, many = opened.began, self.step.experiment, self.step.comparison
        if many is not None or opened.field is not None:
            return opened.field is not None and opened.field.comparison == many
        return (
            not opened.changes
            and status.branches == 1
            and began.network == mine.network
            and began.training == mine.training
            and _before_reading(began.data) == _before_reading(mine.data)
        )


def _before_reading(data: Data) -> Data:
    """Return the data without what is found in its file."""
    return replace(data, vocabulary="", batch=0, length=0) if data.file else data


def _with_run(experiment: Experiment, until: str, speed: float | None) -> Experiment:
    run = replace(experiment.run, until=(until,) if until else ())
    return replace(experiment, run=run if speed is None else replace(run, speed=speed))
