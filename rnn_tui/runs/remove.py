"""Removing runs from the disk: the files that rnn-tui wrote, and nothing else."""

import contextlib
import os
import re
import stat
from pathlib import Path

from rnn_tui.common.atomic_files import lock
from rnn_tui.runs.catalog import find_any
from rnn_tui.runs.folders import runs_folder
from rnn_tui.runs.kept_comparison import FIELD
from rnn_tui.runs.manifest import BEST, EXPERIMENT, MANIFEST

__all__ = ["CannotRemove", "find_to_remove", "is_ours", "remove_run"]

_OURS = re.compile(
    r"(experiment\.toml|checkpoint\.json|best\.json|note\.json|launch\.json|field\.json"
    r"|(losses|characters|held-out)(-\d{1,9})?\.csv|networks\.csv"
    r"|(checkpoint|best|field)-\d{1,20}-[0-9a-f]{12}\.safetensors)(\.part)?",
    re.ASCII,
)


class CannotRemove(ValueError):
    """A run that stays where it is; the text is one line that says why."""


def is_ours(name: str) -> bool:
    """Tell whether a file in the folder of a run has a name that rnn-tui gives."""
    return _OURS.fullmatch(name) is not None


def find_to_remove(name: str) -> Path:
    """Find the folder of a run, as `find_any` does; by its whole name also an unreadable one. Raises NoSuchRun."""
    if "\0" in name:
        return find_any(name)
    is_path = os.sep in name or any(os.path.lexists(os.path.join(name or "-", each)) for each in (EXPERIMENT, FIELD))
    if is_path and any(os.path.lexists(os.path.join(name, each)) for each in (EXPERIMENT, MANIFEST, BEST, FIELD)):
        return Path(name)
    place = runs_folder()
    with contextlib.suppress(OSError):  # its whole name, so that none is meant whose name only begins so
        if name in os.listdir(place) and (place / name).is_dir():
            return place / name
    return find_any(name)


def remove_run(folder: Path) -> list[str]:
    """Remove a run's files, and its folder where nothing else is in it; return the names of what else there is.

    Only regular files with names of ours are removed; no link is followed. What says that it is a run goes last, so
    that one that could be removed in part only is still listed. Raises CannotRemove, and OSError.
    """
    if folder.is_symlink():
        raise CannotRemove("is a link to a folder; it is not followed")
    folder = Path(os.path.abspath(folder))
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if not lock(descriptor):
            raise CannotRemove("is being trained; `rnn-tui stop` ends it")
        names = sorted(os.listdir(descriptor), key=lambda each: (each in (EXPERIMENT, FIELD), each))
        ours = [each for each in names if is_ours(each) and _is_file(each, descriptor)]
        for each in ours:
            os.unlink(each, dir_fd=descriptor)
    finally:
        os.close(descriptor)
    others = [each for each in names if each not in ours]
    if not others:
        os.rmdir(folder)
    return others


def _is_file(name: str, descriptor: int) -> bool:
    return stat.S_ISREG(os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode)
