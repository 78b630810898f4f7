"""The network unrolled over time: data flows upward, time to the right, one column a time step.

A column is a pile of bands, drawn from the top: target, output, its probability, the head, the layers with their
directions, the embedding, the input. Bands that only help the eye are left out where rows are few.
"""

from msgspec.structs import replace
from textual.strip import Strip

from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.draw.network.bands import Unrolled, arrange
from rnn_tui.draw.network.boxes import BoxRow, draw_boxes, gap_of
from rnn_tui.draw.network.column import StepColumn, entry

__all__ = ["draw_unrolled"]


def draw_unrolled(
    net: Unrolled, *, width: int, height: int, axis: TimeAxis, palette: Palette, cursor: int | None
) -> list[Strip]:
    """Draw the network, as `height` strips of `width` cells."""
    canvas = Canvas(width, height)
    bands, y, rows = arrange(net, height, axis.column)
    if cursor is not None and cursor in axis.steps:
        gap = gap_of(axis.column)  # as wide as the boxes: the arrows between them belong to neither
        for row in range(height):
            canvas.tint(axis.x(cursor) + gap // 2, row, axis.column - gap, palette.cursor)
    boxes = BoxRow(
        canvas=canvas,
        y=y,
        rows=rows,
        cell=net.cells[0],
        double=net.double,
        fed=net.fed,
        current=net.current,
        flow=net.flow,
        axis=axis,
        end=axis.first + net.own,
        palette=palette,
        cursor=cursor,
    )
    above = ""
    for band in bands:
        kind, _, number = band.partition(" ")
        if kind == "cell":
            band_boxes = replace(boxes, y=y, cell=net.cells[int(number)])
            draw_boxes(band_boxes)
            y = band_boxes.bottom
        else:
            _draw_band(canvas, y, f"{band} {above}" if kind == "up" else band, net, axis, palette, cursor)
            y += 1
        above = band
    return canvas.strips()


def _draw_band(
    canvas: Canvas, y: int, band: str, net: Unrolled, axis: TimeAxis, palette: Palette, cursor: int | None
) -> None:
    """Draw a band that is not a row of boxes. An arrow upward is named after what it leads to: `up cell 1`."""
    kind, _, rest = band.partition(" ")
    labels = {"head": "linear", "up": "", "gap": "", "p": "p(output)"}
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
        text, style = entry(kind, rest, StepColumn(net=net, axis=axis, palette=palette, step=step))
        if step == cursor:
            style = style + palette.cursor
        if kind == "t" and axis.column < 3:  # longer than its column, but the columns after it are free
            canvas.put(axis.x(step), y, text, style)
        elif kind == "up" or (kind in ("input", "target", "output") and not (net.numbers or net.words)):
            canvas.put(axis.middle(step), y, text, style)
        else:
            canvas.centre(axis.x(step), y, axis.column, text, style)
