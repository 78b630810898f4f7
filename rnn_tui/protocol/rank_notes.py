"""How the ranks of a script that is watched find one another: each has a small file in a folder of their launch.

No rank is asked anything. A view that shows the ranks renews a mark in that folder; while it does, a thread of each
rank writes how far that rank is, a few times a second. Nobody sends anything, and no collective is added.

The folder is one that only this user can enter. For several machines `RNN_TUI_RANKS` names one that all of them see.
"""

import contextlib
import hashlib
import os
import socket
import stat
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from rnn_tui.common.atomic_files import read_regular
from rnn_tui.common.torchrun import meeting_of
from rnn_tui.protocol.engine_folders import engines_folder, private_folder
from rnn_tui.protocol.ranks import RankFigures

__all__ = [
    "PLACE",
    "RankNote",
    "is_alive",
    "mark",
    "marked",
    "ranks_folder",
    "read_rank_notes",
    "remove_rank_note",
    "write_rank_note",
]

PLACE = "RNN_TUI_RANKS"  # the variable that names the folder for launches
_MARK = "looked-at"
_FILE = "rank-{}.msgpack"  # not JSON, which has no NaN
_OLD = 24 * 3600.0  # seconds after which nobody writes there any more
_LARGEST = 1 << 14  # bytes of a note
_MOST = 4096  # ranks that are read


class RankNote(msgspec.Struct, frozen=True, kw_only=True):
    """What a rank says of itself."""

    figures: RankFigures
    count: int  # of ranks
    host: str
    process: int
    socket: str  # the folder of its socket, on that machine
    name: str  # for `rnn-tui attach`
    beat: int = 0  # grows with each note


def ranks_folder(environment: Mapping[str, str]) -> Path | None:
    """Return the folder for the notes of this launch, and make it; None: this process is not one of several.

    Raises EnginesError where it cannot be made, or others could enter it.
    """
    meeting = meeting_of(environment)
    if not meeting:
        return None
    chosen = environment.get(PLACE)
    place = Path(chosen).absolute() if chosen else Path(f"{engines_folder()}-ranks")
    folder = place / hashlib.sha256(meeting.encode(errors="surrogateescape")).hexdigest()[:16]
    private_folder(folder, PLACE)
    _sweep(place, folder)
    return folder


def write_rank_note(folder: Path, note: RankNote) -> None:
    """Write what a rank says of itself; a reader finds the one before or this. Raises OSError.

    It is not forced onto the disk: it is of this moment.
    """
    file = folder / _FILE.format(note.figures.rank)
    part = file.with_suffix(".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, msgspec.msgpack.encode(note))
    finally:
        os.close(descriptor)
    part.replace(file)


def read_rank_notes(folder: Path) -> list[RankNote]:
    """Return what ranks say of themselves, by rank; what cannot be read is left out."""
    found: dict[int, RankNote] = {}
    for name in _names(folder)[:_MOST]:
        try:
            note = msgspec.msgpack.decode(read_regular(folder / name, _LARGEST), type=RankNote)
        except (OSError, ValueError, msgspec.DecodeError, RecursionError):
            continue
        if name == _FILE.format(note.figures.rank) and 0 <= note.figures.rank < note.count:
            found[note.figures.rank] = note
    count = found[0].count if 0 in found else _MOST  # of an earlier start there may have been more
    return [found[rank] for rank in sorted(found) if rank < count]


def remove_rank_note(folder: Path, rank: int) -> None:
    """Remove the note of a rank, and the folder with the last one."""
    with contextlib.suppress(OSError):
        (folder / _FILE.format(rank)).unlink(missing_ok=True)
        if not _names(folder):
            (folder / _MARK).unlink(missing_ok=True)
            folder.rmdir()


def mark(folder: Path) -> None:
    """Say that somebody looks at the ranks of a launch."""
    with contextlib.suppress(OSError):
        (folder / _MARK).touch(mode=0o600)


def marked(folder: Path) -> float:
    """Return when somebody has last said so, by the clock of the machine with the folder; 0: nobody has."""
    try:
        return (folder / _MARK).lstat().st_mtime
    except OSError:
        return 0.0


def _sweep(place: Path, own: Path) -> None:
    """Remove what launches have left that were killed."""
    with contextlib.suppress(OSError):
        for folder in place.iterdir():
            with contextlib.suppress(OSError):
                if folder != own and stat.S_ISDIR(folder.lstat().st_mode) and _is_left(folder):
                    for name in _names(folder):
                        (folder / name).unlink()
                    (folder / _MARK).unlink(missing_ok=True)
                    folder.rmdir()


def _is_left(folder: Path) -> bool:
    """Return whether no rank writes there any more: all were processes of this machine, or it was long ago.

    Raises OSError.
    """
    notes, here = read_rank_notes(folder), socket.gethostname()
    if notes and all(each.host == here and not is_alive(each.process) for each in notes):
        return True
    return time.time() - folder.lstat().st_mtime > _OLD


def is_alive(process: int) -> bool:
    """Tell whether a process of this user is there; one that has ended may wait for its parent to notice."""
    try:
        os.kill(process, 0)
    except OSError:
        return False
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except (OSError, IndexError):
        return True  # not a Linux


def _names(folder: Path) -> list[str]:
    try:
        return [each for each in os.listdir(folder) if each.startswith("rank-") and each.endswith(".msgpack")]
    except OSError:
        return []
