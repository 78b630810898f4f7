"""A recurrent layer in the unrolled network: a box for each time step, and the arrows along time."""

import math
from collections.abc import Callable
from functools import cached_property

from rich.style import Style

from rnn_tui.common.value import Value
from rnn_tui.draw.kit.bars import UPWARD
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.norms import norm_format
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.draw.network.phase_flow import PhaseFlow
from rnn_tui.protocol.arrays import Floats

__all__ = ["BoxRow", "LayerRow", "draw_boxes", "gap_of", "units_fit", "units_shown"]

_PLAIN = Style()
_LIGHT, _HEAVY = "╭─╮│╰╯", "┏━┓┃┗┛"  # a heavy frame is what is being computed, also without colours
_FRAMED = 4  # cells of a box from which it has a frame
_ROOM_FOR_NORM = 4  # cells


class LayerRow(Value, frozen=True, kw_only=True):
    """One recurrent layer in one direction."""

    name: str  # "LSTM 2"
    direction: int  # 0: from the left, 1: from the right
    layer: int = 0
    h: Floats | None = None  # (u, f): its states in the window, of all units or some; None: not asked for
    skip: int = 0  # columns of it that are not there yet
    scale: float = 1.0  # the largest value that the colours show
    units: int = 0  # how many it has; 0: as many as `h`
    size: Floats | None = None  # (f,) the mean of |h| over all units: shown where a box has no room for each


class BoxRow(Value, frozen=True, kw_only=True, dict=True):
    """The boxes of one layer in one direction, and what they share with those of the other rows."""

    canvas: Canvas
    y: int  # the first row of cells
    rows: int  # how high they are: from three on they have a frame, if they are wide enough
    cell: LayerRow
    double: bool  # two states are handed on, h and c
    fed: int  # time steps of the window that have a state, unless it is held in slow motion
    current: int | None
    flow: PhaseFlow | None
    axis: TimeAxis
    end: int  # the time step at which the row of the batch ends, and its boxes
    palette: Palette
    cursor: int | None
    stacked: bool = False  # units stand below one another where they fit so

    @property
    def middle(self) -> int:
        """The row in which arrows and values stand."""
        return self.y + (self.rows - 1) // 2

    @property
    def bottom(self) -> int:
        """The first row below the boxes."""
        return self.y + self.rows

    @property
    def gap(self) -> int:
        """The cells between two boxes."""
        return gap_of(self.axis.column)

    @cached_property
    def framed(self) -> bool:
        """Whether the boxes have a frame."""
        return _is_framed(self.axis.column - self.gap, self.rows, self.units, halves=not self.palette.shaded)

    @property
    def units(self) -> int:
        """How many units the layer has."""
        return self.cell.units or (0 if self.cell.h is None else len(self.cell.h))

    def has_state(self, step: int) -> bool:
        """Return whether the state of a time step has been computed, or is being computed."""
        at = step - self.axis.first
        if self.flow is None:
            return at < self.fed
        if self.flow.kind == "update":
            return False
        place = (self.cell.layer, self.cell.direction)
        return self.flow.done("cell", step, *place) or (self.flow.lit("cell", step, *place))

    def is_lit(self, step: int) -> bool:
        """Return whether a box is being computed."""
        if self.flow is None:
            return step == self.current
        return self.flow.lit("cell", step, self.cell.layer, self.cell.direction)

    def style(self, step: int) -> Style:
        """Return the style of a box."""
        if self.flow is not None:
            return self.flow.style(self.palette, "cell", step, self.cell.layer, self.cell.direction)
        if step == self.current:
            return self.palette.accent
        return self.palette.dim if self.has_state(step) else self.palette.faint

    def norm(self, step: int) -> float | None:
        """Return ‖∂L/∂h_t‖, if backward has come to this box."""
        return None if self.flow is None else self.flow.norm(step, self.cell.layer, self.cell.direction)

    @cached_property
    def written(self) -> Callable[[float], str]:
        """Return how the norms in these boxes are written: all alike."""
        gap = gap_of(self.axis.column)
        width = self.axis.column - gap - (2 if self.framed else 0)
        return norm_format((norm for step in self.axis.steps if (norm := self.norm(step)) is not None), width)

    def under(self, step: int) -> Style:
        """Return the style of the time cursor where it stands at this step."""
        return self.palette.cursor if step == self.cursor else _PLAIN


def units_shown(cell: LayerRow, column: int, rows: int, *, halves: bool) -> int:
    """Return how many units the boxes of a layer show: all, 0 if it is the mean of |h|, or a sample of those there."""
    there = 0 if cell.h is None else len(cell.h)
    units = cell.units or there
    width, inner = _inside(column, rows, units, halves=halves)
    if there >= units and _lines(units, width, inner, halves=halves):
        return units
    return 0 if cell.size is not None else min(width, there)


