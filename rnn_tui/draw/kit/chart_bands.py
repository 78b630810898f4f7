"""Bands of a chart: the area between two curves, as the background of the cells that it fills by half or more."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.style import Style

from rnn_tui.common.value import Value
from rnn_tui.draw.kit.chart_scale import DOT_COLUMNS, AxisScale, Floats, positions
from rnn_tui.draw.kit.chart_sheet import ChartSheet

__all__ = ["ChartBand", "cells_of", "lay_bands"]


class ChartBand(Value, frozen=True, kw_only=True):
    """The area from `low` to `high`, both joined by straight lines; what is not finite leaves a gap."""

    x: Floats  # (n,) ascending
    low: Floats  # (n,)
    high: Floats  # (n,)
    style: Style  # of the background
    mixes: bool = True  # with another such band, where both touch a cell; else it covers that


def _mixed(one: Style, other: Style) -> Style:
    """Return the background half way between two."""
    if one.bgcolor is None or other.bgcolor is None:
        return other if one.bgcolor is None else one
    a, b = one.bgcolor.get_truecolor(), other.bgcolor.get_truecolor()
    return Style.from_color(None, Color.from_rgb(*((x + y) / 2 for x, y in zip(a, b, strict=True))))


def cells_of(band: ChartBand, x: AxisScale, y: AxisScale) -> NDArray[np.bool_]:
    """Return which cells a band fills by half or more of their height, (rows, columns), the first row on top.

    Of one that is thinner there is the cell of its middle.
    """
    places = positions(band.x, x.log)
    low, high = positions(band.low, y.log), positions(band.high, y.log)
    if y.log:  # what is 0 or below lies under the chart
        low = np.where(np.isfinite(band.low) & (band.low <= 0) & ~np.isnan(high), y.low, low)
    found = np.zeros((y.cells, x.cells), dtype=bool)
    keep = np.isfinite(places) & np.isfinite(low) & np.isfinite(high)
    if not keep.any():
        return found
    dots = x.cells * x.size
    at = x.low + (np.arange(dots) / (dots - 1)) * (x.high - x.low)  # the positions of all columns of dots
    places, low, high = places[keep], low[keep], high[keep]
    half = 0.5 * (x.high - x.low) / (dots - 1)
    there = (at >= places[0] - half) & (at <= places[-1] + half)
    lowest, highest = (y.dots(np.interp(at, places, ends)) for ends in (low, high))
    spare = y.size // 2 - 1  # dots of a cell that may be outside, on the side of the band's end
    bottom, top = (lowest + spare) // y.size, (highest - spare) // y.size
    middle = (lowest + highest) // 2 // y.size
    bottom, top = np.minimum(bottom, middle), np.maximum(top, middle)
    levels = np.arange(y.cells)[::-1, None]  # of the rows, counted from the low end
    covered = there & (bottom <= levels) & (levels <= top)
    found |= covered.reshape(y.cells, x.cells, DOT_COLUMNS).any(axis=2)
    return found


def lay_bands(sheet: ChartSheet, bands: Sequence[ChartBand], x: AxisScale, y: AxisScale, left: int) -> None:
    """Lay bands behind a plot that begins at the column `left`, later ones on top."""
    grounds = sheet.grounds[: y.cells, left : left + x.cells]
    mixing: set[int] = set()  # the backgrounds that mix with others
    for band in bands:
        touched = cells_of(band, x, y)
        own, before = sheet.ground(band.style), grounds[touched]
        after = np.full_like(before, own)
        for each in {*np.unique(before).tolist()} & mixing - {own} if band.mixes else ():
            both = sheet.ground(_mixed(sheet.background(each), band.style))
            after[before == each] = both
            mixing.add(both)
        grounds[touched] = after
        mixing |= {own} if band.mixes else set()
