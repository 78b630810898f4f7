"""A plane of coordinates on the screen: the part of it that is shown, and which dot and cell a point falls on.

The part shown fits the points and holds still from frame to frame. Braille dots are square in most terminals, so one
unit would be as long on both axes; where that wastes a pane's room, it is up to four times as long on one of them.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnn_tui.common.value import Value
from rnn_tui.draw.kit.text_fit import note_lines
from rnn_tui.protocol.inspect.space import SpaceFacts

__all__ = ["DOT_COLUMNS", "DOT_ROWS", "Ints", "Plane", "Points", "Window", "lay_out_space", "space_window"]

DOT_COLUMNS, DOT_ROWS = 2, 4  # of a braille character
_STRETCH = 4.0  # times longer that a unit may be on one axis than on the other
_SHRINK = 0.5  # of the window's size: points that need less get a smaller one
_PARTS = 8  # a window's ends are multiples of a round number, of which it has at most so many and two more
_ROUND = (1, 2, 5, 10)


class Window(NamedTuple):
    """The coordinates that are shown."""

    left: float
    right: float
    bottom: float
    top: float


Points = NDArray[np.float32]
Ints = NDArray[np.intp]


class Plane(Value, frozen=True, kw_only=True):
    """Where coordinates lie on the screen: the window's middle is in the middle of the cells from (left, top) on."""

    left: int
    top: int
    width: int
    height: int
    window: Window
    x_unit: float  # dots per 1
    y_unit: float

    def dots(self, points: Points) -> Ints:
        """Return the dots of (..., 2) coordinates, right and down from the corner; on the edge for those outside."""
        columns, rows = DOT_COLUMNS * self.width, DOT_ROWS * self.height
        middle = np.array([self.window.left + self.window.right, self.window.bottom + self.window.top]) / 2
        corner = np.array([columns - 1, rows - 1]) / 2
        places = (np.asarray(points, np.float64) - middle) * (self.x_unit, -self.y_unit) + corner
        found: Ints = np.rint(places).clip(0, (columns - 1, rows - 1)).astype(np.intp)
        return found

    def cells(self, points: Points) -> Ints:
        """Return the cells of the pane for (..., 2) coordinates."""
        found: Ints = self.dots(points) // (DOT_COLUMNS, DOT_ROWS) + (self.left, self.top)
        return found


def space_window(facts: SpaceFacts, before: Window | None) -> Window:
    """Return the coordinates to show, between round numbers on each axis.

    An axis stays what it was `before` while everything fits and fills a good part of it, so that the picture holds
    still.
    """
    ends = []
    for axis in (0, 1):
        values = [facts.points[..., axis].ravel(), facts.start[..., axis].ravel()]
        if facts.fixed is not None:
            values.append(facts.fixed[:, axis])
        if facts.lowest is not None and facts.highest is not None:
            values.append(np.array([facts.lowest[axis], facts.highest[axis]], np.float32))
        elif facts.furthest[axis]:
            values.append(np.array([-facts.furthest[axis], facts.furthest[axis]], np.float32))
        every = np.concatenate(values).astype(np.float64)
        every = every[np.isfinite(every)]
        ends.append(_ends(every, None if before is None else before[2 * axis : 2 * axis + 2]))
    return Window(*ends[0], *ends[1])


def _ends(values: NDArray[np.float64], before: tuple[float, ...] | None) -> tuple[float, float]:
    """Return the ends of one axis."""
    if not len(values):
        return (before[0], before[1]) if before else (-1.0, 1.0)
    low, high = float(values.min()), float(values.max())
    if before and before[0] <= low and high <= before[1] and high - low >= _SHRINK * (before[1] - before[0]):
        return before[0], before[1]
    size = high - low
    if size <= 1e-6 * max(abs(low), abs(high)):  # a single point
        low, high = low - max(1.0, abs(low)) / 2, high + max(1.0, abs(high)) / 2
        size = high - low
    power = 10.0 ** math.floor(math.log10(size / _PARTS))
    step = next(step for round_ in _ROUND if (step := round_ * power) >= size / _PARTS * (1 - 1e-9))
    return math.floor(low / step + 1e-6) * step, math.ceil(high / step - 1e-6) * step


def lay_out_space(facts: SpaceFacts, *, width: int, height: int, window: Window) -> Plane:
    """Fit the plane into a pane: all of it, except for the note above and a line of words below."""
    top = len(note_lines(facts.note, width, height, alone=not facts.points.size))
    rows = max(1, height - top - (height - top > 3))
    columns = max(1, width)
    across = max(1, DOT_COLUMNS * columns - 3) / (window.right - window.left)
    down = max(1, DOT_ROWS * rows - 3) / (window.top - window.bottom)
    return Plane(
        left=0,
        top=top,
        width=columns,
        height=rows,
        window=window,
        x_unit=min(across, _STRETCH * down),
        y_unit=min(down, _STRETCH * across),
    )