def units_fit(units: int, column: int, rows: int) -> bool:
    """Return whether a box in a column so wide, and so many rows high, has room for each of so many units."""
    return bool(_lines(units, *_inside(column, rows, units, halves=True), halves=True))


def _inside(column: int, rows: int, units: int, *, halves: bool) -> tuple[int, int]:
    """Return the cells and rows within a box."""
    width = column - gap_of(column)
    return (width - 2, rows - 2) if _is_framed(width, rows, units, halves=halves) else (width, rows)


def _lines(units: int, width: int, rows: int, *, halves: bool) -> int:
    """Return in how many lines of units all of them fit, in half a row each if it must be; 0: they do not."""
    lines = -(-units // max(1, width))
    return lines if 0 < lines <= (2 * rows if halves else rows) else 0


def gap_of(column: int) -> int:
    """Return how many cells of a column lie between boxes: one on either side, one after the box, or none."""
    return 2 if column >= 6 else 1 if column >= 3 else 0


def _is_framed(width: int, rows: int, units: int, *, halves: bool) -> bool:
    """Return whether a box has a frame: if it is large enough, and no unit has to go for it."""
    if rows < 3 or width < _FRAMED:
        return False
    within, without = (_lines(units, *room, halves=halves) for room in ((width - 2, rows - 2), (width, rows)))
    return bool(within) or not without


def draw_boxes(row: BoxRow) -> None:
    """Draw a row of boxes, with the arrows between them and the first state, which comes from the other side where
    the layer reads from the right."""
    canvas, axis, palette, cell = row.canvas, row.axis, row.palette, row.cell
    middle, gap, from_right = row.middle, row.gap, cell.direction == 1
    canvas.put(1, middle, cell.name, palette.dim)
    if row.rows >= 3 and row.flow is not None and row.flow.is_backward:
        canvas.put(1, row.y, "‖∂L/∂h‖", palette.back)
    if not from_right:
        canvas.put(axis.gutter - 2, middle, "h₀" if axis.first == 0 else " …", palette.dim)
        canvas.put(axis.gutter, middle, "▸" if gap == 2 else "", palette.dim)
    last = axis.first + axis.count
    steps = range(axis.first, min(row.end, last))
    for step in steps:
        _draw_box(row, step)
        if gap and step + 1 < min(row.end, axis.length):
            arrow, style = _arrow(row, step + 1)
            canvas.put(axis.x(step + 1) - 1, middle, arrow, style)
    if from_right:
        source = "h₀" if row.end < last or last == axis.length else "…"
        x = axis.x(steps.stop) - (1 if gap else 0)
        if x + 1 + len(source) <= canvas.width:  # whole or not at all
            canvas.put(x, middle, "◂", palette.dim)
            canvas.put(x + 1, middle, source, palette.dim)


def _arrow(row: BoxRow, step: int) -> tuple[str, Style]:
    """Return the arrow between the box of a time step and the one before it: the state that is handed on, or its
    gradient, which flows the other way, in another colour and with another head."""
    from_right, palette, flow = row.cell.direction == 1, row.palette, row.flow
    to = step - 1 if from_right else step  # where the state goes
    back_to = step if from_right else step - 1  # where the gradient goes
    if flow is not None and row.norm(step) is not None and row.norm(step - 1) is not None:
        arrow = ("━▶" if from_right else "◀━") if row.gap == 2 else "▶" if from_right else "◀"
        return arrow, flow.back_style(palette, now=back_to == flow.step and row.is_lit(back_to))
    line = "═" if row.double else "─"
    arrow = ("◂" + line if from_right else line + "▸") if row.gap == 2 else "◂" if from_right else "▸"
    if flow is None:  # the step being fed, from wherever it is read
        there = row.has_state(step)
        return arrow, palette.accent if row.current == step else palette.dim if there else palette.faint
    style = row.style(to)
    return arrow, palette.dim if flow.is_backward or flow.kind == "update" else style


def _draw_box(row: BoxRow, step: int) -> None:
    canvas, palette, flow, y, middle = row.canvas, row.palette, row.flow, row.y, row.middle
    width = row.axis.column - row.gap
    x = row.axis.x(step) + (1 if row.gap == 2 else 0)
    style = row.style(step) + row.under(step)
    framed = row.framed
    inner, left = (width - 2, x + 1) if framed else (width, x)
    if framed:
        heavy = flow is not None and row.is_lit(step)
        a, line, b, side, c, d = tuple(_HEAVY if heavy else _LIGHT)
        bottom = y + row.rows - 1
        canvas.put(x, y, a + line * inner + b, style)
        for side_y in range(y + 1, bottom):
            canvas.fill(x, side_y, inner + 2, style)
            canvas.fill(x, side_y, 1, style, side)
            canvas.fill(x + inner + 1, side_y, 1, style, side)
        canvas.put(x, bottom, c + line * inner + d, style)
    norm = row.norm(step)
    if flow is not None and norm is not None:
        draw = _draw_column if row.stacked and framed and math.isfinite(norm) else _draw_norm
        draw(row, left, inner, norm, flow.largest, now=row.is_lit(step))
        return
    if flow is not None and flow.kind == "update":
        canvas.centre(left, middle, inner, "ΔW" if inner >= 2 else "Δ", style)
        return
    at = step - row.axis.first
    h = row.cell.h
    if not row.has_state(step) or (h is not None and len(h) and not row.cell.skip <= at < h.shape[1]):
        canvas.centre(left, middle, inner, "·", palette.faint + row.under(step))
        return
    if h is None or not len(h):
        canvas.fill(left, middle, inner, style, "▪")
        return
    _draw_state(row, left, y + framed, at)


def _draw_state(row: BoxRow, x: int, y: int, at: int) -> None:
    """Fill a box from (x, y) on with the colours of its units; if they do not fit, with one for their mean size."""
    canvas, palette, cell = row.canvas, row.palette, row.cell
    assert cell.h is not None
    units = row.units
    width, rows = _inside(row.axis.column, row.rows, units, halves=not palette.shaded)
    lines = _lines(units, width, rows, halves=not palette.shaded) if len(cell.h) >= units else 0
    if lines and row.stacked and units <= (rows if palette.shaded else 2 * rows):
        lines = units
    if not lines and cell.size is not None and at < len(cell.size):
        _draw_size(row, x, y, width, rows, float(cell.size[at]))
        return
    values = cell.h[:, at].tolist()
    if not lines:
        values, lines = [values[offset * len(values) // width] for offset in range(width)], 1
    levels = [palette.level(value, cell.scale) if math.isfinite(value) else None for value in values]
    each = -(-len(levels) // lines)  # units in a line

    def level(half: int, offset: int) -> int | None:
        unit = half * lines // (2 * rows) * each + offset * each // width
        return levels[unit] if unit < len(levels) else 0

    for line in range(rows):
        for offset in range(width):
            upper, lower = level(2 * line, offset), level(2 * line + 1, offset)
            if upper is None or lower is None:
                canvas.put(x + offset, y + line, "!", palette.warning)
            elif upper == lower or palette.shaded:
                text = palette.shade(upper) if palette.shaded else " "
                canvas.put(x + offset, y + line, text, palette.cell(upper))
            else:
                canvas.put(x + offset, y + line, "▀", palette.half(upper, lower))


def _draw_size(row: BoxRow, x: int, y: int, width: int, rows: int, size: float) -> None:
    """Fill a box with the colour of a size, from 0 to the scale."""
    palette = row.palette
    character, style = "!", palette.warning
    if math.isfinite(size):
        level = max(0, palette.level(size, row.cell.scale))
        character, style = palette.shade(level) if palette.shaded else " ", palette.share_cell(level)
    for line in range(rows):
        row.canvas.fill(x, y + line, width, style, character)


def _draw_norm(row: BoxRow, x: int, width: int, norm: float, largest: float, *, now: bool) -> None:
    """Draw the size of a gradient: a number on a bar where there is room, else a bar."""
    canvas, y, palette = row.canvas, row.middle, row.palette
    style = palette.back if now else palette.went_back
    if not math.isfinite(norm):
        canvas.centre(x, y, width, "NaN" if width >= 3 else "!", palette.warning)
        return
    part = min(1.0, norm / largest) if largest else 0.0
    text = "" if width < _ROOM_FOR_NORM else row.written(norm) if norm else "0"
    if not text:
        bar = UPWARD[math.ceil(part * (len(UPWARD) - 1))]
        canvas.fill(x, y, width, style, bar)
        return
    canvas.fill(x, y, width, style)
    canvas.centre(x, y, width, text, style)
    canvas.tint(x, y, round(part * width), Style(reverse=True))


def _draw_column(row: BoxRow, x: int, width: int, norm: float, largest: float, *, now: bool) -> None:
    """Draw the size of a gradient as a column that stands in the box, in eighths of a cell."""
    palette, room = row.palette, row.rows - 2
    part = min(1.0, norm / largest) if largest else 0.0
    size = math.ceil(part * room * (len(UPWARD) - 1))
    for line in range(room):
        eighths = min(len(UPWARD) - 1, max(0, size - line * (len(UPWARD) - 1)))
        style = palette.back if now else palette.went_back
        row.canvas.fill(x, row.y + row.rows - 2 - line, width, style, UPWARD[eighths])
