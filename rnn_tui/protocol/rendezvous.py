"""What engines and clients agree on beside the messages: the socket, the note next to it, and what hanging up means.

The note tells which run an engine trains, for clients that find it busy. Other versions read it, too.
"""

from pathlib import Path
from typing import Literal

import msgspec

from rnn_tui.common.atomic_files import read_regular, write_atomic

__all__ = ["ON_DISCONNECT", "SOCKET", "Note", "OnDisconnect", "read_note", "write_note"]

SOCKET = "engine.sock"
OnDisconnect = Literal["train", "pause", "stop"]  # what a run does when its last view vanishes
ON_DISCONNECT: tuple[OnDisconnect, ...] = ("train", "pause", "stop")
_NOTE = "run.json"
_MOST = 2**16  # bytes of a note


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """The run of an engine, as its note tells it."""

    name: str = ""  # empty: no run is open yet
    kept: str = ""  # its folder on the disk; empty: none
    process: int = 0  # the engine's; 0: unknown, since 0.1.0 did not write it


def write_note(folder: Path, note: Note) -> None:
    """Write a note beside the socket. Raises OSError."""
    write_atomic(folder / _NOTE, msgspec.json.encode(note))


def read_note(folder: Path) -> Note:
    """Return the note beside the socket; an empty one if there is none, or none that can be read."""
    try:
        return msgspec.json.decode(read_regular(folder / _NOTE, _MOST), type=Note)
    except (OSError, msgspec.DecodeError, RecursionError):
        return Note()
