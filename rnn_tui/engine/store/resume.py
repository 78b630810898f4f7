"""Runs on the disk: how one begins to be saved, and how it is resumed as if it had never been stopped."""

import contextlib
import logging
import math
from array import array
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

from rnn_tui.common.atomic_files import Folder, exists, make_folder
from rnn_tui.engine.session.plan import checked_change
from rnn_tui.engine.session.processes import ALONE, Processes
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.store.checkpoint import load_tensors, to_snapshot
from rnn_tui.engine.store.checkpointer import Checkpointer
from rnn_tui.engine.store.loss_files import LossFiles
from rnn_tui.engine.training.branches import Branch, StateHistory
from rnn_tui.engine.training.diagnostics import Diagnostics
from rnn_tui.engine.training.early_stopping import BestLoss
from rnn_tui.engine.training.loss_history import LossSeries
from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.lasting_paths import with_lasting_paths
from rnn_tui.experiment.memory import HISTORY
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.experiment.toml_file import write as to_toml
from rnn_tui.protocol.commands import SaveOptions
from rnn_tui.runs.folders import new_folder
from rnn_tui.runs.kept_comparison import FIELD
from rnn_tui.runs.launch import LAUNCH, launch_bytes
from rnn_tui.runs.manifest import BEST, EXPERIMENT, MANIFEST, BestCheckpoint, CheckpointError, Manifest
from rnn_tui.runs.read_checkpoint import read_best, read_manifest, read_tensors

if TYPE_CHECKING:
    from rnn_tui.engine.store.tensorboard import TensorBoardLog

__all__ = ["begin_saving", "load_run", "resume"]

_log = logging.getLogger(__name__)


def begin_saving(
    session: Session, keep: SaveOptions, report: Callable[[str], object], *, folder: Path | None = None
) -> Checkpointer:
    """Save a session from now on, with all of its branch.

    The folder is the one that `keep` names, else `folder`, else a new one. `report` is called once for what cannot be
    written. Raises CheckpointError where the run cannot be saved there.
    """
    path = Path(keep.folder) if keep.folder else folder or new_folder(session.began)
    is_new = not exists(path)
    try:
        experiment = to_toml(with_lasting_paths(session.began)).encode()
    except ExperimentError as error:
        raise CheckpointError(path, f"cannot be written: the input {error}") from None
    try:
        make_folder(path)
        with _locked(path) as opened:
            files = LossFiles(opened, matrices=session.branch.diagnostics.matrices)
            _check_empty(opened, files)
            if keep.launch:
                opened.write(LAUNCH, launch_bytes(keep.launch))
            opened.write(EXPERIMENT, experiment)
            files.passes.add(())
            tensorboard = _tensorboard_log(keep, 0)
    except OSError as error:
        if is_new:
            _remove(path)
        raise CheckpointError(path, f"cannot be written: {error.strerror or error}") from None
    _log.info("%s: saved from tick %d on", path, session.progress.tick)
    return Checkpointer(session, opened, files, tensorboard=tensorboard, every=keep.every, report=report)


def _check_empty(folder: Folder, files: LossFiles) -> None:
    """Raise CheckpointError if a file would be replaced."""
    if any(map(folder.exists, (EXPERIMENT, MANIFEST, BEST, FIELD))):
        raise CheckpointError(folder.path, "holds a run already: resume it, or name another folder")
    for file in (files.passes, files.characters, files.held_out):
        if folder.exists(file.name):
            raise CheckpointError(folder.path, f"holds {file.name} already, which is not ours: name another folder")


def _remove(path: Path) -> None:
    """Remove a folder in which no run could begin."""
    with contextlib.suppress(OSError), Folder(path) as folder:
        for name in (EXPERIMENT, LAUNCH, LossFiles(folder, matrices=()).passes.name):
            if folder.exists(name):
                folder.remove(name)
        path.rmdir()


def resume(
    keep: SaveOptions,
    experiment: Experiment,
    report: Callable[[str], object],
    *,
    history: int = HISTORY,
    changes: tuple[Change, ...] = (),
    processes: Processes = ALONE,
) -> tuple[Session, Checkpointer]:
    """Return the run in a folder at the tick where it was left, and what saves it there from now on.

    `experiment` is what it was at tick 0, perhaps on another device or with other breakpoints, and `changes` are more
    changes to come. Raises CheckpointError, or ExperimentError for what cannot run here; nothing has changed then.
    """
    folder = Path(keep.folder)
    try:
        with _locked(folder) as opened:
            session, files = load_run(
                folder, experiment, history=history, changes=changes, within=opened, processes=processes
            )
            tensorboard = _tensorboard_log(keep, len(session.losses))
    except OSError as error:
        raise CheckpointError(folder, f"cannot be gone on with: {error.strerror or error}") from None
    best = _best_so_far(folder, experiment, report)
    checkpointer = Checkpointer(
        session, opened, files, tensorboard=tensorboard, every=keep.every, best=best, report=report, is_saved=True
    )
    _log.info("%s: resumed at tick %d", folder, session.progress.tick)
    return session, checkpointer


def _best_so_far(folder: Path, experiment: Experiment, report: Callable[[str], object]) -> BestCheckpoint | None:
    """Return the checkpoint of the best loss in a folder. One that is damaged is reported, and None takes its place."""
    if not exists(folder / BEST):
        return None
    try:
        best = read_best(folder)
        read_tensors(folder, best, experiment)
    except CheckpointError as error:
        report(f"{error}; the best is looked for anew")
        return None
    return best


