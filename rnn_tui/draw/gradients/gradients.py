"""The vanishing and the exploding gradient: ‖∂L/∂h_t‖ of every layer at every time step, on a logarithmic scale.

First for the whole loss, then for the loss of one time step alone. A series of norms is a row of bars where there
are rows for it, else a row of colours. Under them the same in words, and what causes it.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from rnn_tui.draw.gradients.verdict import causes, extremes, told
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.heatmap import draw_ruler, mark_cursor
from rnn_tui.draw.kit.log_scale import Decades, decades
from rnn_tui.draw.kit.norms import norm_format
from rnn_tui.draw.kit.numbers import signed
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.text_fit import SUBSCRIPT, first_that_fits, fold_items, note_lines, place_name, put_note
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.protocol.gradient_paths import explodes, vanishes
from rnn_tui.protocol.inspect import GradientsFacts, GradientWay

__all__ = ["GradientsLayout", "Series", "draw_gradients", "lay_out_gradients"]

_RULER = 1
_SCALE = 1  # the row of the colours' scale
_FEWEST = 2  # rows of bars, below which colours tell more
_TALLEST = 16
_ROOM_FOR_NUMBERS = 5  # cells of a column: 3e-7 and a free one
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_NOT_BOLD = Style(bold=False)


@dataclass(frozen=True, kw_only=True)
class Series:
    """The norms of one state over time, and where they stand."""

    symbol: str  # "h", or "c₂←" for the second layer from the right
    alone: bool  # for the loss of one time step
    values: tuple[float, ...]  # from the first step of the window on
    ways: tuple[GradientWay, ...]  # in lower layers read in both directions one to either side of the loss, else one
    top: int = 0

    def is_exploding(self, step: int, norm: float) -> bool:
        """Whether a step is drawn as exploding: by the start of its way, which may lie outside of the window."""
        return any(explodes(norm, way.start_norm) for way in self._through(step))

    def has_vanished(self, step: int, norm: float) -> bool:
        """Whether a step is drawn as one that nothing has come to."""
        return any(vanishes(norm, way.largest) for way in self._through(step))

    def _through(self, step: int) -> list[GradientWay]:
        """The ways that lead through a step."""
        flowing = [way for way in self.ways if way.start >= 0]
        return [way for way in flowing if (step >= way.start if way.direction else step <= way.start)]


@dataclass(frozen=True, kw_only=True)
class GradientsLayout:
    """All series that fit a pane, and what they share."""

    series: tuple[Series, ...]
    left_out: int
    rows: int  # of each series
    bars: bool  # whether the norms are bars, not colours
    headings: tuple[tuple[int, bool], ...]  # the rows of the two headings: whole, alone
    scale: Decades
    first: int
    bottom: int  # the row of the ruler
    words: tuple[tuple[str, Style], ...]  # the lines under it
    axis: TimeAxis

    def locate(self, x: int, y: int) -> tuple[Series, int, float] | None:
        """The series, the time step and the norm at a cell."""
        step = self.axis.step_at(x)
        for series in self.series:
            if step is not None and series.top <= y < series.top + self.rows:
                at = step - self.first
                return (series, step, series.values[at]) if 0 <= at < len(series.values) else None
        return None


def lay_out_gradients(
    facts: GradientsFacts, *, width: int, height: int, axis: TimeAxis, palette: Palette, layers: int
) -> GradientsLayout:
    """Give every series the same room, the words up to a quarter of the rows or what is left over."""
    top = len(note_lines(facts.note, width, height, alone=not facts.flows))
    both = any(flow.direction for flow in facts.flows)
    series = _series(facts, layers=layers, both=both)
    scale = decades(facts.peak)
    words = _words(facts, series, width - 2, palette, layers=layers, both=both)
    count, kinds = len(series), 1 + any(each.alone for each in series)
    room = height - top - _RULER
    headed = room - kinds >= count + _SCALE
    room -= kinds * headed
    fewest = _FEWEST + (axis.column >= _ROOM_FOR_NUMBERS)
    said = min(len(words), max(0, height // 4, room - (fewest + 2) * count))
    rows = max(0, room - said) // max(1, count)
    bars = rows >= fewest
    if not bars:
        said = min(said, max(0, room - _SCALE - count))
        rows = (room - said - _SCALE) // max(1, count)
    rows = max(1, min(rows, _TALLEST))
    fit = max(1, room - _SCALE) if rows == 1 else count
    kept = sorted(sorted(range(count), key=lambda at: not _is_looked_at(series[at], facts, layers, both))[:fit])
    placed: list[Series] = []
    headings: list[tuple[int, bool]] = []
    for at in kept:
        each = series[at]
        if headed and each.alone not in (alone for _, alone in headings):
            headings.append((top, each.alone))
            top += 1
        placed.append(replace(each, top=top))
        top += rows
    return GradientsLayout(
        series=tuple(placed),
        left_out=count - len(placed),
        rows=rows,
        bars=bars,
        headings=tuple(headings),
        scale=scale,
        first=facts.first,
        bottom=top,
        words=tuple(words),
        axis=axis,
    )


def _series(facts: GradientsFacts, *, layers: int, both: bool) -> list[Series]:
    found = []
    for alone in (False, True) if facts.at >= 0 else (False,):
        for flow in facts.flows:
            where = place_name(flow.layer, flow.direction, layers=layers, both=both)
            for letter, values, ways in (
                ("h", flow.alone if alone else flow.whole, flow.alone_ways if alone else flow.whole_ways),
                ("c", flow.alone_c if alone else flow.whole_c, flow.alone_c_ways if alone else flow.whole_c_ways),
            ):
                if values is not None:
                    found.append(Series(symbol=letter + where, alone=alone, values=tuple(values.tolist()), ways=ways))
    return found


def _is_looked_at(series: Series, facts: GradientsFacts, layers: int, both: bool) -> bool:
    return series.symbol[1:] == place_name(facts.layer, facts.direction, layers=layers, both=both)


def _words(
    facts: GradientsFacts, series: list[Series], room: int, palette: Palette, *, layers: int, both: bool
) -> list[tuple[str, Style]]:
    """The lines under the picture, the most important first: of the layer that is looked at."""
    looked_at = [each for each in series if _is_looked_at(each, facts, layers, both)] or series
    lines: list[tuple[str, Style]] = []
    for alone in (True, False):
        ways = {each.symbol[0]: each.ways for each in looked_at if each.alone == alone}
        if not ways.get("h"):
            continue
        who = f"loss at t={facts.at}" if alone else "whole loss"
        lines.append((told(who, room, ways["h"], ways.get("c", ()), running=facts.norm is None), palette.text))
        for letter, each in ways.items():
            named = f"{letter} " if len(ways) > 1 else ""
            for words, grows in extremes(each, named if alone else f"whole loss: {named}"):
                lines += [(line, palette.wrong if grows else palette.dim) for line in fold_items([words], room)]
    lines += [(line, palette.dim) for line in fold_items(causes(facts, layers=layers, both=both), room)]
    return lines


def draw_gradients(
    facts: GradientsFacts,
    *,
    width: int,
    height: int,
    axis: TimeAxis,
    palette: Palette,
    inputs: Sequence[str],
    cursor: int | None,
    layers: int,
) -> list[Strip]:
    """The picture; `inputs` are glyphs, `layers` is how many the network has."""
    canvas = Canvas(width, height)
    put_note(canvas, facts.note, palette, alone=not facts.flows)
    if not facts.flows:
        return canvas.strips()
    layout = lay_out_gradients(facts, width=width, height=height, axis=axis, palette=palette, layers=layers)
    for y, alone in layout.headings:
        state = "h,c" if any(flow.whole_c is not None for flow in facts.flows) else "h"
        _draw_heading(canvas, y, state, facts.at if alone else None, axis, palette)
    for series in layout.series:
        _draw_label(canvas, series, layout, palette)
        in_view = [norm for step, norm in enumerate(series.values, layout.first) if step in axis.steps]
        written = norm_format(in_view, _room(axis))
        for step, norm in enumerate(series.values, layout.first):
            if step in axis.steps:
                _draw_norm(canvas, series, step, norm, layout, facts, palette, written)
        for step in axis.steps:
            if not 0 <= step - layout.first < len(series.values):
                canvas.centre(axis.x(step), _base(series, layout), axis.column, "·", palette.faint)
    draw_ruler(canvas, layout.bottom, axis, palette, inputs)
    y = layout.bottom + 1
    if not layout.bars:
        _draw_scale(canvas, y, layout, palette)
        y += 1
    for line, style in layout.words:
        canvas.put(1, y, line, style)
        y += 1
    if cursor is not None and cursor in axis.steps:
        mark_cursor(canvas, axis, cursor, range(0), layout.bottom, palette)
    return canvas.strips()


def _draw_heading(canvas: Canvas, y: int, state: str, at: int | None, axis: TimeAxis, palette: Palette) -> None:
    """Which loss; over the time step whose loss it is, a mark."""
    loss = "L" if at is None else f"L{str(at).translate(SUBSCRIPT)}"
    mark = axis.middle(at) if at is not None and at in axis.steps else -1
    end = canvas.width if mark < 0 else mark
    symbol = first_that_fits((f"‖∂{loss}/∂{state}‖", f"‖∂{loss}/∂h‖", f"‖∂{loss}‖", f"∂{loss}"), end - 2)
    x = max(axis.gutter, canvas.put(1, y, symbol, palette.dim) + 1)
    texts = ["of the whole loss", "whole loss"]
    if at is not None:
        texts = [f"of the loss at t={at} alone", f"loss at t={at}", f"t={at}"]
    text = first_that_fits(texts, canvas.width - x if mark < 0 else max(mark - x - 1, canvas.width - mark - 2))
    if mark >= 0 and cell_len(text) > mark - x - 1:
        x = mark + 2
    canvas.put(x, y, text, palette.text)
    if mark >= 0:
        canvas.put(mark, y, "▼", palette.accent)


def _draw_label(canvas: Canvas, series: Series, layout: GradientsLayout, palette: Palette) -> None:
    """The state's name, and the scale's ends where it is drawn as bars."""
    name = series.symbol if layout.headings else ("Lₜ" if series.alone else "L ") + series.symbol
    right = layout.axis.gutter - 1
    if not layout.bars:
        canvas.put(1, series.top + (layout.rows - 1) // 2, name, palette.text)
        return
    canvas.put(1, series.top, name, palette.text)
    for y, power in ((series.top, layout.scale.high), (_base(series, layout), layout.scale.low)):
        text = layout.scale.name(power)
        canvas.put(right - len(text), y, text, palette.faint)


def _base(series: Series, layout: GradientsLayout) -> int:
    """The lowest row of the bars; the numbers stand under it."""
    if not layout.bars:
        return series.top + (layout.rows - 1) // 2
    return series.top + layout.rows - 1 - (layout.axis.column >= _ROOM_FOR_NUMBERS)


def _draw_norm(
    canvas: Canvas, series: Series, step: int, norm: float, layout: GradientsLayout, facts: GradientsFacts,
    palette: Palette, written: Callable[[float], str],
) -> None:  # fmt: skip
    """One norm as a bar or as a colour, with its number where there is room; 0 as such: nothing flows there."""
    x, column, base = layout.axis.x(step), layout.axis.column, _base(series, layout)
    rows = base - series.top + 1 if layout.bars else layout.rows
    room = _room(layout.axis)
    if not math.isfinite(norm):
        for y in range(series.top, series.top + rows):
            canvas.fill(x, y, room, palette.warning, "!" if room < 3 else " ")
        canvas.centre(x, base, room, signed(norm, room), palette.warning)
        return
    if norm == 0:
        canvas.centre(x, base, room, "0", palette.faint)
        return
    part = layout.scale.part(norm)
    exploding = series.is_exploding(step, norm)
    text = written(norm) if column >= _ROOM_FOR_NUMBERS else ""
    if layout.bars:
        style = palette.wrong if exploding else palette.faint if series.has_vanished(step, norm) else palette.back
        style = style + _NOT_BOLD
        eighths = max(1, round(part * rows * 8))
        for up in range(math.ceil(eighths / 8)):
            canvas.fill(x, base - up, room, style, _EIGHTHS[min(8, eighths - 8 * up)])
        canvas.centre(x, base + 1, room, text, palette.dim)
        return
    level = max(1, round(part * 20))
    style = palette.wrong + Style(reverse=True) if exploding else palette.back_cell(level)
    for y in range(series.top, series.top + rows):
        canvas.fill(x, y, column, style, palette.shade(level) if palette.shaded and not exploding else " ")
    mark = "◆" if series.alone and step == facts.at and not layout.headings else ""
    if text or mark:
        canvas.centre(x, base, column, text or mark, style)


def _room(axis: TimeAxis) -> int:
    """Cells of a column that a number may take."""
    return axis.column - 1 if axis.column >= 3 else axis.column


def _draw_scale(canvas: Canvas, y: int, layout: GradientsLayout, palette: Palette) -> None:
    x = canvas.put(1, y, f"{layout.scale.name(layout.scale.low)} ", palette.dim)
    for level in range(1, 21, 2):
        x = canvas.put(x, y, palette.shade(level) if palette.shaded else " ", palette.back_cell(level))
    x = canvas.put(x, y, f" {layout.scale.name(layout.scale.high)}   ", palette.dim)
    if layout.left_out:
        more = f"{layout.left_out} more"
        texts = (f"{more} rows have no room", f"{more} rows", more, f"+{layout.left_out}")
        canvas.put(x, y, first_that_fits(texts, canvas.width - x), palette.accent)
