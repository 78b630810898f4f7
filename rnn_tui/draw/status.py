"""The two lines at the top: what is running, and where it is."""

from textual.strip import Strip

from rnn_tui.common.glyphs import safe
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.numbers import compact, count, duration
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.script_status import draw_script_status
from rnn_tui.draw.status_parts import STATES, ViewStatus, device_text, put_parts, put_view, rate_text
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.engine_messages import Opened
from rnn_tui.protocol.frame import Status

__all__ = ["describe_flow", "describe_network", "draw_status", "speed_name"]

_SHORTEST_BAR = 12  # cells of the progress, and what stands around it


def describe_network(experiment: Experiment) -> str:
    """Describe the network in a few words: `one-hot 5 → RNN 5 → direct`."""
    network = experiment.network
    cell = network.kind.label
    cell = {"fused": cell, "cell": f"{cell}Cell", "written-out": f"written-out {cell}"}[network.implementation]
    cell = network.kind.label if network.kind.is_module else cell
    size = f"{network.hidden_size}×{network.layers}" if network.layers > 1 else f"{network.hidden_size}"
    both = " ⇄" if network.bidirectional else ""
    features, classes = experiment.features or "…", experiment.classes or "…"  # a text has to be read first
    first = f"embedding {network.embedding}" if network.embedding else f"one-hot {features}"
    if experiment.is_numbers:
        first = "number" if features == 1 else f"{features} numbers"
    head = f" → {'tied ' if network.tied else ''}linear {classes}" if network.head == "linear" else ""
    norm = " norm" if network.layer_norm else ""
    dropout = f" dropout {network.dropout:g}" if network.dropout else ""
    return f"{first} → {cell} {size}{both}{norm}{dropout}{head}"


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
    view: ViewStatus,
) -> list[Strip]:
    """Draw two strips; where the width is short, what matters least is left out."""
    if opened.subject is not None:
        return draw_script_status(opened, opened.subject, status, width=width, palette=palette, view=view)
    canvas = Canvas(width, 2)
    experiment, training = opened.experiment, opened.experiment.training
    x = canvas.put(1, 0, safe(experiment.name), palette.accent)
    device = device_text(opened.device, status.gpu)
    parts = [*_essentials(experiment, status, device, width - x), device]
    parts += [f"{count(opened.weights)} weights"] if experiment.vocabulary else []
    parts += [f"seed {training.seed}", *([opened.origin] if opened.origin else []), f"torch {opened.torch}"]
    put_parts(canvas, x, 0, parts, palette.dim, palette)
    state = "▶ slow motion" if status.slow and status.state == "playing" else STATES[status.state]
    style = palette.right if status.state == "playing" else palette.accent
    x = canvas.put(1, 1, state, style)
    why = "after this tick" if status.state == "playing" else "computing"
    x = put_view(canvas, x, palette, view, why=why)
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
    pace = f"{status.slow:g} phase{'' if status.slow == 1 else 's'}/s" if status.slow else speed_name(status.speed)
    if status.state == "playing" and not status.speed and not status.slow:
        rate = rate_text(status.ticks_per_second)
        pace += f", {rate} {'tick' if rate == '1' else 'ticks'}/s"
    facts.append(pace)
    if status.seconds_left is not None:  # of all facts the first to go
        left = f"{duration(status.seconds_left)} left"
        line = x + sum(3 + len(fact) for fact in (*facts, left))
        facts += [left] if line + _SHORTEST_BAR < width else []
    x = put_parts(canvas, x, 1, facts, palette.text, palette)
    if status.epochs and x + _SHORTEST_BAR < width:
        _draw_progress(canvas, x + 3, min(30, width - x - 5), done / status.epochs, palette)
    return canvas.strips()


def _essentials(experiment: Experiment, status: Status, device: str, room: int) -> list[str]:
    """Return the network and how it learns, in as many words as leave room for the device."""
    network, training = experiment.network, experiment.training
    size = f"{network.hidden_size}×{network.layers}" if network.layers > 1 else f"{network.hidden_size}"
    networks = (describe_network(experiment), f"{network.kind.label} {size}")
    if not training.learn:
        rates: tuple[str, ...] = ("forward only",)
    else:
        rate = f"{status.lr:.3g}"
        schedule = "" if training.schedule == "constant" else f" {training.schedule}"
        made = max(0, status.update - 1) // training.accumulate
        schedule = " warm-up" if made < training.warmup else schedule
        clip = f" clip {training.clip:g}" if training.clip else ""
        rate = f"{status.lr:g}" if not schedule else rate
        rates = (f"{training.optimizer} lr {rate}{schedule}{clip}", f"{training.optimizer} lr {rate}", f"lr {rate}")
    forms = [[network, rate] for network in networks for rate in rates]
    ellipsis = 2
    return next((form for form in forms if sum(3 + len(each) for each in (*form, device)) + ellipsis < room), forms[-1])


def _tick(status: Status, unit: str) -> str:
    """Return the tick, and the newest one if the screen is in the past."""
    of = f" of {count(status.newest)}" if status.tick < status.newest else ""
    return f"tick {count(status.tick)}{of} by {unit}"


def _draw_progress(canvas: Canvas, x: int, width: int, part: float, palette: Palette) -> None:
    full = round(min(1.0, part) * width)
    canvas.fill(x, 1, full, palette.accent, "━")
    rest = "─" if palette.shaded else "━"  # else the colour tells it
    canvas.fill(x + full, 1, width - full, palette.faint, rest)
