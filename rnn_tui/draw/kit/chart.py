"""Loss curves as strips of characters; the only importer of plotext.

plotext's kernel draws each curve in braille dots on a bare canvas; axes, ticks, floor and styles are ours,
so a value and its tick agree. Calls share nothing: plotext's global figure is cleared before every use.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Bits = NDArray[np.uint32]

BRAILLE, DOT_COLUMNS, DOT_ROWS = 0x2800, 2, 4  # the empty braille character, and the dots of one
PLAIN = Style()
HUGE, TINY = 1e300, 1e-300  # beyond these the arithmetic of a scale would leave the floats
MIN_WIDTH, MIN_HEIGHT = 16, 5  # cells below which axes cost more than they tell
ROOMY = 8  # rows from which labels keep a free row between them, and the floor one below it
GUTTER = 4  # least cells for the labels on the left, so that the plot does not jump when they change
AXIS, FLOOR, MARK, GUESS, CURVES = 1, 2, 3, 4, 5  # inks: places in the styles of a sheet; 0 is the background


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One line of a chart. Where low < high a vertical bar joins them; what is not finite leaves a gap.

    Any number of points will do: they are reduced to the smallest and the largest of each column of dots.
    """

    x: Floats  # (n,) position, in the unit of the x axis, ascending
    low: Floats  # (n,) smallest value at that position
    high: Floats  # (n,) largest value at that position
    style: Style
    name: str = ""  # for a legend, which is the caller's to write
    dots: bool = False  # points, not joined
    tip: Style | None = None  # of the cells that hold the last point; its place stays exact to the dot


class _Points(NamedTuple):
    """The (m,) drawable points of a curve, as positions on its scales."""

    x: Floats
    low: Floats
    high: Floats
    gaps: Ints  # how many points were left out before each


@dataclass(frozen=True)
class _Scale:
    """One axis: positions (values, or their decimal logarithms) to cells of `size` dots."""

    low: float
    high: float
    log: bool
    cells: int
    size: int

    def dots(self, positions: Floats) -> Ints:
        """(n,) positions to (n,) dots, counted from the low end; the nearest end for those outside."""
        fraction = ((positions - self.low) / (self.high - self.low)).clip(0, 1)
        dots: Ints = np.rint(fraction * (self.cells * self.size - 1)).astype(np.intp)
        return dots

    def cell(self, position: ArrayLike) -> int:
        """The cell of one position, counted from the low end."""
        return int(self.dots(np.asarray(position))) // self.size

    def ticks(self, wanted: int, least: float = 0.0) -> list[tuple[int, str]]:
        """Cells and labels of about `wanted` round values, ascending; linear ones multiples of `least`."""
        low, high, pairs = self.low, self.high, []
        if self.log:  # the floor may have widened the range beyond what a float can hold
            low, high = max(low, math.log10(TINY)), min(high, math.log10(HUGE))
            low, high, pairs = 10.0**low, 10.0**high, _round_powers(low, high, wanted)
        pairs = pairs if len(pairs) >= 3 else _round_values(low, high, wanted, least)
        return [(self.cell(_positions(value, self.log)), short(value, step)) for value, step in pairs]


class _Sheet:
    """Characters and inks, (height, width) each."""

    def __init__(self, width: int, height: int, styles: list[Style]) -> None:
        self.glyphs = np.full((height, width), ord(" "), dtype="<u4")
        self.inks = np.zeros((height, width), dtype=np.intp)
        self.styles = styles

    def write(self, row: int, column: int, text: str, ink: int) -> None:
        """Write a text that fits its row."""
        self.glyphs[row, column : column + len(text)] = [ord(character) for character in text]
        self.inks[row, column : column + len(text)] = ink

    def strips(self) -> list[Strip]:
        """One strip a row, equal neighbours joined in one segment."""
        strips = []
        same = np.array([self.styles.index(style) for style in self.styles])  # inks may share a style
        for glyphs, inks in zip(self.glyphs, same[self.inks], strict=True):
            text = glyphs.tobytes().decode("utf-32-le")
            edges = [0, *(np.flatnonzero(np.diff(inks)) + 1).tolist(), len(text)]
            segments = [Segment(text[a:b], self.styles[inks[a]]) for a, b in pairwise(edges)]
            strips.append(Strip(segments, len(text)))
        return strips


