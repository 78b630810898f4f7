"""Ask engines of any version what every version understands: all at once, within a limited time.

An engine may be stopped, in a long step, or have no room for another connection: neither connecting nor waiting for an
answer ever takes longer than its limit, however many engines do not answer.
"""

import selectors
import socket
import time
from collections.abc import Sequence
from enum import Enum, auto
from pathlib import Path

from rnn_tui.protocol.core import CoreCommand, Farewell, Greeting, Refused, RunSummary
from rnn_tui.protocol.rendezvous import SOCKET
from rnn_tui.protocol.wire import MAX_COMMAND, Buffer, ProtocolError, decode_core, pack

__all__ = ["Inquiry", "Outcome", "ask"]

_AGAIN = 0.02  # seconds between two tries to connect while the queue is full
_TURNS = 2  # connections that an engine may close before it counts as turning us away


class Outcome(Enum):
    """The result of asking an engine."""

    ANSWERED = auto()
    SILENT = auto()  # it listens, but did not answer in time
    TURNED_AWAY = auto()  # it listens, but hung up
    NONSENSE = auto()  # what came is no message of this program
    DEAD = auto()  # no process listens


class Inquiry:
    """One engine that is asked, and its answer so far."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.outcome = Outcome.SILENT
        self.greeting: Greeting | None = None
        self.said: RunSummary | Farewell | Refused | None = None
        self.body = b""  # the bytes of `said`
        self.problem = ""  # with NONSENSE: what is wrong
        self.is_asked = False  # it has got the command, and may obey it later
        self._peer: socket.socket | None = None
        self._buffer = Buffer(MAX_COMMAND)
        self._closed = 0  # how often it has hung up

    @property
    def is_over(self) -> bool:
        """Whether nothing more is waited for."""
        return self.outcome is not Outcome.SILENT

    def begin(self, command: CoreCommand, selector: selectors.BaseSelector) -> None:
        """Connect and ask, if the engine's queue has room."""
        peer = socket.socket(socket.AF_UNIX)
        peer.setblocking(False)
        try:
            peer.connect(str(self.folder / SOCKET))
            peer.sendall(pack(command))
        except BlockingIOError:  # its queue is full
            peer.close()
            return
        except (BrokenPipeError, ConnectionResetError):
            peer.close()
            self._hung_up()
            return
        except OSError:
            peer.close()
            self.outcome = Outcome.DEAD
            return
        self._peer, self._buffer, self.is_asked = peer, Buffer(MAX_COMMAND), True
        selector.register(peer, selectors.EVENT_READ, self)

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection to it."""
        return self._peer is not None

    def hear(self, selector: selectors.BaseSelector) -> None:
        """Read what has arrived."""
        assert self._peer is not None
        try:
            data = self._peer.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close(selector)
            self._hung_up()
            return
        try:
            for body in self._buffer.feed(data):
                match decode_core(body):
                    case Greeting() as greeting:
                        self.greeting = greeting
                    case RunSummary() | Farewell() | Refused() as said:
                        self.said, self.body, self.outcome = said, body, Outcome.ANSWERED
                        break
        except ProtocolError as error:
            self.outcome, self.problem = Outcome.NONSENSE, str(error)
        if self.is_over:
            self.close(selector)

    def close(self, selector: selectors.BaseSelector) -> None:
        """Hang up."""
        if self._peer is not None:
            selector.unregister(self._peer)
            self._peer.close()
            self._peer = None

    def _hung_up(self) -> None:
        """Count that it has hung up; if it has just ended, no process listens when it is asked again."""
        self._closed += 1
        if self._closed >= _TURNS:
            self.outcome = Outcome.TURNED_AWAY


def ask(
    folders: Sequence[Path], command: CoreCommand, *, patience: float, greeting: float | None = None
) -> list[Inquiry]:
    """Ask the engines in these folders, and return their answers in the same order.

    This takes at most `patience` seconds for all of them together. `greeting`: seconds after which an engine that has
    not even greeted counts as silent; None: as long as an answer may take.
    """
    answers = [Inquiry(folder) for folder in folders]
    now = time.monotonic()
    deadline, first = now + patience, now + (patience if greeting is None else greeting)
    with selectors.DefaultSelector() as selector:
        try:
            while waiting := [
                each for each in answers if not each.is_over and (each.greeting or time.monotonic() < first)
            ]:
                unconnected = [each for each in waiting if not each.is_connected]
                for each in unconnected:
                    each.begin(command, selector)
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                if not all(each.is_connected or each.is_over for each in unconnected):
                    left = min(left, _AGAIN)
                for key, _ in selector.select(min(left, max(0.0, first - time.monotonic()) or left)):
                    key.data.hear(selector)
        finally:
            for each in answers:
                each.close(selector)
    return answers
