"""The row below the map: its colours with numbers, what the marks mean, and what is left out."""

import numpy as np
from rich.cells import cell_len

from rnn_tui.draw.field.map_scale import MEASURES, MapScale
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.palette import LEVELS, Palette
from rnn_tui.draw.kit.text_fit import first_that_fits
from rnn_tui.protocol.field import DIVERGED, DONE, FieldFacts, FieldPicture, Measure

__all__ = ["DIVERGED_SIGN", "ENDED", "GOING", "draw_scale", "marks_ended"]

GOING, ENDED, DIVERGED_SIGN = "·", "–", "✗"  # the marks of members
_FAINTEST = 4  # the level that the scale begins with


def marks_ended(picture: FieldPicture, measure: Measure) -> bool:
    """Tell whether members that have ended bear a mark though their value is known: while others go on."""
    return measure != "learnt" and not set(picture.states) <= {DONE, DIVERGED}


def draw_scale(
    canvas: Canvas,
    y: int,
    scale: MapScale,
    facts: FieldFacts,
    picture: FieldPicture,
    palette: Palette,
    *,
    sample: int | None = None,
) -> None:
    """Draw the colours from the best to the worst, with numbers, then what is left out, and what the marks mean.

    `sample`: so many members are shown; None: all of them.
    """
    name = f"learnt at {facts.unit}" if scale.measure == "learnt" else MEASURES[scale.measure]
    first, last = (scale.weak, scale.strong) if scale.measure == "norm" else (scale.strong, scale.weak)
    low, high, levels = scale.write(first), scale.write(last), range(_FAINTEST, LEVELS + 1, 2)
    signs = _signs_told(picture, scale.measure)
    told: list[str] = []
    if sample is not None:
        shown = f"{sample:,} of {facts.comparison.members:,}"
        room = canvas.width - len(low) - len(high) - len(levels) - 8
        long = f"a sample: {shown}, all beside [ ]"
        told = [first_that_fits((long, f"a sample: {shown}", f"sample: {shown}", shown, "sample"), room)]
    names = (name, name.partition(" at ")[0], "")
    taken = len(low) + len(high) + len(levels) + 5 + sum(cell_len(each) + 3 for each in told)
    name = first_that_fits(names, canvas.width - taken)
    tone = palette.back_cell if scale.measure == "norm" else palette.share_cell
    x = canvas.put(1, y, f"{name} {low} ".lstrip(), palette.dim)
    for level in levels if scale.measure == "norm" else reversed(levels):
        x = canvas.put(x, y, palette.shade(level) if palette.shaded else " ", tone(level))
    x = canvas.put(x, y, f" {high}", palette.dim)
    for text in [*told, *signs]:
        if x + 3 + cell_len(text) < canvas.width:
            x = canvas.put(x + 3, y, text, palette.dim)


def _signs_told(picture: FieldPicture, measure: Measure) -> list[str]:
    """Return what each mark means, of those that there are."""
    states = np.frombuffer(picture.states, np.uint8)
    unknown = np.ones(len(states), bool)
    if picture.measured is not None and len(picture.measured) == len(states):
        unknown = ~np.isfinite(picture.measured)
    ended = states == DONE
    told = []
    if (unknown & (states != DONE) & (states != DIVERGED)).any():
        told.append(f"{GOING} not yet")
    if measure == "learnt" and (ended & unknown).any():
        told.append(f"{ENDED} ended without")
    if marks_ended(picture, measure) and ended.any():
        told.append(f"{ENDED} ended")
    if (states == DIVERGED).any():
        told.append(f"{DIVERGED_SIGN} diverged")
    return told
