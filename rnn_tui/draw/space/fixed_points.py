"""Fixed points over the paths of the state: ● where it is stable, ○ where states leave it in some directions."""

import numpy as np

from rnn_tui.common.wording import counted
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.numbers import with_minus
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.space.plane import Plane, Window, lay_out_space
from rnn_tui.protocol.inspect.space import SpaceFacts

__all__ = ["draw_fixed_points", "fixed_point_at", "fixed_points_in_words"]

_NEAR = 3.0  # cells, counted in heights, within which a point is meant


def draw_fixed_points(canvas: Canvas, plane: Plane, facts: SpaceFacts, palette: Palette) -> None:
    """Draw the points; of several in one cell the most stable, which come first."""
    fixed, unstable = _known(facts)
    taken: set[tuple[int, int]] = set()
    for (x, y), ways in zip(plane.cells(fixed).tolist(), unstable, strict=True):
        if (x, y) not in taken:
            taken.add((x, y))
            canvas.put(x, y, "○" if ways else "●", palette.accent if ways else palette.right)


def fixed_points_in_words(facts: SpaceFacts) -> tuple[str, ...]:
    """Return how many there are of which kind, in ever fewer words."""
    _, unstable = _known(facts)
    if not unstable:
        return ("no fixed point found", "none found")
    stable = sum(not ways for ways in unstable)
    left = [ways for ways in unstable if ways]
    by_ways = ", ".join(f"{left.count(ways)} in {ways}" for ways in sorted(set(left)))
    saddles = f"○ {counted(len(left), 'saddle')}"
    head = f"● {stable} stable"
    long = f"{head}   {saddles}, left in so many directions: {by_ways}"
    return (long, f"{head}   {saddles}: {by_ways}", f"{head} {saddles}", f"● {stable} ○ {len(left)}")


def fixed_point_at(facts: SpaceFacts, x: int, y: int, *, width: int, height: int, window: Window) -> str:
    """Return what the fixed point nearest to a cell is like, if one is near; else an empty text."""
    fixed, unstable = _known(facts)
    if not len(fixed) or facts.largest is None:
        return ""
    cells = lay_out_space(facts, width=width, height=height, window=window).cells(fixed)
    away = np.hypot((cells[:, 0] - x) / 2, cells[:, 1] - y)  # a cell is about twice as high as wide
    at = int(away.argmin())
    if away[at] > _NEAR:
        return ""
    first, second = fixed[at].tolist()
    kind = f"left in {counted(unstable[at], 'direction')}" if unstable[at] else "stable"
    text = f"fixed point, {kind} · largest |λ| {facts.largest[at]:.4f} · PC1 {first:+.6f} · PC2 {second:+.6f}"
    return with_minus(text)


def _known(facts: SpaceFacts) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.float32]], list[int]]:
    """Return the points (m, 2) that are finite, and in how many directions each is left."""
    if facts.fixed is None or facts.unstable is None:
        return np.zeros((0, 2), np.float32), []
    return facts.fixed, facts.unstable.tolist()
