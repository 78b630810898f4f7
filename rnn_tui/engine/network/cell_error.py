"""What is wrong with a cell that somebody has written, in one line that names their own line of the file."""

import traceback

from rnn_tui.common.glyphs import safe
from rnn_tui.experiment.cell_kinds import OWN
from rnn_tui.experiment.named_cell import NamedCell
from rnn_tui.experiment.spec import ExperimentError

__all__ = ["CellError", "told"]


class CellError(ExperimentError):
    """Something that the author of a cell must mend. `value` is the cell, the message the line and what is wrong."""

    def __init__(self, named: NamedCell | None, problem: str) -> None:
        super().__init__("network.cell", problem, value=OWN if named is None else str(named))


def told(named: NamedCell, error: BaseException) -> CellError:
    """Say in one line what a file of its author's has raised, and at which of its lines."""
    if isinstance(error, SyntaxError) and error.filename == named.file:
        return CellError(named, f"line {error.lineno}: {safe(error.msg)}")
    lines = [each.lineno for each in traceback.extract_tb(error.__traceback__) if each.filename == named.file]
    where = f"line {lines[-1]}: " if lines else ""
    said = " ".join(str(error).split())
    return CellError(named, f"{where}{type(error).__name__}{f': {safe(said)}' if said else ''}")
