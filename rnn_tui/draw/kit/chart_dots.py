"""The braille dots of a curve."""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from rich.style import Style

from rnn_tui.draw.kit.chart_scale import DOT_COLUMNS, DOT_ROWS, AxisScale, Floats, Ints, positions

__all__ = [
    "BRAILLE",
    "PLACES",
    "Bits",
    "ChartCurve",
    "CurvePoints",
    "dots_of",
    "marks_of",
    "points_of",
    "thickened",
]

_BETWEEN_MARKS = 14  # cells between two marks of a curve
BRAILLE = 0x2800  # the empty braille character
PLACES = ((0, 3), (1, 4), (2, 5), (6, 7))  # the bit of each dot, rows x columns

Bits = NDArray[np.uint32]


@dataclass(frozen=True, kw_only=True)
class ChartCurve:
    """One line of a chart. Where low < high a vertical bar joins them; what is not finite leaves a gap.

    Any number of points will do: they are reduced to the smallest and the largest of each column of dots.
    """

    x: Floats  # (n,) position, in the unit of the x axis, ascending
    low: Floats  # (n,) smallest value at that position
    high: Floats  # (n,) largest value at that position
    style: Style
    thick: bool = False  # three dots wide
    dots: bool = False  # points, not joined
    tip: Style | None = None  # of the cells that hold the last point; its place stays exact to the dot
    newest: str = ""  # a character in place of the dots of the last point
    quick: bool = False  # with one value at each place: drawn as the line of a band is, which takes less
    marked: str = ""  # a character in place of some of its points, which tells it from others without colours


class Ranged(Protocol):
    """What has a smallest and a largest value at each position: a curve, a band."""

    @property
    def x(self) -> Floats:
        """The (n,) positions."""

    @property
    def low(self) -> Floats:
        """The (n,) smallest values."""

    @property
    def high(self) -> Floats:
        """The (n,) largest values."""


class CurvePoints(NamedTuple):
    """The (m,) drawable points of a curve, as positions on its scales."""

    x: Floats
    low: Floats
    high: Floats
    gaps: Ints  # how many points were left out before each


def points_of(curve: Ranged, log_x: bool, log_y: bool) -> CurvePoints:
    """Return the points of a curve that have a place on both scales."""
    x, a, b = positions(curve.x, log_x), positions(curve.low, log_y), positions(curve.high, log_y)
    keep = np.isfinite(x) & np.isfinite(a) & np.isfinite(b)
    gaps: Ints = np.cumsum(~keep, dtype=np.intp)
    return CurvePoints(x[keep], np.minimum(a, b)[keep], np.maximum(a, b)[keep], gaps[keep])


def dots_of(points: CurvePoints, x: AxisScale, y: AxisScale, *, joined: bool) -> Bits:
    """Return the braille bits of one curve, (rows, columns): up and down in each column of dots, and on to the next."""
    across = x.dots(points.x)
    starts = np.flatnonzero(np.r_[True, (np.diff(across) != 0) | (np.diff(points.gaps) != 0)])
    low = np.minimum.reduceat(y.dots(points.low), starts)
    high = np.maximum.reduceat(y.dots(points.high), starts)
    falling = np.r_[False, np.diff(low + high) < 0]  # a falling curve enters a column of dots at its top
    ends = np.stack([np.where(falling, high, low), np.where(falling, low, high)], axis=1).ravel()
    keep = np.stack([np.ones_like(falling), low != high], axis=1).ravel()
    gaps = np.diff(points.gaps[starts].repeat(2)[keep]) != 0
    return _bits(across[starts].repeat(2)[keep], ends[keep], gaps if joined else np.ones_like(gaps), x, y)


def _bits(across: Ints, up: Ints, gaps: NDArray[np.bool_], x: AxisScale, y: AxisScale) -> Bits:
    """Return the braille bits of (m,) dots, counted from the lower left, joined but at the (m - 1,) gaps."""
    ends = np.stack([across, up])  # (2, m)
    begin, along = ends[:, :-1][:, ~gaps], np.diff(ends)[:, ~gaps]
    counts = np.abs(along).max(axis=0, initial=0)  # dots of each line, without its last one
    of = np.repeat(np.arange(len(counts)), counts)
    part = (np.arange(len(of)) - np.repeat(counts.cumsum() - counts, counts)) / counts[of]
    drawn = np.concatenate([ends, np.rint(begin[:, of] + along[:, of] * part).astype(np.intp)], axis=1)
    grid = np.zeros((y.cells * DOT_ROWS, x.cells * DOT_COLUMNS), np.uint8)
    grid[grid.shape[0] - 1 - drawn[1], drawn[0]] = 1
    cells = grid.reshape(y.cells, DOT_ROWS, x.cells, DOT_COLUMNS)
    bits = np.zeros((y.cells, x.cells), np.uint32)
    for row, places in enumerate(PLACES):
        for column, place in enumerate(places):
            bits |= cells[:, row, :, column].astype(np.uint32) << place
    return bits


def marks_of(points: CurvePoints, x: AxisScale, y: AxisScale) -> list[tuple[int, int]]:
    """Return the cells, rows counted from the top, of some of a curve's points, at even distances on the screen."""
    columns = x.dots(points.x) // DOT_COLUMNS
    wanted = range(int(columns[0]) + _BETWEEN_MARKS // 2, int(columns[-1]), _BETWEEN_MARKS)
    chosen = [min(int(np.searchsorted(columns, each)), len(columns) - 1) for each in wanted]
    return [(y.cells - 1 - y.cell(points.high[each]), int(columns[each])) for each in chosen]


def thickened(bits: Bits) -> Bits:
    """Return the braille bits with every dot grown by one to each side."""
    inside, above, below, left, right = _growth()
    grown = inside[bits]
    grown[1:] |= below[bits[:-1]]
    grown[:-1] |= above[bits[1:]]
    grown[:, 1:] |= right[bits[:, :-1]]
    grown[:, :-1] |= left[bits[:, 1:]]
    return grown


@cache
def _growth() -> tuple[Bits, ...]:
    """Return what the dots of a cell, as an index, become in it, and above, below, left and right of it."""
    tables = np.zeros((5, 256), np.uint32)
    for row in range(DOT_ROWS):
        for column in range(DOT_COLUMNS):
            has = (np.arange(256) >> PLACES[row][column] & 1).astype(np.uint32)
            for y, x in ((row, column), (row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
                cell = 1 if y < 0 else 2 if y == DOT_ROWS else 3 if x < 0 else 4 if x == DOT_COLUMNS else 0
                tables[cell] |= has << PLACES[y % DOT_ROWS][x % DOT_COLUMNS]
    return tuple(tables)
