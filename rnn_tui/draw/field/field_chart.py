"""A chart of a field with its legend, which can be asked what stands at a cell."""

import math
from collections.abc import Sequence

import msgspec
from textual.strip import Strip

from rnn_tui.draw.kit.chart import DrawnChart

__all__ = ["FieldChart"]


class FieldChart(msgspec.Struct, frozen=True):
    """The rows of a legend, and the chart below them."""

    above: Sequence[Strip]
    chart: DrawnChart

    def strips(self) -> list[Strip]:
        """Return a strip for each row."""
        return [*self.above, *self.chart.strips()]

    def value_at(self, x: int) -> float:
        """Return the position on the x axis of a cell of the picture; NaN where there is none."""
        chart = self.chart
        if chart.x is None or not chart.left <= x < chart.left + chart.x.cells:
            return math.nan
        return chart.value_at(x - chart.left)
