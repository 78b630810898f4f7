"""The network unrolled over time: data flows upward, time to the right, one column a time step.

What a column holds is a pile of bands, drawn from the top: target, output, its probability, the head, the layers
with their directions, the embedding, the input. Bands that only help the eye are left out where rows are few.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from rnn_tui.draw.axis import TimeAxis
from rnn_tui.draw.canvas import Canvas
from rnn_tui.draw.numbers import probability, signed
from rnn_tui.draw.palette import Palette
from rnn_tui.protocol import Floats

_PLAIN = Style()

__all__ = ["Cell", "Unrolled", "draw_unrolled", "natural_height"]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One recurrent layer in one direction."""

    name: str  # "LSTM 2"
    direction: int  # 0: from the left, 1: from the right
    scale: float = 1.0  # the largest value that the colours tell
    h: Floats | None = None  # (u, f): its states in the window, a sample of the units; None: not looked at


@dataclass(frozen=True, kw_only=True)
class Unrolled:
    """What is drawn. Characters are glyphs; `fed` counts the steps of the window that have been fed."""

    inputs: Sequence[str]
    targets: Sequence[str]  # empty where nothing is learnt
    outputs: Sequence[str]  # of the steps fed
    output_p: Sequence[float]
    values: Floats | None  # (f, features): the output itself, where it is no character
    cells: Sequence[Cell]  # from the lowest layer up
    embedding: int  # its size; 0: none
    head: bool
    fed: int
    current: int | None  # the time step being fed, in character ticks
    double: bool  # an LSTM hands on two states, h and c


_ROWS_OF_VALUES = 4  # features of an output written out at most
_ROOM_FOR_P = 4  # cells that a probability takes


def _bands(net: Unrolled, height: int, column: int) -> list[str]:
    """The bands from the top that fit into `height` rows."""
    bands = []
    if net.targets:
        bands += ["target", "output"] + ["p"] * (column >= _ROOM_FOR_P)
    elif net.values is not None:
        bands += [f"value {row}" for row in range(min(_ROWS_OF_VALUES, net.values.shape[1] or 1))]
    bands += ["up"] + (["head", "up"] if net.head else [])
    for number in range(len(net.cells) - 1, -1, -1):
        bands.append(f"cell {number}")
        if net.cells[number].direction == 0:  # the two directions of a layer read the same input, side by side
            bands.append("up")
    bands += ["embedding", "up"] if net.embedding else []
    bands += ["input", "t"]
    for optional in ("up", "t", "p"):
        while len(bands) > height and optional in bands:
            bands.remove(optional)
    return bands


def natural_height(*, cells: int, layers: int, learns: bool, features: int, head: bool, embedding: bool) -> int:
    """The rows that a network takes with every band and with boxes three rows high."""
    top = 3 if learns else min(_ROWS_OF_VALUES, features)
    return top + 1 + 2 * head + 3 * cells + layers + 2 * embedding + 2


