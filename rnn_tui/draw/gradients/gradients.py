"""Vanishing and exploding gradients: ‖∂L/∂h_t‖ of every layer at every time step, on a logarithmic scale.

First for the whole loss, then for the loss of one time step alone. A series of norms is a row of bars where there are
enough rows, else a row of colours. Below them the same stands in words, with its causes.
"""

import math
from collections.abc import Sequence

from msgspec.structs import replace
from rich.style import Style
from textual.strip import Strip

from rnn_tui.common.value import Value
from rnn_tui.common.wording import step_name
from rnn_tui.draw.gradients.heading import draw_heading
from rnn_tui.draw.gradients.series import NormSeries, is_looked_at, series_of, ways_of
from rnn_tui.draw.gradients.verdict import arrives, causes, extremes, told
from rnn_tui.draw.gradients.why import why
from rnn_tui.draw.kit.bars import UPWARD
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.log_scale import Decades, decades
from rnn_tui.draw.kit.norms import norm_format
from rnn_tui.draw.kit.numbers import compact, count, signed
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.rows_over_time import RULER, SCALES, RowsOverTime
from rnn_tui.draw.kit.text_fit import first_that_fits, fold_items, note_lines, put_note
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.protocol.inspect.gradients import GradientsFacts

__all__ = ["GradientsLayout", "draw_gradients", "lay_out_gradients"]

_FEWEST = 2  # rows of bars, below which colours tell more
_TALLEST = 16
_ROOM_FOR_NUMBERS = 5  # cells of a column: 3e-7 and a free one
_NOT_BOLD = Style(bold=False)


class GradientsLayout(RowsOverTime[NormSeries], frozen=True, kw_only=True):
    """The series that there is room for, and the lines below them."""

    left_out: int
    bars: bool  # whether the norms are bars, not colours
    headings: tuple[tuple[int, bool], ...]  # the row of each heading, and whether it is of the loss of one step
    scale: Decades
    words: tuple[tuple[str, Style], ...]  # the lines below the ruler

    def base(self, series: NormSeries) -> int:
        """Return the lowest row of the bars; the numbers stand below it."""
        if not self.bars:
            return series.top + (len(series.lines) - 1) // 2
        return series.rows[-1] - (self.axis.column >= _ROOM_FOR_NUMBERS)


class _Shape(Value, frozen=True, kw_only=True):
    """How series are drawn."""

    headed: bool  # whether a heading stands above the series of each loss
    bars: bool
    rows: int  # of each series
    fit: int  # series, if each has one row


