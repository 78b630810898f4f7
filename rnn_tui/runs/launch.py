"""Which launch of `torchrun` has begun a run: a small file beside it, so that one that it begins again is found."""

import contextlib
import os
from pathlib import Path

import msgspec

from rnn_tui.common.atomic_files import read_regular
from rnn_tui.runs.folders import runs_folder

__all__ = ["LAUNCH", "launch_bytes", "read_launch", "runs_of"]

LAUNCH = "launch.json"
_LARGEST = 1 << 16  # bytes


class _Launch(msgspec.Struct, frozen=True):
    torchrun: str


def launch_bytes(launch: str) -> bytes:
    """Return what the file says of a launch."""
    return msgspec.json.encode(_Launch(launch)) + b"\n"


def read_launch(folder: Path) -> str:
    """Return which launch has begun the run in a folder; empty: none, or the file cannot be read."""
    with contextlib.suppress(OSError, ValueError, msgspec.DecodeError, RecursionError):
        return msgspec.json.decode(read_regular(folder / LAUNCH, _LARGEST), type=_Launch).torchrun
    return ""


def runs_of(launch: str) -> list[Path]:
    """Return the folders of the runs in their usual place that a launch has begun, by name."""
    place = runs_folder()
    try:
        names = sorted(os.listdir(place))
    except OSError:
        return []
    return [place / name for name in names if read_launch(place / name) == launch]
