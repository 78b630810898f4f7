"""The engines that run: where their sockets lie, which are alive, and what each of them does.

All of a user's engines are in one folder that only this user can enter. It is the same from every shell: not in
TMPDIR or XDG_RUNTIME_DIR, which differ from one login to the next, or go with the last of them.
"""

import contextlib
import os
import shutil
import socket
import stat
import tempfile
import time
from pathlib import Path

import msgspec

from rnn_tui.engine_note import SOCKET, Note, read_note
from rnn_tui.protocol import VERSION, Command, Greeting, Inquire, Left, Message, Stop, Whereabouts
from rnn_tui.wire import Buffer, ProtocolError, decode_message, pack

__all__ = [
    "Alive",
    "EnginesError",
    "alive",
    "asked",
    "connect",
    "engines_folder",
    "new_engine_folder",
    "stop",
]

_PLACE = "RNN_TUI_SOCKETS"  # says otherwise where they are
_ANSWER = 2.0  # seconds that an engine has to say where it is; a large network's tick may take longer
_LONGEST = 80  # bytes of the folder's path: that of a socket may have about a hundred


class EnginesError(RuntimeError):
    """A folder that cannot be trusted, or an engine that cannot be talked to; the text is one line."""


class Alive(msgspec.Struct, frozen=True, kw_only=True):
    """An engine that listens. It is busy where it has not said in time where its run is."""

    folder: Path  # of its socket
    note: Note = Note()
    run: Whereabouts | None = None
    problem: str = ""

    @property
    def name(self) -> str:
        """What its run is found by."""
        return self.run.name if self.run is not None else self.note.name

    @property
    def kept(self) -> str:
        """The folder of its run on the disk; empty: none."""
        return self.run.kept if self.run is not None else self.note.kept


def engines_folder() -> Path:
    """Where they are. Made if it is not there. Raises EnginesError where others could enter it."""
    folder = Path(os.environ.get(_PLACE) or f"/tmp/rnn-tui-{os.getuid()}").absolute()
    if len(os.fsencode(folder)) > _LONGEST:
        raise EnginesError(f"{_PLACE}: {folder}: is longer than {_LONGEST} bytes, too long for a socket in it")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise EnginesError(f"{folder}: cannot be made: {error.strerror or error}; {_PLACE} names another") from None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise EnginesError(
            f"{folder}: must be a folder that is yours and closed to others (0700); {_PLACE} names another"
        )
    return folder


def new_engine_folder() -> Path:
    """A folder (0700) for one more. Raises EnginesError."""
    try:
        return Path(tempfile.mkdtemp(prefix="", dir=engines_folder()))
    except OSError as error:
        raise EnginesError(f"{engines_folder()}: cannot be written: {error.strerror or error}") from None


def alive() -> list[Alive]:
    """Those that listen, the newest first. What is left of others is cleared away. Raises EnginesError."""
    folders = sorted(engines_folder().iterdir(), key=_began, reverse=True)
    found = [each for folder in folders if (each := asked(folder)) is not None]
    return [each for each in found if each.problem or each.name]  # the others have not opened a run yet


def asked(folder: Path, *, patience: float = _ANSWER) -> Alive | None:
    """What an engine says, or None where there is none."""
    try:
        peer = connect(folder)
    except ConnectionRefusedError:  # it was killed, and could not tidy up
        shutil.rmtree(folder, ignore_errors=True)
        return None
    except OSError:
        return None
    with peer:
        try:
            answer = _converse(peer, Inquire(), patience)
        except OSError:
            return None
        except EnginesError as error:
            return Alive(folder=folder, note=read_note(folder), problem=str(error))
    return Alive(folder=folder, note=read_note(folder), run=answer if isinstance(answer, Whereabouts) else None)


def connect(folder: Path) -> socket.socket:
    """A connection to an engine. Raises OSError where none listens."""
    peer = socket.socket(socket.AF_UNIX)
    try:
        peer.connect(str(folder / SOCKET))
    except OSError:
        peer.close()
        raise
    return peer


def stop(engine: Alive, *, patience: float) -> Left:
    """End an engine; its run is kept on the disk first. Raises EnginesError where it does not answer."""
    try:
        with connect(engine.folder) as peer:
            answer = _converse(peer, Stop(keep=True), patience)
    except OSError as error:
        raise EnginesError(f"has ended by itself: {error.strerror or error}") from None
    if not isinstance(answer, Left):
        raise EnginesError(f"does not answer within {patience:g} s")
    return answer


def _converse(peer: socket.socket, command: Command, patience: float) -> Message | None:
    """Say something, and hear the answer; None: it takes too long. Raises OSError, or EnginesError for nonsense."""
    buffer, deadline = Buffer(), time.monotonic() + patience
    peer.settimeout(patience)
    peer.sendall(pack(command))
    while (left := deadline - time.monotonic()) > 0:
        peer.settimeout(left)
        try:
            data = peer.recv(1 << 16)
        except TimeoutError:
            return None
        if not data:
            raise ConnectionResetError
        try:
            for body in buffer.feed(data):
                match decode_message(body):
                    case Greeting(version=version) if version != VERSION:
                        raise EnginesError(f"speaks protocol {version}, and this rnn-tui {VERSION}")
                    case Whereabouts() | Left() as answer:
                        return answer
        except ProtocolError as error:
            raise EnginesError(f"belongs to another version of rnn-tui: {error}") from None
    return None


def _began(folder: Path) -> float:
    with contextlib.suppress(OSError):
        return folder.stat().st_ctime
    return 0.0
