"""The unrolled network in large: nothing but what is read and answered, and boxes that take all the other rows."""

from rich.style import Style
from textual.strip import Strip

from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.text_fit import cut_cells
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.draw.network.bands import Unrolled
from rnn_tui.draw.network.boxes import BoxRow, draw_boxes, gap_of, units_shown
from rnn_tui.draw.network.unrolled import draw_unrolled

__all__ = ["NARROWEST", "box_height", "draw_large", "units_in_large_box"]

NARROWEST = 7  # cells of a column: a frame, three cells within it, and an arrow
_HIGHEST = 20  # cells of a box
_LOWEST = 3  # below which the usual picture is clearer
_BOLD = Style(bold=True)


def box_height(net: Unrolled, height: int) -> int:
    """Return the cells of a box in a picture of `height` rows: six or more where there is room."""
    return min(_HIGHEST, (height - _other_rows(net)) // max(1, len(net.cells)))


def units_in_large_box(net: Unrolled, *, height: int, axis: TimeAxis, halves: bool) -> int:
    """Return how many units each box shows in a picture of `height` rows; 0: the mean of |h| over all of them."""
    rows = box_height(net, height)
    return min((units_shown(cell, axis.column, rows, halves=halves) for cell in net.cells), default=0)


def _other_rows(net: Unrolled) -> int:
    """Return the rows that are no boxes: target, output, input, and an arrow above and below each layer."""
    layers = sum(cell.direction == 0 for cell in net.cells)
    return (2 if net.targets else 0) + layers + 1 + 1


def draw_large(
    net: Unrolled, *, width: int, height: int, axis: TimeAxis, palette: Palette, cursor: int | None
) -> list[Strip]:
    """Draw the network, as `height` strips of `width` cells; in the usual way where boxes would be too small."""
    tall = box_height(net, height)
    if tall < _LOWEST or axis.column < NARROWEST:
        return draw_unrolled(net, width=width, height=height, axis=axis, palette=palette, cursor=cursor)
    canvas = Canvas(width, height)
    y = max(0, (height - _other_rows(net) - tall * len(net.cells)) // 2)
    if cursor is not None and cursor in axis.steps:
        x, cells = _box(axis, cursor)
        for row in range(height):
            canvas.tint(x, row, cells, palette.cursor)
    for kind in ("target", "output") if net.targets else ():
        _draw_texts(canvas, y, kind, net, axis, palette, cursor)
        y += 1
    for number in range(len(net.cells) - 1, -1, -1):
        cell = net.cells[number]
        if number == len(net.cells) - 1 or cell.layer != net.cells[number + 1].layer:
            _draw_arrows(canvas, y, net, axis, palette, cursor)
            y += 1
        boxes = BoxRow(
            canvas=canvas, y=y, rows=tall, cell=cell, double=net.double, fed=net.fed, current=net.current,
            flow=net.flow, axis=axis, end=axis.first + net.own, palette=palette, cursor=cursor,
            stacked=True,
        )  # fmt: skip
        draw_boxes(boxes)
        y = boxes.bottom
    _draw_arrows(canvas, y, net, axis, palette, cursor)
    _draw_texts(canvas, y + 1, "input", net, axis, palette, cursor)
    return canvas.strips()


def _box(axis: TimeAxis, step: int) -> tuple[int, int]:
    """Return the first cell of a box, and how wide it is."""
    return axis.x(step) + 1, axis.column - gap_of(axis.column)


def _draw_arrows(canvas: Canvas, y: int, net: Unrolled, axis: TimeAxis, palette: Palette, cursor: int | None) -> None:
    for step in axis.steps:
        at = step - axis.first
        if at < net.own:
            style = palette.dim if at < net.fed else palette.faint
            canvas.put(axis.middle(step), y, "▲", style + _under(step, cursor, palette))


def _draw_texts(
    canvas: Canvas, y: int, kind: str, net: Unrolled, axis: TimeAxis, palette: Palette, cursor: int | None
) -> None:
    """Write what is read, answered, or right, in the middle of each column; an answer with its mark."""
    canvas.put(1, y, kind, palette.dim)
    texts = {"target": net.targets, "output": net.outputs, "input": net.inputs}[kind]
    for step in axis.steps:
        at, (x, room) = step - axis.first, _box(axis, step)
        text, style = texts[at] if at < len(texts) else "", palette.text
        mark = ""
        if kind == "output" and at < net.fed and text:
            is_scored = step >= net.first_scored and at < len(net.targets) and bool(net.targets[at])
            if is_scored and not net.numbers:
                mark, style = (" ✓", palette.right) if net.is_right(at) else (" ✗", palette.wrong)
        elif kind == "output":
            text, style = ("·", palette.faint) if at < net.own else ("", style)
        style = style + _BOLD + _under(step, cursor, palette)
        canvas.centre(x, y, room, cut_cells(text, room - len(mark)) + mark, style)


def _under(step: int, cursor: int | None, palette: Palette) -> Style:
    return palette.cursor if step == cursor else Style()
