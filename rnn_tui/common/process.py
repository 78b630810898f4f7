"""What a process may lack: open streams, a folder to be in, a home."""

import os
import sys
from pathlib import Path

__all__ = ["home_problem", "is_gone", "is_text", "open_streams", "user_data_folder"]

_NOWHERE = Path(os.devnull) / "no-home"  # nothing can be made below a device
_STREAMS = (("stdin", "r", "strict"), ("stdout", "w", "replace"), ("stderr", "w", "backslashreplace"))


def open_streams() -> None:
    """Open /dev/null as each of stdin, stdout and stderr that is closed.

    A file that is opened later would get its number otherwise, and what is printed would land in it.
    """
    for number, (name, mode, errors) in enumerate(_STREAMS):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
            setattr(sys, name, open(number, mode, encoding="utf-8", errors=errors, closefd=False))  # noqa: SIM115
            setattr(sys, f"__{name}__", getattr(sys, name))


def is_gone() -> bool:
    """Tell whether the working directory has been deleted."""
    try:
        os.getcwd()
    except OSError:
        return True
    return False


def user_data_folder(name: str) -> Path:
    """Return where the user's data of a program go; below /dev/null, where no home folder is known."""
    import platformdirs

    try:
        folder = platformdirs.user_data_path(name, appauthor=False)
    except RuntimeError:  # as newer versions say it; older ones give a path that begins with ~
        return _NOWHERE / name
    return folder if folder.is_absolute() else _NOWHERE / name


def home_problem(folder: Path) -> str:
    """Say what is missing where `user_data_folder` knew of no home; or nothing."""
    missing = folder.is_relative_to(_NOWHERE)
    return "no home folder is known: set HOME or XDG_DATA_HOME" if missing else ""


def is_text(path: str | os.PathLike[str]) -> bool:
    """Tell whether a path is UTF-8, as all that goes to an engine must be."""
    try:
        os.fspath(path).encode()
    except UnicodeEncodeError:
        return False
    return True
