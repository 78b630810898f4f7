"""What a chart has beside its curves: axes, levels, a mark."""

from rich.style import Style

from rnn_tui.common.value import Value

__all__ = ["ChartAxes", "Level", "Mark"]


class ChartAxes(Value, frozen=True, kw_only=True):
    """The two axes: they reach at least to `x_to` and to the values `y_to`, so that they hold still for a while.

    Charts that share a y axis have the same `y_to`, and the levels of all of them, their own included, in `y_levels`.
    """

    style: Style
    log_x: bool = False
    log_y: bool = False
    x_to: float | None = None
    y_to: tuple[float, ...] = ()
    y_levels: tuple[float, ...] = ()  # empty: the chart's own levels
    x_label: str = "epoch"


class Level(Value, frozen=True, kw_only=True):
    """A value with a name, as a dotted line across the chart, exact to the dot; always in range.

    Where two share a row, the line and the label on the left are those of the first, and the name is of both.
    """

    value: float | None  # None: it is not there
    name: str
    style: Style
    sparse: bool = False  # one dot in a cell, in the place of two
    near: bool = False  # its name may stand beside it where curves leave no room on the line


class Mark(Value, frozen=True, kw_only=True):
    """A position on the x axis, as a line down behind the curves."""

    x: float | None  # None: it is not there
    style: Style
