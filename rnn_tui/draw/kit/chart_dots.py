"""The braille dots of a curve, drawn by plotext's kernel; the only importer of plotext.

Calls share nothing: plotext's one global figure is cleared before every use.
"""

from functools import cache, lru_cache
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from rich.style import Style

from rnn_tui.common.value import Value
from rnn_tui.draw.kit.chart_scale import DOT_COLUMNS, DOT_ROWS, AxisScale, Floats, Ints, positions

__all__ = [
    "BRAILLE",
    "PLACES",
    "Bits",
    "ChartCurve",
    "CurvePoints",
    "dots_of",
    "load_plotext",
    "marks_of",
    "points_of",
    "thickened",
]

_KEPT = 32  # curves whose dots are kept
_BETWEEN_MARKS = 14  # cells between two marks of a curve
BRAILLE = 0x2800  # the empty braille character
PLACES = ((0, 3), (1, 4), (2, 5), (6, 7))  # the bit of each dot, rows x columns

Bits = NDArray[np.uint32]


class ChartCurve(Value, frozen=True, kw_only=True):
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
    quick: bool = False  # drawn without plotext, which takes a millisecond or more for a curve
    marked: str = ""  # a character in place of some of its points, which tells it from others without colours
    apart: int = _BETWEEN_MARKS  # cells between two of these


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


@cache
def load_plotext() -> Any:
    """Return the library, loaded when it is first needed."""
    import plotext  # here for the start-up time: it takes a tenth of a second

    plotext.terminal.limit(False, False)  # otherwise a chart is cut to the size of the terminal
    return plotext


def points_of(curve: Ranged, log_x: bool, log_y: bool) -> CurvePoints:
    """Return the points of a curve that have a place on both scales."""
    x, a, b = positions(curve.x, log_x), positions(curve.low, log_y), positions(curve.high, log_y)
    keep = np.isfinite(x) & np.isfinite(a) & np.isfinite(b)
    gaps: Ints = np.cumsum(~keep, dtype=np.intp)
    return CurvePoints(x[keep], np.minimum(a, b)[keep], np.maximum(a, b)[keep], gaps[keep])


def dots_of(points: CurvePoints, x: AxisScale, y: AxisScale, *, joined: bool) -> Bits:
    """Return the braille bits of one curve, (rows, columns), as plotext draws it."""
    across = x.dots(points.x)
    starts = np.flatnonzero(np.r_[True, (np.diff(across) != 0) | (np.diff(points.gaps) != 0)])
    low = np.minimum.reduceat(y.dots(points.low), starts)
    high = np.maximum.reduceat(y.dots(points.high), starts)
    falling = np.r_[False, np.diff(low + high) < 0]  # a falling curve enters a column of dots at its top
    ends = np.stack([np.where(falling, high, low), np.where(falling, low, high)], axis=1).ravel()
    keep = np.stack([np.ones_like(falling), low != high], axis=1).ravel()
    # Middles of dots, in cells: plotext shifts positions by some thousandths, which must not change the dot.
    xs = ((across[starts].repeat(2) + 0.5) / DOT_COLUMNS)[keep]
    ys = ((ends + 0.5) / DOT_ROWS)[keep]
    breaks = np.flatnonzero(np.diff(points.gaps[starts].repeat(2)[keep])) + 1
    return _drawn(xs.tobytes(), ys.tobytes(), breaks.tobytes(), x.cells, y.cells, joined=joined)


@lru_cache(maxsize=_KEPT)
def _drawn(xs: bytes, ys: bytes, breaks: bytes, columns: int, rows: int, *, joined: bool) -> Bits:
    """Return the bits (rows, columns) of a curve through these places, in cells; no line leads to one of the breaks.

    Of several curves in a chart mostly one has changed since it was last drawn.
    """
    figure: Any = load_plotext().figure.clear().axes(False).plot_size(columns, rows)
    for axis, cells in (("x", columns), ("y", rows)):
        figure.ruler(axis).frequency(0).lim(0, cells).alignment(lim="edge")
    signal = figure.signal(np.frombuffer(xs).tolist(), np.frombuffer(ys).tolist(), marker="braille").lines(joined)
    for start in np.frombuffer(breaks, np.intp).tolist():
        signal.line(start, False)
    figure.draw(signal)
    text = figure.build().string(colorless=True)
    codes = np.frombuffer(text.encode("utf-32-le"), dtype="<u4").reshape(rows, columns + 1)[:, :-1]
    bits = np.where(codes >= BRAILLE, codes - BRAILLE, 0).astype(np.uint32)
    bits.flags.writeable = False
    return bits


def marks_of(points: CurvePoints, x: AxisScale, y: AxisScale, apart: int) -> list[tuple[int, int]]:
    """Return the cells, rows counted from the top, of some of a curve's points, at even distances on the screen."""
    columns = x.dots(points.x) // DOT_COLUMNS
    wanted = range(int(columns[0]) + apart // 2, int(columns[-1]), apart)
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
