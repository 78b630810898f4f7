"""The file of one's own that a command line names: `--cell mine.py:MyGRU`.

It is the only code that the engine runs for somebody, so it comes from the command line of this very process and from
nowhere else: no run folder, no experiment file and no message says it. The command line hands it to the processes that
it begins in the environment variable RNN_TUI_CELL.
"""

import ast
import os
from dataclasses import dataclass

from rnn_tui.common.glyphs import safe

__all__ = ["VARIABLE", "NamedCell", "NotACell", "is_named", "name_cell", "named_cell", "read_name"]

VARIABLE = "RNN_TUI_CELL"
_LARGEST = 2**20  # bytes of a file


class NotACell(ValueError):
    """What was named is no class in a file; the message says what is wrong."""


@dataclass(frozen=True)
class NamedCell:
    """A class in a file."""

    file: str  # an absolute path
    name: str  # of the class

    def __str__(self) -> str:
        return f"{safe(os.path.basename(self.file))}:{self.name}"


def is_named(text: str) -> bool:
    """Tell whether a text names a class in a file, rather than a kind of cell."""
    return text.partition(":")[0].endswith(".py")


def read_name(text: str) -> NamedCell:
    """Read `mine.py:MyGRU`; the class may be left out where the file has only one. The file is read, and not run.

    Raises NotACell.
    """
    file, _, name = text.partition(":")
    classes = _classes(file)
    known = f"{safe(file)} has {', '.join(classes)}" if classes else f"{safe(file)} has no class"
    if not name and len(classes) == 1:
        name = classes[0]
    if not name:
        raise NotACell(f"needs the name of a class, as in {safe(file)}:{classes[0] if classes else 'MyCell'}; {known}")
    if name not in classes:
        raise NotACell(f"there is no class {safe(name)}; {known}")
    return NamedCell(os.path.abspath(file), name)


def _classes(file: str) -> list[str]:
    """Return the names of the classes in a file, in their order. Raises NotACell."""
    try:
        with open(file, "rb") as opened:
            source = opened.read(_LARGEST + 1) if os.path.isfile(file) else b""
    except OSError as error:
        raise NotACell(f"{safe(file)}: {error.strerror}") from None
    if len(source) > _LARGEST or not os.path.isfile(file):
        raise NotACell(f"{safe(file)}: must be a Python file of at most 1 MiB")
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        where = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        raise NotACell(f"{safe(file)}{where}: {safe(getattr(error, 'msg', str(error)))}") from None
    return [each.name for each in tree.body if isinstance(each, ast.ClassDef)]


def name_cell(named: NamedCell) -> None:
    """Make it the cell that this process, and all that it begins, may run."""
    os.environ[VARIABLE] = f"{named.file}:{named.name}"


def named_cell() -> NamedCell | None:
    """Return the cell that was named on the command line, if one was."""
    file, _, name = os.environ.get(VARIABLE, "").rpartition(":")
    return NamedCell(file, name) if file and name else None
