"""Read what lies in a run's folder, and refuse what is cut, altered, or of another experiment. No torch, no pickle."""

import hashlib
import os
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from rnn_tui.common.atomic_files import exists, open_regular
from rnn_tui.common.versions import is_newer, keys_beyond, no_setting, written_by
from rnn_tui.data.load import load
from rnn_tui.data.made_up.python_source import python_source
from rnn_tui.experiment.hash import experiment_hash, is_made_up
from rnn_tui.experiment.spec import PYTHON_SOURCE, Experiment
from rnn_tui.experiment.toml_file import read
from rnn_tui.runs.manifest import (
    BEST,
    EXPERIMENT,
    FORMAT,
    MANIFEST,
    BestCheckpoint,
    CheckpointError,
    Manifest,
    Sealed,
)
from rnn_tui.runs.manifest_checks import (
    best_problem,
    data_card_problem,
    manifest_problem,
    tensors_problem,
    wanted_tensors,
)

__all__ = [
    "check_text",
    "read_best",
    "read_experiment",
    "read_manifest",
    "read_sealed",
    "read_tensors",
    "read_weights",
    "sealed_bytes",
    "text_hash",
]

_LARGEST = 64 * 2**20  # bytes of a manifest

_Kind = TypeVar("_Kind", bound=Sealed)


def text_hash(experiment: Experiment) -> str:
    """Return the SHA-256 of the file that is learnt; empty: there is none. Raises ExperimentError."""
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
    """Read what the run in a folder was at tick 0. Raises ExperimentError, whose text begins with the file."""
    return read(folder / EXPERIMENT, follow=False)


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of the run in a folder. Raises CheckpointError."""
    manifest = read_sealed(folder / MANIFEST, Manifest)
    problem = manifest_problem(manifest)
    if problem:
        raise CheckpointError(folder / MANIFEST, f"is altered: {problem}")
    return manifest


def read_best(folder: Path) -> BestCheckpoint:
    """Read the manifest of a run's best checkpoint. Raises CheckpointError, also where there is none."""
    if not exists(folder / BEST):
        raise CheckpointError(folder / BEST, "there is no such file: this run has kept no best checkpoint yet")
    best = read_sealed(folder / BEST, BestCheckpoint)
    problem = best_problem(best)
    if problem:
        raise CheckpointError(folder / BEST, f"is altered: {problem}")
    return best


def read_sealed(file: Path, kind: type[_Kind]) -> _Kind:
    """Read a manifest of that kind; what is in it is not checked. Raises CheckpointError."""
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
    """Read the bytes of the tensors' file and check that they were written for this experiment and its data.

    Raises CheckpointError, and ExperimentError for a file of data that cannot be read.
    """
    check_text(manifest, experiment)
    return read_weights(folder, manifest, experiment, load(experiment).experiment)


def check_text(manifest: Sealed, experiment: Experiment) -> None:
    """Raise CheckpointError unless the file that is learnt is there and the same."""
    if manifest.text != text_hash(experiment):
        raise CheckpointError(Path(experiment.data.file), "is not the text that this run has learnt so far")


def read_weights(folder: Path, manifest: Sealed, experiment: Experiment, read: Experiment) -> bytes:
    """Do the same as `read_tensors` without the data; `read` is the experiment with its vocabulary."""
    if manifest.experiment != experiment_hash(experiment):
        raise CheckpointError(folder / EXPERIMENT, "is not the experiment that its checkpoint was made with")
    problem = "" if manifest.data_card is None else data_card_problem(manifest.data_card, experiment)
    if problem:
        raise CheckpointError(folder / (MANIFEST if isinstance(manifest, Manifest) else BEST), f"is altered: {problem}")
    data = sealed_bytes(folder, manifest)
    file = folder / manifest.tensors
    problem = tensors_problem(_header(file, data), *wanted_tensors(manifest, read))
    if problem:
        raise CheckpointError(file, problem)
    return data


def sealed_bytes(folder: Path, manifest: Sealed) -> bytes:
    """Read the bytes of the tensors' file that a manifest names. Raises CheckpointError unless they are those."""
    file = folder / manifest.tensors
    data = _bytes(file, manifest.tensors_bytes)
    if len(data) != manifest.tensors_bytes:
        raise CheckpointError(file, f"is cut: {len(data):,} bytes of {manifest.tensors_bytes:,}")
    if hashlib.sha256(data).hexdigest() != manifest.tensors_sha256:
        raise CheckpointError(file, "is altered: its SHA-256 is not the one in its manifest")
    return data


def _header(file: Path, data: bytes) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Read the header of a safetensors file: a length of 8 bytes, then JSON. Raises CheckpointError."""
    try:
        header = msgspec.json.decode(data[8 : 8 + int.from_bytes(data[:8], "little")], type=dict[str, Any])
        header.pop("__metadata__", None)
        return {name: (str(each["dtype"]), tuple(map(int, each["shape"]))) for name, each in header.items()}
    except (msgspec.DecodeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise CheckpointError(file, f"is not a safetensors file: {error!s:.200}") from None


def _bytes(file: Path, most: int) -> bytes:
    """Read a file; one byte more than `most` where it holds more."""
    try:
        with open_regular(file) as stream:
            there = os.fstat(stream.fileno()).st_size  # read(n) sets aside n bytes, and `most` may be anything
            return stream.read(min(most, there) + 1)
    except FileNotFoundError:
        raise CheckpointError(file, "there is no such file: the run has no checkpoint, or it is not whole") from None
    except (OSError, ValueError) as error:
        raise CheckpointError(file, f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
