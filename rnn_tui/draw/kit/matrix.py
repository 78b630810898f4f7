"""Values in colour: a number in its cell, a matrix of them, and the scale of their colours."""

import math

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray
from rich.style import Style

from rnn_tui.common.value import Value
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.heatmap import Tone, put_scale
from rnn_tui.draw.kit.numbers import signed, with_minus
from rnn_tui.draw.kit.palette import Palette

__all__ = [
    "NUMBERED",
    "WIDEST",
    "ValueCell",
    "draw_legend",
    "draw_matrix",
    "draw_value",
    "legend_size",
    "number",
    "scale_above",
    "scale_of",
]

NUMBERED = 5  # cells that a value needs for its number and a gap: +.31
WIDEST = 9  # cells that a value gets at most: +0.3125
_BARRED = 8  # cells from which on there is a free one on either side of a number
_LIT = Style(bold=True, underline=True)
_STEPS = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0)

Floats = NDArray[np.float32]


def scale_above(*values: Floats) -> float:
    """Return the next of 1, 1.5, 2, 3, 5, 7, 10 times a power of ten not below any |value|: steady between frames.

    1 where there are only zeros, NaN and infinities.
    """
    largest = max((float(np.abs(each[np.isfinite(each)]).max(initial=0.0)) for each in values), default=0.0)
    if largest <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(largest))
    return next((power * step for step in _STEPS if power * step >= largest * (1 - 1e-6)), 10 * power)


def scale_of(known: float, *shown: Floats) -> float:
    """Return the scale above the largest of all values, if known (not 0), else above those shown."""
    return scale_above(np.array([known], np.float32)) if known else scale_above(*shown)


def number(value: float, width: int, *, plus: bool = True) -> str:
    """Write a value in at most `width` cells, or an ellipsis; exactly 0 is written as 0.

    Without `plus` only a negative value has a sign.
    """
    if value == 0:
        return "0"[:width]
    text = signed(value, width + (not plus and value >= 0))
    if not plus and math.isfinite(value):
        text = text.removeprefix("+")
    if text or width < 1:
        return text[: max(0, width)]
    short = f"{value:+.0e}".replace("e+0", "e").replace("e-0", "e-").replace("e+", "e")
    return with_minus(short) if len(short) <= width else "…"


class ValueCell(Value, frozen=True, kw_only=True):
    """The size of one value on the screen, and its colours: from -scale to +scale."""

    width: int
    tall: int = 1  # rows; 0: two values share one, in half-blocks
    scale: float
    palette: Palette


def draw_value(
    canvas: Canvas,
    x: int,
    y: int,
    value: float,
    cell: ValueCell,
    *,
    written: bool = True,
    plus: bool = True,
    lit: bool = False,
) -> None:
    """Draw a value in its colour, with its number in the middle if it is `written`, underlined if `lit`."""
    width, tall, palette = cell.width, cell.tall, cell.palette
    finite = math.isfinite(value)
    level = palette.level(value, cell.scale) if finite else 0
    style = palette.cell(level) if finite else palette.warning
    character = palette.shade(level) if palette.shaded and finite and not written else " "
    for row in range(tall):
        canvas.fill(x, y + row, width, style, character)
    if written:
        room = width - 2 if width >= _BARRED else max(1, width - 1)
        text = number(value, min(room, 7), plus=plus)
        canvas.centre(x, y + (tall - 1) // 2, width, text, style + _LIT if lit else style)
    elif not finite:
        canvas.centre(x, y + (tall - 1) // 2, width, number(value, width), style)


def draw_matrix(
    canvas: Canvas,
    x: int,
    y: int,
    values: Floats,
    cell: ValueCell,
    *,
    factor: float = 1.0,
    lit: int | None = None,
) -> int:
    """Draw a matrix (r, k), with numbers where they fit; return the row below it.

    If two rows share a line of half-blocks, without colours only the first of them is drawn. Numbers are multiplied
    by `factor`. The column `lit` is underlined, and stands between bars where they fit.
    """
    rows = values.tolist()
    if cell.tall == 0:
        for line in range(0, len(rows), 2):
            _draw_pair(canvas, x, y, rows[line], rows[min(line + 1, len(rows) - 1)], cell)
            y += 1
        return y
    shown = replace(cell, scale=cell.scale * factor)
    for row in rows:
        for column, value in enumerate(row):
            at = x + column * cell.width
            draw_value(canvas, at, y, value * factor, shown, written=cell.width >= NUMBERED, lit=column == lit)
            if column == lit and cell.width >= _BARRED:
                for part in range(cell.tall):
                    canvas.edge(at, y + part, "▏", cell.palette.accent)
                    canvas.edge(at + cell.width - 1, y + part, "▕", cell.palette.accent)
        y += cell.tall
    return y


def draw_legend(canvas: Canvas, x: int, y: int, name: str, scale: float, palette: Palette) -> int:
    """Draw what the colours mean, from -scale to +scale, if it fits; return where it ends."""
    if x + legend_size(name, scale) > canvas.width:
        return x
    return put_scale(canvas, canvas.put(x, y, f"{name} ", palette.dim), y, Tone(palette=palette, scale=scale))


def legend_size(name: str, scale: float) -> int:
    """Return the cells that a legend takes."""
    return len(f"{name} −{scale:g} ") + 11 + len(f" +{scale:g}")


def _draw_pair(canvas: Canvas, x: int, y: int, upper: list[float], lower: list[float], cell: ValueCell) -> None:
    palette, scale = cell.palette, cell.scale
    for first, second in zip(upper, lower, strict=True):
        if not (math.isfinite(first) and math.isfinite(second)):
            canvas.fill(x, y, cell.width, palette.warning, "!")
        elif palette.shaded:
            level = palette.level(first, scale)
            canvas.fill(x, y, cell.width, palette.cell(level), palette.shade(level))
        else:
            halves = palette.half(palette.level(first, scale), palette.level(second, scale))
            canvas.fill(x, y, cell.width, halves, "▀")
        x += cell.width
