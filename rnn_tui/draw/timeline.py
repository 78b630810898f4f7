"""The time line of a run: from tick 0 to the newest, with the tick on the screen marked."""

from textual.strip import Strip

from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.numbers import count
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.protocol.frame import Status

__all__ = ["draw_timeline", "tick_at"]

_MARGIN = 1


def _line(status: Status, width: int, unit: str) -> tuple[int, int, str, str]:
    """Return where the line begins, how many cells it has, and the texts at its ends."""
    left = f"{status.branch} " if status.branches > 1 else ""
    left += f"{unit} 0 "
    right = f" {count(status.newest)}"
    if status.branches > 1:
        right += f" · {status.branches} branches (b)"
    start = _MARGIN + len(left)
    return start, max(2, width - start - len(right) - _MARGIN), left, right


def tick_at(status: Status, width: int, x: int, unit: str = "tick") -> int:
    """Return the tick of a cell of the line; cells beside it have the tick of the nearest end."""
    start, size, _, _ = _line(status, width, unit)
    part = min(max((x - start) / (size - 1), 0.0), 1.0)
    return round(part * status.newest)


def draw_timeline(status: Status, *, width: int, palette: Palette, unit: str = "tick") -> Strip:
    """Draw one strip: what is past in full colour, what lies ahead of the tick on the screen faint.

    `unit` is what a tick is called: an update, where a script is watched.
    """
    canvas = Canvas(width, 1)
    start, size, left, right = _line(status, width, unit)
    place = round(status.tick / status.newest * (size - 1)) if status.newest else 0
    back = status.tick < status.newest
    canvas.put(_MARGIN, 0, left, palette.dim)
    canvas.fill(start, 0, size, palette.faint, "─")
    canvas.fill(start, 0, place, palette.accent if back else palette.dim, "━")
    canvas.put(start + place, 0, "◆" if back else "●", palette.accent)
    canvas.put(start + size, 0, right, palette.dim)
    if back:
        text = f" {unit} {count(status.tick)} "
        x = start + place + 2 if place < size // 2 else start + place - 1 - len(text)
        canvas.put(max(start, x), 0, text, palette.accent)
    return canvas.strips()[0]
