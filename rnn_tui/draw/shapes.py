"""Tensors by name: shapes, what each dimension counts, small values as numbers, and checked equalities."""

import math
import textwrap
from collections.abc import Sequence

from textual.strip import Strip

from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.numbers import shape_text, signed, with_minus
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.text_fit import first_that_fits
from rnn_tui.protocol.frame import Check, TensorFact

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
    zoomed: bool = False,
) -> list[Strip]:
    """Draw the table of shapes, then the checks, then the values, as far as there is room.

    `zoomed`: the pane fills the screen already, so no key gives it more room.
    """
    canvas = Canvas(width, height)
    data = [each for each in tensors if each.dimensions]
    weights = [each for each in tensors if not each.dimensions]
    y = _draw_table(canvas, 0, data, palette) + 1
    for check in checks:
        y = _draw_check(canvas, y, check, palette)
    for note in notes:
        indent = " " * (len(note) - len(note.lstrip()))
        for line in textwrap.wrap(note, max(8, width - 2), subsequent_indent=indent) or [""]:
            canvas.put(1, y, line, palette.dim)
            y += 1
    y += 1 if checks or notes else 0
    left_out = []
    for each in data:
        below = _draw_values(canvas, y, each, palette)
        if below == y and each.values is not None and each.values.size:
            left_out.append(each.name)
        y = below
    y = _draw_table(canvas, y, weights, palette)
    if left_out or y > height:
        canvas.fill(0, height - 1, width, palette.dim)
        names = ", ".join(left_out)
        named = f"no room for {names}" if zoomed else f"z: more room, for {names}"
        hints = (named if left_out else "", *(() if zoomed else ("z: more room", "z …")))
        canvas.put(1, height - 1, next((hint for hint in hints if hint and len(hint) < width), "…"), palette.accent)
    return canvas.strips()


def _draw_table(canvas: Canvas, y: int, tensors: Sequence[TensorFact], palette: Palette) -> int:
    """Draw a row for each tensor: its name, its shape, and what its dimensions count; return the row below."""
    name_width = max((len(each.name) for each in tensors), default=0) + 1
    shape_width = max((len(shape_text(each.shape)) for each in tensors), default=0) + 1
    for each in tensors:
        x = canvas.put(1, y, each.name.ljust(name_width), palette.text)
        x = canvas.put(x, y, shape_text(each.shape).ljust(shape_width), palette.accent)
        canvas.put(x, y, _dimensions(each.dimensions, canvas.width - x), palette.dim)
        y += 1
    return y


def _dimensions(names: Sequence[str], room: int) -> str:
    """Return what the dimensions count, as far as whole names fit; the rest is an ellipsis."""
    text = ", ".join(names)
    shown = list(names)
    while len(text) > room and shown:
        shown.pop()
        text = ", ".join([*shown, "…"])
    return text


def _draw_check(canvas: Canvas, y: int, check: Check, palette: Palette) -> int:
    """Write an equality and how well it holds; return the row below."""
    if math.isnan(check.difference):  # NaN equals nothing, so there is nothing that could have failed
        x = canvas.put(1, y, "! ", palette.warning)
    else:
        x = canvas.put(1, y, "✓ " if check.holds else "✗ ", palette.right if check.holds else palette.wrong)
    first, *more = textwrap.wrap(check.claim, max(8, canvas.width - 4)) or [""]
    x = canvas.put(x, y, first, palette.text)
    for line in more:
        y += 1
        x = canvas.put(3, y, line, palette.text)
    difference = with_minus(f"largest difference {check.difference:.1e}") if check.difference else "to the bit"
    if not math.isfinite(check.difference):
        difference = "NaN: cannot be compared" if math.isnan(check.difference) else "largest difference ∞"
    if x + 2 + len(difference) > canvas.width:
        x, y = 1, y + 1
    canvas.put(x + 2, y, difference, palette.dim)
    return y + 1


def _draw_values(canvas: Canvas, y: int, tensor: TensorFact, palette: Palette) -> int:
    """Write a row of numbers for each row of a small tensor, if they all fit; return the row below."""
    values = tensor.values
    if values is None or not values.size or y + len(values) > canvas.height:
        return y
    drawn = values.shape[1]
    for row, numbers in enumerate(values.tolist()):
        canvas.put(1, y, tensor.name if row == 0 else "", palette.text)
        x = 10
        for at, number in enumerate(numbers):
            last = at == len(numbers) - 1
            if x + _NUMBER - last + (0 if last else 2) > canvas.width:  # the last needs no room behind it
                canvas.put(min(x, canvas.width - 1), y, "…", palette.dim)
                drawn = at
                break
            style = palette.cell(palette.level(number)) if math.isfinite(number) else palette.warning
            canvas.fill(x, y, _NUMBER - 1, style)
            canvas.centre(x, y, _NUMBER - 1, signed(number, 7), style)
            x += _NUMBER
        y += 1
    canvas.put(10, y, first_that_fits(_left_out(tensor, (len(values), drawn)), canvas.width - 10), palette.dim)
    return y + 1


def _left_out(tensor: TensorFact, shown: tuple[int, ...]) -> list[str]:
    """Return which part of the tensor is shown, in ever fewer words; nothing where it is the whole row of the batch."""
    sizes = [
        (size, name) for size, name in zip(tensor.shape, tensor.dimensions, strict=False) if name != "batch"
    ]  # of the batch it is one row
    parts = [f"{part:,} of {size:,} {name}" for part, (size, name) in zip(shown, sizes, strict=False) if part < size]
    return [f"shown: {', '.join(parts)}", ", ".join(parts), "…"] if parts else []
