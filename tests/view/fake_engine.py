"""An engine without torch, without a process: it writes down what it is told, and answers looks by hand."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from msgspec.structs import replace

from rnn_tui.client.link import EngineError, EngineLink
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.commands import (
    Command,
    NextPhase,
    Open,
    Play,
    Restart,
    SetBreakpoints,
    SetSpeed,
    SetTick,
    SlowMotion,
    Step,
)
from rnn_tui.protocol.core import Greeting, Refused
from rnn_tui.protocol.engine_messages import EngineMessage, Frame
from rnn_tui.protocol.frame import Status
from rnn_tui.protocol.frame_request import FrameRequest
from rnn_tui.protocol.version import VERSION
from tests.view.fake_frames import MIDWAY, TORCH, frame_of

__all__ = ["FakeEngine"]


class FakeEngine(EngineLink):
    """Stands in for `link.Engine`. Commands move its status; nothing is trained."""

    def __init__(self, status: Status = MIDWAY, *, greets: bool = True) -> None:
        self.commands: list[Command] = []  # all but looks
        self.looks: list[FrameRequest] = []
        self.frames: list[Frame] = []  # answered
        self.closed = self.let_gone = self.dead = False
        self._process = None
        self.is_joined = False
        self.experiment: Experiment | None = None
        self.status = status
        self.run = 0
        self.revision = 0
        self.holds = False  # it is in the middle of a tick, and answers nothing
        self.extra: dict[str, Any] = {}  # fields of a frame that shall be others
        self._pending: FrameRequest | None = None
        self._said: asyncio.Queue[EngineMessage | EngineError] = asyncio.Queue()
        if greets:
            self.greet()

    # ---- what a test does ----

    def greet(self) -> None:
        """The first words."""
        self._said.put_nowait(Greeting(version=VERSION, torch=TORCH))

    def move(self, **changes: Any) -> None:
        """The run goes on: these fields of its status change, and the look that waits is answered."""
        self.status = replace(self.status, **changes)
        self.revision += 1
        self._answer()

    def refuse(self, problem: str, path: str = "") -> None:
        """Say no."""
        self._said.put_nowait(Refused(problem=problem, path=path))

    def say(self, message: EngineMessage) -> None:
        """Say anything."""
        self._said.put_nowait(message)

    def join(self, experiment: Experiment) -> None:
        """It was there already, with this run."""
        self.is_joined = True
        self._begin(experiment)

    def die(self, words: str) -> None:
        """Go away."""
        self.dead = True
        self._said.put_nowait(EngineError(words))

    def heard(self) -> list[Command]:
        """The commands since the last time."""
        commands, self.commands = self.commands, []
        return commands

    # ---- what the view does ----

    @property
    def joined(self) -> bool:
        """As the test has it."""
        return self.is_joined

    def send(self, command: Command) -> None:
        """Write it down, and answer a look."""
        if self.dead or self.closed:
            return
        if isinstance(command, FrameRequest):
            self.looks.append(command)
            self._pending = command
            self._answer()
            return
        self.commands.append(command)
        match command:
            case Open(experiment=experiment, play=play):
                self._begin(experiment)
                self.move(
                    state="playing" if play else "paused",
                    lr=experiment.training.lr,
                    speed=experiment.run.speed,
                )
            case Play(on=on):
                self.move(state="playing" if on else "paused")
            case Step():
                self.move(state="paused", tick=self.status.tick + 1)
            case NextPhase():
                self.move(state="paused")
            case SlowMotion(on=on, pace=pace):
                self.move(slow=pace if on else 0.0)
            case SetSpeed(speed=speed):
                self.move(speed=speed)
            case SetTick(tick=tick) if self.experiment is not None:
                self._begin(replace(self.experiment, training=replace(self.experiment.training, tick=tick)))
                self.move()
            case SetBreakpoints(until=until) if self.experiment is not None:
                self._begin(replace(self.experiment, run=replace(self.experiment.run, until=until)))
                self.move()
            case Restart(seed=seed) if self.experiment is not None:
                training = self.experiment.training
                self._begin(
                    replace(
                        self.experiment,
                        training=replace(training, seed=training.seed if seed is None else seed),
                    )
                )
                self.move()

    async def messages(self) -> AsyncIterator[EngineMessage]:
        """Yield what the engine says."""
        while True:
            message = await self._said.get()
            if isinstance(message, EngineError):
                raise message
            yield message

    def close(self) -> None:
        """Note that it is closed."""
        self.closed = True

    def let_go(self) -> None:
        """Note that it is let go."""
        self.let_gone = True

    def _begin(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.run += 1
        self.status = replace(self.status, fed=min(self.status.fed, experiment.length))

    def _answer(self) -> None:
        look = self._pending
        if look is not None and self.experiment is not None and look.seen != self.revision and not self.holds:
            self._pending = None
            self.frames.append(
                frame_of(look, self.experiment, self.status, run=self.run, revision=self.revision, **self.extra)
            )
            self._said.put_nowait(self.frames[-1])
