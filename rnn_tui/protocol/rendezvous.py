"""What engines and clients agree on beside the messages: the socket, the note next to it, and what hanging up means.

The note tells which run an engine trains, for those who find it busy. Other versions read it, too.
"""

from pathlib import Path
from typing import Literal

import msgspec

from rnn_tui.common.atomic_files import read_whole, write_whole

__all__ = ["ON_DISCONNECT", "SOCKET", "Note", "OnDisconnect", "read_note", "write_note"]

SOCKET = "engine.sock"
OnDisconnect = Literal["train", "pause", "stop"]  # what becomes of a run whose last view has vanished
ON_DISCONNECT: tuple[OnDisconnect, ...] = ("train", "pause", "stop")
_NOTE = "run.json"
_MOST = 2**16  # bytes of it


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """The run of an engine."""

    name: str = ""  # empty: none is open yet
    kept: str = ""  # its folder on the disk; empty: none
    process: int = 0  # the engine's; 0: 0.1.0 did not write it


def write_note(folder: Path, note: Note) -> None:
    """Put it beside the socket. Raises OSError."""
    write_whole(folder / _NOTE, msgspec.json.encode(note))


def read_note(folder: Path) -> Note:
    """What lies there; an empty one where nothing does, or nonsense."""
    try:
        return msgspec.json.decode(read_whole(folder / _NOTE, _MOST), type=Note)
    except (OSError, msgspec.DecodeError, RecursionError):
        return Note()
