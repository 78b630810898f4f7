"""Runs that are kept on the disk: how one begins there, and how it goes on as if it had never been stopped."""

import contextlib
import math
import os
from array import array
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict, replace

from rnn_tui.common.atomic_files import Folder, exists, make_folder
from rnn_tui.engine.session.progress import checked_turn
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.store.checkpoint import load_tensors, to_snapshot
from rnn_tui.engine.store.checkpointer import Keeper, Logs
from rnn_tui.engine.training.branches import Branch, States
from rnn_tui.engine.training.early_stopping import Best
from rnn_tui.engine.training.loss_history import Series
from rnn_tui.experiment.changes import Turn
from rnn_tui.experiment.hash import is_made_up
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.experiment.toml_file import write as to_toml
from rnn_tui.protocol.commands import HISTORY, Keep
from rnn_tui.runs.catalog import new_folder
from rnn_tui.runs.manifest import BEST, EXPERIMENT, MANIFEST, BestCheckpoint, CheckpointError, Manifest
from rnn_tui.runs.read_checkpoint import read_best, read_manifest, read_tensors

if TYPE_CHECKING:
    from rnn_tui.engine.store.tensorboard import Board

__all__ = ["begin_keeping", "load_run", "resume"]


def begin_keeping(session: Session, keep: Keep, told: Callable[[str], object], *, folder: Path | None = None) -> Keeper:
    """Keep a session from now on, all of its branch: in the folder that is asked for, else in that one, else in a new
    one. Raises CheckpointError where that cannot be.
    """
    path = Path(keep.folder) if keep.folder else folder or new_folder(session.began)
    is_new = not exists(path)
    try:
        experiment = to_toml(_lasting(session.began)).encode()
    except ExperimentError as error:
        raise CheckpointError(path, f"cannot be written: the input {error}") from None
    try:
        make_folder(path)
        with _locked(path) as opened:
            logs = Logs(opened)
            _check_empty(opened, logs)
            opened.write(EXPERIMENT, experiment)
            logs.losses.add(())
            board = _board(keep, 0)
    except OSError as error:
        if is_new:
            _remove(path)
        raise CheckpointError(path, f"cannot be written: {error.strerror or error}") from None
    return Keeper(session, opened, logs, board=board, every=keep.every, told=told)


def _check_empty(folder: Folder, logs: Logs) -> None:
    """Do nothing where no file would be replaced. Raises CheckpointError."""
    if any(map(folder.exists, (EXPERIMENT, MANIFEST, BEST))):
        raise CheckpointError(folder.path, "holds a run already: resume it, or name another folder")
    for book in (logs.losses, logs.characters, logs.held_out):
        if folder.exists(book.name):
            raise CheckpointError(folder.path, f"holds {book.name} already, which is not ours: name another folder")


def _remove(path: Path) -> None:
    """Remove a folder in which no run could begin."""
    with contextlib.suppress(OSError), Folder(path) as folder:
        for name in (EXPERIMENT, Logs(folder).losses.name):
            if folder.exists(name):
                folder.remove(name)
        path.rmdir()


def _lasting(experiment: Experiment) -> Experiment:
    """With a file that is found from everywhere."""
    data = experiment.data
    if not data.file or is_made_up(experiment):
        return experiment
    found = {name: os.path.abspath(path) for name in ("text", "pairs", "series") if (path := getattr(data, name))}
    return replace(experiment, data=replace(data, **found))


def resume(
    keep: Keep,
    experiment: Experiment,
    told: Callable[[str], object],
    *,
    history: int = HISTORY,
    turns: tuple[Turn, ...] = (),
) -> tuple[Session, Keeper]:
    """The run in a folder at the tick where it was left, kept there from now on.

    `experiment` is what it was at tick 0, perhaps on another device or with other breakpoints, and `turns` are more
    changes to come. Raises CheckpointError, or ExperimentError for what cannot run here; nothing has changed then.
    """
    folder = Path(keep.folder)
    try:
        with _locked(folder) as opened:
            session, logs = load_run(folder, experiment, history=history, turns=turns, within=opened)
            board = _board(keep, len(session.losses))
    except OSError as error:
        raise CheckpointError(folder, f"cannot be gone on with: {error.strerror or error}") from None
    best = _best_so_far(folder, experiment, told)
    keeper = Keeper(session, opened, logs, board=board, every=keep.every, best=best, told=told, written=True)
    return session, keeper


def _best_so_far(folder: Path, experiment: Experiment, told: Callable[[str], object]) -> BestCheckpoint | None:
    """What the folder has of the best loss. Where that is damaged it is told, and looked for anew from here on."""
    if not exists(folder / BEST):
        return None
    try:
        best = read_best(folder)
        read_tensors(folder, best, experiment)
    except CheckpointError as error:
        told(f"{error}; the best is looked for anew")
        return None
    return best


