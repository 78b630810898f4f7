"""The view's link to an engine: start one or join one, send commands, read messages, and clean up.

There are no threads: asyncio reads the socket in the view's own loop.
"""

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rnn_tui.client.inquiry import connect
from rnn_tui.common.atomic_files import open_regular
from rnn_tui.common.glyphs import safe
from rnn_tui.common.printed_line import last_state
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.commands import Command, Open
from rnn_tui.protocol.core import Greeting, Refused
from rnn_tui.protocol.engine_folders import EngineFolder, new_engine_folder
from rnn_tui.protocol.engine_log import find_log, last_line, new_log, open_for_log, output_beside
from rnn_tui.protocol.engine_messages import EngineMessage, Frame
from rnn_tui.protocol.frame_request import FrameRequest
from rnn_tui.protocol.rendezvous import SOCKET, OnDisconnect
from rnn_tui.protocol.script_log import LogLines, ReadLog
from rnn_tui.protocol.version import VERSION
from rnn_tui.protocol.wire import Buffer, ProtocolError, decode_message, pack
from rnn_tui.runs.script_output import ScriptOutput

if TYPE_CHECKING:
    from rnn_tui.client.discovery import LiveEngine

__all__ = ["EngineError", "EngineLink", "ScriptLink", "join_engine", "start_engine", "start_script"]

_ENGINE = "rnn_tui.engine.host.serve"
_SCRIPT = "rnn_tui.engine.watch.run_script"

# As `python -m MODULE`, but that nothing is imported from the folder that we are in, whose random.py or torch.py would
# run in place of the real one. MODULE takes that folder out of the path for good, or puts another in its place.
_MODULE = f"""
import sys
here = sys.path.pop(0)
sys.path.append({str(Path(__file__).parents[2])!r})
from importlib import import_module
module = import_module(sys.argv.pop(1))
sys.path.pop()
sys.path.insert(0, here)
module.main()
"""
_UNHEARD = "new.sock"  # the socket while no process listens to it
_QUEUE = 8  # connections that may wait to be accepted
_PATIENCE = 5.0  # seconds that connecting may take
_TAIL = 1 << 16  # bytes at the end of what a script has printed
_LAST_LINES = 200  # of them that are shown
_FEW = 8  # lines that fit any screen


class EngineError(RuntimeError):
    """The engine has ended, or does not follow the protocol; the text says what is known."""


class EngineLink:
    """The link to an engine that this view has started, or joined."""

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
        data = self._peer.recv(1 << 16)
        if not data:
            raise EngineError(self.last_words())
        return [decode_message(body) for body in self._buffer.feed(data)]


class ScriptLink(EngineLink):
    """The link to a script that this view has started: its run is there already, and its end is the script's own."""

    has_ended = False  # the engine has said so, and waits for its views to leave
    _printed: ScriptOutput | None = None

    @property
    def joined(self) -> bool:
        """Whether there is a run already; a script has one from the beginning."""
        return True

    @property
    def output(self) -> Path:
        """The file with what the script has printed last."""
        return output_beside(find_log(self._folder))

    def read_log(self, ask: ReadLog) -> LogLines | None:
        """Return what the script has printed, from the file itself: it is there before the script has torch."""
        try:
            if self._printed is None:
                self._printed = ScriptOutput(self.output)
            return self._printed.read(ask)
        except OSError:
            return None

    def let_go(self) -> None:
        """Hang up, and let the script go on."""
        if self._printed is not None:
            self._printed.close()
        super().let_go()

    async def messages(self) -> AsyncIterator[EngineMessage]:
        """Yield everything that the engine says. Raises EngineError when it ends."""
        async for message in super().messages():
            if isinstance(message, Frame) and message.status.state == "done":
                self.has_ended = True
            yield message

    def last_words(self) -> str:
        """Return how the script ended, and what it has printed last; safe to show."""
        code = self.exit_code(patience=2.0)
        end, why = "still runs, but can no longer be watched", ""
        if code is None:
            why = last_line(find_log(self._folder))
        else:
            end = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        how = f"The script {end}{f': {why}' if why else '.'}"
        printed = _last_lines(self.output)
        again = [how] if len(printed) > _FEW else []  # the end of a long text is what is on the screen
        return "\n".join([how, "", *printed, "", *again, f"Output: {safe(str(self.output))}"])

    def exit_code(self, *, patience: float) -> int | None:
        """Wait for the script to end; return its exit code, negative for a signal, or None if it still runs."""
        assert self._process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self._process.wait(timeout=patience)
            self._clear_away()
            return code
        return None


def _last_lines(path: Path) -> list[str]:
    """Return the end of what a script has printed, safe to show."""
    try:
        with open_regular(path) as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            text = file.read(_TAIL)
    except OSError:
        return []
    return [last_state(line) for line in text.rstrip(b"\n").split(b"\n")][-_LAST_LINES:]


def start_engine(on_hangup: OnDisconnect = "train") -> EngineLink:
    """Start an engine, and return at once while it loads torch. Raises EnginesError.

    Its socket lies in a folder that only its owner can enter. We listen on it before the process starts and hand the
    listening end over, so that connecting needs neither waiting nor a second try.
    """
    peer, home, process = _start(lambda started: [_ENGINE, str(started.listener), on_hangup, str(started.log)])
    return EngineLink(process, peer, home.path, home)


def start_script(
    script: Sequence[str], options: Sequence[str] = (), *, on_hangup: OnDisconnect = "train", stdin: int | None = None
) -> "ScriptLink":
    """Start a script that is watched, and return at once. Raises EnginesError.

    `script` is a file and its arguments, or -m, a module and its arguments; `options` are those of `run_script`;
    `stdin` is what the script reads, or None: nothing.
    """

    def arguments(started: _Started) -> list[str]:
        lock = f"--lock={started.lock}"
        return [_SCRIPT, str(started.listener), on_hangup, str(started.log), lock, *options, "--", *script]

    peer, home, process = _start(arguments, stdin=stdin, is_script=True)
    return ScriptLink(process, peer, home.path, home)


@dataclass(frozen=True)
class _Started:
    """What a process that is being started needs to know."""

    listener: int
    lock: int
    log: Path


def _start(
    arguments: Callable[[_Started], list[str]], *, stdin: int | None = None, is_script: bool = False
) -> tuple[socket.socket, EngineFolder, subprocess.Popen[bytes]]:
    """Start a process that takes a socket, which we are connected to. Raises EnginesError."""
    home = new_engine_folder()
    folder = home.path
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / _UNHEARD))
        listener.listen(_QUEUE)
        (folder / _UNHEARD).rename(folder / SOCKET)  # a process listens to every socket of that name
        peer = connect(folder, patience=_PATIENCE)
        log = new_log(folder)
        started = _Started(listener.fileno(), home.lock, log)
        with open(open_for_log(output_beside(log) if is_script else log), "ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-c", _MODULE, *arguments(started)],
                stdin=subprocess.DEVNULL if stdin is None else stdin,
                stdout=output,
                stderr=output,
                pass_fds=[started.listener, started.lock],  # both hold the lock on the folder
                start_new_session=True,
            )
    return peer, home, process


def join_engine(engine: "LiveEngine") -> EngineLink:
    """Join an engine as another view. Raises OSError if it has ended, TimeoutError if it does not answer."""
    return EngineLink(None, connect(engine.folder, patience=_PATIENCE), engine.folder)
