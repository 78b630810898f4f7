"""One matrix of weights in large: its numbers in high cells, with its name, its norm, and what its rows belong to."""

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace
from textual.strip import Strip

from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.matrix import WIDEST, ValueCell, draw_legend, draw_matrix, scale_above
from rnn_tui.draw.kit.numbers import compact, shape_text
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.text_fit import cut_cells, put_note
from rnn_tui.draw.network.phase_lines import short_name
from rnn_tui.protocol.inspect.weights import WeightKind, WeightsFacts

__all__ = ["draw_weights_large", "matrix_that_fits"]

_GUTTER = 6  # cells of the name of a row
_AROUND = 4  # rows: the name above and a free one, the names of the columns, the scale below
_HIGHEST = 6  # rows of a value
_BEFORE: dict[WeightKind, str] = {"value": "", "gradient": "∂L/∂", "update": "Δ"}


def matrix_that_fits(width: int, height: int) -> tuple[int, int]:
    """Return how many rows and columns of one matrix can be told apart."""
    return max(1, 2 * (height - _AROUND)), max(1, width - 1 - _GUTTER)


def draw_weights_large(
    facts: WeightsFacts,
    *,
    width: int,
    height: int,
    palette: Palette,
    row_names: Sequence[str] = (),
    column_names: Sequence[str] = (),
) -> list[Strip]:
    """Draw the first matrix that has values. Rows and columns without names are numbered from 1."""
    canvas = Canvas(width, height)
    top = put_note(canvas, facts.note, palette, alone=not facts.matrices)
    fact = next((each for each in facts.matrices if each.values is not None), None)
    if fact is None or fact.values is None:
        return canvas.strips()
    values = np.atleast_2d(fact.values)
    fits, across = matrix_that_fits(width, height - top)
    values = values[:fits, :across]
    rows = fact.rows.tolist() if fact.rows is not None and len(fact.shape) > 1 else list(range(len(values)))
    room = height - top - _AROUND
    tall = min(_HIGHEST, room // max(1, len(values)))
    if tall == 0 and palette.shaded:
        tall, values, rows = 1, values[::2][:room], rows[::2]
    cell = min(WIDEST, (width - 1 - _GUTTER) // values.shape[1])
    scale = scale_above(np.array([fact.lowest, fact.highest], np.float32))
    name = f"{_BEFORE[facts.kind]}{short_name(fact.name)}"
    x = canvas.put(1, top, name, palette.accent)
    x = canvas.put(x + 2, top, shape_text(fact.shape), palette.text)
    x = canvas.put(x + 2, top, f"norm {compact(fact.norm)}", palette.text)
    shown = "" if values.size == int(np.prod(fact.shape)) else f"{values.shape[0]} × {values.shape[1]} shown"
    canvas.put(x + 2, top, shown if x + 2 + len(shown) < width else "", palette.accent)
    y, left = top + 2, 1 + _GUTTER
    for column in range(values.shape[1]) if column_names else ():
        canvas.centre(left + column * cell, y - 1, cell, cut_cells(column_names[column], max(1, cell - 1)), palette.dim)
    used = replace(ValueCell(width=cell, scale=scale, palette=palette), tall=tall)
    for at, row in enumerate(rows[: len(values)]):
        line = y + (at * tall + (tall - 1) // 2 if tall else at // 2)
        named = row_names[row] if row < len(row_names) else f"{row + 1}"
        if tall or at % 2 == 0:
            canvas.put(1, line, cut_cells(named, _GUTTER - 2), palette.text)
    draw_matrix(canvas, left, y, values, used)
    draw_legend(canvas, 1, height - 1, "W", scale, palette)
    return canvas.strips()
