"""The folders of engines: where they lie, how one is made, and how what a dead engine has left is cleared away.

All of a user's engines are in one folder that only this user can enter. It is the same from every shell: not in
TMPDIR or XDG_RUNTIME_DIR, which differ from one login to the next, or go with the last of them.

Whoever lives in an engine's folder (the engine, and the view that started it) holds a lock on a file in it, from before
there is a socket until the process ends, however it ends. Only a folder whose lock is free is cleared away.
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

__all__ = ["EngineFolder", "EnginesError", "clear_away", "engine_folders", "engines_folder", "new_engine_folder"]

_PLACE = "RNN_TUI_SOCKETS"  # says otherwise where they are
_LOCK = "lock"
_LONGEST = 80  # bytes of the folder's path: that of a socket may have about a hundred
_BIRTH = 60.0  # seconds after which a folder without a lock is no longer being made: 0.1.0 made none
_TRIES = 100  # somebody who clears away may come between a new folder and its lock


class EnginesError(RuntimeError):
    """A folder that cannot be trusted, or an engine that cannot be talked to; the text is one line."""


class EngineFolder:
    """A folder of ours for one engine, and the lock on it: it lasts as long as one process has the descriptor open."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self.lock = lock

    def close(self) -> None:
        """Let the lock go: it is still held by the engine, if that has inherited it."""
        with contextlib.suppress(OSError):
            os.close(self.lock)
        self.lock = -1


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


def engine_folders() -> list[Path]:
    """Return those of engines, the newest first; links and files among them are passed over. Raises EnginesError."""
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
    """Make a folder (0700) for one more engine, locked. Raises EnginesError."""
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
    """Delete a folder in which nobody lives, and return whether it is gone. Nothing happens where somebody may.

    It is called for a folder with no socket, or one that nobody listens to.
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
    """Make the lock, and take it; None: somebody has begun to clear the folder away. Raises OSError."""
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
    except OSError:  # a file system without locks: it is not cleared away for a while
        return lock
    os.close(lock)
    return None


def _is_left(folder: int, opened: contextlib.ExitStack) -> bool:
    """Return whether nobody holds the lock in an opened folder; it is ours then, as long as `opened` lasts.

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
