"""Keeps a comparison on the disk while it trains, and brings it back: see `runs/kept_comparison.py`."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from msgspec.structs import replace
from safetensors import SafetensorError
from safetensors.torch import load

from rnn_tui import __version__
from rnn_tui.common.atomic_files import Folder, make_folder
from rnn_tui.engine.field.field import Field
from rnn_tui.engine.field.field_state import StateError, field_tensors, restore_field
from rnn_tui.engine.field.outcomes import outcomes_of, rows_of, summary_of
from rnn_tui.engine.store.checkpoint import write
from rnn_tui.experiment.hash import experiment_hash
from rnn_tui.experiment.lasting_paths import with_lasting_paths
from rnn_tui.runs.kept_comparison import FIELD, TABLE, FieldManifest, read_field
from rnn_tui.runs.manifest import BEST, EXPERIMENT, FORMAT, MANIFEST, CheckpointError
from rnn_tui.runs.read_checkpoint import sealed_bytes, text_hash

__all__ = ["FieldFolder", "begin_keeping", "go_on_with"]

_log = logging.getLogger(__name__)

_EVERY = 10.0  # seconds from one checkpoint to the next, at least
_SHARE = 100  # times as long as one takes to write


class FieldFolder:
    """The folder of a comparison, locked until it is closed."""

    def __init__(
        self,
        folder: Folder,
        field: Field,
        *,
        stops_when_learnt: bool,
        every: int = 0,
        is_saved: bool = False,
        report: Callable[[str], object] = lambda _: None,
    ) -> None:
        """Save a field from now on into a locked folder.

        `every`: steps between checkpoints, 0: by time. `is_saved`: the checkpoint there is of the field as it is.
        `report` is called once for what cannot be written.
        """
        self.folder, self._opened, self._field = folder.path, folder, field
        self._stops_when_learnt = stops_when_learnt
        self._every, self._steps = every, 0
        self._report = report
        self._text = text_hash(field.comparison.base)
        self._comparison = replace(field.comparison, base=with_lasting_paths(field.comparison.base))
        self._saved = self._version() if is_saved else None
        self._next = time.perf_counter() + _EVERY
        self.problem = ""  # why the last checkpoint could not be written

    def stepped(self) -> None:
        """Write a checkpoint if it is time for one."""
        self._steps += 1
        if self._steps >= self._every if self._every else time.perf_counter() >= self._next:
            self.save()

    def save(self) -> None:
        """Write a checkpoint and the table, unless they are on the disk.

        `problem` says why that failed; the ones before are still there then.
        """
        self._steps = 0
        if self._version() == self._saved:
            return
        try:
            self.write()
        except OSError as error:
            had, self.problem = self.problem, f"{self.folder}: cannot be written: {error.strerror or error}"
            if not had:
                _log.info("%s", self.problem)
                self._report(self.problem)

    def write(self) -> None:
        """Write a checkpoint and the table. Raises OSError."""
        began = time.perf_counter()
        try:
            write(self._opened, self._manifest(), field_tensors(self._field), FIELD)
            table = rows_of(self._field).csv(outcomes_of(self._field))
            self._opened.write(TABLE, table.encode())
        finally:
            now = time.perf_counter()
            self._next = now + max(_EVERY, _SHARE * (now - began))
        self.problem, self._saved = "", self._version()

    def close(self) -> None:
        """Write the last checkpoint, and let the folder go."""
        if self._opened.is_open:
            self.save()
            self._opened.close()

    def _version(self) -> tuple[int, bytes]:
        """Return what changes whenever a checkpoint would be another one."""
        results = self._field.results
        return int(results.passes.sum()), results.states.tobytes()

    def _manifest(self) -> FieldManifest:
        field, results = self._field, self._field.results
        counted = summary_of(field)
        furthest = int(np.argmax(results.passes))
        passes = int(results.passes[furthest])
        return FieldManifest(
            format=FORMAT,
            rnn_tui=__version__,
            torch=str(torch.__version__),
            experiment=experiment_hash(self._comparison.base),
            text=self._text,
            tick=passes,
            epoch=-(-passes // field.batches(furthest)),
            tensors="",
            tensors_bytes=0,
            tensors_sha256="",
            comparison=self._comparison,
            stops_when_learnt=self._stops_when_learnt,
            learnt=counted.learnt,
            ended=counted.ended,
            diverged=counted.diverged,
        )


def begin_keeping(
    path: Path,
    field: Field,
    *,
    stops_when_learnt: bool,
    every: int = 0,
    report: Callable[[str], object] = lambda _: None,
) -> FieldFolder:
    """Keep a field in that folder from now on, with a first checkpoint.

    Raises CheckpointError for a folder that holds a run, cannot be written, or that another process writes.
    """
    try:
        make_folder(path)
    except OSError as error:
        raise CheckpointError(path, f"cannot be written: {error.strerror or error}") from None
    folder = _locked(path)
    try:
        if any(map(folder.exists, (EXPERIMENT, MANIFEST, BEST, FIELD))):
            raise CheckpointError(path, "holds a run already: resume it, or name another folder")
        kept = FieldFolder(folder, field, stops_when_learnt=stops_when_learnt, every=every, report=report)
        try:
            kept.write()
        except OSError as error:
            raise CheckpointError(path, f"cannot be written: {error.strerror or error}") from None
    except BaseException:
        folder.close()
        raise
    return kept


def go_on_with(
    path: Path, *, jobs: int = 1, every: int = 0, report: Callable[[str], object] = lambda _: None
) -> tuple[Field, FieldFolder]:
    """Return the field that is kept in a folder as it was left, and what keeps it there from now on.

    `jobs` large networks learn at once. Raises CheckpointError, or ExperimentError for networks that cannot run here.
    """
    folder = _locked(path)
    field = None
    try:
        manifest = read_field(path)
        field = Field(manifest.comparison, stops_when_learnt=manifest.stops_when_learnt, jobs=jobs)
        _bring_back(field, path, manifest)
        stops = manifest.stops_when_learnt
        kept = FieldFolder(folder, field, stops_when_learnt=stops, every=every, is_saved=True, report=report)
    except BaseException:
        folder.close()
        if field is not None:
            field.close()
        raise
    return field, kept


def _locked(path: Path) -> Folder:
    try:
        folder = Folder(path)
    except OSError as error:
        raise CheckpointError(path, f"cannot be opened: {error.strerror or error}") from None
    try:
        is_ours = folder.lock()
    except OSError as error:
        folder.close()
        raise CheckpointError(path, f"cannot be written: {error.strerror or error}") from None
    if not is_ours:
        folder.close()
        raise CheckpointError(path, "is being written by another process")
    return folder


def _bring_back(field: Field, folder: Path, manifest: FieldManifest) -> None:
    """Bring a new field to the state that is kept in a folder. Raises CheckpointError."""
    data, file = sealed_bytes(folder, manifest), folder / manifest.tensors
    try:
        restore_field(field, load(data))
    except StateError as error:
        raise CheckpointError(file, f"is of another comparison: {error}") from None
    except (SafetensorError, ValueError, KeyError) as error:
        raise CheckpointError(file, f"is no safetensors file: {error!s:.200}") from None
