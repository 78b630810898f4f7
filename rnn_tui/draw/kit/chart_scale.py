"""The scales of a chart, linear and logarithmic: values to cells and dots, round ticks, and their labels."""

import math

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnn_tui.draw.kit.numbers import with_minus

__all__ = [
    "DOT_COLUMNS",
    "DOT_ROWS",
    "AxisScale",
    "Floats",
    "Ints",
    "evenly",
    "positions",
    "range_of",
    "short",
    "with_level",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

DOT_COLUMNS, DOT_ROWS = 2, 4  # the dots of a braille character
_HUGE, _TINY = 1e300, 1e-300  # beyond these the arithmetic of a scale would leave the floats
_LARGEST_POWER = 300  # of ten
_ROOMY = 8  # rows from which a level has a free row below it


class AxisScale(msgspec.Struct, frozen=True):
    """One axis: maps positions (values, or their decimal logarithms) to cells of `size` dots."""

    low: float
    high: float
    log: bool
    cells: int
    size: int
    step: float | None = None  # the distance of its ticks, in positions; None: it is looked for

    def dots(self, positions: Floats) -> Ints:
        """Return the (n,) dots of (n,) positions, counted from the low end; the nearest end for those outside."""
        fraction = ((positions - self.low) / (self.high - self.low)).clip(0, 1)
        dots: Ints = np.rint(fraction * (self.cells * self.size - 1)).astype(np.intp)
        return dots

    def cell(self, position: ArrayLike) -> int:
        """Return the cell of one position, counted from the low end."""
        return int(self.dots(np.asarray(position))) // self.size

    def dot_in_cell(self, position: ArrayLike) -> int:
        """Return the dot of one position within its cell, counted from the low end."""
        return int(self.dots(np.asarray(position))) % self.size

    def ticks(self, wanted: int, least: float = 0.0) -> list[tuple[int, str]]:
        """Return the cells and labels of about `wanted` round values, ascending; if linear, multiples of `least`."""
        low, high, pairs = self.low, self.high, []
        if self.step is not None:
            numbers = range(math.ceil(low / self.step - 1e-6), math.floor(high / self.step + 1e-6) + 1)
            places = [number * self.step for number in numbers]
            places = [each for each in places if not self.log or abs(each) < _LARGEST_POWER]
            values = [10.0**place if self.log else place for place in places]
            steps = values if self.log else [self.step] * len(values)
            return [(self.cell(at), short(v, step)) for at, v, step in zip(places, values, steps, strict=True)]
        if self.log:  # the floor may have widened the range beyond what a float can hold
            low, high = max(low, math.log10(_TINY)), min(high, math.log10(_HUGE))
            low, high, pairs = 10.0**low, 10.0**high, _round_powers(low, high, wanted)
        pairs = pairs if len(pairs) >= 3 else _round_values(low, high, wanted, least)
        return [(self.cell(positions(value, self.log)), short(value, step)) for value, step in pairs]


def positions(values: ArrayLike | None, log: bool) -> Floats:
    """Return the (n,) positions of (n,) values, or of one, on a scale; NaN for those without one, such as None."""
    given = np.asarray(values, dtype=np.float64)
    kept = np.where(np.isfinite(given) & ((given > 0) | (not log)), given, np.nan)
    kept = kept.clip(_TINY if log else -_HUGE, _HUGE)
    return np.log10(kept) if log else kept


def range_of(positions: Floats, log: bool, grow: bool = False) -> tuple[float, float]:
    """Return the lowest and highest of (n > 0,) positions; a single one gets room around it, with `grow` above it."""
    low, high = float(positions.min()), float(positions.max())
    size = max(abs(low), abs(high))
    if high - low > max(size * 1e-9, _TINY):
        return low, high
    room = 0.5 if log else size * 0.1 if size > _TINY else 1.0
    return (low, low + max(1.0, size * 1e-3)) if grow else (low - room, low + room)


def evenly(
    low: float, high: float, *, log: bool, dots: int, cells: int, wanted: int
) -> tuple[tuple[float, float], float | None]:
    """Widen a range of positions so that its ticks stand in the middle of cells, a whole number of them apart.

    Return their distance too; None: there is none, and the range is as it was. On a logarithmic axis it is in decades.
    """
    size = high - low
    if cells < 4 or not size > max(_TINY, 1e-9 * max(abs(low), abs(high))) or max(abs(low), abs(high)) > _HUGE / 1e3:
        return (low, high), None
    found: list[tuple[float, float, float, float]] = []
    for step, oddness in _steps(size, wanted, log=log):
        apart = math.floor(step * (cells - 1) / size * (1 + 1e-12))  # a cell is left to move the range by
        if apart < 1:
            continue
        dot = step / (apart * dots)
        off = (0.5 * dots - math.ceil(low / step - 1e-6) * step / dot + low / dot) % dots  # of the ticks, in dots
        begin = low - off * dot
        end = begin + (cells * dots - 1) * dot
        count = cells / apart
        # What it costs: room beside the data, too few or too many ticks, and a step that is less round.
        found.append(((end - begin) / size + abs(math.log(count / wanted)) / 6 + oddness, begin, end, step))
    if not found:
        return (low, high), None
    _, begin, end, step = min(found)
    return (begin, end), step


def _steps(size: float, wanted: int, *, log: bool) -> list[tuple[float, float]]:
    """Return the distances that ticks may have in a range of this size, each with how little round it is."""
    if log:
        return [(float(each), 0.0) for each in range(1, math.floor(size / 2) + 1)]
    unit = 10.0 ** math.floor(math.log10(size / wanted))
    multiples = (
        (0.5, 0.0),
        (1, 0.0),
        (2, 0.0),
        (2.5, 0.03),
        (3, 0.08),
        (4, 0.03),
        (5, 0.0),
        (6, 0.08),
        (10, 0.0),
        (20, 0.0),
    )
    return [(multiple * unit, oddness) for multiple, oddness in multiples]


def with_level(low: float, high: float, level: float, rows: int) -> tuple[float, float]:
    """Widen a range so that a level lies at least in the middle of its row: of the last but one where there is room."""
    dots = (1.5 if rows >= _ROOMY else 0.5) * DOT_ROWS - 0.5
    room = dots / (rows * DOT_ROWS - 1 - dots)
    high = max(high, level + (level - low) * room)
    return min(low, level - (high - level) * room), high


def short(value: float, step: float = 0.0) -> str:
    """Write a number in about six characters, to the decimals of `step` or to three digits: 2.60, 12.5k, 1e−5."""
    return with_minus(_short(value, step))


def _short(value: float, step: float) -> str:
    rounded = float(f"{value:.3g}")  # first, so that 999,999 is 1M and not 1000k
    digits = 3
    while step and digits < 15 and abs(rounded - value) > 0.01 * step:  # 20,005 is not 20k where 20,000 stands as well
        digits += 1
        rounded = float(f"{value:.{digits}g}")
    size = abs(rounded)
    if size <= max(_TINY, step * 1e-6):
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


def _round_powers(low: float, high: float, wanted: int) -> list[tuple[float, float]]:
    """Return about `wanted` powers of ten from 10**low to 10**high, with their step; if few, 2 and 5 too."""
    exponents = range(math.floor(low), math.ceil(high) + 1)
    decades = [n for n in exponents if low - 1e-9 <= n <= high + 1e-9]
    if len(decades) >= 3:
        return [(10.0**n, 10.0**n) for n in decades[:: max(1, round(len(decades) / wanted))]]
    values = [(n + math.log10(m), m * 10.0**n) for n in exponents for m in (1, 2, 5)]
    return [(value, value) for at, value in values if low - 1e-9 <= at <= high + 1e-9]


def _round_values(low: float, high: float, wanted: int, least: float) -> list[tuple[float, float]]:
    """Return about `wanted` multiples of 1, 2, 2.5 or 5 times a power of ten, and of `least`, with their step."""
    if not high - low > _TINY:
        return []
    unit = max(10.0 ** math.floor(math.log10((high - low) / wanted)), least)
    steps = [m * unit for m in (1, 2, 2.5, 5, 10) if not least or m * unit % least == 0]
    below, above = low - abs(low) * 1e-9, high + abs(high) * 1e-9
    ranges = [(s, range(math.ceil(below / s), math.floor(above / s) + 1)) for s in steps]
    step, counts = min(ranges, key=lambda choice: abs(len(choice[1]) - wanted))
    return [(count * step, step) for count in counts]