def load_run(
    folder: Path,
    experiment: Experiment,
    *,
    history: int = 0,
    turns: tuple[Turn, ...] = (),
    within: Folder | None = None,
) -> tuple[Session, Logs]:
    """The session of the run in a folder, and the files with its losses. Nothing is written. Raises as `resume`.

    `within`: the same folder held open, for who goes on writing those files.
    """
    if within is None:
        with Folder(folder) as opened:  # closed at the end: nothing can be written there by mistake
            return load_run(folder, experiment, history=history, turns=turns, within=opened)
    manifest = read_manifest(folder)
    tensors = load_tensors(folder, manifest, experiment)
    session = Session(experiment, history=history)
    if not 0 <= manifest.tick - manifest.state_tick <= session.trainer.length:
        raise CheckpointError(folder / MANIFEST, "is altered: its ticks are more than a pass apart")
    state = to_snapshot(session.trainer, manifest, tensors, folder / manifest.tensors)
    logs = Logs(within, manifest.losses.removeprefix("losses").removesuffix(".csv"))
    try:
        past = tuple(checked_turn(experiment, turn) for turn in manifest.turns)
        to_come = tuple(sorted((*manifest.planned, *turns), key=lambda turn: turn.tick))
        session.go_on(_branch(session, manifest, past, logs, history), state, to_come)
        if (session.whole_passes, session.epoch) != (manifest.updates, manifest.epoch):
            raise CheckpointError(folder / MANIFEST, "is altered: its passes are not those that it is left after")
    except CheckpointError:
        raise
    except ExperimentError as error:
        raise CheckpointError(folder / MANIFEST, f"is altered: {error.path} {error}") from None
    return session, logs


def _board(keep: Keep, known: int) -> "Board | None":
    """TensorBoard's end, where it is wanted; its packages are loaded only then. Raises OSError."""
    if not keep.tensorboard:
        return None
    from rnn_tui.engine.store.tensorboard import Board

    return Board(Path(keep.tensorboard), known)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[Folder]:
    """Keep other processes from writing there, until the folder is closed: here, where anything goes wrong.

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


def _branch(session: Session, manifest: Manifest, turns: tuple[Turn, ...], logs: Logs, history: int) -> Branch:
    rows = logs.losses.read(manifest.updates if manifest.rows is None else manifest.rows)
    rows += _lost_rows(manifest, rows, learns=session.trainer.learns)
    _check_rows(manifest, rows, logs, learns=session.trainer.learns)
    branch = Branch(
        name=manifest.branch,
        states=States(history),
        turns=[*session.branch.turns[:1], *turns],
        epochs=manifest.epochs,
        newest=manifest.tick,
        losses=_series([row[2] for row in rows if row[2]]),
        ends=array("q", [int(row[1]) for row in rows]),
    )
    if manifest.by_character:
        branch.character_losses = _series([row[1] for row in logs.characters.read(manifest.tick)])
    branch.predictions.recall(manifest.predictions, manifest.learnt)
    judged = [
        {name: value if name == "rows" else _number(value) for name, value in asdict(each).items()}
        for each in manifest.held_out
    ]
    branch.held_out.recall(judged, list(branch.losses))
    loss, epoch, since = manifest.best
    branch.best = Best(loss=math.inf if loss is None else loss, epoch=epoch, since=since)
    return branch


def _check_rows(manifest: Manifest, rows: list[list[str]], logs: Logs, *, learns: bool) -> None:
    """Raises CheckpointError where the file's passes are not those of the manifest."""
    ends = [0, *(int(row[1]) for row in rows)]
    sound = all(before < after for before, after in pairwise(ends[: 1 + (manifest.rows or len(rows))]))
    sound = sound and ends[manifest.state_epoch] == manifest.state_tick and ends[-1] <= manifest.tick
    sound = sound and all(int(row[0]) == number for number, row in enumerate(rows, 1))
    if not sound or any(bool(row[2]) != learns for row in rows):
        raise CheckpointError(logs.losses.path, "is altered: its passes are not those of its checkpoint")


def _lost_rows(manifest: Manifest, rows: list[list[str]], *, learns: bool) -> list[list[str]]:
    """Rows for the passes that had no room on the disk: only the newest loss is known, NaN stands for the others.

    Where these passes ended is known of two of them; the others are put evenly between.
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
    """JSON knows no number that is none."""
    return math.nan if value is None else value


def _series(values: list[str]) -> Series:
    series = Series()
    for value in values:
        series.append(float(value))
    return series
