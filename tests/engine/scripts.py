"""A view without a socket: says one command at a time, and keeps what is sent."""

import math
import threading

from rnn_tui.engine.host.budget import Budget
from rnn_tui.engine.host.connection import Connection, Rank, Reception
from rnn_tui.engine.host.server import Server
from rnn_tui.protocol.commands import Command
from rnn_tui.protocol.engine_messages import EngineMessage
from tests.engine.driven import Driven

__all__ = ["Script", "Scripted"]


class Scripted(Connection):
    """The other end of a view that reads everything at once."""

    def __init__(self) -> None:
        self.open = True
        self._outgoing = bytearray()
        self.rank = Rank.SILENT


class Script(Reception):
    """Says one command a turn of the loop; a number lets so many turns go by. Then the view is gone."""

    def __init__(self, *commands: Command | int) -> None:
        self.sent: list[EngineMessage] = []
        self.closing = False
        self.lock = threading.RLock()
        self._view = Scripted()
        self._left = False
        self._turns: list[Command | None] = []
        for each in commands:
            self._turns += [None] * each if isinstance(each, int) else [each]

    @property
    def is_deserted(self) -> bool:
        return self._left

    def wait(self, timeout: float | None) -> list[tuple[Connection, Command]]:
        if not self._turns:
            self._view.open = False
            return []
        turn = self._turns.pop(0)
        return [] if turn is None else [(self._view, turn)]

    def send(self, connection: Connection, message: EngineMessage) -> None:
        self.sent.append(message)

    def gone(self) -> list[Connection]:
        if self._view.open or self._left:
            return []
        self._left = True
        return [self._view]

    def run(self) -> list[EngineMessage]:
        """All that a server says to it; the run ends with it. Each turn is heard and shown, on any machine."""
        server = Server(self, driver := Driven(), driver.frames, "stop")
        server._hearing = server._gallery._driving = Budget(1.0, most=math.inf)
        server.run()
        return self.sent