def _shape(count: int, height: int, top: int, *, kinds: int, said: int, axis: TimeAxis) -> _Shape:
    """Return how `count` series of `kinds` losses are drawn from the row `top` on, with up to `said` lines of words."""
    room = height - top - RULER
    headed = room - kinds >= count + SCALES
    room -= kinds * headed
    fewest = _FEWEST + (axis.column >= _ROOM_FOR_NUMBERS)
    said = min(said, max(0, height // 4, room - (fewest + 2) * count))
    rows = max(0, room - said) // max(1, count)
    bars = rows >= fewest
    if not bars:
        said = min(said, max(0, room - SCALES - count))
        rows = (room - said - SCALES) // max(1, count)
    return _Shape(headed=headed, bars=bars, rows=max(1, min(rows, _TALLEST)), fit=max(1, room - SCALES))


def lay_out_gradients(
    facts: GradientsFacts, *, width: int, height: int, axis: TimeAxis, palette: Palette, layers: int, most: int = 0
) -> GradientsLayout:
    """Give every series the same room; the words get up to a quarter of the rows, or what is left over.

    Beside other pictures, `most` is the most series that one of them has: all are then drawn in the same way, with
    bars of the same height, of the loss of one step alone if there is no room for bars of both losses.
    """
    top = len(note_lines(facts.note, width, height, alone=not facts.flows))
    both = any(flow.direction for flow in facts.flows)
    series = series_of(facts, layers=layers, both=both)
    scale = decades(facts.peak)
    words = _words(facts, series, width - 2, palette, layers=layers, both=both)
    kinds = 1 + any(each.alone for each in series)
    shape = _shape(max(len(series), most), height, top, kinds=kinds, said=2 if most else len(words), axis=axis)
    if most and not shape.bars and kinds > 1:
        single = _shape(most // 2, height, top, kinds=1, said=2, axis=axis)
        if single.bars:  # the loss of one step alone, and what the whole loss does in words
            shape, series = single, [each for each in series if each.alone]
    headed, rows, bars = shape.headed, shape.rows, shape.bars
    count = len(series)
    fit = shape.fit if rows == 1 else count
    kept = sorted(sorted(range(count), key=lambda at: not is_looked_at(series[at], facts, layers, both))[:fit])
    placed: list[NormSeries] = []
    headings: list[tuple[int, bool]] = []
    for each in (series[at] for at in kept):
        if headed and each.alone not in (alone for _, alone in headings):
            headings.append((top, each.alone))
            top += 1
        placed.append(replace(each, top=top, lines=((0,),) * rows, tall=rows))
        top += rows
    return GradientsLayout(
        blocks=tuple(placed),
        axis=axis,
        first=facts.first,
        bottom=top,
        left_out=count - len(placed),
        bars=bars,
        headings=tuple(headings),
        scale=scale,
        words=tuple(words),
    )


def _words(
    facts: GradientsFacts, series: list[NormSeries], room: int, palette: Palette, *, layers: int, both: bool
) -> list[tuple[str, Style]]:
    """Return the lines below the picture, the most important first; they are about the selected layer."""
    lines: list[tuple[str, Style]] = []
    for alone in (True, False):
        ways = ways_of(facts, series, alone=alone, layers=layers, both=both)
        if not ways.get("h"):
            continue
        loss = f"loss at {step_name(facts.at)}" if alone else "whole loss"
        lines.append((told(loss, room, ways["h"], ways.get("c", ()), running=facts.norm is None), palette.text))
        for letter, each in ways.items():
            named = f"{letter} " if len(ways) > 1 else ""
            for words, grows in extremes(each, named if alone else f"whole loss: {named}"):
                lines += [(line, palette.wrong if grows else palette.dim) for line in fold_items([words], room)]
        if alone and (reason := first_that_fits(why(facts, layers=layers), room)):
            lines.append((reason, palette.text))
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
    most: int = 0,
) -> list[Strip]:
    """Draw the picture; `inputs` are glyphs, `layers` is how many the network has, `most` as in the layout."""
    canvas = Canvas(width, height)
    put_note(canvas, facts.note, palette, alone=not facts.flows)
    if not facts.flows:
        return canvas.strips()
    layout = lay_out_gradients(facts, width=width, height=height, axis=axis, palette=palette, layers=layers, most=most)
    for y, alone in layout.headings:
        state = "h,c" if any(flow.whole_c is not None for flow in facts.flows) else "h"
        both = any(flow.direction for flow in facts.flows)
        every = series_of(facts, layers=layers, both=both)
        ways = ways_of(facts, every, alone=alone, layers=layers, both=both)
        verdict = arrives(ways.get("h", ()), ways.get("c", ()))
        end = draw_heading(canvas, y, state, facts.at if alone else None, verdict, axis, palette)
        if y == layout.headings[0][0] and layout.bars:
            _draw_scale_in_words(canvas, end, y, layout, palette)
    for series in layout.blocks:
        _draw_label(canvas, series, layout, palette)
        _draw_norms(canvas, series, layout, facts, palette)
    layout.draw_ruler(canvas, palette, inputs, cursor, edges=False)
    y = layout.bottom + 1
    if not layout.bars:
        _draw_scale(canvas, y, layout, palette)
        y += 1
    for line, style in layout.words:
        canvas.put(1, y, line, style)
        y += 1
    return canvas.strips()


def _draw_scale_in_words(canvas: Canvas, x: int, y: int, layout: GradientsLayout, palette: Palette) -> None:
    """Write that the scale is logarithmic, and what a row of cells stands for."""
    rows = layout.base(layout.blocks[0]) - layout.blocks[0].top + 1
    times = 10.0 ** ((layout.scale.high - layout.scale.low) / rows)
    often = count(float(f"{times:.2g}")) if times >= 10 else compact(times, 2)
    forms = (
        f"logarithmic: one row lower is {often} times smaller",
        f"logarithmic: a row is × {often}",
        "logarithmic",
        "log",
    )
    text = first_that_fits(forms, canvas.width - x - 3)
    canvas.put(canvas.width - 1 - len(text), y, text, palette.dim)


def _draw_label(canvas: Canvas, series: NormSeries, layout: GradientsLayout, palette: Palette) -> None:
    """Write the state's name, and beside bars the ends of their scale."""
    name = series.name if layout.headings else ("Lₜ" if series.alone else "L ") + series.name
    right = layout.axis.gutter - 1
    if not layout.bars:
        canvas.put(1, layout.base(series), name, palette.text)
        return
    canvas.put(1, series.top, name, palette.text)
    for y, power in ((series.top, layout.scale.high), (layout.base(series), layout.scale.low)):
        text = layout.scale.name(power)
        canvas.put(right - len(text), y, text, palette.faint)


def _draw_norms(
    canvas: Canvas, series: NormSeries, layout: GradientsLayout, facts: GradientsFacts, palette: Palette
) -> None:
    """Draw each norm of a series, with its number where there is room; a dot where there is none yet."""
    axis, base = layout.axis, layout.base(series)
    norms = {step: norm for step, norm in enumerate(series.values[0].tolist(), layout.first) if step in axis.steps}
    written = norm_format(norms.values(), _room(axis)) if axis.column >= _ROOM_FOR_NUMBERS else lambda _: ""
    for step in axis.steps:
        if step not in norms:
            canvas.centre(axis.x(step), base, axis.column, "·", palette.faint)
            continue
        norm, x, room = norms[step], axis.x(step), _room(axis)
        if norm == 0:  # nothing flows there
            canvas.centre(x, base, room, "0", palette.faint)
        elif not math.isfinite(norm):
            for y in range(series.top, base + 1) if layout.bars else series.rows:
                canvas.fill(x, y, room, palette.warning, "!" if room < 3 else " ")
            canvas.centre(x, base, room, signed(norm, room), palette.warning)
        elif layout.bars:
            _draw_bar(canvas, series, step, norm, layout, palette)
            canvas.centre(x, base + 1, room, written(norm), palette.dim)
        else:
            mark = "◆" if series.alone and step == facts.at and not layout.headings else ""
            _draw_colour(canvas, series, step, norm, layout, palette, written(norm) or mark)


def _draw_bar(
    canvas: Canvas, series: NormSeries, step: int, norm: float, layout: GradientsLayout, palette: Palette
) -> None:
    """Draw a norm as a bar: at least an eighth of a row."""
    base = layout.base(series)
    style = palette.faint if series.has_vanished(step, norm) else palette.back
    style = (palette.wrong if series.is_exploding(step, norm) else style) + _NOT_BOLD
    eighths = max(1, round(layout.scale.part(norm) * (base - series.top + 1) * 8))
    for up in range(math.ceil(eighths / 8)):
        canvas.fill(layout.axis.x(step), base - up, _room(layout.axis), style, UPWARD[min(8, eighths - 8 * up)])


def _draw_colour(
    canvas: Canvas, series: NormSeries, step: int, norm: float, layout: GradientsLayout, palette: Palette, text: str
) -> None:
    """Draw a norm as a colour, with a text in it."""
    x, column = layout.axis.x(step), layout.axis.column
    level, exploding = max(1, round(layout.scale.part(norm) * 20)), series.is_exploding(step, norm)
    style = palette.wrong + Style(reverse=True) if exploding else palette.back_cell(level)
    for y in series.rows:
        canvas.fill(x, y, column, style, palette.shade(level) if palette.shaded and not exploding else " ")
    if text:
        canvas.centre(x, layout.base(series), column, text, style)


def _room(axis: TimeAxis) -> int:
    """Return the cells of a column that a number may take."""
    return axis.column - 1 if axis.column >= 3 else axis.column


def _draw_scale(canvas: Canvas, y: int, layout: GradientsLayout, palette: Palette) -> None:
    x = canvas.put(1, y, f"{layout.scale.name(layout.scale.low)} ", palette.dim)
    for level in range(1, 21, 2):
        x = canvas.put(x, y, palette.shade(level) if palette.shaded else " ", palette.back_cell(level))
    x = canvas.put(x, y, f" {layout.scale.name(layout.scale.high)}", palette.dim)
    if not layout.left_out:
        canvas.put(x, y, first_that_fits((", logarithmic", ""), canvas.width - x - 1), palette.dim)
    x += 3
    if layout.left_out:
        more = f"{layout.left_out} more"
        texts = (f"{more} rows have no room", f"{more} rows", more, f"+{layout.left_out}")
        canvas.put(x, y, first_that_fits(texts, canvas.width - x), palette.accent)
