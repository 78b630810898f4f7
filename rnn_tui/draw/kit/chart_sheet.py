"""The cells of a chart, characters and the indices of their styles; and a chart that can still be written on."""

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from rnn_tui.common.value import Value
from rnn_tui.draw.kit.chart_dots import Bits
from rnn_tui.draw.kit.chart_scale import AxisScale, positions

__all__ = ["ChartSheet", "DrawnChart"]


class ChartSheet:
    """Characters and the indices of their styles, (height, width) each."""

    def __init__(self, width: int, height: int, background: Style) -> None:
        self.glyphs = np.full((height, width), ord(" "), dtype="<u4")
        self.inks = np.zeros((height, width), dtype=np.intp)
        self.grounds = np.zeros((height, width), dtype=np.intp)
        self._styles = {background: 0}  # with their indices, in their order
        self._backgrounds = {Style(): 0}
        self._background = background

    def ink(self, style: Style) -> int:
        """Return the index of a style, laid over the background."""
        return self._number(self._background + style)

    def _number(self, drawn: Style) -> int:
        return self._styles.setdefault(drawn, len(self._styles))

    def ground(self, style: Style) -> int:
        """Return the index of a background, laid over the style of a cell."""
        return self._backgrounds.setdefault(style, len(self._backgrounds))

    def background(self, ground: int) -> Style:
        """Return the background of an index."""
        return list(self._backgrounds)[ground]

    def write(self, row: int, column: int, text: str, style: Style) -> None:
        """Write a text that fits its row."""
        self.glyphs[row, column : column + len(text)] = [ord(character) for character in text]
        self.inks[row, column : column + len(text)] = self.ink(style)

    def strips(self) -> list[Strip]:
        """Return a strip for each row, equal neighbours joined in one segment."""
        if not self.glyphs.size:
            return [Strip([], 0)] * len(self.glyphs)
        strips = []
        known: dict[int, Style] = {}
        styles, backgrounds = list(self._styles), list(self._backgrounds)
        looks = self.inks + len(self._styles) * self.grounds
        for glyphs, row in zip(self.glyphs, looks, strict=True):
            text = glyphs.tobytes().decode("utf-32-le")
            edges = [0, *(np.flatnonzero(np.diff(row)) + 1).tolist(), len(text)]
            numbers = row[edges[:-1]].tolist()
            for number in numbers:
                if number not in known:
                    ground, ink = divmod(number, len(styles))
                    known[number] = styles[ink] + backgrounds[ground] if ground else styles[ink]
            pieces = zip(pairwise(edges), numbers, strict=True)
            strips.append(Strip([Segment(text[a:b], known[number]) for (a, b), number in pieces], len(text)))
        return strips

    def tint(self, rows: slice, column: int, style: Style) -> None:
        """Lay a style over some cells of a column."""
        before, styles = self.inks[rows, column].copy(), list(self._styles)
        for ink in np.unique(before).tolist():
            tinted = self._number(styles[ink] + style)
            self.inks[rows, column][before == ink] = tinted

    def copy(self) -> "ChartSheet":
        """Return a sheet that can be drawn on while this one stays as it is."""
        other = ChartSheet(0, 0, self._background)
        other.glyphs, other.inks, other._styles = self.glyphs.copy(), self.inks.copy(), {**self._styles}
        other.grounds, other._backgrounds = self.grounds.copy(), {**self._backgrounds}
        return other


class DrawnChart(Value, frozen=True, kw_only=True):
    """A chart that can still be written on. Rows count from the top, columns from the left end of the plot."""

    sheet: ChartSheet
    left: int  # cells on the left of the plot
    x: AxisScale | None = None  # None: no curve has a point
    y: AxisScale | None = None
    dots: dict[int, Bits]  # of each curve that has points, by its place among the curves; (rows, columns)
    taken: NDArray[np.bool_]  # (rows, columns) where something is written or drawn that should be seen

    def row_of(self, value: float) -> int | None:
        """Return the row of a value; None where it has no place."""
        at = math.nan if self.y is None else float(positions(value, self.y.log))
        return None if self.y is None or not self.y.low <= at <= self.y.high else self.y.cells - 1 - self.y.cell(at)

    def column_of(self, value: float) -> int | None:
        """Return the column of a position on the x axis; None where it has no place."""
        at = math.nan if self.x is None else float(positions(value, self.x.log))
        return None if self.x is None or not self.x.low <= at <= self.x.high else self.x.cell(at)

    def value_at(self, column: int) -> float:
        """Return the position on the x axis in the middle of a column; NaN where there is none."""
        if self.x is None:
            return math.nan
        at = self.x.low + (self.x.high - self.x.low) * (column + 0.5) / self.x.cells
        return 10.0**at if self.x.log else at

    def write(self, row: int, column: int, text: str, style: Style) -> bool:
        """Write a text of narrow characters where nothing else stands; return whether there was room for it."""
        end = column + len(text)
        if column < 0 or self.left + end > self.sheet.glyphs.shape[1] or self.taken[row, column:end].any():
            return False
        self.sheet.write(row, self.left + column, text, style)
        self.taken[row, column:end] = True
        return True

    def strips(self) -> list[Strip]:
        """Return a strip for each row."""
        return self.sheet.strips()