def draw_unrolled(
    net: Unrolled, *, width: int, height: int, axis: TimeAxis, palette: Palette, cursor: int | None
) -> list[Strip]:
    """The picture, `height` strips of `width` cells."""
    canvas = Canvas(width, height)
    bands = _bands(net, height, axis.column)
    hidden = max(0, len(bands) - height)
    if hidden:  # too many layers: those in the middle are left out, and a line says so
        keep = [band for band in bands if not band.startswith("cell")]
        cells = [band for band in bands if band.startswith("cell")]
        room = max(1, height - len(keep) - 1)
        place = bands.index(cells[0])
        shown = [*cells[: (room + 1) // 2], f"gap {len(cells) - room}", *cells[len(cells) - room // 2 :]]
        bands = [*keep[:place], *shown, *keep[place:]]
    spare = height - len(bands)
    boxes = sum(band.startswith("cell") for band in bands)
    tall = axis.column >= 5 and boxes > 0 and spare >= 2 * boxes
    y = max(0, (spare - (2 * boxes if tall else 0)) // 2)
    if cursor is not None and cursor in axis.steps:
        for row in range(height):
            canvas.tint(axis.x(cursor), row, axis.column, palette.cursor)
    for band in bands:
        kind, _, number = band.partition(" ")
        if kind == "cell":
            y = _draw_cells(canvas, y, net, net.cells[int(number)], axis, palette, cursor, tall=tall)
            continue
        _draw_band(canvas, y, kind, int(number or 0), net, axis, palette, cursor)
        y += 1
    return canvas.strips()


def _draw_band(
    canvas: Canvas, y: int, kind: str, number: int, net: Unrolled, axis: TimeAxis, palette: Palette, cursor: int | None
) -> None:
    """One row that is not a cell."""
    labels = {"head": "linear", "up": "", "gap": "", "value": f"output {number + 1}"}
    canvas.put(1, y, labels.get(kind, kind), palette.dim)
    if kind == "gap":
        canvas.put(axis.gutter, y, f"⋮ {number} more layers in between", palette.dim)
        return
    for step in axis.steps:
        text, style = _entry(kind, number, step - axis.first, step, net, axis, palette)
        if step == cursor:
            style = style + palette.cursor
        if kind == "t" and axis.column < 3:  # longer than its column, but the columns behind it are free
            canvas.put(axis.x(step), y, text, style)
        elif kind in ("input", "target", "output", "up"):  # one character, and perhaps a mark behind it
            canvas.put(axis.middle(step), y, text, style)
        else:
            canvas.centre(axis.x(step), y, axis.column, text, style)


def _entry(
    kind: str, number: int, at: int, step: int, net: Unrolled, axis: TimeAxis, palette: Palette
) -> tuple[str, Style]:
    """What a band says at one time step."""
    is_fed = at < net.fed
    lit = step == net.current
    match kind:
        case "input":
            return net.inputs[at], palette.accent if lit else palette.text if is_fed else palette.dim
        case "t":
            return _step_label(step, axis), palette.accent if lit else palette.faint
        case "target":
            return net.targets[at], palette.text
        case "up":
            return "↑", palette.accent if lit else palette.dim if is_fed else palette.faint
        case "head" | "embedding":
            box = "▭" if axis.column < 6 else "[ W ]" if kind == "head" else f"[ {net.embedding} ]"
            return box, palette.accent if lit else palette.dim if is_fed else palette.faint
    if not is_fed:
        return ("·", palette.faint) if kind != "p" else ("", palette.faint)
    if kind == "value":
        assert net.values is not None
        return signed(float(net.values[at, number]), max(1, axis.column - 1)), palette.accent if lit else palette.text
    if kind == "p":
        return probability(net.output_p[at]), palette.share(net.output_p[at])
    right = net.outputs[at] == net.targets[at]
    room = axis.x(step) + axis.column - axis.middle(step) - cell_len(net.outputs[at])
    wide = axis.column >= 3 and room >= 1  # for a mark
    mark = ("✓" if right else "✗") if wide else ""
    mark = " " * (axis.column >= 6) + mark
    style = palette.right if right else palette.wrong
    return net.outputs[at] + mark, style if wide or right else style + Style(reverse=True)


def _step_label(step: int, axis: TimeAxis) -> str:
    """Every step where there is room, else every fifth or tenth."""
    if axis.column >= 3:
        return str(step) if step or axis.column < 5 else "t=0"
    return str(step) if step % (5 if axis.column == 2 else 10) == 0 else ""


def _draw_cells(
    canvas: Canvas,
    y: int,
    net: Unrolled,
    cell: Cell,
    axis: TimeAxis,
    palette: Palette,
    cursor: int | None,
    *,
    tall: bool,
) -> int:
    """A layer in one direction: a box for each time step, filled with its state, and the arrows along time."""
    middle = y + 1 if tall else y
    column = axis.column
    gap = 2 if column >= 6 else 1 if column >= 3 else 0  # cells between two boxes
    backward = cell.direction == 1
    line = "═" if net.double else "─"
    arrow = ("◂" + line if backward else line + "▸") if gap == 2 else "◂" if backward else "▸"
    canvas.put(1, middle, cell.name, palette.dim)
    if not backward:
        canvas.put(axis.gutter - 2, middle, "h₀" if axis.first == 0 else " …", palette.dim)
        canvas.put(axis.gutter, middle, "▸" if gap == 2 else "", palette.dim)
    over = _PLAIN
    for step in axis.steps:
        at = step - axis.first
        lit, is_fed = step == net.current, at < net.fed
        style = palette.accent if lit else palette.dim if is_fed else palette.faint
        over = palette.cursor if step == cursor else _PLAIN
        x = axis.x(step) + (1 if gap == 2 else 0)
        _draw_box(canvas, x, y, column - gap, at, cell, net, palette, style + over, tall=tall)
        if gap and step + 1 < axis.length:
            taken = net.current == step + 1
            style = palette.accent if taken else palette.dim if at + 1 < net.fed else palette.faint
            canvas.put(axis.x(step + 1) - 1, middle, arrow[0], style + over)
            canvas.put(axis.x(step + 1), middle, arrow[1:], style + (palette.cursor if step + 1 == cursor else _PLAIN))
    if backward:
        end = "h₀" if axis.first + axis.count == axis.length else "…"
        canvas.put(axis.right - (1 if gap else 0), middle, "◂", palette.dim + over)
        canvas.put(axis.right + (0 if gap else 1), middle, end, palette.dim)
    return y + (3 if tall else 1)


def _draw_box(
    canvas: Canvas,
    x: int,
    y: int,
    width: int,
    at: int,
    cell: Cell,
    net: Unrolled,
    palette: Palette,
    style: Style,
    *,
    tall: bool,
) -> None:
    framed = tall and width >= 3
    inner, left = (width - 2, x + 1) if framed else (width, x)
    middle = y + 1 if tall else y
    if framed:
        canvas.put(x, y, "╭" + "─" * inner + "╮", style)
        canvas.put(x, middle, "│" + " " * inner + "│", style)
        canvas.put(x, y + 2, "╰" + "─" * inner + "╯", style)
    if at >= net.fed:
        canvas.centre(left, middle, inner, "·", palette.faint)
        return
    if cell.h is None or not len(cell.h):
        canvas.fill(left, middle, inner, style, "▪")
        return
    units = cell.h[:, at]
    for offset in range(inner):
        value = float(units[offset * len(units) // inner])
        if not math.isfinite(value):
            canvas.put(left + offset, middle, "!", palette.warning)
            continue
        level = palette.level(value, cell.scale)
        canvas.put(left + offset, middle, palette.shade(level) if palette.monochrome else " ", palette.cell(level))
