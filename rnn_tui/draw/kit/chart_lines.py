"""Many thin lines of a chart at once, behind its curves: too many for plotext, which needs a millisecond for each."""

from collections.abc import Sequence

import numpy as np
from rich.style import Style

from rnn_tui.common.value import Value
from rnn_tui.draw.kit.chart_dots import BRAILLE, PLACES, Bits, CurvePoints
from rnn_tui.draw.kit.chart_scale import DOT_COLUMNS, DOT_ROWS, AxisScale, Floats, positions
from rnn_tui.draw.kit.chart_sheet import ChartSheet

__all__ = ["ChartLines", "bits_of", "draw_lines", "line_of"]


class ChartLines(Value, frozen=True, kw_only=True):
    """Lines that share their x; what is not finite ends a line or leaves a gap."""

    x: Floats  # (n,) ascending
    values: Floats  # (k, n)
    style: Style


def bits_of(lines: ChartLines, x: AxisScale, y: AxisScale) -> Bits:
    """Return the braille bits of all lines together, (rows, columns)."""
    places, values = positions(lines.x, x.log), positions(lines.values, y.log)
    known = np.isfinite(places)
    return _bits(places[known], values[:, known], x, y)


def draw_lines(sheet: ChartSheet, groups: Sequence[ChartLines], x: AxisScale, y: AxisScale, left: int) -> None:
    """Draw thin lines into a plot that begins at the column `left`."""
    end = left + x.cells
    glyphs, inks = sheet.glyphs[: y.cells, left:end], sheet.inks[: y.cells, left:end]
    for lines in groups:
        bits = bits_of(lines, x, y)
        seen = bits > 0
        glyphs[seen] = BRAILLE + (bits | np.where(glyphs >= BRAILLE, glyphs - BRAILLE, 0))[seen]
        inks[seen] = sheet.ink(lines.style)


def line_of(points: CurvePoints, x: AxisScale, y: AxisScale) -> Bits:
    """Return the braille bits, (rows, columns), of a curve with one value at each place."""
    return _bits(points.x, points.high[None], x, y)


def _bits(places: Floats, values: Floats, x: AxisScale, y: AxisScale) -> Bits:
    rows, columns = y.cells * y.size, x.cells * x.size
    edges = np.zeros((rows + 1, columns), np.intp)
    if len(places):
        at = x.low + (np.arange(columns) / (columns - 1)) * (x.high - x.low)  # the positions of the columns of dots
        half = 0.5 * (x.high - x.low) / (columns - 1)
        right = np.searchsorted(places, at).clip(1 if len(places) > 1 else 0, len(places) - 1)
        left = np.maximum(right - 1, 0)
        size = np.where(places[right] > places[left], places[right] - places[left], 1.0)
        part = ((at - places[left]) / size).clip(0, 1)
        between = values[:, left] * (1 - part) + values[:, right] * part
        exact = np.where(part == 1, right, left)[(part == 0) | (part == 1)]  # also where the other end is not finite
        between[:, (part == 0) | (part == 1)] = values[:, exact]
        between[:, (at < places[0] - half) | (at > places[-1] + half)] = np.nan
        drawn = np.isfinite(between)
        dots = np.where(drawn, y.dots(np.where(drawn, between, y.low)), 0)
        before = np.where(np.roll(drawn, 1, axis=1) & (np.arange(columns) > 0), np.roll(dots, 1, axis=1), dots)
        # A steep line has no gaps: a column's dots reach up or down to the one before.
        low = np.where(dots > before, before + 1, dots)
        high = np.where(dots < before, before - 1, dots)
        low, high = np.minimum(low, dots), np.maximum(high, dots)
        across = np.broadcast_to(np.arange(columns), drawn.shape)[drawn]
        begins, ends = low[drawn] * columns + across, (high[drawn] + 1) * columns + across
        edges = np.bincount(begins, minlength=edges.size) - np.bincount(ends, minlength=edges.size)
        edges = edges.reshape(rows + 1, columns)
    filled = (edges.cumsum(axis=0)[:rows] > 0)[::-1]  # from the top
    bits = np.zeros((y.cells, x.cells), np.uint32)
    for row in range(DOT_ROWS):
        for column in range(DOT_COLUMNS):
            dot = filled[row::DOT_ROWS, column::DOT_COLUMNS].astype(np.uint32)
            bits |= dot << np.uint32(PLACES[row][column])
    return bits
