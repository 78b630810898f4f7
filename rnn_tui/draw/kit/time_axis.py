"""The one time axis: which cells of a pane belong to which time step. Computed once and used by every pane."""

from rnn_tui.common.value import Value

__all__ = ["GUTTER", "TimeAxis"]

GUTTER = 11  # cells on the left for labels
_WIDEST = 40  # cells a time step takes at most


class TimeAxis(Value, frozen=True, kw_only=True):
    """The columns of `count` time steps from `first` on, `column` cells each, to the right of the gutter."""

    column: int
    first: int
    count: int
    length: int  # of the whole sequence
    gutter: int = GUTTER

    @classmethod
    def fit(
        cls, width: int, length: int, *, narrowest: int = 1, gutter: int = GUTTER, first: int = 0, longest: int = 0
    ) -> "TimeAxis":
        """Fit an axis into a pane of `width` cells. Where not all steps fit, it shows a window of them.

        `longest`: the length of the longest sequence, if others share the columns.
        """
        room = max(0, width - gutter)
        column = max(narrowest, min(_WIDEST, room // max(length, longest)))
        count = max(0, min(length, room // column))
        return cls(column=column, first=max(0, min(first, length - count)), count=count, length=length, gutter=gutter)

    @property
    def steps(self) -> range:
        """The time steps that are shown."""
        return range(self.first, self.first + self.count)

    @property
    def right(self) -> int:
        """The first cell to the right of the last column."""
        return self.gutter + self.count * self.column

    def x(self, step: int) -> int:
        """Return the first cell of a time step's column."""
        return self.gutter + (step - self.first) * self.column

    def middle(self, step: int) -> int:
        """Return the middle cell of a time step's column, where characters, boxes and arrows stand."""
        return self.x(step) + (self.column - 1) // 2

    def step_at(self, x: int) -> int | None:
        """Return the time step at a cell, or None beside the columns."""
        step = self.first + (x - self.gutter) // self.column if x >= self.gutter else -1
        return step if step in self.steps else None
