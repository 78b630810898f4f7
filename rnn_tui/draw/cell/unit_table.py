"""A table of values, a line for each unit: labels, the selected one marked, and columns in colour."""

from collections.abc import Sequence

import numpy as np
from rich.cells import cell_len

from rnn_tui.common.value import Value
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.matrix import Floats, ValueCell, draw_value
from rnn_tui.draw.kit.numbers import with_minus
from rnn_tui.draw.kit.palette import Palette

__all__ = ["UnitColumn", "draw_digits", "draw_table", "put_label", "window"]

_WIDEST = 16  # cells of a column


class UnitColumn(Value, frozen=True, kw_only=True):
    """A column of a table."""

    head: str  # and after | shorter ones
    values: Floats  # (n,)
    scale: float
    plus: bool = True
    digits: int = 0  # behind the point; 0: as many as fit


def window(count: int, room: int, keep: int) -> slice:
    """Return `room` of `count` places in a row, with `keep` as near to the middle as possible."""
    room = max(0, min(room, count))
    first = min(max(0, keep - room // 2), count - room)
    return slice(first, first + room)


def draw_table(
    canvas: Canvas,
    y: int,
    labels: Sequence[str],
    marked: int | None,
    columns: Sequence[UnitColumn],
    *,
    rows: slice,
    tall: int = 1,
    palette: Palette,
) -> int:
    """Draw a line for each label and a column for each set of values, as wide as there is room; return the next row."""
    left = max(map(cell_len, labels), default=0) + 2
    size = min(_WIDEST, (canvas.width - 1 - left) // max(1, len(columns)))
    if size < 4:
        columns, size = columns[-max(1, (canvas.width - 1 - left) // 5) :], 5
    for at, column in enumerate(columns):
        heads = column.head.split("|")
        head = next((each for each in heads if cell_len(each) < size), heads[-1])
        canvas.centre(1 + left + at * size, y, size, head, palette.dim)
    y += 1
    for row in range(len(labels))[rows]:
        put_label(canvas, 1, y + (tall - 1) // 2, labels[row], row == marked, palette)
        for at, column in enumerate(columns):
            x, value = 1 + left + at * size, float(column.values[row])
            if column.digits:
                draw_digits(canvas, x, y + (tall - 1) // 2, size, value, column, palette)
            else:
                cell = ValueCell(width=size, tall=tall, scale=column.scale, palette=palette)
                draw_value(canvas, x, y, value, cell, plus=column.plus)
        y += tall
    return y


def draw_digits(canvas: Canvas, x: int, y: int, width: int, value: float, column: UnitColumn, palette: Palette) -> None:
    """Write a number with as many of the column's digits as fit."""
    if not np.isfinite(value):
        draw_value(canvas, x, y, value, ValueCell(width=width, scale=1, palette=palette))
        return
    text = next((t for d in range(column.digits, 0, -1) if len(t := f"{value:+.{d}f}") < width), "…")
    canvas.centre(x, y, width, with_minus(text), palette.text)


def put_label(canvas: Canvas, x: int, y: int, label: str, marked: bool, palette: Palette) -> None:
    """Write the number of a unit or the name of a gate, with a mark before the selected one."""
    canvas.put(x, y, f"▸{label}" if marked else f" {label}", palette.accent if marked else palette.dim)
