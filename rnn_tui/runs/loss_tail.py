"""The end of a file of losses, without reading the rest of it."""

import math
import os
from pathlib import Path

from rnn_tui.common.atomic_files import open_regular

__all__ = ["SECONDS", "newest_seconds"]

SECONDS = "seconds"  # the column with the seconds of training up to an update; older files have none

_TAIL = 2**14  # bytes, in which several rows stand
_LONGEST = 2**16  # bytes of a header


def newest_seconds(folder: Path, name: str) -> float | None:
    """Return the seconds of training in the last whole row of a file of losses; None where it does not tell them."""
    try:
        with open_regular(folder / name) as stream:
            columns = stream.readline(_LONGEST).decode("ascii").strip().split(",")
            if SECONDS not in columns:
                return None
            size = os.fstat(stream.fileno()).st_size
            stream.seek(max(stream.tell(), size - _TAIL))
            rows = stream.read(_TAIL).decode("ascii").split("\n")[:-1]  # what follows the last line feed is not whole
    except (OSError, ValueError):
        return None
    row = rows[-1].split(",") if rows else []
    try:
        seconds = float(row[columns.index(SECONDS)]) if len(row) == len(columns) else math.nan
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None
