"""The log of an engine: a file that outlives the engine, its socket and its view.

Each engine has its own, named after the folder of its socket, in the system's folder for logs; only its owner can read
it. If there is no such folder, it lies beside the socket.
"""

import contextlib
import os
import re
import stat
from pathlib import Path

from rnn_tui.common.atomic_files import FILE_MODE, make_folder, open_regular
from rnn_tui.common.glyphs import safe

__all__ = ["find_log", "last_line", "log_folder", "new_log", "open_for_log", "output_beside"]

_BESIDE = "engine.log"  # the name beside the socket
_KEPT = 20  # logs of engines that have ended
_TAIL = 1 << 16  # bytes at the end of the file in which the last line is looked for
_RECORD = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} ([A-Z]+) ")  # the beginning of a line of our own
_WORST = ("ERROR", "CRITICAL")
_FATAL = "Fatal Python error: "  # faulthandler's, before the stack


def log_folder() -> Path:
    """Return the folder of all logs. Raises RuntimeError or OSError if there is no home."""
    import platformdirs  # for start-up time

    return platformdirs.user_log_path("rnn-tui", appauthor=False)


def new_log(folder: Path) -> Path:
    """Create the log of the engine whose socket is in `folder`, and remove old logs. Raises OSError."""
    try:
        place = log_folder()
        make_folder(place)
        path = place / f"{folder.name}.log"
        os.close(open_for_log(path))
        _prune(place, folder.parent)
    except (OSError, RuntimeError):
        path = folder / _BESIDE
        os.close(open_for_log(path))
    return path


def find_log(folder: Path) -> Path:
    """Return where the log of the engine whose socket is, or was, in `folder` should be."""
    with contextlib.suppress(OSError, RuntimeError):
        path = log_folder() / f"{folder.name}.log"
        if path.exists():
            return path
    return folder / _BESIDE


def open_for_log(path: str | os.PathLike[str]) -> int:
    """Open a regular file of ours for appending, not through a link, and return its descriptor. Raises OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags, FILE_MODE)
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid() or found.st_nlink != 1:
        os.close(descriptor)
        raise PermissionError(f"{path}: is no regular file of ours")
    return descriptor


def output_beside(log: Path) -> Path:
    """Return where a script that is watched prints: a file beside the log of its engine."""
    return log.with_suffix(".out")


def last_line(path: Path) -> str:
    """Return the last line of a log that reports an error, safe to print; empty if there is none.

    Lines that are not our own were printed by Python or by a library.
    """
    try:
        with open_regular(path) as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            lines = file.read(_TAIL).decode(errors="replace").splitlines()
    except OSError:
        return ""
    found = ""
    for line in lines:
        record = _RECORD.match(line)
        if line.startswith(_FATAL):
            return safe(line)
        if record is None and line.strip() and not line[0].isspace():
            found = line
        elif record is not None:  # a record that is no error ends the one before it
            found = line[record.end() :].partition(": ")[2] if record[1] in _WORST else ""
    return safe(found)


def _prune(place: Path, sockets: Path) -> None:
    """Remove the oldest logs, except those of engines whose folder still exists."""
    ended = [path for path in place.glob("*.log") if not (sockets / path.stem).exists()]
    for path in sorted(ended, key=_changed)[:-_KEPT]:
        for file in (path, output_beside(path)):
            for each in (file, file.with_name(f"{file.name}.1")):
                with contextlib.suppress(OSError):
                    each.unlink()


def _changed(path: Path) -> float:
    with contextlib.suppress(OSError):
        return path.lstat().st_mtime
    return 0.0
