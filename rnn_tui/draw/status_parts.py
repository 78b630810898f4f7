"""What the status lines of rnn-tui's own runs and of scripts have in common."""

from rich.style import Style

from rnn_tui.common.value import Value
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.numbers import count
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.protocol.frame import GpuLoad

__all__ = ["STATES", "ViewStatus", "device_text", "put_parts", "put_view", "rate_text"]

STATES = {"playing": "▶ playing", "paused": "‖ paused", "done": "■ done", "loading": "… loading torch"}


class ViewStatus(Value, frozen=True, kw_only=True):
    """What the status lines show of a view itself."""

    views: int = 1  # that look at the run
    controls: bool = True  # whether this one has them, or only watches
    flow: str = ""  # how the terminal keeps up
    waits: int = 0  # keys pressed that the engine has not come to yet


def put_parts(canvas: Canvas, x: int, y: int, parts: list[str], style: Style, palette: Palette) -> int:
    """Write the parts that have room from x on, and an ellipsis for the others; return where the parts end."""
    left_out = False
    for number, part in enumerate(parts):
        ends = number == len(parts) - 1 and not left_out  # else there must be room for the ellipsis
        if x + 3 + len(part) + (0 if ends else 2) >= canvas.width:
            left_out = True
            continue
        canvas.put(x, y, " · ", palette.faint)
        x = canvas.put(x + 3, y, part, style)
    canvas.put(x, y, " …" if left_out else "", palette.faint)
    return x


def device_text(name: str, load: GpuLoad | None) -> str:
    """Return the device, and for a GPU how busy it is and how much of its memory is in use."""
    if load is None:
        return name
    busy = "" if load.busy is None else f" {load.busy:.0%}"
    return f"{name}{busy} {load.used / 2**30:.1f}/{load.total / 2**30:.0f} GiB"


def rate_text(ticks: float) -> str:
    """Write ticks a second; below one with a decimal or two, as a slow run does not stand still."""
    return f"{ticks:.1g}" if 0.001 <= ticks < 0.95 else count(ticks)


def put_view(canvas: Canvas, x: int, palette: Palette, view: ViewStatus, *, why: str) -> int:
    """Write the status of this view: keys that wait and `why`, the controls, other views, the terminal."""
    if view.waits:
        keys = f" ({view.waits} keys)" if view.waits > 1 else ""
        x = canvas.put(x, 1, f" · key heard: {why}{keys}", palette.accent)
    if not view.controls:
        x = canvas.put(x, 1, " · watching (T drives)", palette.accent)
    elif view.views > 1:
        x = canvas.put(x, 1, f" · {view.views} views", palette.dim)
    if view.flow and x + 3 + len(view.flow) < canvas.width:
        x = canvas.put(x, 1, f" · {view.flow}", palette.accent)
    return x
