"""A tour walked through without a screen: the guide's commands drive a real run, as fast as it can."""

from typing import Any, TypeVar

from rnn_tui.engine.field.field import Field
from rnn_tui.engine.host.driver import Driver
from rnn_tui.engine.host.field_host import FieldHost
from rnn_tui.engine.session.session import Session
from rnn_tui.protocol.commands import Command, NextPhase, Open
from rnn_tui.protocol.engine_messages import Frame, Opened
from rnn_tui.protocol.frame_request import CurveWanted, FrameRequest, Wanted
from rnn_tui.protocol.inspect import Answer, Ask
from rnn_tui.tours import tour_file
from rnn_tui.tours.read import read_tour
from rnn_tui.tours.tour import Tour
from rnn_tui.view.model.tour_guide import PRESSABLE, TourGuide
from tests.run_or_field import RunOrField

__all__ = ["Walk"]

Facts = TypeVar("Facts", bound=Answer)


class Walk:
    """One way through a tour; `frame` is what stands on the screen at the step, and `text` its caption."""

    def __init__(self, topic: str | Tour) -> None:
        self.tour = read_tour(tour_file(topic), PRESSABLE) if isinstance(topic, str) else topic
        self.guide = TourGuide(self.tour)
        self._host = RunOrField()
        first = self.guide.first_experiment
        self.tell(Open(experiment=first, play=bool(first.run.until), may_keep=False))
        self.opened: Opened
        self.frame: Frame
        self.arrive()

    @property
    def session(self) -> Session:
        """The run of a step with one network."""
        driver = self._host.host
        assert isinstance(driver, Driver)
        assert driver.session is not None
        return driver.session

    @property
    def field(self) -> Field:
        """The networks of a step with many."""
        host = self._host.host
        assert isinstance(host, FieldHost)
        assert host.field is not None
        return host.field

    @property
    def at(self) -> int:
        """The number of the step, from 1."""
        return self.guide.at + 1

    @property
    def text(self) -> str:
        """The caption, once the run stands where the step stops."""
        return f"{self.guide.step.say} {self.guide.step.then}".strip()

    def tell(self, command: Command) -> None:
        self._host.obey(command)
        pace = self._host.host.pace  # type: ignore[attr-defined]
        pace.speed = 0.0
        pace.count()

    def look(self, *asks: Ask, row: int = 0) -> Frame:
        """The frame with answers to these asks."""
        is_field = isinstance(self._host.host, FieldHost)
        experiment = self.field.experiments[0] if is_field else self.session.experiment
        length = experiment.length
        wanted = Wanted(
            row=row, first=0, count=length, top=3, units=999, layers=(0, 9), inside=asks, curve=CurveWanted(columns=200)
        )
        opened = self._host.opened(FrameRequest(number=0, wanted=wanted))
        assert opened is not None
        self.opened = opened
        frame: Frame = self._host.frame(wanted)
        assert not frame.failures, frame.failures
        return frame

    def ask(self, ask: Ask, kind: type[Facts], row: int = 0) -> Facts:
        """The answer to one ask."""
        (facts,) = self.look(ask, row=row).inside
        assert isinstance(facts, kind)
        return facts

    def arrive(self) -> None:
        """Play on to where the step stops, and press its keys."""
        while self._host.playing:
            self._host.turn()
        self.frame = self.look()
        events = self.guide.update(self.opened, self.frame.status)
        assert events == ["look", "there"], (self.at, events, self.frame.status)
        self.press()

    def press(self) -> None:
        """Press the keys of the step that are commands; others choose what is looked at."""
        actions = [PRESSABLE[each] for each in self.guide.step.press]
        for action in actions:
            if action == "app.tell('next_phase')":
                self.tell(NextPhase())
            elif action == "app.tell('next_part')":
                self.tell(NextPhase(unit="part"))
        if actions:
            self.frame = self.look()

    def pause(self) -> None:
        """Hold the run."""
        self._host.pause()

    def on(self) -> bool:
        """Go to the next step; return whether there was one."""
        before = self.guide.at
        for command in self.guide.next_step(self.opened, self.frame.status):
            self.tell(command)
        if self.guide.at == before:
            return False
        self.arrive()
        return True

    def back(self) -> None:
        for command in self.guide.step_back(self.opened, self.frame.status):
            self.tell(command)
        self.arrive()

    def goes_on(self) -> None:
        assert self.on(), f"the tour ends at step {self.at}"

    def where(self) -> Any:
        """Return what a step looks like: all the numbers of its frame."""
        frame = self.look()
        steps = frame.steps
        assert steps is not None
        return (
            self.guide.at,
            frame.status.tick,
            self.opened.experiment.network,
            steps.top.tolist(),
            steps.top_p.tolist(),
        )
