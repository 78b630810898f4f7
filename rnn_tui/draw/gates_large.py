"""Gates in large: those of one unit as high bars, with their values at the time cursor, and its cell c below them."""

import math
from collections.abc import Sequence

from rich.style import Style
from textual.strip import Strip

from rnn_tui.common.glyphs import safe
from rnn_tui.common.value import Value
from rnn_tui.common.wording import step_name
from rnn_tui.draw.gate_means import gate_name
from rnn_tui.draw.gates_verdict import told
from rnn_tui.draw.kit.bars import UPWARD
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.heatmap import draw_ruler, mark_cursor
from rnn_tui.draw.kit.numbers import nice_above, probability, signed
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.text_fit import first_that_fits, put_note
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.protocol.inspect.gates import GatesFacts, GateValues

__all__ = ["draw_gates_large", "has_large_gates"]

_HIGHEST = 9  # rows of a bar
_LOWEST = 2  # below which the usual picture is clearer
_RULER, _WORDS = 1, 2  # rows: of the input; of the sentence above and of what the bars are, where they have room


class _Bars(Value, frozen=True, kw_only=True):
    """One gate of one unit, in rows of cells from `top` on."""

    gate: GateValues
    values: Sequence[float]  # (f,)
    top: int
    tall: int

    @property
    def rows_up(self) -> int:
        """The rows above 0: all of them where nothing is below it."""
        known = [each for each in self.values if math.isfinite(each)]
        if min(known, default=0.0) >= 0:
            return self.tall
        return 0 if max(known, default=0.0) <= 0 else self.tall // 2


def has_large_gates(facts: GatesFacts, height: int) -> bool:
    """Return whether there is room for high bars."""
    return bool(facts.gates) and not facts.note and (height - _RULER) // len(facts.gates) >= _LOWEST


def draw_gates_large(
    facts: GatesFacts,
    *,
    width: int,
    height: int,
    axis: TimeAxis,
    palette: Palette,
    inputs: Sequence[str],
    cursor: int | None,
    unit: int,
) -> list[Strip]:
    """Draw the gates of the selected unit, and in a sentence what those of all units do."""
    canvas = Canvas(width, height)
    top = put_note(canvas, facts.note, palette, alone=not facts.gates)
    units = facts.units.tolist()
    if not units:
        return canvas.strips()
    place = units.index(unit) if unit in units else 0
    has_words = (height - top - _RULER - _WORDS) // len(facts.gates) >= _LOWEST
    ruler = height - _RULER - has_words
    if has_words:
        canvas.put(1, top, told(facts, width - 2), palette.text)
        shown = f"unit {units[place] + 1} of {facts.hidden_size}"
        forms = (f"bars: {shown}, its values at the cursor", f"bars: {shown}", shown)
        canvas.put(1, height - 1, first_that_fits(forms, width - 2), palette.dim)
        top += 1
    tall, more = divmod(max(0, ruler - top), len(facts.gates))
    for gate in facts.gates:
        rows = min(_HIGHEST, tall + (more if gate is facts.gates[-1] else 0))  # c, the last one, has what is left
        bars = _Bars(gate=gate, values=gate.values[place].tolist(), top=top, tall=max(1, rows - (rows > _LOWEST)))
        _draw_label(canvas, bars, facts, axis, palette, cursor)
        _draw_bars(canvas, bars, facts.first, axis, palette)
        if cursor is not None and cursor in axis.steps:
            mark_cursor(canvas, axis, cursor, range(top, top + bars.tall), ruler, palette)
        top += rows
    draw_ruler(canvas, ruler, axis, palette, inputs)
    if cursor is not None and cursor in axis.steps:
        mark_cursor(canvas, axis, cursor, range(0), ruler, palette)
    return canvas.strips()


def _draw_label(
    canvas: Canvas, bars: _Bars, facts: GatesFacts, axis: TimeAxis, palette: Palette, cursor: int | None
) -> None:
    """Write the name of a gate, and its value at the cursor in large rows below it."""
    gate, room = bars.gate, axis.gutter - 2
    bold = Style(bold=True)
    canvas.put(1, bars.top, first_that_fits((gate_name(gate), safe(gate.name)), room), palette.accent)
    at = -1 if cursor is None else cursor - facts.first
    if bars.tall < _LOWEST or not 0 <= at < len(bars.values):
        return
    value = bars.values[at]
    text = signed(value, 6) if gate.signed or not math.isfinite(value) else probability(value, 4)
    when = step_name(cursor or 0)
    canvas.put(1, bars.top + 1, first_that_fits((f"{text} {when}", text), room), palette.text + bold)


def _draw_bars(canvas: Canvas, bars: _Bars, first: int, axis: TimeAxis, palette: Palette) -> None:
    """Draw a bar for each time step: up from 0, and down from it where a value is negative."""
    gate = bars.gate
    largest = gate.largest or max((abs(each) for each in bars.values if math.isfinite(each)), default=1.0)
    if gate.name == "c":  # of this unit: others may be much larger
        largest = max((abs(each) for each in bars.values if math.isfinite(each)), default=1.0)
    scale = nice_above(max(largest, 1e-9)) if gate.signed else 1.0
    up, zero = bars.rows_up, bars.top + bars.rows_up
    gap = axis.column > 2
    for step in axis.steps:
        at, x, width = step - first, axis.x(step), axis.column - gap
        if not 0 <= at < len(bars.values):
            canvas.put(x, bars.top + bars.tall - 1, "·", palette.faint)
            continue
        value = bars.values[at]
        if not math.isfinite(value):
            canvas.fill(x, bars.top, width, palette.warning, "!")
            continue
        part = max(-1.0, min(1.0, value / scale))
        style = palette.share(1.0) if not gate.signed else _ink(palette, part)
        eighths = round(abs(part) * (8 * (up if part >= 0 else bars.tall - up) - 1))  # one is free between the bars
        for row in range(math.ceil(max(1, eighths) / 8)):
            filled = min(8, max(1, eighths) - 8 * row)
            if part >= 0 and up:
                canvas.fill(x, zero - 1 - row, width, style, UPWARD[filled])
            elif part < 0 and filled == 8:
                canvas.fill(x, zero + row, width, style, "█")
            elif part < 0:  # hangs from above
                canvas.fill(x, zero + row, width, style, "▀" if filled >= 3 else "▔")


def _ink(palette: Palette, part: float) -> Style:
    """Return the colour of a signed value as a foreground: one for each sign."""
    background = palette.cell(palette.level(1.0 if part >= 0 else -1.0, 1.0)).bgcolor
    return palette.text if background is None else Style.from_color(background)