def load_run(
    folder: Path,
    experiment: Experiment,
    *,
    history: int = 0,
    changes: tuple[Change, ...] = (),
    within: Folder | None = None,
    processes: Processes = ALONE,
) -> tuple[Session, LossFiles]:
    """Return the session of the run in a folder, and the files with its losses. Write nothing. Raise as `resume`.

    `within`: the same folder, held open by a caller that goes on writing those files.
    """
    if within is None:
        with Folder(folder) as opened:  # closed at the end: nothing can be written there by mistake
            return load_run(folder, experiment, history=history, changes=changes, within=opened)
    manifest = read_manifest(folder)
    tensors = load_tensors(folder, manifest, experiment)
    session = Session(experiment, history=history, processes=processes)
    if not 0 <= manifest.tick - manifest.state_tick <= session.progress.length:
        raise CheckpointError(folder / MANIFEST, "is altered: its ticks are more than a pass apart")
    state = to_snapshot(session.trainer, manifest, tensors, folder / manifest.tensors)
    suffix = manifest.losses.removeprefix("losses").removesuffix(".csv")
    files = LossFiles(within, suffix, matrices=session.branch.diagnostics.matrices)
    try:
        past = tuple(checked_change(experiment, change) for change in manifest.changes)
        to_come = tuple(sorted((*manifest.planned, *changes), key=lambda change: change.tick))
        session.continue_branch(_branch(session, manifest, past, files, history), state, to_come)
        if (session.progress.whole_passes, session.progress.epoch) != (manifest.updates, manifest.epoch):
            raise CheckpointError(folder / MANIFEST, "is altered: its passes are not those that it is left after")
    except CheckpointError:
        raise
    except ExperimentError as error:
        raise CheckpointError(folder / MANIFEST, f"is altered: {error.path} {error}") from None
    return session, files


def _tensorboard_log(keep: SaveOptions, known: int) -> "TensorBoardLog | None":
    """Return event files that begin after `known` passes, if they are wanted. Raises OSError."""
    if not keep.tensorboard:
        return None
    from rnn_tui.engine.store.tensorboard import TensorBoardLog

    return TensorBoardLog(Path(keep.tensorboard), known)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[Folder]:
    """Lock a folder against other processes until it is closed, which happens here if anything goes wrong.

    Raises CheckpointError where another process has the lock, and OSError.
    """
    folder = Folder(path)
    try:
        if not folder.lock():
            raise CheckpointError(path, "this run is being trained already, by another rnn-tui")
        yield folder
    except BaseException:
        folder.close()
        raise


def _branch(
    session: Session, manifest: Manifest, changes: tuple[Change, ...], files: LossFiles, history: int
) -> Branch:
    """Return the branch that a manifest and its files describe. Raises CheckpointError where they do not agree."""
    rows = files.passes.read(manifest.updates if manifest.rows is None else manifest.rows)
    rows += _lost_rows(manifest, rows, learns=session.experiment.training.learn)
    _check_rows(manifest, rows, files, learns=session.experiment.training.learn)
    branch = Branch(
        name=manifest.branch,
        states=StateHistory(history),
        changes=[*session.branch.changes[:1], *changes],
        epochs=manifest.epochs,
        newest=manifest.tick,
        losses=_series([row[2] for row in rows if row[2]]),
        ends=array("q", [int(row[1]) for row in rows]),
        diagnostics=Diagnostics(session.branch.diagnostics.matrices),
    )
    if session.experiment.training.learn:
        files.recall(branch, rows)
    if manifest.by_character:
        branch.character_losses = _series([row[1] for row in files.characters.read(manifest.tick)])
    branch.predictions.recall(manifest.predictions, manifest.learnt)
    evaluations = [
        {name: value if name == "rows" else _number(value) for name, value in asdict(each).items()}
        for each in manifest.held_out
    ]
    branch.held_out.recall(evaluations, list(branch.losses))
    loss, epoch, since = manifest.best
    branch.best = BestLoss(loss=math.inf if loss is None else loss, epoch=epoch, since=since)
    return branch


def _check_rows(manifest: Manifest, rows: list[list[str]], files: LossFiles, *, learns: bool) -> None:
    """Raise CheckpointError where the file's passes are not those of the manifest."""
    ends = [0, *(int(row[1]) for row in rows)]
    sound = all(before < after for before, after in pairwise(ends[: 1 + (manifest.rows or len(rows))]))
    sound = sound and ends[manifest.state_epoch] == manifest.state_tick and ends[-1] <= manifest.tick
    sound = sound and all(int(row[0]) == number for number, row in enumerate(rows, 1))
    if not sound or any(bool(row[2]) != learns for row in rows):
        raise CheckpointError(files.passes.path, "is altered: its passes are not those of its checkpoint")


def _lost_rows(manifest: Manifest, rows: list[list[str]], *, learns: bool) -> list[list[str]]:
    """Return rows for the passes that had no room on the disk: the newest loss is known, the others are NaN.

    The ticks at which two of these passes ended are known; the others are spread evenly between.
    """
    first, missing = int(rows[-1][1]) if rows else 0, manifest.updates - len(rows)
    before = max(0, min(missing, manifest.state_epoch - len(rows)))  # up to where the tensors stand
    ticks = [first + (manifest.state_tick - first) * each // before for each in range(1, before + 1)]
    ticks += [manifest.tick] * (missing - before)
    losses = ["nan" if learns else ""] * missing
    if missing and learns and manifest.loss is not None:
        losses[-1] = repr(manifest.loss)
    return [
        [str(number), str(tick), loss]
        for number, (tick, loss) in enumerate(zip(ticks, losses, strict=True), len(rows) + 1)
    ]


def _number(value: Any) -> Any:
    """Return NaN for None, which stands for it in JSON."""
    return math.nan if value is None else value


def _series(values: list[str]) -> LossSeries:
    series = LossSeries()
    for value in values:
        series.append(float(value))
    return series
