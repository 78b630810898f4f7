"""An engine for a view that answers from a field, or a run, in the process of a test."""

import asyncio
from collections.abc import AsyncIterator

from msgspec.structs import replace

from rnn_tui.client.link import EngineLink
from rnn_tui.protocol.commands import Command, Open
from rnn_tui.protocol.core import Greeting, Refused
from rnn_tui.protocol.engine_messages import EngineMessage
from rnn_tui.protocol.field import OpenField
from rnn_tui.protocol.frame_request import FrameRequest
from rnn_tui.protocol.version import VERSION
from tests.run_or_field import RunOrField

__all__ = ["FieldEngine"]


class FieldEngine(EngineLink):
    """Stands in for a process. It trains only while `step` says so, and answers what is newer than the view has."""

    def __init__(self, first: Open | OpenField, host: RunOrField | None = None) -> None:
        """Open something; `host`: one that has it open already."""
        self._process = None
        self._first = first
        self.host = RunOrField() if host is None else host
        if host is None:
            self.host.obey(first)
            self.host.pause()
        self.others: list[FieldEngine] = []  # links to the same engine that were made of this one
        self.commands: list[Command] = []
        self.looks: list[FrameRequest] = []
        self.is_left = False
        self._pending: FrameRequest | None = None
        self._said: asyncio.Queue[EngineMessage] = asyncio.Queue()
        self._said.put_nowait(Greeting(version=VERSION, torch=""))

    def step(self, command: Command) -> None:
        """Carry out a command, and answer the request that waits."""
        self.host.obey(command)
        self._answer()

    def run_on(self) -> None:
        """Train, if it plays, to where it stops, and answer the request that waits."""
        while self.host.playing:
            self.host.turn()
        self._answer()

    def send(self, command: Command) -> None:
        """Answer a request, or carry out a command."""
        if not isinstance(command, FrameRequest):
            self.commands.append(command)
            self.step(command)
            return
        self.looks.append(command)
        self._pending = command
        self._answer()

    def say(self, problem: str) -> None:
        """Refuse something."""
        self._said.put_nowait(Refused(problem=problem))

    async def messages(self) -> AsyncIterator[EngineMessage]:
        """Yield what is said."""
        while True:
            yield await self._said.get()

    def another(self) -> "FieldEngine":
        """Return another link to the same host."""
        self.others.append(FieldEngine(self._first, self.host))
        return self.others[-1]

    def let_go(self) -> None:
        """Note that the view has hung up."""
        self.is_left = True

    def close(self) -> None:
        """Note the same."""
        self.is_left = True

    def _answer(self) -> None:
        look = self._pending
        if look is None or not self.host.may_answer(look, 0.0):
            return
        self._pending = None
        frame = replace(self.host.frame(look.wanted), request=look.number, opened=self.host.opened(look))
        self._said.put_nowait(frame)
