"""A plain RNN cell in numbers: h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), a line for each unit."""

from collections.abc import Sequence

from rnn_tui.draw.cell.equation import (
    Drawn,
    EquationLines,
    before,
    draw_blocks,
    draw_lines,
    draw_own,
    lines_cell,
    lit_feature,
    selected,
)
from rnn_tui.draw.cell.unit_table import UnitColumn, draw_table
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.formula import SQUASH, Formula, fit_formula, put_line
from rnn_tui.draw.kit.matrix import NUMBERED, scale_of
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.protocol.inspect.cell import CellFacts

__all__ = ["draw_plain"]

_WIDE = 100  # from here on everything of a unit stands on one line
_TALLEST = 5
_OWN = 7  # rows of the selected unit in full, and a gap


def draw_plain(canvas: Canvas, facts: CellFacts, *, character: str, palette: Palette) -> Drawn:
    """Draw the equation, the selected unit's numbers in it, and all units; return how many, and the colour scales."""
    lines = _lines(facts, character)
    y = _draw_equation(canvas, facts, lines, palette)
    room = canvas.height - y
    count, across = len(lines.labels), len(lines.x) + len(lines.h)
    beside = (canvas.width - 2 * max(lines.gutter, 5) - 2) // max(1, across)
    below = (canvas.width - 1 - max(lines.gutter, 5)) // max(1, len(lines.x), len(lines.h))
    wide = canvas.width >= _WIDE and room >= 4
    if wide and lines_cell(lines, canvas.width) >= NUMBERED:
        shown = _draw_wide(canvas, y, lines, palette)
    elif beside >= NUMBERED and 3 + 2 * count <= room:
        shown = _draw_blocks(canvas, y, lines, True, palette)
    elif below >= NUMBERED and 5 + 3 * count <= room:
        shown = _draw_blocks(canvas, y, lines, False, palette)
    elif wide:
        shown = _draw_wide(canvas, y, lines, palette)
    else:
        shown = _draw_small(canvas, y, lines, palette)
    weights, sums, states = lines.scales
    return shown, (("W", weights), ("terms", sums), ("x, h", states))


def _lines(facts: CellFacts, character: str) -> EquationLines:
    gate = facts.gates[0]
    terms = (gate.from_input, gate.b_ih, gate.from_state, gate.b_hh, gate.total, gate.value)
    lit = lit_feature(facts)
    held = max(1.0, scale_of(facts.largest_held, facts.h, facts.h_before, facts.x))  # tanh keeps within 1
    extra: tuple[UnitColumn, ...] = ()
    if facts.compared is not None:
        extra = (
            UnitColumn(head="torch", values=facts.h, scale=1, digits=7),
            UnitColumn(head="written out", values=facts.compared.h, scale=1, digits=7),
        )
    return EquationLines(
        labels=[str(unit + 1) for unit in facts.units.tolist()],
        marked=selected(facts),
        squash=[gate.squash] * len(facts.units),
        w_ih=gate.w_ih,
        w_hh=gate.w_hh,
        terms=terms,
        x=facts.x,
        h=facts.h_before,
        lit=lit,
        character=character,
        before=before(facts),
        out="hₜ",
        extra=extra,
        whole=(facts.input_size, facts.hidden_size),
        out_scale=held,
        scales=(
            scale_of(facts.largest_w, gate.w_ih, gate.w_hh),
            scale_of(facts.largest_sum, *terms[:5]),
            held,
        ),
    )


def _draw_equation(canvas: Canvas, facts: CellFacts, lines: EquationLines, palette: Palette) -> int:
    """Draw the equation in symbols, then with the numbers of the selected unit; return the row below."""
    gate, at, room = facts.gates[0], selected(facts), canvas.width - 1
    y = 0

    def symbols(digits: int, tight: bool) -> Formula:
        del digits, tight
        formula = Formula(palette, 0).say(f"hₜ = {gate.squash}(W_ih xₜ")
        return formula.say(" + b_ih").say(f" + W_hh {lines.before}").say(" + b_hh)")

    def numbers(digits: int, tight: bool) -> Formula:
        formula = Formula(palette, digits, tight=tight)
        if canvas.width >= 70:
            formula.say(f"unit {lines.labels[at]}:  ")
        formula.put(float(gate.from_input[at]), f"{gate.squash}(")
        for term in (gate.b_ih, gate.from_state, gate.b_hh):
            formula.put(float(term[at]), " ")
        formula.say(")").result(float(gate.total[at]), sum, f" = {gate.squash}(", last=False).say(")")
        return formula.result(float(gate.value[at]), lambda printed: SQUASH[gate.squash](printed[-1]))

    for line in fit_formula(symbols, room):
        put_line(canvas, 1, y, [(text, palette.accent) for text, _ in line])
        y += 1
    roomy = canvas.height >= 26
    y += canvas.width >= _WIDE and roomy
    for line in fit_formula(numbers, room, (4, 3) if canvas.width >= _WIDE else (3, 2)):
        put_line(canvas, 1, y, line)
        y += 1
    return y + (canvas.height >= 20)


