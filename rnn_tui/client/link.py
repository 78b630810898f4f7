"""The view's link to an engine: send commands, read messages, and clean up; and how to join one that runs.

There are no threads: asyncio reads the socket in the view's own loop.
"""

import asyncio
import contextlib
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

from rnn_tui.client.connect import connect
from rnn_tui.common.glyphs import safe
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.commands import Command, Open
from rnn_tui.protocol.core import Greeting, Refused
from rnn_tui.protocol.engine_folders import EngineFolder
from rnn_tui.protocol.engine_log import find_log, last_line
from rnn_tui.protocol.engine_messages import EngineMessage, Frame
from rnn_tui.protocol.frame_request import FrameRequest
from rnn_tui.protocol.script_log import LogLines, ReadLog
from rnn_tui.protocol.version import VERSION
from rnn_tui.protocol.wire import Buffer, ProtocolError, decode_message, pack

if TYPE_CHECKING:
    from rnn_tui.client.discovery import LiveEngine

__all__ = ["EngineError", "EngineLink", "join_engine"]

_PATIENCE = 5.0  # seconds that connecting may take


class EngineError(RuntimeError):
    """The engine has ended, or does not follow the protocol; the text says what is known."""


class EngineLink:
    """The link to an engine that this view has started, or joined."""

    has_ended = False  # a script has: its engine has said so, and waits for its views to leave

    def __init__(
        self,
        process: subprocess.Popen[bytes] | None,
        peer: socket.socket,
        folder: Path,
        home: EngineFolder | None = None,
    ) -> None:
        self._process = process  # None: the view has joined it
        self._peer = peer
        self._folder = folder
        self._home = home  # locked by us, if we have made it: nothing clears it away while we live
        self.patience = 2.0  # seconds that the engine has for its last checkpoint
        self._buffer = Buffer()
        self._unread: list[EngineMessage] = []
        self._writer: asyncio.StreamWriter | None = None

    @property
    def joined(self) -> bool:
        """Whether the engine was there before this view, with its run."""
        return self._process is None

    @property
    def pid(self) -> int:
        """The engine's process; 0 if the view has joined it."""
        return 0 if self._process is None else self._process.pid

    def try_open(self, experiment: Experiment) -> tuple[str, str] | None:
        """Open the experiment before there is a screen; return None, or the field that is refused and why.

        Waits until torch is loaded. Raises EngineError if the engine dies.
        """
        with contextlib.suppress(ConnectionError):  # then there is nothing to read either
            self._peer.sendall(pack(Open(experiment=experiment, play=False)))
            self._peer.sendall(pack(FrameRequest(number=0)))  # answered by a frame once the experiment is open
        while True:
            for message in self._read_blocking():
                match message:
                    case Refused(path=path, problem=problem):
                        return path, problem
                    case Frame():
                        return None
                    case Greeting():
                        self._unread.append(message)

    def send(self, command: Command) -> None:
        """Send a command; it is dropped if the engine has ended, which `messages` reports."""
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(pack(command))

    async def messages(self) -> AsyncIterator[EngineMessage]:
        """Yield everything that the engine says. Raises EngineError when it ends."""
        reader, self._writer = await asyncio.open_unix_connection(sock=self._peer)
        for message in self._unread:
            yield message
        try:
            while data := await reader.read(1 << 18):
                for body in self._buffer.feed(data):
                    message = decode_message(body)
                    if isinstance(message, Greeting) and message.version != VERSION:
                        raise ProtocolError(
                            f"This run is trained by another version of rnn-tui (protocol {message.version}, not "
                            f"{VERSION}): attach with that version, or stop it."
                        )
                    yield message
        except ProtocolError as error:
            raise EngineError(str(error)) from None
        except ConnectionError:
            pass
        raise EngineError(self.last_words())

    def last_words(self) -> str:
        """Return how the engine ended, the last error in its log, and in a second line the log's path; safe to show."""
        code = None
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=2)
            code = self._process.poll()
        log = find_log(self._folder)
        line = last_line(log)
        end = "has closed the connection" if self.joined else "still runs, but has closed the connection"
        if code is not None:
            end = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return f"The engine {end}{f': {line}' if line else '.'}\nLog: {safe(str(log))}"

    def read_log(self, ask: ReadLog) -> LogLines | None:
        """Return what a script has printed while its engine cannot say so yet; None: that is not known here."""
        del ask
        return None

    def another(self) -> "EngineLink":
        """Return another link to the same engine. Raises OSError if it has ended."""
        return EngineLink(None, connect(self._folder, patience=_PATIENCE), self._folder)

    def let_go(self) -> None:
        """Hang up, and let the engine go on."""
        if self._writer is not None:
            with contextlib.suppress(RuntimeError):  # its loop has ended before us
                self._writer.close()
        self._peer.close()

    def close(self) -> None:
        """Hang up; if this view has started the engine, end it, and delete its folder."""
        self.let_go()
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=self.patience)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._clear_away()

    def _clear_away(self) -> None:
        """Delete the folder of a process that has ended."""
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._home is not None:
            self._home.close()

    def _read_blocking(self) -> list[EngineMessage]:
        data = b""
        with contextlib.suppress(ConnectionError):
            data = self._peer.recv(1 << 16)
        if not data:
            raise EngineError(self.last_words())
        return [decode_message(body) for body in self._buffer.feed(data)]


def join_engine(engine: "LiveEngine") -> EngineLink:
    """Join an engine as another view. Raises OSError if it has ended, TimeoutError if it does not answer."""
    return EngineLink(None, connect(engine.folder, patience=_PATIENCE), engine.folder)
