"""What is known of a cell that somebody has written in a file of their own. Data: the file itself never travels.

The engine finds these facts when it has loaded the file (`engine/network/own_cell.py`); runs and messages carry them,
so that a view can draw the cell and a checkpoint can be checked without running anything.
"""

from functools import lru_cache

import msgspec

from rnn_tui.common.glyphs import safe
from rnn_tui.experiment.cell_kinds import OWN, CellKind, Gate, Shape, Squash

__all__ = ["OwnCell", "OwnGate", "kind_of"]


class OwnGate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the cell that it shows, with H numbers for its H units."""

    name: str
    squash: Squash = ""  # "σ": its values lay between 0 and 1 when it was tried


class OwnCell(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A class in a file, as it was when the engine loaded it."""

    name: str  # of the class
    sha256: str  # of the file
    has_c: bool = False  # whether its state is h and c
    gates: tuple[OwnGate, ...] = ()
    weights: tuple[tuple[tuple[str, Shape], ...], ...] = ()  # of the first layer, and of those above


_LONGEST = 40  # characters of a name
_MOST = 64  # gates
_UNREAD = CellKind(name=OWN, label="own cell", gates=(), is_bounded=False, about="a cell of one's own.")


@lru_cache(maxsize=16)
def kind_of(own: OwnCell | None) -> CellKind:
    """Return what the kind of such a cell is; None: the file has not been loaded."""
    if own is None:
        return _UNREAD
    label = safe(own.name)[:_LONGEST].strip() or _UNREAD.label  # anybody may have written the file of a run
    return CellKind(
        name=OWN,
        label=label,
        gates=tuple(Gate(name=safe(each.name)[:_LONGEST], squash=each.squash) for each in own.gates[:_MOST]),
        memory=int(own.has_c),
        is_bounded=False,
        about=f"{label}, as its file says.",
        given=own.weights,
    )
