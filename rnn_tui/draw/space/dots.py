"""Points of a plane as braille dots."""

import numpy as np
from rich.style import Style

from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.space.plane import DOT_COLUMNS, DOT_ROWS, Ints, Plane, Points

__all__ = ["draw_dots", "put_dots"]

_BRAILLE = 0x2800
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])  # of each dot of a cell


def draw_dots(canvas: Canvas, plane: Plane, points: Points, style: Style) -> None:
    """Draw points (n, 2) in one style; what is not finite or outside the plane is left out."""
    window = plane.window
    x, y = points[:, 0], points[:, 1]
    with np.errstate(invalid="ignore"):
        inside = (x >= window.left) & (x <= window.right) & (y >= window.bottom) & (y <= window.top)
    put_dots(canvas, plane, plane.dots(points[inside]), style)


def put_dots(canvas: Canvas, plane: Plane, dots: Ints, style: Style) -> None:
    """Put dots (n, 2), right and down from the plane's corner, on the canvas; they take whole cells."""
    grid = np.zeros((DOT_ROWS * plane.height, DOT_COLUMNS * plane.width), np.intp)
    grid[dots[:, 1], dots[:, 0]] = 1
    bits = (grid.reshape(plane.height, DOT_ROWS, plane.width, DOT_COLUMNS) * _BITS[None, :, None, :]).sum((1, 3))
    for row, column in np.argwhere(bits).tolist():
        canvas.put(plane.left + column, plane.top + row, chr(_BRAILLE + int(bits[row, column])), style)
