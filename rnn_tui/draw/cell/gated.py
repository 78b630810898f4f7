"""A GRU or an LSTM cell in numbers: every gate of the selected unit, the state they give, and a table of all units."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from rnn_tui.common.value import Value
from rnn_tui.draw.cell.equation import (
    Drawn,
    EquationLines,
    before,
    draw_blocks,
    draw_lines,
    lines_cell,
    lit_feature,
    selected,
)
from rnn_tui.draw.cell.unit_table import UnitColumn, draw_table, window
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.formula import SQUASH, Formula, Line, fit_formula, put_line
from rnn_tui.draw.kit.matrix import NUMBERED, scale_of
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.experiment.cell_kinds import CellKind, Gate, Product
from rnn_tui.protocol.inspect.cell import CellFacts, GateTerms

__all__ = ["draw_gated"]

_WIDE = 100
_TALLEST = 4

Build = Callable[[int, bool], Formula]


class _Equation(Value, frozen=True, kw_only=True):
    """One equation: in symbols, with all its numbers, and with fewer."""

    symbols: str
    numbers: Build
    brief: Build  # without the sum
    short: Build
    last: bool  # the new state, not a gate


def draw_gated(canvas: Canvas, facts: CellFacts, kind: CellKind, *, character: str, palette: Palette) -> Drawn:
    """Draw the equations with the selected unit's numbers, its rows of the matrices, and the gates of all units."""
    at = selected(facts)
    lines = _lines(facts, kind, at, character)
    y = _draw_equations(canvas, _equations(facts, kind, at, palette), len(facts.units), palette)
    columns = _columns(facts, canvas.width)
    count, gates, room = len(facts.units), len(facts.gates), canvas.height - y
    least = 1 + min(count, 8) + 1  # of the table of units, and a gap
    tall, wide = min(_TALLEST, (room - least - 2) // gates), canvas.width >= _WIDE
    if tall >= 1 and (wide and lines_cell(lines, canvas.width) >= 1):
        y = 1 + draw_lines(canvas, y, lines, tall=tall, rows=slice(0, gates), palette=palette)
    elif tall >= 1:
        across = len(lines.x) + len(lines.h)
        beside = (canvas.width - 2 * max(lines.gutter, 5) - 2) // max(1, across) >= NUMBERED
        stacked = (canvas.width - 1 - lines.gutter) // max(1, len(lines.x), len(lines.h)) >= NUMBERED
        fits = room - least >= 2 * (2 + gates)
        y = 1 + draw_blocks(
            canvas, y, lines, beside=beside or not (stacked and fits), tall=1, rows=slice(0, gates), palette=palette
        )
    room = canvas.height - y - 1
    rows = window(count, max(1, room), at)
    tall = max(1, min(_TALLEST, room // max(1, count)))
    labels = [str(unit + 1) for unit in facts.units.tolist()]
    draw_table(canvas, y, labels, at, columns, rows=rows, tall=tall, palette=palette)
    weights, sums, held = lines.scales
    scales = [("W", weights), ("terms", sums), ("x, h", held)]
    if facts.c is not None and facts.compared is None:
        scales.append(("c", _scale_of_c(facts)))
    return len(labels[rows]), scales


def _lines(facts: CellFacts, kind: CellKind, at: int, character: str) -> EquationLines:
    def of(name: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        return np.array([getattr(gate, name)[at] for gate in facts.gates], np.float32)

    names = ("from_input", "b_ih", "from_state", "b_hh", "total", "value")
    terms = tuple(of(name) for name in names)
    w_ih = np.stack([gate.w_ih[at] for gate in facts.gates])
    w_hh = np.stack([gate.w_hh[at] for gate in facts.gates])
    return EquationLines(
        labels=[gate.name for gate in facts.gates],
        marked=None,
        squash=[gate.squash for gate in facts.gates],
        w_ih=w_ih,
        w_hh=w_hh,
        terms=terms,
        x=facts.x,
        h=facts.h_before,
        lit=lit_feature(facts),
        character=character,
        before=before(facts),
        out="",
        reset=next((at for at, gate in enumerate(kind.gates) if gate.reset), None),
        whole=(facts.input_size, facts.hidden_size),
        scales=(
            scale_of(facts.largest_w, w_ih, w_hh),
            scale_of(facts.largest_sum, *terms[:5]),
            max(1.0, scale_of(facts.largest_held, facts.x, facts.h_before)),
        ),
    )


def _equations(facts: CellFacts, kind: CellKind, at: int, palette: Palette) -> list[_Equation]:
    """Return the equations of the gates, then of c_t, if the cell has one, and of h_t."""
    values = {gate.name: float(gate.value[at]) for gate in facts.gates}
    equations = [
        _gate(facts_, gate, at, before(facts), values.get(gate.reset, 0.0), palette)
        for facts_, gate in zip(facts.gates, kind.gates, strict=True)
    ]
    values["h"] = float(facts.h_before_units[at])
    names = {"h": before(facts), "c": f"c{before(facts)[1:]}", "tanh(c)": "tanh(cₜ)"}
    if facts.c is not None:
        values["c"] = math.nan if facts.c_before is None else float(facts.c_before[at])
        equations.append(_sum("cₜ", kind.c, values, names, float(facts.c[at]), palette))
        values["tanh(c)"] = float(facts.c[at])
    equations.append(_sum("hₜ", kind.h, values, names, float(facts.h[at]), palette))
    return equations


def _sum(
    name: str, products: Sequence[Product], values: Mapping[str, float], names: Mapping[str, str], result: float,
    palette: Palette,
) -> _Equation:  # fmt: skip
    """Return the equation of c_t or h_t, a sum of products; for the value tanh(c), `values` has c."""

    def build(digits: int, tight: bool) -> Formula:
        formula = Formula(palette, digits, tight=tight).say(f"{name} =")
        for number, each in enumerate(products):
            gate, value, between = values[each.gate], values[each.value], " + " if number else " "
            if each.value == "tanh(c)":
                formula.put(gate, between, plus=False).put(value, "·tanh(").say(")")
                continue
            if each.rest:
                formula.say(f"{between}(1 − ", f"{between}(1−").put(gate, plus=False, times=value).say(")")
            else:
                formula.put(gate, between, plus=False, times=value)
            formula.factor(value)
        return formula.result(result, computed)

    def computed(printed: Sequence[float]) -> float:
        terms = zip(products, printed[::2], printed[1::2], strict=True)
        return sum(
            (1 - gate if each.rest else gate) * (math.tanh(value) if each.value == "tanh(c)" else value)
            for each, gate, value in terms
        )

    factors = [f"(1 − {each.gate})" if each.rest else each.gate for each in products]
    symbols = [f"{factor}·{names.get(each.value, each.value)}" for factor, each in zip(factors, products, strict=True)]
    return _Equation(symbols=f"{name} = {' + '.join(symbols)}", numbers=build, brief=build, short=build, last=True)


def _gate(facts: GateTerms, gate: Gate, at: int, state: str, reset: float, palette: Palette) -> _Equation:
    name, squash = gate.name, gate.squash
    plus, held = gate.is_signed, bool(gate.reset)
    from_input, b_ih, from_state, b_hh, total, value = (
        float(getattr(facts, each)[at]) for each in ("from_input", "b_ih", "from_state", "b_hh", "total", "value")
    )

    def terms(digits: int, tight: bool) -> Formula:
        formula = Formula(palette, digits, tight=tight).say(f"{name} =").put(from_input, f" {squash}(").put(b_ih, " ")
        if held:
            formula.put(reset, " + ", plus=False, times=from_state + b_hh)
            return formula.put(from_state, "·(").put(b_hh, " ").say("))")
        return formula.put(from_state, " ").put(b_hh, " ").say(")")

    def sum_of(printed: Sequence[float]) -> float:
        return printed[0] + printed[1] + printed[2] * (printed[3] + printed[4]) if held else sum(printed)

    def numbers(digits: int, tight: bool) -> Formula:
        formula = terms(digits, tight).result(total, sum_of, f" = {squash}(", last=False).say(")")
        return formula.result(value, lambda printed: SQUASH[squash](printed[-1]), plus=plus)

    def short(digits: int, tight: bool) -> Formula:
        formula = Formula(palette, digits, tight=tight).say(name).put(total, f" = {squash}(").say(")")
        return formula.result(value, lambda printed: SQUASH[squash](printed[-1]), plus=plus)

    part = f"W_h{name} {state} + b_h{name}"
    inner = f"{gate.reset}·({part})" if held else part
    return _Equation(
        symbols=f"{name} = {squash}(W_i{name} xₜ + b_i{name} + {inner})",
        numbers=numbers,
        brief=lambda digits, tight: terms(digits, tight).result(
            value, lambda printed: SQUASH[squash](sum_of(printed)), plus=plus
        ),
        short=short,
        last=False,
    )


def _draw_equations(canvas: Canvas, equations: Sequence[_Equation], units: int, palette: Palette) -> int:
    """Draw symbols and numbers side by side if they fit, else below one another, else the numbers alone."""
    room, y = canvas.width - 1, 0
    digits = (4, 3, 2) if canvas.width >= _WIDE else (3, 2)
    left = max(len(each.symbols) for each in equations) + 2
    roomy = canvas.height >= 26
    beside = room - left + 2  # without `r `
    aside = [fit_formula(each.numbers, beside, digits[:-1]) for each in equations]
    aside = [
        lines if len(lines) == 1 else fit_formula(each.brief, beside, digits)
        for each, lines in zip(equations, aside, strict=True)
    ]
    if all(len(lines) == 1 for lines in aside):
        for each, lines in zip(equations, aside, strict=True):
            y += each.last and not equations[equations.index(each) - 1].last and roomy
            canvas.put(1, y, each.symbols, palette.accent)
            put_line(canvas, 1 + left, y, [*_without_name(lines[0])])
            y += 1
        return y + (canvas.height >= 18)
    full = [fit_formula(each.numbers, room, digits) for each in equations]
    if any(len(lines) > 1 for lines in full):
        full = [fit_formula(each.brief, room, digits) for each in equations]
    short = [fit_formula(each.short, room, digits) for each in equations]
    table = 1 + min(units, 5)
    for symbols, numbers in ((equations, full), ([*equations], short), ([e for e in equations if e.last], short),
                             ([], short)):  # fmt: skip
        folded = [_fold(each.symbols, room) for each in symbols]
        if sum(map(len, folded)) + sum(map(len, numbers)) + table + 1 <= canvas.height:
            break
    for text in (text for lines in folded for text in lines):
        canvas.put(1, y, text, palette.accent)
        y += 1
    y += bool(folded) and roomy
    for line in (line for lines in numbers for line in lines):
        put_line(canvas, 1, y, line)
        y += 1
    return y + (canvas.height >= 18)


def _without_name(line: Line) -> Line:
    """Return what comes after `r =`, which stands to the left in symbols already."""
    return [("=", line[0][1]), *line[1:]]


def _fold(text: str, room: int) -> list[str]:
    return (
        [text]
        if len(text) <= room
        else [text[: text.rfind(" + ", 0, room)], "   " + text[text.rfind(" + ", 0, room) :]]
    )


def _scale_of_c(facts: CellFacts) -> float:
    """Return one scale for the cell before and after, so that they can be compared."""
    return scale_of(facts.largest_c, *(each for each in (facts.c, facts.c_before) if each is not None))


def _columns(facts: CellFacts, width: int) -> list[UnitColumn]:
    """Return the gates of each unit and its new state; in the comparison only the states, with more digits."""
    if facts.compared is not None:
        pairs = [("hₜ", facts.h, facts.compared.h)]
        if facts.c is not None and facts.compared.c is not None:
            pairs.append(("cₜ", facts.c, facts.compared.c))
        words = ("torch", "written out") if width >= 70 or len(pairs) == 1 else ("torch", "written")
        return [
            UnitColumn(head=f"{name} {word}", values=values, scale=1, digits=7)
            for name, *both in pairs
            for word, values in zip(words, both, strict=True)
        ]
    columns = [UnitColumn(head=gate.name, values=gate.value, scale=1, plus=gate.squash != "σ") for gate in facts.gates]
    if facts.c is not None:
        scale = _scale_of_c(facts)
        if facts.c_before is not None and width >= 60:
            columns.append(UnitColumn(head=f"c{before(facts)[1:]}", values=facts.c_before, scale=scale))
        if width >= 38:
            columns.append(UnitColumn(head="cₜ", values=facts.c, scale=scale))
    if width >= 60 or facts.c is None:
        columns.append(UnitColumn(head=before(facts), values=facts.h_before_units, scale=1))
    return [*columns, UnitColumn(head="hₜ", values=facts.h, scale=1)]
