"""What a checkpoint says of itself, as values; `runs/read_checkpoint.py` reads them. No torch, no pickle.

A checkpoint is two files: `checkpoint.json`, the manifest, and the `.safetensors` file that it names. That of the
best loss is `best.json`, and the one that this names.
"""

from pathlib import Path
from typing import Literal

import msgspec

from rnn_tui.data.data_card import DataCard
from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.spec import ExperimentError
from rnn_tui.protocol.frame import PredictionSeen

__all__ = [
    "BEST",
    "EXPERIMENT",
    "FORMAT",
    "MANIFEST",
    "BestCheckpoint",
    "CheckpointError",
    "Judged",
    "Manifest",
    "Progress",
    "Sealed",
]

FORMAT = 1
EXPERIMENT = "experiment.toml"
MANIFEST = "checkpoint.json"
BEST = "best.json"


class CheckpointError(ExperimentError):
    """A run that cannot be gone on with; the text is one line that begins with the file."""

    def __init__(self, file: Path, problem: str) -> None:
        super().__init__("", f"{file}: {problem}")


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """What goes with the tensors, as of the beginning of the last pass. None stands for a number that is not finite."""

    updates: int = 0  # made
    collected: int = 0  # passes whose gradients wait for an update
    plateau: tuple[float | None, int, int] = (None, 0, 0)  # of the schedule: the best loss, epochs since, cuts
    earlier: float | None = 0.0  # losses of the epoch so far, added up
    scaling: dict[str, float] | None = None  # of the losses, in float16


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What was made of the held-out text after an update; see `engine/training/eval_history.py`."""

    update: int
    loss: float | None  # None here: not a number
    accuracy: float | None  # None here: there is none, where numbers are learnt
    characters: int
    rows: float | None = None  # None: rows are nothing by themselves
    whole: bool
    part: bool
    learnt: float | None


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """What every manifest says: which run, where in it, and which tensors."""

    format: int
    rnn_tui: str  # the version that wrote it
    torch: str
    experiment: str  # hash of what decides the numbers, see `experiment_hash`
    text: str = ""  # SHA-256 of the file that is learnt, where one is
    data_card: DataCard | None = msgspec.field(default=None, name="essence")  # None: the data must be there
    tick: int  # ticks done
    epoch: int
    tensors: str  # the name of the file
    tensors_bytes: int
    tensors_sha256: str


class BestCheckpoint(Sealed, frozen=True, kw_only=True):
    """`best.json`. The tensors are the weights that gave the smallest loss so far, and nothing else."""

    update: int  # whole passes done
    loss: float
    of: Literal["held_out", "mean", "sum"]  # what is held out, or the epoch that is learnt, by its reduction


class Manifest(Sealed, frozen=True, kw_only=True):
    """`checkpoint.json`. The tensors are those at the beginning of the last pass: it is done again on resuming."""

    updates: int  # whole passes, as `losses.csv` counts them
    loss: float | None  # of the newest whole pass; None also where it is no number
    epochs: int  # where it stops; 0: never
    branch: str = "main"
    changes: tuple[Change, ...] = msgspec.field(default=(), name="turns")  # the ways of learning since tick 0
    planned: tuple[Change, ...] = ()  # those that are still to come
    predictions: tuple[PredictionSeen, ...] = ()  # the distinct ones, oldest first
    learnt: int | None = None  # the epoch at which one was first right
    state_tick: int  # ticks done at the beginning of the last pass
    state_epoch: int
    progress: Progress = Progress()
    best: tuple[float | None, int, int] = (None, 0, 0)  # for early stopping: the loss, its epoch, counted since
    held_out: tuple[Judged, ...] = ()  # oldest first
    weights: int  # trainable numbers
    losses: str  # the name of the file
    rows: int | None = None  # whole passes that it has, where there was no room for all; None: all of them
    by_character: bool  # whether every tick was a character, and `characters` has the loss of each
