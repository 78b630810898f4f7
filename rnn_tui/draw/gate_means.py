"""The mean of each gate over all units: a bar for each time step, its numbers, and a word for what the gate does."""

import math
from collections.abc import Sequence

from rich.cells import cell_len
from rich.style import Style

from rnn_tui.common.glyphs import safe
from rnn_tui.common.value import Value
from rnn_tui.common.wording import step_name
from rnn_tui.draw.kit.bars import UPWARD
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.numbers import percent, probability
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.text_fit import first_that_fits
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.protocol.inspect.gates import SLOPE, GatesFacts, GateSummary, GateValues

__all__ = ["MeanRow", "draw_means", "gate_name", "mean_rows"]

_OPEN, _SHUT = 0.9, 0.1  # means from which on a gate is as good as open, or shut
_MOSTLY, _HARDLY = 2 / 3, 1 / 3
TURN = 0.2  # a change of the mean from one step to the next that is worth a word
_NUMBERED = 8  # cells of a column from which each step has its number beside its bar
_END = 3  # cells of the number at an end


class MeanRow(Value, frozen=True, kw_only=True):
    """One gate: its mean over all units at each time step of the window, and what that comes to."""

    name: str  # "forget f"
    means: Sequence[float]  # (f,) in 0 to 1
    words: Sequence[str]  # the longest form first
    turn_at: int  # the time step to which the mean changes most; -1: it hardly changes
    turns_most: bool  # of all gates


def gate_name(gate: GateValues) -> str:
    """Return the name of a gate with its letter, as in "forget f"; the letter alone where it has no other name."""
    return safe(f"{gate.word} {gate.name}".lstrip())


def mean_rows(facts: GatesFacts) -> list[MeanRow]:
    """Return a row for each gate between 0 and 1; none of an older engine, or where there are no gates."""
    gates = [gate for gate in facts.gates if gate.name != SLOPE and not gate.signed and gate.means is not None]
    turns = [0.0 if gate.summary is None else _size(gate.summary.turn) for gate in gates]
    most = max(turns, default=0.0)
    return [
        MeanRow(
            name=gate_name(gate),
            means=[] if gate.means is None else gate.means.tolist(),
            words=_words(gate, gate.summary),
            turn_at=gate.summary.turn_at if gate.summary is not None and turn >= TURN else -1,
            turns_most=turn >= TURN and turn == most,
        )
        for gate, turn in zip(gates, turns, strict=True)
    ]


def _size(turn: float) -> float:
    return abs(turn) if math.isfinite(turn) else 0.0


def _words(gate: GateValues, summary: GateSummary | None) -> tuple[str, ...]:
    """Return what a gate does in the whole sequence: that it turns, else whether it is open or shut."""
    if summary is None or not math.isfinite(summary.mean):
        return ()
    begin, end = summary.begin, summary.end
    if _size(summary.turn) >= TURN and abs(summary.turn_at - begin) > 1:  # not while it starts
        verb = "opens" if summary.turn > 0 else "closes"
        at = step_name(summary.turn_at)
        brief = f"{'opens' if summary.turn > 0 else 'shuts'} {at}"
        if summary.turn_at == end:
            return (f"{verb} at the last step", f"{verb} at {at}", brief, verb)
        return (f"{verb} at {at}", brief, verb)
    if summary.mean >= _OPEN:
        return (gate.opened or "open",)
    if summary.mean <= _SHUT:
        return (gate.shut, "shut") if gate.shut else ("shut",)
    word = "mostly open" if summary.mean >= _MOSTLY else "half open" if summary.mean > _HARDLY else "mostly shut"
    return (word, f"{percent(summary.mean)} open")


