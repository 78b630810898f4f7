"""A plane of coordinates on the screen: its steady scale, and which dot and cell a point falls on.

Braille dots are square in most terminals, so one unit would be as long on both axes; where that wastes a pane's room,
it is up to twice as long on one of them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnn_tui.draw.kit.numbers import nice_above
from rnn_tui.draw.kit.text_fit import note_lines
from rnn_tui.protocol.inspect.space import SpaceFacts

__all__ = ["DOT_COLUMNS", "DOT_ROWS", "Plane", "Points", "lay_out_space", "space_scale"]

DOT_COLUMNS, DOT_ROWS = 2, 4  # of a braille character
_STRETCH = 2.0  # times longer that a unit may be on one axis than on the other
_SHRINK = 0.5  # of the scale: a picture that needs less gets a smaller one
_STEPS = (1, 1.5, 2, 3, 5, 7, 10)
_FINE = 1e9  # so that scales below 1 are round as well
_FLATTEST = 4  # times smaller that the scale of the second axis is

Points = NDArray[np.float32]
Ints = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Plane:
    """Where coordinates lie on the screen: 0, 0 is in the middle of the cells from (left, top) on."""

    left: int
    top: int
    width: int
    height: int
    x_scale: float  # the coordinate at the marks of an axis
    y_scale: float
    x_unit: float  # dots per 1
    y_unit: float

    def dots(self, points: Points) -> Ints:
        """Return the dots of (..., 2) coordinates, right and down from the corner; on the edge for those outside."""
        columns, rows = DOT_COLUMNS * self.width, DOT_ROWS * self.height
        places = np.asarray(points, np.float64) * (self.x_unit, -self.y_unit) + ((columns - 1) / 2, (rows - 1) / 2)
        found: Ints = np.rint(places).clip(0, (columns - 1, rows - 1)).astype(np.intp)
        return found

    def cells(self, points: Points) -> Ints:
        """Return the cells of the pane for (..., 2) coordinates."""
        found: Ints = self.dots(points) // (DOT_COLUMNS, DOT_ROWS) + (self.left, self.top)
        return found


def space_scale(facts: SpaceFacts, before: float) -> float:
    """Return the largest coordinate that the axes show, a round number.

    It stays what it was `before` (0: there was none) while everything fits and fills a good part of it, so that the
    picture holds still.
    """
    largest = max(_largest(facts.points), _largest(facts.start), *facts.furthest)
    if largest == 0:
        return before or 1.0
    return before if _SHRINK * before <= largest <= before else nice_above(largest * _FINE, _STEPS) / _FINE


def _largest(values: Points) -> float:
    return float(np.abs(values[np.isfinite(values)]).max(initial=0.0))


def lay_out_space(facts: SpaceFacts, *, width: int, height: int, scale: float) -> Plane:
    """Fit the plane into a pane: all of it, except for the note above and a line of words below."""
    top = len(note_lines(facts.note, width, height, alone=not facts.points.size))
    rows = max(1, height - top - (height - top > 3))
    columns = max(1, width)
    y_scale, highest = scale, max(_largest(facts.points[..., 1]), facts.furthest[1])
    while y_scale > scale / _FLATTEST and 1.1 * highest <= y_scale / 2:  # the second component is the smaller one
        y_scale /= 2
    across = max(1, DOT_COLUMNS * columns - 3) / 2 / scale
    down = max(1, DOT_ROWS * rows - 3) / 2 / y_scale
    return Plane(
        left=0,
        top=top,
        width=columns,
        height=rows,
        x_scale=scale,
        y_scale=y_scale,
        x_unit=min(across, _STRETCH * down),
        y_unit=min(down, _STRETCH * across),
    )
