"""The cell in numbers: what stands on the screen is what NumPy computes from the matrices, in any room."""

import math
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tui.draw.cell.cell import draw_cell
from rnn_tui.draw.kit.palette import DARK, LIGHT
from rnn_tui.experiment.cell_kinds import CELL_KINDS
from rnn_tui.protocol.inspect.cell import CellFacts, Compared, GateTerms
from tests.draw.grids import GREY, Grid, is_picture, texts
from tests.examples import examples

NAMES = {"rnn": "h", "rnn-relu": "h", "gru": "rzn", "lstm": "ifgo"}
SIZES = [(46, 30), (30, 16), (118, 30), (196, 54)]
EMPTY = np.zeros(0, np.float32)
NONE = np.zeros(0, np.int32)


def f32(values: Any) -> Any:
    return np.asarray(values, np.float32)


def sigmoid(values: Any) -> Any:
    return 1 / (1 + np.exp(-values))


def cell(kind: str, hidden: int = 5, features: int = 5, unit: int = 1, seed: int = 0, **changes: Any) -> CellFacts:
    """A cell of random weights that reads feature 2 of a one-hot, computed in NumPy; at most 16 units are shown."""
    rng = np.random.default_rng(seed)
    names = NAMES[kind]
    w_ih, w_hh = rng.normal(0, 1, (len(names), hidden, features)), rng.normal(0, 0.5, (len(names), hidden, hidden))
    b_ih, b_hh = rng.normal(0, 0.5, (len(names), hidden)), rng.normal(0, 0.5, (len(names), hidden))
    x, h, c = np.eye(features)[min(2, features - 1)], np.tanh(rng.normal(0, 1, hidden)), rng.normal(0, 1, hidden)
    every = range(hidden) if hidden <= 16 else sorted({*range(0, hidden, hidden // 15), unit})
    units, columns = np.array(every, np.int32), np.arange(min(16, features), dtype=np.int32)
    value: dict[str, Any] = {}
    gates = []
    for at, name in enumerate(names):
        state = w_hh[at] @ h
        total = w_ih[at] @ x + b_ih[at] + (value["r"] if name == "n" else 1) * (state + b_hh[at])
        squash: Any = "relu" if kind == "rnn-relu" else "tanh" if name in "hng" else "σ"
        value[name] = (
            np.maximum(total, 0) if squash == "relu" else np.tanh(total) if squash == "tanh" else sigmoid(total)
        )
        gates.append(
            GateTerms(
                name=name, squash=squash, w_ih=f32(w_ih[at][np.ix_(units, columns)]),
                from_input=f32((w_ih[at] @ x)[units]), b_ih=f32(b_ih[at][units]),
                w_hh=f32(w_hh[at][np.ix_(units, units)]), from_state=f32(state[units]), b_hh=f32(b_hh[at][units]),
                total=f32(total[units]), value=f32(value[name][units]),
            )
        )  # fmt: skip
    c_t = value["f"] * c + value["i"] * value["g"] if kind == "lstm" else None
    h_t = value.get("h")
    if kind == "gru":
        h_t = (1 - value["z"]) * value["n"] + value["z"] * h
    elif c_t is not None:
        h_t = value["o"] * np.tanh(c_t)
    facts = CellFacts(
        unit=unit, input_size=features, hidden_size=hidden, features=columns, units=units, states=units,
        x=f32(x[columns]), h_before=f32(h[units]), h_before_units=f32(h[units]),
        c_before=None if c_t is None else f32(c[units]), gates=tuple(gates),
        c=None if c_t is None else f32(c_t[units]), h=f32(h_t[units]),  # type: ignore[index]
    )  # fmt: skip
    return msgspec.structs.replace(facts, **changes)


def picture(facts: CellFacts, kind: str, width: int, height: int, palette: Any = DARK, character: str = "h") -> Grid:
    strips = draw_cell(facts, width=width, height=height, palette=palette, kind=CELL_KINDS[kind], character=character)
    return is_picture(strips, width, height)


def numbers(text: str) -> list[float]:
    """The numbers of a text whose signs are either minus."""
    return [float(each) for each in re.findall(r"[+-]?\d*\.\d+|[+-]?\b\d+\b", text.replace("−", "-"))]


def joined(grid: Grid) -> list[str]:
    """The lines; what a formula goes on with, indented, after its first line."""
    rows: list[str] = []
    for row in texts(grid):
        if re.match(r"   [=≈+−σt]", row):
            rows[-1] = rows[-1].rstrip() + " " + row.strip()
        else:
            rows.append(row)
    return rows


@settings(max_examples=examples(80), deadline=None)
@given(st.data())
def test_any_cell_in_any_room(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(NAMES)))
    hidden = data.draw(st.sampled_from([1, 2, 5, 8, 16, 128]))
    facts = cell(kind, hidden, data.draw(st.integers(1, 20)), unit=data.draw(st.integers(0, hidden - 1)))
    if data.draw(st.booleans()):
        odd = f32([data.draw(st.floats(width=32)) for _ in range(len(facts.units))])
        gates = tuple(msgspec.structs.replace(gate, total=odd, value=odd, b_ih=odd) for gate in facts.gates)
        facts = msgspec.structs.replace(facts, gates=gates, h=odd, layer=1, direction=1)
    if data.draw(st.booleans()):
        facts = msgspec.structs.replace(facts, compared=Compared(h=facts.h, c=facts.c, difference=1.2e-7, steps=1))
    picture(facts, kind, data.draw(st.integers(1, 200)), data.draw(st.integers(1, 60)),
            data.draw(st.sampled_from([DARK, LIGHT, GREY])), data.draw(st.sampled_from(["h", "漢", "␣"])))  # fmt: skip


@pytest.mark.parametrize("palette", [DARK, GREY])
@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("hidden", [2, 5, 8, 128])
def test_the_line_to_read_aloud_adds_up(width: int, height: int, hidden: int, palette: Any) -> None:
    facts = cell("rnn", hidden, unit=1)
    at, gate = facts.units.tolist().index(1), facts.gates[0]
    line = next(row for row in joined(picture(facts, "rnn", width, height, palette)) if re.search(r"tanh\([+−]", row))
    found = numbers(line[line.index("tanh(") :])
    w_x = gate.w_ih[at] @ facts.x  # all features are shown
    terms = [w_x, gate.b_ih[at], gate.from_state[at], gate.b_hh[at]]
    assert found[:4] == pytest.approx(terms, abs=0.006)
    assert found[4] == pytest.approx(sum(terms), abs=0.006)
    assert found[4] == pytest.approx(sum(found[:4]), abs=0.021)
    assert found[5] == pytest.approx(np.tanh(sum(terms)), abs=0.006)


@pytest.mark.parametrize("kind", ["rnn", "rnn-relu"])
def test_a_wide_line_has_everything_of_a_unit_in_the_order_of_the_equation(kind: str) -> None:
    facts = cell(kind)
    grid = picture(facts, kind, 196, 54)
    rows = texts(grid)
    squash = facts.gates[0].squash
    lines = [row for row in rows if f" {squash} " in row and "→" in row]
    assert len(lines) == 5
    gate = facts.gates[0]
    for unit, line in enumerate(lines):
        parts = line.replace("▏", " ").replace("▕", " ")
        first, second, *_ = parts.split("→")
        assert parts.split()[0].strip("▸") == str(unit + 1)
        assert ("▸" in line) == (unit == facts.unit)
        assert numbers(first)[-5:] == pytest.approx(gate.w_ih[unit].tolist(), abs=6e-5)
        match, b_ih, *w_hh = numbers(second)
        assert match == pytest.approx(gate.w_ih[unit] @ facts.x, abs=6e-4)
        assert b_ih == pytest.approx(gate.b_ih[unit], abs=6e-4)
        assert w_hh == pytest.approx(gate.w_hh[unit].tolist(), abs=6e-5)
        state, b_hh, total, out = numbers(parts.split("→")[2])
        assert state == pytest.approx(gate.w_hh[unit] @ facts.h_before, abs=6e-4)
        assert b_hh == pytest.approx(gate.b_hh[unit], abs=6e-4)
        assert total == pytest.approx(match + b_ih + state + b_hh, abs=3e-3)
        assert out == pytest.approx(max(0.0, total) if kind == "rnn-relu" else np.tanh(total), abs=2e-3)


def test_a_narrow_picture_has_both_matrices_and_a_table_that_adds_up() -> None:
    facts = cell("rnn")
    rows = texts(picture(facts, "rnn", 46, 30))
    gate = facts.gates[0]
    for name, matrix in (("W_ih · xₜ", gate.w_ih), ("W_hh · hₜ₋₁", gate.w_hh)):
        top = next(y for y, row in enumerate(rows) if name in row) + 2
        for unit in range(5):
            found = numbers(re.sub("[▸▏▕]", " ", rows[top + unit]))
            assert found == pytest.approx([unit + 1, *matrix[unit]], abs=6e-4)
    top = next(y for y, row in enumerate(rows) if "W_ih x" in row and "sum" in row) + 1
    for unit in range(5):
        number, match, b_ih, state, b_hh, total, out = numbers(rows[top + unit].replace("▸", " "))
        assert number == unit + 1
        assert match + b_ih + state + b_hh == pytest.approx(total, abs=3e-3)
        assert match == pytest.approx(gate.w_ih[unit, 2], abs=6e-4)
        assert out == pytest.approx(np.tanh(total), abs=2e-3)


def test_the_column_of_the_character_that_is_read_is_lit() -> None:
    grid = picture(cell("rnn"), "rnn", 46, 30, GREY, "q")
    rows = texts(grid)
    y = next(y for y, row in enumerate(rows) if "xₜ" in row and "q = 1" in row)
    bars = {x for below in range(1, 6) for x in (rows[y + below].index("▏"), rows[y + below].index("▕"))}
    assert len(bars) == 2
    assert min(bars) <= rows[y].index("q") <= max(bars)
    found = numbers(rows[y + 1][min(bars) + 1 : max(bars)])
    assert found == pytest.approx([cell("rnn").gates[0].w_ih[0, 2]], abs=6e-4)
    above = texts(picture(cell("rnn", layer=1), "rnn", 46, 30, GREY, "q"))
    assert not any("q" in row or "▏" in row for row in above)  # the second layer reads no characters


@pytest.mark.parametrize(("width", "height"), [(46, 30), (118, 30), (196, 54)])
@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_gates_and_what_comes_of_them(kind: str, width: int, height: int) -> None:
    facts = cell(kind, 8, 10)
    grid = picture(facts, kind, width, height)
    rows = joined(grid)
    gates = {gate.name: float(gate.value[1]) for gate in facts.gates}
    for gate in facts.gates:
        found = next(row for row in rows if re.search(rf"= ({gate.squash})\([+−]", row) and f" {gate.name} = " in row)
        assert numbers(found.rpartition("=")[2]) == pytest.approx([gates[gate.name]], abs=0.006)
        terms = numbers(re.split(rf"= {gate.squash}\((?=[+−])", found)[1].partition(")")[0])
        expected = [gate.from_input[1], gate.b_ih[1], gate.from_state[1], gate.b_hh[1]]
        if gate.name == "n":
            expected.insert(2, gates["r"])
        assert terms == pytest.approx(expected, abs=0.006)
    h_before = float(facts.h_before_units[1])
    if kind == "gru":
        h = (1 - gates["z"]) * gates["n"] + gates["z"] * h_before
        line = next(row for row in rows if re.search(r"\(1 ?− ?0\.", row)).replace("(1−", "(1 − ")
        found_numbers = numbers(line[line.index("(1 − 0.") :].replace("·−", "·(−"))
        assert found_numbers == pytest.approx([1, gates["z"], gates["n"], gates["z"], h_before, h], abs=0.006)
    else:
        assert facts.c_before is not None
        c = gates["f"] * float(facts.c_before[1]) + gates["i"] * gates["g"]
        line = next(row for row in rows if re.search(r"= \d\.\d+·\(", row))
        tail = line[re.search(r"= \d\.\d+·\(", line).start() :]  # type: ignore[union-attr]
        assert numbers(tail) == pytest.approx([gates["f"], facts.c_before[1], gates["i"], gates["g"], c], abs=0.006)
        line = next(row for row in rows if re.search(r"\d·tanh\(", row))
        tail = line.rpartition("= ")[0].rpartition("= ")[2] + line.rpartition("= ")[2]
        assert numbers(tail) == pytest.approx([gates["o"], c, gates["o"] * np.tanh(c)], abs=0.006)


@pytest.mark.parametrize("kind", ["gru", "lstm"])
@pytest.mark.parametrize("width", [46, 118])
def test_the_table_of_units_has_every_gate(kind: str, width: int) -> None:
    facts = cell(kind, 8, 4)
    rows = texts(picture(facts, kind, width, 40))
    top = next(y for y, row in enumerate(rows) if row.split()[: len(NAMES[kind])] == list(NAMES[kind])) + 1
    for unit in range(8):
        line = next(row for row in rows[top:] if row.strip(" ▸").split(" ")[0] == str(unit + 1))
        found = numbers(line.replace("▸", " "))
        expected = [gate.value[unit] for gate in facts.gates]
        assert found[1 : 1 + len(expected)] == pytest.approx(expected, abs=6e-4)
        assert found[-1] == pytest.approx(facts.h[unit], abs=6e-4)
        assert ("▸" in line) == (unit == 1)


@pytest.mark.parametrize("kind", sorted(NAMES))
@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("hidden", [2, 8, 128])
def test_the_selected_unit_is_marked_and_what_is_left_out_is_said(
    kind: str, width: int, height: int, hidden: int
) -> None:
    rows = texts(picture(cell(kind, hidden, unit=hidden - 1), kind, width, height, GREY))
    assert f"▸ unit {hidden}" in "\n".join(rows)
    assert any(f"▸{hidden}" in row for row in rows)
    if hidden == 128:
        assert re.search(r"\d+ of 128 units", "\n".join(rows))


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize("width", [46, 60, 78, 118])
def test_every_scale_is_told_also_where_there_is_little_room(kind: str, width: int) -> None:
    told: Any = {"largest_w": 2.8, "largest_sum": 4.9, "largest_held": 1.0, "largest_c": 61.0}
    foot = " ".join(texts(picture(cell(kind, **told), kind, width, 17))[-2:])
    assert all(re.search(rf"{name} [−±]{scale}", foot) for name, scale in (("W", 3), ("terms", 5), ("x, h", 1)))
    foot = " ".join(texts(picture(cell(kind, **told | {"largest_sum": 0.9}), kind, width, 17))[-2:])
    assert re.search("terms, x, h [−±]1", foot)


@pytest.mark.parametrize("kind", NAMES)
def test_scales_are_of_all_units_and_not_of_those_that_are_shown(kind: str) -> None:
    told: Any = {"largest_w": 41.0, "largest_sum": 290.0, "largest_held": 13.0, "largest_c": 61.0}
    foot = " ".join(texts(picture(cell(kind, 20, 20), kind, 118, 30))[-3:])
    assert not re.search(r"[±+](50|300|15)", foot)
    foot = " ".join(texts(picture(cell(kind, 20, 20, **told), kind, 118, 30))[-3:])
    assert all(re.search(f"[±+]{scale}", foot) for scale in (50, 300, 15))


def test_torch_and_the_equations_side_by_side() -> None:
    for kind in ("rnn", "gru", "lstm"):
        facts = cell(kind)
        other = Compared(
            h=facts.h + np.float32(0.25), c=None if facts.c is None else facts.c - 1, difference=0.25, steps=1
        )
        for width in (46, 118):
            facts = msgspec.structs.replace(facts, compared=other)
            rows = texts(picture(facts, kind, width, 40))
            assert any("largest difference up to here 2.5e−01" in row for row in rows)
            assert any("torch" in row and "written" in row for row in rows)
            for unit in range(5):
                pairs = [(facts.h[unit], facts.h[unit] + 0.25)]
                pairs += [(facts.c[unit], facts.c[unit] - 1)] if facts.c is not None else []
                for pair in pairs:
                    assert any(
                        any(found[at : at + 2] == pytest.approx(pair, abs=6e-6) for at in range(len(found) - 1))
                        for found in map(numbers, rows)
                    )


@pytest.mark.parametrize("kind", sorted(NAMES))
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_what_is_not_finite_is_marked(kind: str, width: int, height: int) -> None:
    facts = cell(kind)
    nan = np.full_like(facts.h, np.nan)
    gates = tuple(msgspec.structs.replace(gate, total=nan, value=nan) for gate in facts.gates)
    grid = picture(msgspec.structs.replace(facts, gates=gates, h=nan), kind, width, height)
    marked = ["".join(character for character, style in row if style == DARK.warning) for row in grid]
    assert sum("NaN" in row for row in marked) >= 3
    every = "".join(texts(grid)).count("NaN")
    assert every == sum(row.count("NaN") for row in marked)


def test_a_note_alone_is_wrapped_and_nothing_else() -> None:
    facts = CellFacts(note="This step has not been fed yet.", features=NONE, units=NONE, states=NONE, x=EMPTY,
                      h_before=EMPTY, h_before_units=EMPTY, h=EMPTY)  # fmt: skip
    rows = texts(picture(facts, "rnn", 20, 5))
    assert " ".join(" ".join(rows).split()) == facts.note


def test_from_the_right_the_state_before_is_that_of_the_next_step() -> None:
    assert "hₜ₊₁" in texts(picture(cell("rnn", direction=1), "rnn", 46, 30))[0]
    assert "hₜ₋₁" in texts(picture(cell("rnn"), "rnn", 46, 30))[0]


FUNCTIONS = {"tanh": math.tanh, "relu": lambda total: max(0.0, total), "σ": lambda total: 1 / (1 + math.exp(-total))}


def worked_out(grid: Grid) -> Iterator[tuple[str, list[str]]]:
    """The lines with numbers in them, each with its parts between equals signs that have only numbers."""
    names = "|".join(FUNCTIONS)
    for row in joined(grid):
        parts = [part.strip().replace("−", "-").replace("·", "*") for part in re.split("[=≈]", row.split(":")[-1])]
        parts = [part for part in parts if re.fullmatch(rf"(?:{names}|[-+*(). \d])+", part)]
        if len(parts) >= 2 and row.count("→") == 0:
            yield row, parts


def unit(number: str) -> float:
    """One in the last digit."""
    return 10.0 ** int(Decimal(number).as_tuple().exponent)


@settings(max_examples=examples(40), deadline=None)
@given(st.sampled_from(sorted(NAMES)), st.sampled_from([46, 118]), st.integers(0, 10**6), st.sampled_from([1, 3, 20]))
def test_what_is_printed_adds_up_as_it_is_printed(kind: str, width: int, seed: int, large: int) -> None:
    facts = cell(kind, 8, 6, seed=seed)
    if kind == "lstm" and facts.c_before is not None:
        value = {gate.name: gate.value for gate in facts.gates}
        c_before = f32(large * facts.c_before)
        c = f32(value["f"] * c_before + value["i"] * value["g"])
        facts = msgspec.structs.replace(facts, c_before=c_before, c=c, h=f32(value["o"] * np.tanh(c)))
    seen = 0
    for row, parts in worked_out(picture(facts, kind, width, 30)):
        assert "≈" not in row
        *calculations, result = parts
        for each in calculations:
            assert abs(eval(each, dict(FUNCTIONS)) - float(result)) <= 1.001 * unit(result), row
        if len(calculations) == 2:  # the sum, before it is squashed
            terms, total = (re.sub(rf"^(?:{'|'.join(FUNCTIONS)})\(", "(", each) for each in calculations)
            number = total.strip("()")
            assert abs(eval(terms) - float(number)) <= 1.001 * unit(number), row
        seen += 1
    assert seen == {"rnn": 1, "rnn-relu": 1, "gru": 4, "lstm": 6}[kind]


def test_where_digits_have_no_room_it_says_about() -> None:
    facts = cell("lstm", 8, 6)
    assert facts.c_before is not None
    value = {gate.name: gate.value for gate in facts.gates}
    c_before = f32(73_456.7 * facts.c_before)
    c = f32(value["f"] * c_before + value["i"] * value["g"])
    rows = texts(picture(msgspec.structs.replace(facts, c_before=c_before, c=c), "lstm", 46, 30))
    assert any("·" in row and "≈" in row for row in rows)


def test_the_table_between_46_and_60_cells_has_every_plus() -> None:
    row = next(row for row in texts(picture(cell("rnn"), "rnn", 46, 30)) if "W_ih x" in row and "sum" in row)
    assert row.split("W_ih x")[1].count("+") == 3