def draw_means(
    canvas: Canvas,
    y: int,
    rows: Sequence[MeanRow],
    *,
    tall: int,
    first: int,
    axis: TimeAxis,
    palette: Palette,
    cursor: int | None,
) -> None:
    """Draw the rows from `y` on, each `tall` rows of cells high; `first` is the time step of their first mean.

    Numbers stand at every bar where a column has room for them, else those of both ends: beside the bars, or in them.
    """
    room = canvas.width - axis.right - 2
    for row in rows:
        style = palette.accent if row.turns_most else palette.text
        canvas.put(0, y, "◆" if row.turns_most else " ", palette.accent)
        canvas.put(1, y, first_that_fits((row.name, row.name[-1:]), axis.gutter - 2), style)
        numbered = axis.column >= _NUMBERED
        text = first_that_fits(_beside(row, numbered=numbered), room)
        canvas.put(axis.right + 2, y + (tall - 1) // 2, text, style)
        _draw_bars(canvas, y, row, tall, first, axis, palette, cursor)
        if tall > 1 and not numbered and not text:
            _draw_ends(canvas, y, row, tall, first, axis, palette)
        if tall > 1 and not any(word in text for word in row.words):
            canvas.put(1, y + 1, first_that_fits(row.words, axis.gutter - 2), style)
        y += tall


def _beside(row: MeanRow, *, numbered: bool) -> list[str]:
    """Return the forms of what stands to the right of the bars: the numbers of both ends and a word."""
    if numbered or not row.means:
        return list(row.words)
    start, end = probability(row.means[0], 3), probability(row.means[-1], 3)
    ends = (f"{start} → {end}  ", f"{start}→{end} ", f"{end}  ", f"{end} ")
    return [*(before + word for word in row.words for before in ends), *(before.strip() for before in ends)]


def _draw_bars(
    canvas: Canvas,
    y: int,
    row: MeanRow,
    tall: int,
    first: int,
    axis: TimeAxis,
    palette: Palette,
    cursor: int | None,
) -> None:
    for step in axis.steps:
        at, x, width = step - first, axis.x(step), axis.column
        if not 0 <= at < len(row.means):
            canvas.centre(x, y + (tall - 1) // 2, width, "·", palette.faint)
            continue
        mean, over = row.means[at], palette.cursor if step == cursor else Style()
        turned = step == row.turn_at and row.turns_most
        style = palette.accent if turned else palette.share(mean) if math.isfinite(mean) else palette.warning
        if axis.column >= _NUMBERED:
            text = probability(mean, 4)
            canvas.put(x, y + (tall - 1) // 2, text, (palette.accent if turned else palette.text) + over)
            x, width = x + cell_len(text) + 1, width - cell_len(text) - 2
        if not math.isfinite(mean):
            canvas.fill(x, y + tall - 1, width, style, "!")
            continue
        eighths = max(1, round(min(1.0, max(0.0, mean)) * 8 * tall))
        for line in range(tall):
            full = min(8, max(0, eighths - 8 * (tall - 1 - line)))
            canvas.fill(x, y + line, width, style + over, UPWARD[full])


def _draw_ends(canvas: Canvas, y: int, row: MeanRow, tall: int, first: int, axis: TimeAxis, palette: Palette) -> None:
    """Write the first and the last number where the bars have filled a row of cells, or left it free."""
    there = [step for step in axis.steps if 0 <= step - first < len(row.means)]
    if len(there) * axis.column < 2 * _END + 1:
        return
    covered = math.ceil(_END / axis.column)
    start, end = axis.x(there[0]), axis.x(there[-1]) + axis.column - _END
    for x, steps, mean in ((start, there[:covered], row.means[0]), (end, there[-covered:], row.means[-1])):
        eighths = [
            round(row.means[step - first] * 8 * tall) for step in steps if math.isfinite(row.means[step - first])
        ]
        if len(eighths) < covered:
            continue
        if min(eighths) >= 8:
            canvas.put(x, y + tall - 1, probability(mean, _END), palette.share(mean) + Style(reverse=True, bold=True))
        elif max(eighths) <= 8 * (tall - 1):
            canvas.put(x, y, probability(mean, _END), palette.text)
