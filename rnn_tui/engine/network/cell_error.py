"""What is wrong with a cell that somebody has written, in one line that names their own line of the file."""

import traceback

from rnn_tui.common.glyphs import safe
from rnn_tui.engine.network.out_of_memory import out_of_memory
from rnn_tui.experiment.cell_kinds import OWN
from rnn_tui.experiment.named_cell import NamedCell, named_cell
from rnn_tui.experiment.spec import Experiment, ExperimentError

__all__ = ["CellError", "blamed", "told"]


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


def blamed(error: BaseException, experiment: Experiment) -> CellError | None:
    """Return the error as one of the experiment's own cell, which may have caused it; None where there is none.

    What autograd raises at the end of a pass has no line of the file: a value changed in place, a result without a
    gradient.
    """
    if isinstance(error, CellError):
        return error
    named = named_cell()
    if experiment.network.cell != OWN or named is None or out_of_memory(error):
        return None
    return told(named, error)
