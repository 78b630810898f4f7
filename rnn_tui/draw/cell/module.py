"""A cell with equations of its own: as they are written, and the values of its parts in each unit."""

from textwrap import wrap

from rich.cells import cell_len

from rnn_tui.common.glyphs import safe
from rnn_tui.draw.cell.equation import before, selected
from rnn_tui.draw.cell.unit_table import UnitColumn, draw_table, window
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.matrix import Floats, ValueCell, draw_legend, draw_matrix, scale_above, scale_of
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.protocol.inspect.cell import CellFacts

__all__ = ["draw_module"]

_TALLEST = 5
_TABLE = 8  # rows that the table of units has at least, if there is room for all of them


def draw_module(canvas: Canvas, facts: CellFacts, *, palette: Palette) -> tuple[int, list[tuple[str, float]]]:
    """Draw the equations and the table of units; return how many are shown, and the colour scales."""
    count, at = len(facts.units), selected(facts)
    lines = _lines(facts.source, max(8, canvas.width - 2))
    room = max(0, canvas.height - 1 - min(count, _TABLE) - 1)
    y = 0
    for number, line in enumerate(lines):
        is_last = y == room - 1 and number < len(lines) - 1
        if y >= room:
            break
        canvas.put(1, y, "…" if is_last else line, palette.accent)
        y += 1
    y += bool(y)
    columns, held, sums = _columns(facts)
    image = _rows_of_image(facts, canvas.height - y - min(count, _TABLE) - 3)
    left = canvas.height - y - 1 - (image + 2 if image else 0)
    rows = window(count, max(1, left), at)
    tall = max(1, min(_TALLEST, left // max(1, count)))
    labels = [str(unit + 1) for unit in facts.units.tolist()]
    draw_table(canvas, y, labels, at, columns, rows=rows, tall=tall, palette=palette)
    if image and facts.matrix is not None:
        _draw_image(canvas, canvas.height - image - 1, facts.matrix, image, palette)
    scales = [("parts", sums), ("h", held)] if facts.gates else [("h", held)]
    return len(labels[rows]), scales


def _rows_of_image(facts: CellFacts, room: int) -> int:
    """Return the lines of the state as an image, two of its rows in each; 0: there is none, or no room."""
    if facts.matrix is None or not facts.matrix.size:
        return 0
    rows = (len(facts.matrix) + 1) // 2
    return rows if rows <= room else 0


def _draw_image(canvas: Canvas, y: int, matrix: Floats, rows: int, palette: Palette) -> None:
    """Draw a matrix, a line for two of its rows, with its scale above it."""
    scale = scale_above(matrix)
    wide = max(1, min(4, (canvas.width - 2) // matrix.shape[1]))
    x = canvas.put(1, y, "S, the state as a matrix  ", palette.text)
    draw_legend(canvas, x, y, "", scale, palette)
    shown = matrix[: 2 * rows, : (canvas.width - 2) // wide]
    draw_matrix(canvas, 1, y + 1, shown, ValueCell(width=wide, tall=0, scale=scale, palette=palette))


def _lines(source: str, room: int) -> list[str]:
    """Return the lines of a Python text that are not empty; long ones lose their comment, and are folded then."""
    found: list[str] = []
    for line in source.expandtabs(4).splitlines():
        text = safe(line.rstrip())
        if cell_len(text) > room:
            text = text.partition("  # ")[0].rstrip()
        indent = " " * min(len(text) - len(text.lstrip()), room // 2)
        deeper = f"{indent}    "
        found += wrap(text.lstrip(), room, initial_indent=indent, subsequent_indent=deeper, break_on_hyphens=False)
    return found


def _columns(facts: CellFacts) -> tuple[list[UnitColumn], float, float]:
    """Return the parts of each unit, then the states before and after; the scales of states and of other parts."""
    states = [(before(facts), facts.h_before_units), ("hₜ", facts.h)]
    if facts.c is not None and facts.c_before is not None:
        states[:0] = [(f"c{before(facts)[1:]}", facts.c_before), ("cₜ", facts.c)]
    held = max(1.0, scale_of(0.0, *(values for _, values in states)))
    sums = max(1.0, scale_of(facts.largest_sum))
    parts = [
        UnitColumn(head=safe(gate.name), values=gate.value, scale=1 if gate.squash else sums, plus=gate.squash != "σ")
        for gate in facts.gates
    ]
    return [*parts, *(UnitColumn(head=name, values=values, scale=held) for name, values in states)], held, sums
