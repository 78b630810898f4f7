"""The two lines at the top where a script is watched: which, what is shown of it, and how far it is."""

import signal
from contextlib import suppress

from rich.style import Style
from textual.strip import Strip

from rnn_tui.common.glyphs import safe
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.numbers import compact, count
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.text_fit import cut
from rnn_tui.draw.status_parts import ViewStatus, device_text, put_parts, put_view, rate_text
from rnn_tui.protocol.engine_messages import Opened
from rnn_tui.protocol.frame import Status
from rnn_tui.protocol.subject import Subject

__all__ = ["describe_end", "draw_script_status"]

_SCRIPT_SHARE = 0.4  # of the line, for the command line of the script
_MOST_RATES = 3  # of parameter groups that are named


def describe_end(exit_code: int | None) -> str:
    """Return how a script has ended: `ended with exit code 1`, `ended by SIGKILL`."""
    if exit_code is None:
        return "ended"
    if exit_code >= 0:
        return f"ended with exit code {exit_code}"
    name = f"signal {-exit_code}"
    with suppress(ValueError):
        name = signal.Signals(-exit_code).name
    return f"ended by {name}"


def draw_script_status(
    opened: Opened,
    subject: Subject,
    status: Status,
    *,
    width: int,
    palette: Palette,
    view: ViewStatus,
) -> list[Strip]:
    """Draw two strips; where the width is short, what matters least is left out."""
    canvas = Canvas(width, 2)
    x = canvas.put(1, 0, cut(safe(subject.script), max(12, int(_SCRIPT_SHARE * width))), palette.accent)
    put_parts(canvas, x, 0, _facts(opened, subject, status, width), palette.dim, palette)
    text, style = _state(status, palette)
    x = canvas.put(1, 1, text, style)
    why = "after this update" if status.state == "playing" else "computing"
    x = put_view(canvas, x, palette, view, why=why)
    put_parts(canvas, x, 1, _progress(status), palette.text, palette)
    return canvas.strips()


def _facts(opened: Opened, subject: Subject, status: Status, width: int) -> list[str]:
    """Return what is known of the network and of its training, most important first."""
    names, parts = subject.networks, []
    if subject.network < len(names):
        of = f" ({subject.network + 1} of {len(names)}: M)" if len(names) > 1 else ""
        parts.append(f"{safe(names[subject.network]) or 'the model'}{of}")
    facts = safe(subject.network_facts)
    if facts:
        parts += [facts] if len(facts) <= width // 3 else facts.split(", ")  # then the first of them may fit
    if status.state != "loading":
        parts += [f"{count(opened.weights)} weights"] if opened.weights else []
        parts += [f"{safe(subject.optimizer)} lr {status.lr:.3g}{_groups(status)}"] if subject.optimizer else []
        parts += [device_text(safe(opened.device), status.gpu), f"torch {safe(opened.torch)}"]
    return parts


def _groups(status: Status) -> str:
    """Name the learning rates of all parameter groups, where they differ."""
    rates = dict.fromkeys(f"{each:.3g}" for each in status.lr_groups)
    return (
        f" (groups {', '.join(list(rates)[:_MOST_RATES])}{', …' * (len(rates) > _MOST_RATES)})"
        if len(rates) > 1
        else ""
    )


def _state(status: Status, palette: Palette) -> tuple[str, Style]:
    """Return what the script does, or how it has ended, and a style for it."""
    match status.state:
        case "playing":
            return "▶ running", palette.right
        case "paused":
            return "‖ held", palette.accent
        case "done":
            return f"■ {describe_end(status.exit_code)}", palette.wrong if status.exit_code else palette.accent
    return "… starting", palette.accent


def _progress(status: Status) -> list[str]:
    """Return how far the script is."""
    if status.state == "loading":
        return []
    of = f" of {count(status.newest)}" if status.tick < status.newest else ""
    parts = [f"update {count(status.tick)}{of}"]
    parts += [f"loss {compact(status.loss)}"] if status.loss is not None else []
    if status.state == "playing" and status.tick and status.ticks_per_second:
        rate = rate_text(status.ticks_per_second)
        limit = f" (at most {status.speed:g})" if status.speed else ""
        parts.append(f"{rate} {'update' if rate == '1' else 'updates'}/s{limit}")
    return parts
