"""The folders of engines: where they are, how one is made, and how what a dead engine has left is cleared away.

All engines of a user are in one folder that only this user can enter. It is the same from every shell: not in TMPDIR or
XDG_RUNTIME_DIR, which differ between logins, or vanish with the last one.

The processes that use an engine's folder (the engine, and the view that started it) hold a lock on a file in it, from
before there is a socket until they end, in whatever way. Only a folder whose lock is free is cleared away.
"""

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
import time
from pathlib import Path

from rnn_tui.protocol.rendezvous import SOCKET

__all__ = [
    "EngineFolder",
    "EnginesError",
    "clear_away",
    "engine_folders",
    "engines_folder",
    "new_engine_folder",
    "private_folder",
]

_PLACE = "RNN_TUI_SOCKETS"  # the variable that names another place
_LOCK = "lock"
_LONGEST = 80  # bytes of the folder's path: a socket's path may have about a hundred
_BIRTH = 60.0  # seconds after which a folder without a lock is not being made: 0.1.0 had no locks
_TRIES = 100  # another process may clear a new folder away before it is locked


class EnginesError(RuntimeError):
    """A folder cannot be trusted, or an engine cannot be reached; the text is one line."""


class EngineFolder:
    """A folder of ours for one engine, and the lock on it, which lasts as long as a process has it open."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self.lock = lock

    def close(self) -> None:
        """Release the lock; an engine that has inherited it still holds it."""
        with contextlib.suppress(OSError):
            os.close(self.lock)
        self.lock = -1


def engines_folder() -> Path:
    """Return the folder of all engines, and make it if needed. Raises EnginesError if others could enter it."""
    folder = Path(os.environ.get(_PLACE) or f"/tmp/rnn-tui-{os.getuid()}").absolute()
    if len(os.fsencode(folder)) > _LONGEST:
        raise EnginesError(f"{_PLACE}: {folder}: is longer than {_LONGEST} bytes, too long for a socket in it")
    return private_folder(folder, _PLACE)


def private_folder(folder: Path, variable: str) -> Path:
    """Return a folder that is made if needed, and closed to others. Raises EnginesError if others could enter it.

    `variable` is what names another one in the environment.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise EnginesError(f"{folder}: cannot be made: {error.strerror or error}; {variable} names another") from None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise EnginesError(
            f"{folder}: must be a folder that is yours and closed to others (0700); {variable} names another"
        )
    return folder


def engine_folders() -> list[Path]:
    """Return the folders of engines, newest first, without links and files among them. Raises EnginesError."""
    place = engines_folder()
    found = []
    try:
        for entry in os.scandir(place):
            with contextlib.suppress(OSError):
                about = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(about.st_mode) and about.st_uid == os.getuid():
                    found.append((about.st_ctime, entry.name))
    except OSError as error:
        raise EnginesError(f"{place}: cannot be read: {error.strerror or error}") from None
    return [place / name for _, name in sorted(found, reverse=True)]


def new_engine_folder() -> EngineFolder:
    """Make a folder (0700) for a new engine, and lock it. Raises EnginesError."""
    place = engines_folder()
    try:
        for _ in range(_TRIES):
            folder = Path(tempfile.mkdtemp(prefix="", dir=place))
            lock = _locked(folder)
            if lock is not None:
                return EngineFolder(folder, lock)
    except OSError as error:
        raise EnginesError(f"{place}: cannot be written: {error.strerror or error}") from None
    raise EnginesError(f"{place}: new folders in it do not stay")


def clear_away(folder: Path) -> bool:
    """Delete a folder that no process uses, and return whether it is gone; one that may be in use is left alone.

    Called for a folder without a socket, or with one that no process listens to.
    """
    with contextlib.ExitStack() as opened:
        try:
            here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            opened.callback(os.close, here)
            if not _is_left(here, opened):
                return False
        except OSError:
            return False
        shutil.rmtree(folder, ignore_errors=True)
        return not folder.exists()


def _locked(folder: Path) -> int | None:
    """Create the lock and take it; None: another process is clearing the folder away. Raises OSError."""
    file = folder / _LOCK
    try:
        lock = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(lock), file.lstat()):
            return lock
    except (BlockingIOError, FileNotFoundError):
        pass
    except OSError:  # a file system without locks: the folder is safe for a while
        return lock
    os.close(lock)
    return None


def _is_left(folder: int, opened: contextlib.ExitStack) -> bool:
    """Return whether the lock in an opened folder is free; it is ours then, as long as `opened` lasts.

    Raises OSError.
    """
    try:
        lock = os.open(_LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except FileNotFoundError:
        return _is_old(folder)
    opened.callback(os.close, lock)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return _is_old(folder)
    return True


def _is_old(folder: int) -> bool:
    """Return whether a folder that has no lock has a socket, and has not just been made. Raises OSError."""
    about = os.stat(SOCKET, dir_fd=folder, follow_symlinks=False)
    return stat.S_ISSOCK(about.st_mode) and time.time() - os.fstat(folder).st_ctime > _BIRTH
