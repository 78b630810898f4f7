"""What a checkpoint says of itself, and whether its tensors are the ones that it speaks of. No torch, no pickle.

A checkpoint is two files: `checkpoint.json`, the manifest, and the `.safetensors` file that it names. That of the
best loss is `best.json`, and the one that this names.
"""

import hashlib
import os
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from rnn_tui import reading
from rnn_tui.builtin import python_source
from rnn_tui.essence import Essence
from rnn_tui.experiment import PYTHON_SOURCE, Experiment, ExperimentError
from rnn_tui.experiment_file import read
from rnn_tui.experiment_hash import experiment_hash, is_made_up
from rnn_tui.frame import PredictionSeen
from rnn_tui.manifest_checks import (
    best_problem,
    essence_problem,
    manifest_problem,
    tensors_problem,
    wanted_tensors,
)
from rnn_tui.protocol import Turn
from rnn_tui.versions import is_newer, keys_beyond, no_setting, written_by
from rnn_tui.whole import exists, open_regular

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
    "check_text",
    "experiment_hash",
    "is_made_up",
    "read_best",
    "read_experiment",
    "read_manifest",
    "read_tensors",
    "read_weights",
    "text_hash",
]

FORMAT = 1
EXPERIMENT = "experiment.toml"
MANIFEST = "checkpoint.json"
BEST = "best.json"
_LARGEST = 64 * 2**20  # bytes of a manifest


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
    """What was made of the held-out text after an update; see `engine/judgements.py`."""

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
    essence: Essence | None = None  # what the weights need of it; None: the file must be there
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
    turns: tuple[Turn, ...] = ()  # the ways of learning since tick 0
    planned: tuple[Turn, ...] = ()  # those that are still to come
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


_Kind = TypeVar("_Kind", bound=Sealed)


def text_hash(experiment: Experiment) -> str:
    """SHA-256 of the file that is learnt; empty, where there is none. Raises ExperimentError."""
    file = experiment.data.file
    if experiment.data.text == PYTHON_SOURCE:
        return hashlib.sha256(python_source().encode()).hexdigest()
    if not file or is_made_up(experiment):
        return ""
    try:
        with open_regular(file, follow=True) as stream:  # its name may come from somebody else's run
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CheckpointError(Path(file), f"the text of this run cannot be read: {reason}") from None


def read_experiment(folder: Path) -> Experiment:
    """What the run in a folder was at tick 0. Raises ExperimentError, whose text begins with the file."""
    return read(folder / EXPERIMENT, follow=False)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the run in a folder. Raises CheckpointError."""
    manifest = _read(folder / MANIFEST, Manifest)
    problem = manifest_problem(manifest)
    if problem:
        raise CheckpointError(folder / MANIFEST, f"is altered: {problem}")
    return manifest


def read_best(folder: Path) -> BestCheckpoint:
    """The manifest of the best checkpoint of the run in a folder. Raises CheckpointError, also where there is none."""
    if not exists(folder / BEST):
        raise CheckpointError(folder / BEST, "there is no such file: this run has kept no best checkpoint yet")
    best = _read(folder / BEST, BestCheckpoint)
    problem = best_problem(best)
    if problem:
        raise CheckpointError(folder / BEST, f"is altered: {problem}")
    return best


def _read(file: Path, kind: type[_Kind]) -> _Kind:
    data = _bytes(file, _LARGEST)
    if len(data) > _LARGEST:
        raise CheckpointError(file, f"is altered: it is larger than {_LARGEST >> 20} MiB")
    writer: Any = ""
    try:
        values = msgspec.json.decode(data, type=dict[str, Any])
        format, writer = values.get("format"), values.get("rnn_tui")
        if format != FORMAT:
            newer = f" (it was {written_by(writer)})" if is_newer(writer) else ""
            raise CheckpointError(file, f"is of format {format!r:.20}; this rnn-tui reads format {FORMAT}{newer}")
        manifest = msgspec.json.decode(data, type=kind)
        unknown = keys_beyond(values, msgspec.to_builtins(manifest)) if is_newer(writer) else []
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        if is_newer(writer):
            raise CheckpointError(file, f"was {written_by(writer)}, which cannot read it: {error!s:.200}") from None
        raise CheckpointError(file, f"is cut or altered: {error!s:.200}") from None
    if unknown:  # what it does not know may be what the numbers depend on
        raise CheckpointError(file, no_setting(writer, unknown))
    return manifest


def read_tensors(folder: Path, manifest: Sealed, experiment: Experiment) -> bytes:
    """The bytes of the tensors' file, once they are known to be those that were written, for this experiment and the
    text that it learns. Raises CheckpointError, and ExperimentError for a text that cannot be read.
    """
    check_text(manifest, experiment)
    return read_weights(folder, manifest, experiment, reading.read(experiment).experiment)


def check_text(manifest: Sealed, experiment: Experiment) -> None:
    """Nothing, where the file that is learnt is there, and the same. Raises CheckpointError."""
    if manifest.text != text_hash(experiment):
        raise CheckpointError(Path(experiment.data.file), "is not the text that this run has learnt so far")


def read_weights(folder: Path, manifest: Sealed, experiment: Experiment, read: Experiment) -> bytes:
    """The same as `read_tensors` without the text; `read` is the experiment with its vocabulary."""
    if manifest.experiment != experiment_hash(experiment):
        raise CheckpointError(folder / EXPERIMENT, "is not the experiment that its checkpoint was made with")
    problem = "" if manifest.essence is None else essence_problem(manifest.essence, experiment)
    if problem:
        raise CheckpointError(folder / (MANIFEST if isinstance(manifest, Manifest) else BEST), f"is altered: {problem}")
    file = folder / manifest.tensors
    data = _bytes(file, manifest.tensors_bytes)
    if len(data) != manifest.tensors_bytes:
        raise CheckpointError(file, f"is cut: {len(data):,} bytes of {manifest.tensors_bytes:,}")
    if hashlib.sha256(data).hexdigest() != manifest.tensors_sha256:
        raise CheckpointError(file, "is altered: its SHA-256 is not the one in its manifest")
    problem = tensors_problem(_header(file, data), *wanted_tensors(manifest, read))
    if problem:
        raise CheckpointError(file, problem)
    return data


def _header(file: Path, data: bytes) -> dict[str, tuple[str, tuple[int, ...]]]:
    """What a safetensors file says of its tensors: a length of 8 bytes, then JSON. Raises CheckpointError."""
    try:
        header = msgspec.json.decode(data[8 : 8 + int.from_bytes(data[:8], "little")], type=dict[str, Any])
        header.pop("__metadata__", None)
        return {name: (str(each["dtype"]), tuple(map(int, each["shape"]))) for name, each in header.items()}
    except (msgspec.DecodeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise CheckpointError(file, f"is no safetensors file: {error!s:.200}") from None


def _bytes(file: Path, most: int) -> bytes:
    """What the file holds; one byte more than `most`, where it holds more."""
    try:
        with open_regular(file) as stream:
            there = os.fstat(stream.fileno()).st_size  # read(n) sets aside n bytes, and `most` may be anything
            return stream.read(min(most, there) + 1)
    except FileNotFoundError:
        raise CheckpointError(file, "there is no such file: the run has no checkpoint, or it is not whole") from None
    except (OSError, ValueError) as error:
        raise CheckpointError(file, f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
