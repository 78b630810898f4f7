"""The network unrolled over time: data flows upward, time to the right, one column a time step.

What a column holds is a pile of bands, drawn from the top: target, output, its probability, the head, the layers
with their directions, the embedding, the input. Bands that only help the eye are left out where rows are few.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.numbers import probability, signed
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.draw.network.boxes import Cell, draw_boxes, gap_of, room_in_box
from rnn_tui.draw.network.phase_flow import Flow, Part
from rnn_tui.protocol.frame import Floats

__all__ = ["Cell", "Unrolled", "draw_unrolled", "natural_height", "units_in_box"]


@dataclass(frozen=True, kw_only=True)
class Unrolled:
    """What is drawn. Characters are glyphs; `fed` counts the steps of the window that have been fed."""

    inputs: Sequence[str]
    targets: Sequence[str]  # empty where nothing is learnt; '' at a step where nothing is to be said
    outputs: Sequence[str]  # of the steps fed
    output_p: Sequence[float]
    values: Floats | None  # (f, features): the output itself, where it is no character
    cells: Sequence[Cell]  # from the lowest layer up
    embedding: int  # its size; 0: none
    head: bool
    fed: int
    current: int | None  # the time step being fed, in character ticks
    double: bool  # an LSTM hands on two states, h and c
    numbers: bool = False  # inputs, outputs and targets are numbers, as wide as a column
    flow: Flow | None = None  # where a tick is held in slow motion
    first_scored: int = 0  # the time step from which on outputs are judged, and marked right or wrong

    @cached_property
    def own(self) -> int:
        """Steps of the window that belong to the row: what comes after its end is padding, which is never read."""
        return max((at + 1 for at, text in enumerate(self.inputs) if text), default=0)


_ROWS_OF_VALUES = 4  # features of an output written out at most
_ROOM_FOR_P = 4  # cells of a probability and a free one: .82, or .820 in 5


def _bands(net: Unrolled, height: int, column: int) -> list[str]:
    """The bands from the top that fit into `height` rows."""
    bands = []
    if net.targets:
        bands += ["target", "output"] + ["p"] * (column >= _ROOM_FOR_P and not net.numbers)
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


def _arrange(net: Unrolled, height: int, column: int) -> tuple[list[str], int, bool]:
    """The bands, the rows that are free above them, and whether boxes are three rows high."""
    bands = _bands(net, height, column)
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
    tall = column >= 5 and boxes > 0 and spare >= 2 * boxes
    return bands, max(0, (spare - (2 * boxes if tall else 0)) // 2), tall


def units_in_box(net: Unrolled, *, height: int, axis: TimeAxis) -> int:
    """How many units every box shows at most, in a picture of `height` rows."""
    return room_in_box(axis.column, tall=_arrange(net, height, axis.column)[2])


def draw_unrolled(
    net: Unrolled, *, width: int, height: int, axis: TimeAxis, palette: Palette, cursor: int | None
) -> list[Strip]:
    """The picture, `height` strips of `width` cells."""
    canvas = Canvas(width, height)
    bands, y, tall = _arrange(net, height, axis.column)
    if cursor is not None and cursor in axis.steps:
        gap = gap_of(axis.column)  # as wide as the boxes: the arrows between them belong to neither
        for row in range(height):
            canvas.tint(axis.x(cursor) + gap // 2, row, axis.column - gap, palette.cursor)
    above = ""
    for band in bands:
        kind, _, number = band.partition(" ")
        if kind == "cell":
            y = draw_boxes(
                canvas,
                y,
                net.cells[int(number)],
                tall=tall,
                double=net.double,
                fed=net.fed,
                current=net.current,
                flow=net.flow,
                axis=axis,
                end=axis.first + net.own,
                palette=palette,
                cursor=cursor,
            )
        else:
            _draw_band(canvas, y, f"{band} {above}" if kind == "up" else band, net, axis, palette, cursor)
            y += 1
        above = band
    return canvas.strips()


def _draw_band(
    canvas: Canvas, y: int, band: str, net: Unrolled, axis: TimeAxis, palette: Palette, cursor: int | None
) -> None:
    """One row that is not a cell. An arrow upward is named with what it leads to: `up cell 1`."""
    kind, _, rest = band.partition(" ")
    labels = {"head": "linear", "up": "", "gap": ""}
    label = f"output {int(rest) + 1}" if kind == "value" else labels.get(kind, kind)
    canvas.put(1, y, label, palette.dim)
    if kind == "gap":
        what = "layers" if all(cell.direction == 0 for cell in net.cells) else "rows"  # two rows a layer
        texts = [f"⋮ {rest} more {what} in between", f"⋮ {rest} more {what}", f"⋮ {rest} more", f"⋮ {rest}"]
        places = [(x, text) for x in (axis.gutter, 1) for text in texts]
        x, text = next(((x, text) for x, text in places if x + len(text) <= canvas.width), (1, "⋮"))
        canvas.put(x, y, text, palette.dim)
        return
    for step in axis.steps:
        if step >= axis.first + net.own and kind in ("up", "head", "embedding"):
            continue
        text, style = _entry(kind, rest, step - axis.first, step, net, axis, palette)
        if step == cursor:
            style = style + palette.cursor
        if kind == "t" and axis.column < 3:  # longer than its column, but the columns behind it are free
            canvas.put(axis.x(step), y, text, style)
        elif kind == "up" or (
            kind in ("input", "target", "output") and not net.numbers
        ):  # one character, and perhaps a mark behind it
            canvas.put(axis.middle(step), y, text, style)
        else:
            canvas.centre(axis.x(step), y, axis.column, text, style)


def _entry(
    kind: str, rest: str, at: int, step: int, net: Unrolled, axis: TimeAxis, palette: Palette
) -> tuple[str, Style]:
    """What a band says at one time step."""
    flow = net.flow
    is_fed = at < net.fed
    lit = step == net.current if flow is None else False
    plain = palette.accent if lit else palette.dim if is_fed else palette.faint
    match kind:
        case "input":
            if flow is not None:
                style = flow.style(palette, "input", step)
                return net.inputs[at], palette.text if flow.done("input", step) else style
            return net.inputs[at], palette.accent if lit else palette.text if is_fed else palette.dim
        case "t":
            if flow is not None:
                lit = step == flow.step and flow.kind != "update"
            return _step_label(step, axis), _now(flow, palette) if lit else palette.faint
        case "target":
            style = palette.text if step >= net.first_scored else palette.faint
            return net.targets[at], palette.accent if flow is not None and flow.lit("target", step) else style
        case "up":
            return ("↑", plain) if flow is None else _vertical(flow, net, rest, step, palette)
        case "head" | "embedding":
            box = "▭" if axis.column < 6 else "[ W ]" if kind == "head" else f"[ {net.embedding} ]"
            return box, plain if flow is None else flow.style(palette, "head" if kind == "head" else "embedding", step)
    if kind in ("output", "p") and not net.targets[at]:
        return "", palette.faint
    if not is_fed:
        return ("·", palette.faint) if kind != "p" else ("", palette.faint)
    lit = lit or (flow is not None and flow.lit("output", step))
    if kind == "value":
        assert net.values is not None
        text = signed(float(net.values[at, int(rest)]), max(1, axis.column - 1))
        return text, _now(flow, palette) if lit else palette.text
    if kind == "p":
        p = net.output_p[at]
        return probability(p, min(4, axis.column - 1)), _now(
            flow, palette
        ) if lit and flow is not None else palette.share(p)
    if net.numbers:
        return net.outputs[at], _now(flow, palette) if lit else palette.text
    if not math.isfinite(net.output_p[at]):
        return "NaN" if axis.x(step) + axis.column - axis.middle(step) >= 3 else "–", palette.warning
    if step < net.first_scored:
        return net.outputs[at], palette.dim
    right = net.outputs[at] == net.targets[at]
    room = axis.x(step) + axis.column - axis.middle(step) - cell_len(net.outputs[at])
    wide = axis.column >= 3 and room >= 1  # for a mark
    mark = ("✓" if right else "✗") if wide else ""
    mark = " " * (axis.column >= 6) + mark
    style = palette.right if right else palette.wrong
    return net.outputs[at] + mark, style if wide or right else style + Style(reverse=True)


def _now(flow: Flow | None, palette: Palette) -> Style:
    """The colour of what is being computed."""
    return palette.back if flow is not None and flow.is_backward else palette.accent


def _vertical(flow: Flow, net: Unrolled, above: str, step: int, palette: Palette) -> tuple[str, Style]:
    """The arrow below a part: up to it, or down from it where gradients have come that way."""
    kind, _, number = above.partition(" ")
    cell = net.cells[int(number)] if kind == "cell" else None
    below = flow.layers - 1 if cell is None else cell.layer - 1  # the layer that the arrow leads down to
    into = max(below, 0)  # below the lowest layer it leads to the embedding, if there is one
    there = below >= 0 or bool(net.embedding)
    if flow.is_backward and there and kind != "embedding" and flow.descended(step, into):
        now = step == flow.step and flow.layer in (-1, into)
        return "↓", flow.back_style(palette, now=now)
    if flow.kind in ("update", "backward"):
        return "↑", palette.faint if flow.kind == "update" else palette.dim
    if cell is not None:  # both directions of a layer read the same
        lit = any(flow.lit("cell", step, cell.layer, direction) for direction in (0, 1))
        done = flow.done("cell", step, cell.layer, 0)
        return "↑", palette.accent if lit else palette.dim if done else palette.faint
    parts: dict[str, Part] = {"embedding": "embedding", "head": "head"}
    return "↑", flow.style(palette, parts.get(kind, "output"), step)


def _step_label(step: int, axis: TimeAxis) -> str:
    """Every step where there is room, else every fifth or tenth."""
    if axis.column >= 3:
        return str(step) if step or axis.column < 5 else "t=0"
    return str(step) if step % (5 if axis.column == 2 else 10) == 0 else ""
