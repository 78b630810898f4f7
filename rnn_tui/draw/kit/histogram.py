"""How values are spread: a histogram of block characters, with the lowest, 0 and the highest marked below it."""

from collections.abc import Sequence

from rnn_tui.draw.kit.bars import UPWARD
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.numbers import compact
from rnn_tui.draw.kit.palette import Palette

__all__ = ["draw_histogram"]


def draw_histogram(
    canvas: Canvas,
    x: int,
    y: int,
    counts: Sequence[int],
    *,
    lowest: float,
    highest: float,
    width: int,
    height: int,
    palette: Palette,
) -> None:
    """Draw `height` rows of bars in at most `width` cells, and a row of marks. The fullest bin fills the height.

    A bin that is not empty is never blank. Where cells are few, neighbouring bins are merged.
    """
    counts = _merged(counts, width)
    if width < 3 or not counts or not max(counts):
        return
    size = width // len(counts)
    most = max(counts)
    for at, count in enumerate(counts):
        level = max(1, round(count / most * 8 * height)) if count else 0
        for row in range(height):
            block = UPWARD[max(0, min(8, level - 8 * (height - 1 - row)))]
            canvas.fill(x + at * size, y + row, size, palette.text, block)
    width = size * len(counts)
    low, high = compact(lowest, 3), compact(highest, 3)
    y += height
    canvas.fill(x, y, width, palette.faint, "─")
    if lowest < 0 < highest:
        canvas.put(x + min(width - 1, int(-lowest / (highest - lowest) * width)), y, "0", palette.accent)
    if len(low) + len(high) + 6 <= width:
        zero = int(-lowest / (highest - lowest) * width) if lowest < 0 < highest else -1
        if not -1 < zero <= len(low):
            canvas.put(x, y, low + " ", palette.dim)
        if zero < width - len(high) - 1:
            canvas.put(x + width - len(high) - 1, y, " " + high, palette.dim)


def _merged(counts: Sequence[int], width: int) -> list[int]:
    """Merge neighbours until there are at most `width`."""
    together = -(-len(counts) // max(1, width))
    return [sum(counts[at : at + together]) for at in range(0, len(counts), together)] if counts else []