def draw_chart(
    curves: Sequence[Curve], *, width: int, height: int, log_x: bool = False, log_y: bool = False,
    x_to: float | None = None, y_to: tuple[float, ...] = (), floor: float | None = None, floor_label: str = "floor",
    guess: float | None = None, guess_label: str = "guessing", guess_style: Style = PLAIN,
    x_label: str = "epoch", mark: float | None = None,
    axis_style: Style, floor_style: Style, mark_style: Style, background: Style, empty: str = "no loss yet",
) -> list[Strip]:  # fmt: skip
    """Draw curves, later ones on top, as `height` strips of `width` cells.

    The axes reach at least to `x_to` and to the values `y_to`, so that a growing curve need not move at every
    point. `floor` is a value that curves cannot fall below: a dashed line, always in range. `guess` is another such
    line, with finer dashes: what is above it is no better than a guess. Where both are in one row, one line has both
    names, and the label on the left is that of the floor. `mark` is an x: a line
    down behind the curves. What has no place (not finite, outside, <= 0 on a log axis) is left out. So are
    axes without room. With no points at all, `empty` is shown.
    """
    if width < 1 or height < 1:
        return [Strip([], 0)] * max(height, 0)
    styles = [axis_style, floor_style, mark_style, guess_style, *(curve.style for curve in curves)]
    styles += [curve.tip or curve.style for curve in curves]
    sheet = _Sheet(width, height, [background, *(background + style for style in styles)])
    framed = width >= MIN_WIDTH and height >= MIN_HEIGHT
    rows = height - 2 if framed else height
    layers = [(ink, c, p) for ink, c in enumerate(curves, CURVES) if (p := _points(c, log_x, log_y)).x.size]
    if not layers:
        if framed:
            _draw_frame(sheet, GUTTER, [], [], x_label)
        sheet.write((rows - 1) // 2, max(0, width - len(empty)) // 2, empty[:width], AXIS)
        return sheet.strips()

    reach = _positions(y_to, log_y)
    y_range = _range(
        np.concatenate([reach[~np.isnan(reach)], *(ends for _, _, p in layers for ends in (p.low, p.high))]), log_y
    )
    mark_at = float(_positions(mark, log_x))
    given = ((floor, floor_label, FLOOR), (guess, guess_label, GUESS))
    levels = [(float(_positions(value, log_y)), name, ink) for value, name, ink in given]
    levels = [level for level in levels if math.isfinite(level[0])]
    for level, _, _ in levels:
        y_range = _with_level(*y_range, level, rows)
    y = _Scale(*y_range, log_y, rows, DOT_ROWS)
    lines: dict[int, tuple[str, int]] = {}  # by row
    labels = []
    for level, name, ink in levels:
        row = rows - 1 - y.cell(level)
        if row in lines:
            lines[row] = f"{lines[row][0]}, {name}", lines[row][1]
            continue
        lines[row] = name, ink
        labels.append((row, short(10**level if log_y else level), ink))
    for cell, text in y.ticks(min(5, max(3, rows * 2 // 5))):
        row = rows - 1 - cell
        if all(abs(row - other) > (rows >= ROOMY) and text != label for other, label, _ in labels):
            labels.append((row, text, AXIS))
    gutter = max([GUTTER, *(len(text) for _, text, _ in labels)])
    left = gutter + 1 if framed else 0
    columns = width - left
    end = float(_positions(x_to, log_x))
    x_range = _range(np.concatenate([p.x for _, _, p in layers] + [[end]] * math.isfinite(end)), log_x, grow=True)
    x = _Scale(*x_range, log_x, columns, DOT_COLUMNS)
    if framed:
        whole = all(np.all(curve.x[np.isfinite(curve.x)] % 1 == 0) for _, curve, _ in layers)
        ticks = x.ticks(max(3, columns // 9), least=1.0 if whole else 0.0)
        _draw_frame(sheet, gutter, labels, [(left + cell, text) for cell, text in ticks], x_label)
    for row, (_, ink) in lines.items():
        sheet.write(row, left, ("┄" if ink == FLOOR else "┈") * columns, ink)
    if x.low <= mark_at <= x.high:
        sheet.glyphs[:rows, left + x.cell(mark_at)] = ord("┆")
        sheet.inks[:rows, left + x.cell(mark_at)] = MARK

    taken = np.zeros((rows, columns), dtype=np.uint32)  # the dots of all curves so far
    for ink, curve, points in layers:
        bits = _bits(points, x, y, joined=not curve.dots)
        taken |= bits
        sheet.glyphs[:rows, left:][bits > 0] = BRAILLE + taken[bits > 0]
        sheet.inks[:rows, left:][bits > 0] = ink
        last = x.cell(points.x[-1])
        sheet.inks[:rows, left + last][bits[:, last] > 0] = ink + len(curves)
    free = taken == 0
    for row, (name, ink) in lines.items():
        others = [other for other in lines if other != row]
        place = _name_place(free, row, f" {name} ", others=others, near=ink == GUESS)
        if place is not None:
            sheet.write(place[0], left + place[1], f" {name} ", ink)
            free[place[0], place[1] : place[1] + len(name) + 2] = False
    return sheet.strips()


def _name_place(
    free: NDArray[np.bool_], row: int, text: str, *, others: Sequence[int], near: bool
) -> tuple[int, int] | None:
    """Return the row and column for the name of a line at `row`: at its left end, or else with `near` wherever it
    covers no curve, on the line or in the row above or below that no other line lies in; None where there is no room.
    """
    rows, columns = free.shape
    size = len(text)
    if size >= columns:
        return None
    if not near:
        return (row, 1) if free[row, 1 : 1 + size].all() else None
    for at in (row, row - 1, row + 1):
        if not 0 <= at < rows or at in others:
            continue
        room = np.flatnonzero(np.lib.stride_tricks.sliding_window_view(free[at, 1:], size).all(axis=1))
        if len(room):
            return at, 1 + int(room[0])
    return None


@cache
def load_plotext() -> Any:
    """The library, loaded when it is first needed: it takes a tenth of a second."""
    import plotext

    plotext.terminal.limit(False, False)  # otherwise a chart is cut to the size of the terminal
    return plotext


def short(value: float, step: float = 0.0) -> str:
    """A number in about six characters, to the decimals of `step` or three digits: 2.60, 12.5k, 1e-5."""
    rounded = float(f"{value:.3g}")  # first, so that 999,999 is 1M and not 1000k
    digits = 3
    while step and digits < 15 and abs(rounded - value) > 0.01 * step:  # 20,005 is not 20k where 20,000 stands as well
        digits += 1
        rounded = float(f"{value:.{digits}g}")
    size = abs(rounded)
    if size <= max(TINY, step * 1e-6):
        return "0"
    if size >= 1e15 or size < 1e-3:
        return f"{rounded:.{max(6, digits)}g}".replace("e-0", "e-").replace("e+", "e")
    for unit, suffix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if size >= unit:
            return f"{rounded / unit:.{digits}g}{suffix}"
    step = step or 10.0 ** (math.floor(math.log10(size)) - 2)
    decimals = next((n for n in range(5) if math.isclose(step * 10**n, round(step * 10**n), rel_tol=1e-6)), 5)
    text = f"{value:.{decimals}f}"
    return text if len(text) <= 6 else f"{rounded:.{max(6, digits)}g}"


def _positions(values: ArrayLike | None, log: bool) -> Floats:
    """(n,) values, or one, to positions on a scale; NaN for those that have none, such as None."""
    given = np.asarray(values, dtype=np.float64)
    kept = np.where(np.isfinite(given) & ((given > 0) | (not log)), given, np.nan)
    kept = kept.clip(TINY if log else -HUGE, HUGE)
    return np.log10(kept) if log else kept


def _points(curve: Curve, log_x: bool, log_y: bool) -> _Points:
    x, a, b = _positions(curve.x, log_x), _positions(curve.low, log_y), _positions(curve.high, log_y)
    keep = np.isfinite(x) & np.isfinite(a) & np.isfinite(b)
    gaps: Ints = np.cumsum(~keep, dtype=np.intp)
    return _Points(x[keep], np.minimum(a, b)[keep], np.maximum(a, b)[keep], gaps[keep])


def _range(positions: Floats, log: bool, grow: bool = False) -> tuple[float, float]:
    """Lowest and highest of (n > 0,) positions; a single one gets room around it, or to its right."""
    low, high = float(positions.min()), float(positions.max())
    size = max(abs(low), abs(high))
    if high - low > max(size * 1e-9, TINY):
        return low, high
    room = 0.5 if log else size * 0.1 if size > TINY else 1.0
    return (low, low + max(1.0, size * 1e-3)) if grow else (low - room, low + room)


def _with_level(low: float, high: float, level: float, rows: int) -> tuple[float, float]:
    """Widen a range so that a level is at least in the middle of its row: with room, the last but one."""
    dots = (1.5 if rows >= ROOMY else 0.5) * DOT_ROWS - 0.5
    room = dots / (rows * DOT_ROWS - 1 - dots)
    high = max(high, level + (level - low) * room)
    return min(low, level - (high - level) * room), high


def _round_powers(low: float, high: float, wanted: int) -> list[tuple[float, float]]:
    """About `wanted` powers of ten from 10**low to 10**high, with their step; if few, 2 and 5 too."""
    exponents = range(math.floor(low), math.ceil(high) + 1)
    decades = [n for n in exponents if low - 1e-9 <= n <= high + 1e-9]
    if len(decades) >= 3:
        return [(10.0**n, 10.0**n) for n in decades[:: max(1, round(len(decades) / wanted))]]
    values = [(n + math.log10(m), m * 10.0**n) for n in exponents for m in (1, 2, 5)]
    return [(value, value) for at, value in values if low - 1e-9 <= at <= high + 1e-9]


def _round_values(low: float, high: float, wanted: int, least: float) -> list[tuple[float, float]]:
    """About `wanted` multiples of 1, 2, 2.5 or 5 times a power of ten, and of `least`, with their step."""
    if not high - low > TINY:
        return []
    unit = max(10.0 ** math.floor(math.log10((high - low) / wanted)), least)
    steps = [m * unit for m in (1, 2, 2.5, 5, 10) if not least or m * unit % least == 0]
    below, above = low - abs(low) * 1e-9, high + abs(high) * 1e-9
    ranges = [(s, range(math.ceil(below / s), math.floor(above / s) + 1)) for s in steps]
    step, counts = min(ranges, key=lambda choice: abs(len(choice[1]) - wanted))
    return [(count * step, step) for count in counts]


def _draw_frame(
    sheet: _Sheet, gutter: int, labels: list[tuple[int, str, int]], ticks: list[tuple[int, str]], x_label: str
) -> None:
    """The axes, with `labels` (row, text, ink) at the left one and `ticks` (column, text) under the other."""
    height, width = sheet.glyphs.shape
    for row in range(height - 2):
        sheet.write(row, gutter, "│", AXIS)
    for row, text, ink in labels:
        sheet.write(row, gutter - len(text), f"{text}┤", ink)
    sheet.write(height - 2, gutter, "└" + "─" * (width - gutter - 1), AXIS)
    spans = [(min(column - len(text) // 2, width - len(text)), column, text) for column, text in ticks]
    x_label = x_label if len(x_label) <= width // 3 else ""
    end = width - len(x_label)
    if spans and spans[-1][0] + len(spans[-1][2]) + 2 > end:  # no room behind the last number: "epoch 100"
        start, column, text = spans.pop()
        x_label = f"{x_label} {text}".lstrip()
        end = max(0, start + len(text) - len(x_label))
        sheet.write(height - 2, column, "┬", AXIS)
    sheet.write(height - 1, end, x_label, AXIS)
    free = 0
    for start, column, text in spans:
        if free <= start and start + len(text) < end:
            sheet.write(height - 1, start, text, AXIS)
            sheet.write(height - 2, column, "┬", AXIS)
            free = start + len(text) + 1


def _bits(points: _Points, x: _Scale, y: _Scale, *, joined: bool) -> Bits:
    """The braille bits of one curve, (rows, columns), as plotext draws it."""
    across = x.dots(points.x)
    starts = np.flatnonzero(np.r_[True, (np.diff(across) != 0) | (np.diff(points.gaps) != 0)])
    low = np.minimum.reduceat(y.dots(points.low), starts)
    high = np.maximum.reduceat(y.dots(points.high), starts)
    falling = np.r_[False, np.diff(low + high) < 0]  # a falling curve enters a column of dots at its top
    ends = np.stack([np.where(falling, high, low), np.where(falling, low, high)], axis=1).ravel()
    keep = np.stack([np.ones_like(falling), low != high], axis=1).ravel()
    # Middles of dots, in cells: plotext shifts positions by some thousandths, which must not change the dot.
    xs = ((across[starts].repeat(2) + 0.5) / DOT_COLUMNS)[keep].tolist()
    ys = ((ends + 0.5) / DOT_ROWS)[keep].tolist()
    figure: Any = load_plotext().figure.clear().axes(False).plot_size(x.cells, y.cells)
    for axis, cells in (("x", x.cells), ("y", y.cells)):
        figure.ruler(axis).frequency(0).lim(0, cells).alignment(lim="edge")
    signal = figure.signal(xs, ys, marker="braille").lines(joined)
    for start in np.flatnonzero(np.diff(points.gaps[starts].repeat(2)[keep])) + 1:
        signal.line(int(start), False)
    figure.draw(signal)
    text = figure.build().string(colorless=True)
    codes = np.frombuffer(text.encode("utf-32-le"), dtype="<u4").reshape(y.cells, x.cells + 1)[:, :-1]
    return np.where(codes >= BRAILLE, codes - BRAILLE, 0).astype(np.uint32)
