"""Tensors by name: shapes, what each dimension counts, small values as numbers, and checked equalities."""

import math
import textwrap
from collections.abc import Sequence

from textual.strip import Strip

from rnn_tui.draw.canvas import Canvas
from rnn_tui.draw.numbers import signed
from rnn_tui.draw.palette import Palette
from rnn_tui.protocol import Check, TensorFact

__all__ = ["draw_shapes"]

_NUMBER = 9  # cells of a value


def draw_shapes(
    tensors: Sequence[TensorFact],
    checks: Sequence[Check],
    *,
    width: int,
    height: int,
    palette: Palette,
    notes: Sequence[str] = (),
) -> list[Strip]:
    """The table of shapes, then the checks, then the values as far as there is room."""
    canvas = Canvas(width, height)
    data = [each for each in tensors if each.dimensions]
    weights = [each for each in tensors if not each.dimensions]
    y = _draw_table(canvas, 0, data, palette) + 1
    for check in checks:
        y = _draw_check(canvas, y, check, palette)
    for note in notes:
        canvas.put(1, y, note, palette.dim)
        y += 1
    y += 1 if checks or notes else 0
    for each in data:
        y = _draw_values(canvas, y, each, palette)
    _draw_table(canvas, y, weights, palette)
    return canvas.strips()


def _draw_table(canvas: Canvas, y: int, tensors: Sequence[TensorFact], palette: Palette) -> int:
    """A row for each tensor: its name, its shape, and what its dimensions count."""
    name_width = max((len(each.name) for each in tensors), default=0) + 1
    shape_width = max((len(_shape(each)) for each in tensors), default=0) + 1
    for each in tensors:
        x = canvas.put(1, y, each.name.ljust(name_width), palette.text)
        x = canvas.put(x, y, _shape(each).ljust(shape_width), palette.accent)
        canvas.put(x, y, ", ".join(each.dimensions), palette.dim)
        y += 1
    return y


def _draw_check(canvas: Canvas, y: int, check: Check, palette: Palette) -> int:
    """An equality, and how well it holds."""
    x = canvas.put(1, y, "✓ " if check.holds else "✗ ", palette.right if check.holds else palette.wrong)
    first, *more = textwrap.wrap(check.claim, max(8, canvas.width - 4)) or [""]
    x = canvas.put(x, y, first, palette.text)
    for line in more:
        y += 1
        x = canvas.put(3, y, line, palette.text)
    difference = f"largest difference {check.difference:.1e}" if check.difference else "to the bit"
    if x + 2 + len(difference) > canvas.width:
        x, y = 1, y + 1
    canvas.put(x + 2, y, difference, palette.dim)
    return y + 1


def _shape(tensor: TensorFact) -> str:
    return "(" + ", ".join(map(str, tensor.shape)) + ("," if len(tensor.shape) == 1 else "") + ")"


def _draw_values(canvas: Canvas, y: int, tensor: TensorFact, palette: Palette) -> int:
    """One row of numbers for each row of a small tensor; left out whole where it does not fit."""
    values = tensor.values
    if values is None or not values.size or y + len(values) > canvas.height:
        return y
    for row, numbers in enumerate(values.tolist()):
        canvas.put(1, y, tensor.name if row == 0 else "", palette.text)
        x = 9
        for number in numbers:
            if x + _NUMBER > canvas.width:
                break
            style = palette.cell(palette.level(number)) if math.isfinite(number) else palette.warning
            canvas.fill(x, y, _NUMBER - 1, style)
            canvas.centre(x, y, _NUMBER - 1, signed(number, 7), style)
            x += _NUMBER
        y += 1
    return y + 1
