"""Where runs are kept, and what their folders are called. Nothing is read here: the first screen waits for it."""

import re
import secrets
import time
from pathlib import Path

from rnn_tui.common.process import user_data_folder
from rnn_tui.experiment.spec import Experiment

__all__ = ["new_folder", "runs_folder", "short_name"]

_LONGEST = 40  # characters of an experiment's name in the name of a folder


def runs_folder() -> Path:
    """Return the folder where runs are kept by default."""
    return user_data_folder("rnn-tui") / "runs"


def new_folder(experiment: Experiment) -> Path:
    """Choose a folder for a run that begins now, as `hihello-2025-01-31-3f9a1c`. Nothing is written."""
    name = re.sub(r"[^a-z0-9]+", "-", experiment.name.lower())[:_LONGEST].strip("-") or "run"
    return runs_folder() / f"{name}-{time.strftime('%Y-%m-%d')}-{secrets.token_hex(3)}"


def short_name(folder: Path) -> str:
    """Return what `find` finds a run by: its name where it is in the usual place, else its path."""
    return folder.name if folder.parent == runs_folder() else str(folder)