def _draw_wide(canvas: Canvas, y: int, lines: EquationLines, palette: Palette) -> int:
    """Draw a line for each unit, and the selected one in full if there is room."""
    count, room = len(lines.labels), canvas.height - y - 2
    in_cells = lines_cell(lines, canvas.width) >= NUMBERED
    own = 0 if room < 2 * _OWN else _OWN
    tall = max(1, min(_TALLEST, (room - own) // count))
    rows = lines.rows(min(count, room if in_cells else max(1, room - own)))
    y = draw_lines(canvas, y, lines, tall=tall, rows=rows, palette=palette)
    if own and canvas.height - y >= _OWN:
        draw_own(canvas, y + 1, lines, lines.labels[lines.marked or 0], palette)
    return len(lines.labels[rows])


def _draw_blocks(canvas: Canvas, y: int, lines: EquationLines, beside: bool, palette: Palette) -> int:
    """Draw W_ih and W_hh with their numbers, and the table of all units below them."""
    count, room = len(lines.labels), canvas.height - y
    blocks = 1 if beside else 2
    spare = room - ((3 if beside else 5) + (blocks + 1) * count)
    gap = int(spare >= 1)
    tall = min(_TALLEST, 1 + max(0, spare - gap) // ((blocks + 1) * count))
    every = slice(0, count)
    y = draw_blocks(canvas, y, lines, beside=beside, tall=tall, rows=every, palette=palette)
    draw_table(
        canvas, y + gap, lines.labels, lines.marked, _columns(canvas, lines), rows=every, tall=tall, palette=palette
    )
    return count


def _draw_small(canvas: Canvas, y: int, lines: EquationLines, palette: Palette) -> int:
    """Draw heatmaps side by side as far as there is room, and a table of the units around the selected one."""
    count, room = len(lines.labels), canvas.height - y
    table = 1 + min(count, max(3, room // 2))
    tall, heat = 1, room - table - 3
    rows = lines.rows(count)
    if count > heat and not palette.shaded:
        tall, rows = 0, lines.rows(2 * heat)
    elif count > heat:
        rows = lines.rows(heat)
    shown = 0
    if heat >= 2:
        y = 1 + draw_blocks(canvas, y, lines, beside=True, tall=tall, rows=rows, palette=palette)
        shown = len(lines.labels[rows])
    rows = lines.rows(max(1, canvas.height - y - 1))
    draw_table(canvas, y, lines.labels, lines.marked, _columns(canvas, lines), rows=rows, palette=palette)
    return max(shown, len(lines.labels[rows]))


def _columns(canvas: Canvas, lines: EquationLines) -> Sequence[UnitColumn]:
    """Return the terms of the equation; in the comparison only h_t, and in little room both biases as one."""
    from_input, b_ih, from_state, b_hh, total, value = lines.terms
    sums = lines.scales[1]
    out = UnitColumn(head=lines.out, values=value, scale=lines.out_scale)
    if lines.extra:
        return lines.extra
    first = UnitColumn(head="W_ih x|Wx", values=from_input, scale=sums)
    if canvas.width < 38:
        return (
            first,
            UnitColumn(head="+ b", values=b_ih + b_hh, scale=sums),
            UnitColumn(head="+ Wh|Wh", values=from_state, scale=sums),
            UnitColumn(head="= sum|sum", values=total, scale=sums),
            out,
        )
    return (
        first,
        UnitColumn(head="+ b_ih|b_ih", values=b_ih, scale=sums),
        UnitColumn(head="+ W_hh h|+ Wh|Wh", values=from_state, scale=sums),
        UnitColumn(head="+ b_hh|b_hh", values=b_hh, scale=sums),
        UnitColumn(head="= sum|sum", values=total, scale=sums),
        out,
    )
