"""Keeps a comparison on the disk while it trains, and brings it back: see `runs/kept_comparison.py`."""

import time
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load

from rnn_tui import __version__
from rnn_tui.common.atomic_files import Folder, make_folder
from rnn_tui.engine.field.field import Field
from rnn_tui.engine.field.field_state import StateError, field_tensors, restore_field
from rnn_tui.engine.store.checkpoint import write
from rnn_tui.experiment.hash import experiment_hash
from rnn_tui.runs.kept_comparison import FIELD, TABLE, FieldManifest
from rnn_tui.runs.manifest import FORMAT, CheckpointError
from rnn_tui.runs.read_checkpoint import sealed_bytes, text_hash

__all__ = ["FieldFolder", "bring_back"]

_EVERY = 10.0  # seconds from one checkpoint to the next, at least
_SHARE = 100  # times as long as one takes to write


class FieldFolder:
    """The folder of a comparison, from its first step to its last."""

    def __init__(self, path: Path, field: Field, table: Callable[[], str], *, stops_when_learnt: bool) -> None:
        """Begin to keep a field there. `table` returns the table as CSV.

        Raises CheckpointError for a folder that cannot be written, or that another process writes.
        """
        self.path, self._field, self._table = path, field, table
        self._stops_when_learnt = stops_when_learnt
        self._text = text_hash(field.comparison.base)
        self.problem = ""  # why the last checkpoint could not be written
        try:
            make_folder(path)
            self._folder = Folder(path)
        except OSError as error:
            raise CheckpointError(path, f"cannot be written: {error.strerror or error}") from None
        if not self._folder.lock():
            self._folder.close()
            raise CheckpointError(path, "is being written by another process")
        self.save()
        if self.problem:
            raise CheckpointError(path, self.problem)

    def stepped(self) -> None:
        """Write a checkpoint if it is time for one."""
        if time.perf_counter() >= self._next:
            self.save()

    def save(self) -> None:
        """Write a checkpoint and the table. `problem` is why that failed; then the one before is still there."""
        began = time.perf_counter()
        passes = int(self._field.results.passes.max())
        manifest = FieldManifest(
            format=FORMAT,
            rnn_tui=__version__,
            torch=str(torch.__version__),
            experiment=experiment_hash(self._field.comparison.base),
            text=self._text,
            tick=passes,
            epoch=passes,
            tensors="",
            tensors_bytes=0,
            tensors_sha256="",
            comparison=self._field.comparison,
            stops_when_learnt=self._stops_when_learnt,
        )
        try:
            write(self._folder, manifest, field_tensors(self._field), FIELD)
            self._folder.write(TABLE, self._table().encode())
            self.problem = ""
        except OSError as error:
            self.problem = f"cannot be written: {error.strerror or error}"
        now = time.perf_counter()
        self._next = now + max(_EVERY, _SHARE * (now - began))

    def close(self) -> None:
        """Write the last checkpoint, and let the folder go."""
        self.save()
        self._folder.close()


def bring_back(field: Field, folder: Path, manifest: FieldManifest) -> None:
    """Bring a new field to the state that is kept in a folder. Raises CheckpointError."""
    file = folder / manifest.tensors
    try:
        restore_field(field, load(sealed_bytes(folder, manifest)))
    except (SafetensorError, ValueError, KeyError) as error:
        problem = (
            f"is of another comparison: {error}"
            if isinstance(error, StateError)
            else f"is no safetensors file: {error!s:.200}"
        )
        raise CheckpointError(file, problem) from None
