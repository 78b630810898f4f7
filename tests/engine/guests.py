"""A server in a thread of this process, behind a real socket, and the guests that come to it."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from rnn_tui.engine.host.connection import Reception
from rnn_tui.engine.host.open_other import open_other
from rnn_tui.engine.host.server import Server
from rnn_tui.protocol.commands import Command
from rnn_tui.protocol.core import Greeting
from rnn_tui.protocol.engine_messages import EngineMessage, Frame
from rnn_tui.protocol.frame_request import FrameRequest, Wanted
from rnn_tui.protocol.rendezvous import SOCKET, OnDisconnect
from rnn_tui.protocol.version import VERSION
from rnn_tui.protocol.wire import Buffer, decode_message, pack
from tests.engine.driven import Driven

__all__ = ["PATIENCE", "Guest", "House", "house"]

PATIENCE = 60.0  # seconds until a test that hangs is given up

Heard = TypeVar("Heard", bound=EngineMessage)


class Guest:
    """One that connects, speaks, and hears."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(str(path))
        self._buffer = Buffer()
        self._heard: list[EngineMessage] = []
        self._looks = 0
        self.greeting = self.hear(Greeting)

    def say(self, *commands: Command) -> None:
        self.socket.sendall(b"".join(map(pack, commands)))

    def hear(self, kind: type[Heard]) -> Heard:
        """The next message of a kind; others are passed over."""
        while True:
            while self._heard:
                message = self._heard.pop(0)
                if isinstance(message, kind):
                    return message
            data = self.socket.recv(1 << 16)
            if not data:
                raise ConnectionResetError("hung up")
            self._heard += [decode_message(body) for body in self._buffer.feed(data)]

    def look(self, wanted: Wanted | None = None, *, seen: int = -1) -> Frame:
        """The newest frame."""
        self._looks += 1
        self.say(FrameRequest(number=self._looks, seen=seen, wanted=wanted or Wanted()))
        while (frame := self.hear(Frame)).request != self._looks:
            pass
        return frame

    def look_until(self, condition: Callable[[Frame], object]) -> Frame:
        """The first frame that fulfils something."""
        end = time.monotonic() + PATIENCE
        while not condition(frame := self.look()):
            assert time.monotonic() < end, frame.status
        return frame

    def is_cut_off(self) -> bool:
        """Return whether the server has hung up, or does so now."""
        try:
            while self.socket.recv(1 << 16):
                pass
        except ConnectionError:
            pass
        return True

    def vanish(self) -> None:
        """Hang up without a word."""
        self.socket.close()


class House:
    """A server, its socket, and the thread in which it runs."""

    def __init__(self, folder: Path, on_hangup: OnDisconnect, idle: float) -> None:
        self._path = folder / SOCKET
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self._path))
        listener.listen(8)
        self.reception = Reception(listener, Greeting(version=VERSION, torch="2"))
        driver = Driven()
        self.server = Server(
            self.reception, driver, driver.frames, on_hangup, folder=folder, idle=idle, open_other=open_other
        )
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        self.server.run()
        self.reception.close()

    def guest(self) -> Guest:
        return Guest(self._path)

    def has_ended(self) -> bool:
        """Return whether it ends by itself, within our patience."""
        self.thread.join(PATIENCE)
        return not self.thread.is_alive()


@contextlib.contextmanager
def house(folder: Path, on_hangup: OnDisconnect = "train", *, idle: float = PATIENCE) -> Iterator[House]:
    """A server that is over with the context."""
    it = House(folder, on_hangup, idle)
    yield it
    it.reception.ring()
    assert it.has_ended()
