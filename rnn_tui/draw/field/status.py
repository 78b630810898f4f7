"""The two lines at the top of a field: how many networks there are, which one is shown, and how they do."""

from textual.strip import Strip

from rnn_tui.common.glyphs import safe
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.numbers import compact, count
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.status_parts import STATES, ViewStatus, put_parts, put_view, rate_text
from rnn_tui.protocol.engine_messages import Opened
from rnn_tui.protocol.field import FieldFacts, FieldPicture
from rnn_tui.protocol.frame import Status

__all__ = ["draw_field_status", "field_counts"]


def draw_field_status(
    opened: Opened,
    status: Status,
    *,
    facts: FieldFacts,
    picture: FieldPicture | None,
    member: int,
    width: int,
    palette: Palette,
    view: ViewStatus,
) -> list[Strip]:
    """Draw two strips; where the width is short, what matters least is left out."""
    canvas = Canvas(width, 2)
    comparison = facts.comparison
    x = canvas.put(1, 0, safe(comparison.base.name), palette.accent)
    shown = f"shown: {safe(comparison.words(member))}"
    parts = [f"{comparison.members:,} networks", shown, opened.device, f"torch {opened.torch}"]
    put_parts(canvas, x, 0, parts, palette.dim, palette)
    x = canvas.put(1, 1, STATES[status.state], palette.right if status.state == "playing" else palette.accent)
    why = "after this update" if status.state == "playing" else "computing"
    x = put_view(canvas, x, palette, view, why=why)
    progress = [] if picture is None else _progress(facts, picture, status)
    put_parts(canvas, x, 1, progress, palette.text, palette)
    return canvas.strips()


def field_counts(picture: FieldPicture, members: int, *, has_right: bool = True) -> list[str]:
    """Return how many networks have learnt it, are learning, have ended and have diverged, each if any has."""
    found = [f"{picture.learnt:,} of {members:,} learnt"] if has_right else []
    for number, name in ((picture.going, "learning"), (picture.done, "done"), (picture.diverged, "diverged")):
        found += [f"{number:,} {name}"] if number else []
    return found


def _progress(facts: FieldFacts, picture: FieldPicture, status: Status) -> list[str]:
    epochs = facts.comparison.base.training.epochs
    of = f"/{count(epochs)}" if facts.counts_epochs and epochs else ""
    told = [f"{facts.unit} {count(picture.newest)}{of}"]
    told += field_counts(picture, facts.comparison.members, has_right=facts.has_right)
    if not facts.has_right:  # so that nobody looks for what is not there
        what = "the loss held out" if facts.has_held_out else "the loss"
        told.append(f"compared by {what}, not by who has learnt it")
    if picture.updates_per_second and status.state == "playing":
        told.append(f"{rate_text(picture.updates_per_second)} updates/s")
    if status.loss is not None:
        told.append(f"loss shown {compact(status.loss)}")
    return told
