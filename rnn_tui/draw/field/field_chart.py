"""A chart of a field with its legend, which can be asked what stands at a cell."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from textual.strip import Strip

from rnn_tui.draw.kit.chart import DrawnChart

__all__ = ["FieldChart"]


@dataclass(frozen=True)
class FieldChart:
    """The rows of a legend, and the chart below them; None: there is no room for it."""

    above: Sequence[Strip]
    chart: DrawnChart | None
    height: int

    def strips(self) -> list[Strip]:
        """Return a strip for each row."""
        if self.chart is None:
            return [*self.above, *[Strip([], 0)] * self.height][: self.height]
        return [*self.above, *self.chart.strips()]

    def value_at(self, x: int) -> float:
        """Return the position on the x axis of a cell of the picture; NaN where there is none."""
        if (
            self.chart is None
            or self.chart.x is None
            or not self.chart.left <= x < self.chart.left + self.chart.x.cells
        ):
            return math.nan
        return self.chart.value_at(x - self.chart.left)
