"""The cell, in numbers: the equation of one time step with the real values put in."""

from collections.abc import Sequence
from textwrap import wrap

import numpy as np
from textual.strip import Strip

from rnn_tui.common.glyphs import safe
from rnn_tui.draw.cell.equation import before
from rnn_tui.draw.cell.gated import draw_gated
from rnn_tui.draw.cell.module import draw_module
from rnn_tui.draw.cell.plain import draw_plain
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.matrix import draw_legend, legend_size
from rnn_tui.draw.kit.numbers import with_minus
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.text_fit import cut, first_that_fits
from rnn_tui.experiment.cell_kinds import CellKind
from rnn_tui.protocol.inspect.cell import CellFacts

__all__ = ["draw_cell"]

_NARROW = 100  # below it the legend takes two rows
_LOW = 20  # unless there are fewer rows than this


def draw_cell(
    facts: CellFacts, *, width: int, height: int, palette: Palette, kind: CellKind, character: str
) -> list[Strip]:
    """Draw the equation, its numbers for the selected unit, then all units that fit, and what is left out.

    `character` is the glyph that is read at this step.
    """
    canvas = Canvas(width, height)
    names = tuple(gate.name for gate in facts.gates)
    if (
        names != kind.gate_names and not kind.is_module
    ) or not facts.units.size:  # nothing, or about another kind of cell
        for y, line in enumerate(wrap(safe(facts.note), max(8, width - 2))):
            canvas.put(1, y, line, palette.dim)
        return canvas.strips()
    foot = 2 if width < _NARROW and height >= _LOW else 1  # rows
    foot = max(0, height - foot - bool(facts.compared) - bool(facts.note))
    body = Canvas(width, foot)
    scales: Sequence[tuple[str, float]]
    if kind.is_module:
        shown, scales = draw_module(body, facts, palette=palette)
    elif kind.is_gated:
        shown, scales = draw_gated(body, facts, kind, character=character, palette=palette)
    else:
        shown, scales = draw_plain(body, facts, character=character, palette=palette)
    return body.strips() + _foot(facts, shown, scales, width, height - foot, palette)


def _foot(
    facts: CellFacts, shown: int, scales: Sequence[tuple[str, float]], width: int, height: int, palette: Palette
) -> list[Strip]:
    """Write the note, the result of the comparison, what is left out, and what the colours mean."""
    canvas = Canvas(width, height)
    y = 0
    if facts.note:
        canvas.put(1, y, cut(safe(facts.note), width - 2), palette.accent)
        y += 1
    if facts.compared is not None:
        difference = facts.compared.difference
        number = with_minus(f"{difference:.1e}")
        steps = facts.compared.steps
        over = "up to here" if steps == facts.step + 1 else f"over {steps} step{'s' if steps > 1 else ''}"
        texts = (f"largest difference {over} {number}", f"differs by at most {number}")
        text = next((each for each in texts if len(each) < width), f"Δ {number}")
        canvas.put(1, y, text, palette.text if np.isfinite(difference) else palette.warning)
        y += 1
    selected = f"▸ unit {facts.unit + 1}"
    left_out = [
        f"{part} of {whole} {name}"
        for part, whole, name in (
            (shown, facts.hidden_size, "units"),
            (len(facts.features), facts.input_size, "features"),
            (len(facts.states), facts.hidden_size, before(facts)),
        )
        if part < whole
    ]
    x = 1
    for text in (selected, *left_out):
        if x + len(text) > width and y + 1 < height:
            x, y = 1, y + 1
        x = canvas.put(x, y, text, palette.accent) + 2
    names: dict[float, list[str]] = {}
    for name, scale in scales:
        names.setdefault(scale, []).append(name)
    legends = [(", ".join(each), scale) for scale, each in names.items()]
    short = [f"{name} ±{scale:g}" for name, scale in legends]
    for at, (name, scale) in enumerate(legends):
        if x + legend_size(name, scale) > width and y + 1 < height:
            x, y = 1, y + 1
        rest = sum(2 + len(each) for each in short[at + 1 :]) if y + 1 == height else 0  # room that others need
        if x + legend_size(name, scale) + rest <= width:
            x = draw_legend(canvas, x, y, name, scale, palette) + 2
        else:
            x = canvas.put(x, y, first_that_fits((short[at], "…"), width - x), palette.dim) + 2
    return canvas.strips()
