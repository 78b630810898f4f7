"""The two lines at the top: what is running, and where it is."""

from rich.style import Style
from textual.strip import Strip

from rnn_tui.common.glyphs import safe
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.numbers import compact, count, duration
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.engine_messages import Opened
from rnn_tui.protocol.frame import GpuLoad, Status

__all__ = ["describe_flow", "describe_network", "draw_status", "speed_name"]

_SHORTEST_BAR = 12  # cells of the progress, and what stands around it
_STATES = {"playing": "▶ playing", "paused": "‖ paused", "done": "■ done", "loading": "… loading torch"}


def describe_network(experiment: Experiment) -> str:
    """Describe the network in a few words: `one-hot 5 → RNN 5 → direct`."""
    network = experiment.network
    cell = network.kind.label
    cell = {"fused": cell, "cell": f"{cell}Cell", "written-out": f"written-out {cell}"}[network.implementation]
    size = f"{network.hidden_size}×{network.layers}" if network.layers > 1 else f"{network.hidden_size}"
    both = " ⇄" if network.bidirectional else ""
    classes = experiment.classes or "…"  # a text has to be read first
    first = f"embedding {network.embedding}" if network.embedding else f"one-hot {classes}"
    first = "number" if experiment.is_numbers else first
    head = f" → linear {classes}" if network.head == "linear" else ""
    dropout = f" dropout {network.dropout:g}" if network.dropout else ""
    return f"{first} → {cell} {size}{both}{dropout}{head}"


def speed_name(speed: float) -> str:
    """Return the pace in words."""
    return f"{speed:g} tick{'' if speed == 1 else 's'}/s" if speed else "full speed"


def describe_flow(frames: float, sent: float, lag: float | None) -> str:
    """Describe what goes to the terminal: frames and bytes a second, and the delay of its answers."""
    late = "" if lag is None else f", {1000 * lag:.0f} ms late"
    return f"{frames:.0f} frames/s, {sent / 1000:.1f} KB/s{late}"


def draw_status(
    opened: Opened,
    status: Status,
    *,
    width: int,
    palette: Palette,
    views: int = 1,
    controls: bool = True,
    flow: str = "",
    waits: int = 0,
) -> list[Strip]:
    """Draw two strips; where the width is short, what matters least is left out.

    `views` look at the run, and this one has the controls, or only watches. `flow`: how the terminal keeps up.
    `waits` counts the keys pressed that the engine has not come to yet.
    """
    canvas = Canvas(width, 2)
    experiment, training = opened.experiment, opened.experiment.training
    x = canvas.put(1, 0, safe(experiment.name), palette.accent)
    parts = [opened.origin] if opened.origin else []
    parts += [describe_network(experiment)]
    parts += [f"{count(opened.weights)} weights"] if experiment.vocabulary else []
    if training.learn:
        clip = f" clip {training.clip:g}" if training.clip else ""
        rate = f"{status.lr:g}" if training.schedule == "constant" else f"{status.lr:.3g} {training.schedule}"
        parts.append(f"{training.optimizer} lr {rate}{clip}")
    else:
        parts.append("forward only")
    parts += [f"seed {training.seed}", _device(opened.device, status.gpu), f"torch {opened.torch}"]
    _put_parts(canvas, x, 0, parts, palette.dim, palette)
    state = "▶ slow motion" if status.slow and status.state == "playing" else _STATES[status.state]
    style = palette.right if status.state == "playing" else palette.accent
    x = canvas.put(1, 1, state, style)
    if waits:
        why = "after this tick" if status.state == "playing" else "computing"
        keys = f" ({waits} keys)" if waits > 1 else ""
        x = canvas.put(x, 1, f" · key heard: {why}{keys}", palette.accent)
    if not controls:
        x = canvas.put(x, 1, " · watching (T drives)", palette.accent)
    elif views > 1:
        x = canvas.put(x, 1, f" · {views} views", palette.dim)
    if flow and x + 3 + len(flow) < width:
        x = canvas.put(x, 1, f" · {flow}", palette.accent)
    epochs = f"/{count(status.epochs)}" if status.epochs else ""
    done = (max(0, status.update - 1) + status.fed / experiment.length) / status.batches  # of epochs
    facts = [f"epoch {count(status.epoch)}{epochs}" if status.batches == 1 else f"epoch {done:.2f}{epochs}"]
    if training.learn:
        so_far = status.running_loss is not None
        facts.append(f"loss so far {compact(status.running_loss)}" if so_far else f"loss {compact(status.loss)}")
    name = "pass" if training.accumulate > 1 else "update"
    facts += [f"{name} {count(status.update)}"] if status.batches > 1 else []
    if status.batches == 1 or training.tick == "character" or status.tick < status.newest:
        facts.append(_tick(status, training.tick))
    pace = f"{status.slow:g} phases/s" if status.slow else speed_name(status.speed)
    if status.state == "playing" and not status.speed and not status.slow:
        rate = _rate(status.ticks_per_second)
        pace += f", {rate} {'tick' if rate == '1' else 'ticks'}/s"
    facts.append(pace)
    if status.seconds_left is not None:  # of all facts the first to go
        left = f"{duration(status.seconds_left)} left"
        line = x + sum(3 + len(fact) for fact in (*facts, left))
        facts += [left] if line + _SHORTEST_BAR < width else []
    x = _put_parts(canvas, x, 1, facts, palette.text, palette)
    if status.epochs and x + _SHORTEST_BAR < width:
        _draw_progress(canvas, x + 3, min(30, width - x - 5), done / status.epochs, palette)
    return canvas.strips()


def _put_parts(canvas: Canvas, x: int, y: int, parts: list[str], style: Style, palette: Palette) -> int:
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


def _device(name: str, load: GpuLoad | None) -> str:
    """Return the device, and for a GPU how busy it is and how much of its memory is in use."""
    if load is None:
        return name
    busy = "" if load.busy is None else f" {load.busy:.0%}"
    return f"{name}{busy} {load.used / 2**30:.1f}/{load.total / 2**30:.0f} GiB"


def _rate(ticks: float) -> str:
    """Write ticks a second; below one with a decimal or two, as a slow run does not stand still."""
    return f"{ticks:.1g}" if 0.001 <= ticks < 0.95 else count(ticks)


def _tick(status: Status, unit: str) -> str:
    """Return the tick, and the newest one if the screen is in the past."""
    of = f" of {count(status.newest)}" if status.tick < status.newest else ""
    return f"tick {count(status.tick)}{of} by {unit}"


def _draw_progress(canvas: Canvas, x: int, width: int, part: float, palette: Palette) -> None:
    full = round(min(1.0, part) * width)
    canvas.fill(x, 1, full, palette.accent, "━")
    rest = "─" if palette.shaded else "━"  # else the colour tells it
    canvas.fill(x + full, 1, width - full, palette.faint, rest)
