"""Runs and comparisons on the disk: one folder each, found by name, by the beginning of a name, or by path."""

import os
from pathlib import Path

import msgspec

from rnn_tui.common.atomic_files import exists
from rnn_tui.common.glyphs import safe
from rnn_tui.common.process import home_problem
from rnn_tui.common.wording import shown
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.runs.annotations import Annotations, read_annotations
from rnn_tui.runs.folders import runs_folder
from rnn_tui.runs.kept_comparison import FIELD, FieldManifest, read_field_manifest
from rnn_tui.runs.manifest import BEST, EXPERIMENT, MANIFEST, BestCheckpoint, Manifest
from rnn_tui.runs.read_checkpoint import read_best, read_experiment, read_manifest

__all__ = [
    "IsComparison",
    "NoSuchRun",
    "RunEntry",
    "RunsUnreadable",
    "find",
    "find_any",
    "is_comparison",
    "list_runs",
    "newest",
    "read_entry",
]


class NoSuchRun(ValueError):
    """A name of no run, or of several; the message is one line that begins with it."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{shown(name)}: {problem}")


class IsComparison(NoSuchRun):
    """A name of a comparison of many networks, where a run of one is wanted."""

    def __init__(self, name: str) -> None:
        again = f"`rnn-tui compare --resume {shown(name)}` goes on with it"
        super().__init__(name, f"is a comparison of many networks: {again}")


class RunsUnreadable(ValueError):
    """The folder of all runs exists but cannot be read; the message is one line that begins with it."""

    def __init__(self, folder: Path, error: OSError) -> None:
        super().__init__(f"{folder}: cannot be read: {error.strerror or error}")


class RunEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A run, or a comparison, in a list. What is None could not be read, and `problem` says why."""

    name: str
    folder: str
    changed: float  # seconds since 1970
    size: int = 0  # bytes on the disk, of all that lies in the folder
    experiment: Experiment | None = None
    manifest: Manifest | None = None
    field: FieldManifest | None = None  # of a comparison, which has no other
    best: BestCheckpoint | None = None  # None also where there is none yet
    annotations: Annotations = Annotations()
    problem: str = ""
    note_problem: str = ""  # why its note and tags could not be read


def find(name: str) -> Path:
    """Find the folder of a run of one network. Raises NoSuchRun; for a comparison it is an IsComparison."""
    folder = find_any(name)
    if is_comparison(folder):
        raise IsComparison(name)
    return folder


def find_any(name: str) -> Path:
    """Find the folder of a run or of a comparison. Raises NoSuchRun."""
    if "\0" in name:
        raise NoSuchRun(name, "no such run; `rnn-tui runs` lists them")
    if name and (os.sep in name or _is_run(Path(name))):
        if not _is_run(Path(name)):
            raise NoSuchRun(name, f"is not the folder of a run: there is no {EXPERIMENT} in it, and no {FIELD}")
        return Path(name)
    folder = runs_folder()
    try:
        names = _names(folder)
    except RunsUnreadable as error:
        raise NoSuchRun(name, f"cannot be found: {safe(str(error))}") from None
    if name in names:
        return folder / name
    found = [each for each in names if name and each.startswith(name)]
    if len(found) > 1:
        some = ", ".join(found[:3]) + (", …" if len(found) > 3 else "")
        raise NoSuchRun(name, f"is the beginning of {len(found)} runs: {some}")
    if not found:
        raise NoSuchRun(name, home_problem(folder) or "no such run; `rnn-tui runs` lists them")
    return folder / found[0]


def is_comparison(folder: Path) -> bool:
    """Tell whether a comparison is kept in that folder, and not a run."""
    return exists(folder / FIELD) and not exists(folder / EXPERIMENT)


def newest(*, comparisons: bool = False) -> Path:
    """Find the folder of the run that was changed last, of those that can be read. Raises NoSuchRun.

    `comparisons`: or of the comparison.
    """
    try:
        found = list_runs()
    except RunsUnreadable as error:
        raise NoSuchRun("resume", safe(str(error))) from None
    for each in found:
        if not each.problem and (comparisons or each.field is None):
            return Path(each.folder)
    where = home_problem(runs_folder()) or f"no run is kept in {safe(str(runs_folder()))}"
    raise NoSuchRun("resume", where)


def list_runs() -> list[RunEntry]:
    """List the runs in their usual place, the newest first. Raises RunsUnreadable."""
    folder = runs_folder()
    return sorted(map(read_entry, [folder / name for name in _names(folder)]), key=lambda each: -each.changed)


def read_entry(folder: Path) -> RunEntry:
    """Read the run in a folder, wherever that is, for a list."""
    experiment = manifest = field = best = None
    problem = ""
    changed = max(_modified(folder / each) for each in (EXPERIMENT, MANIFEST, FIELD)) or _modified(folder)
    try:
        if is_comparison(folder):
            field = read_field_manifest(folder)
            experiment = field.comparison.base
        else:
            experiment = read_experiment(folder)
            manifest = read_manifest(folder)
            best = read_best(folder) if exists(folder / BEST) else None
    except ExperimentError as error:
        problem = str(error)
    annotations, note_problem = Annotations(), ""
    try:
        annotations = read_annotations(folder)
    except ExperimentError as error:
        note_problem = str(error)
    return RunEntry(
        name=folder.name,
        folder=str(folder),
        changed=changed,
        size=_size(folder),
        experiment=experiment,
        manifest=manifest,
        field=field,
        best=best,
        annotations=annotations,
        problem=problem,
        note_problem=note_problem,
    )


def _modified(file: Path) -> float:
    """Return when a file was written, in seconds since 1970; 0 where that cannot be found out.

    The folder itself changes with every note, and a note is no training.
    """
    try:
        return os.lstat(file).st_mtime
    except OSError:
        return 0.0


def _size(folder: Path) -> int:
    """Return how many bytes the files in a folder have; 0 where that cannot be found out."""
    try:
        with os.scandir(folder) as found:
            return sum(each.stat(follow_symlinks=False).st_size for each in found)
    except OSError:
        return 0


def _names(folder: Path) -> list[str]:
    """Return the names of runs, and of folders that may be runs. Raises RunsUnreadable."""
    try:
        return sorted(each for each in os.listdir(folder) if _is_run(folder / each))
    except FileNotFoundError:  # none has been kept yet
        return []
    except OSError as error:
        if home_problem(folder):
            return []
        raise RunsUnreadable(folder, error) from None


def _is_run(folder: Path) -> bool:
    """Tell whether a folder has an experiment, or a comparison, readable or not; also where it may not be entered."""
    for name in (EXPERIMENT, FIELD):
        try:
            os.lstat(folder / name)
        except PermissionError:
            return True
        except (OSError, ValueError):  # ValueError: a null character
            continue
        return True
    return False
