"""Gates over time: every value at its gate, unit and time step, in the colours of its kind."""

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len

from rnn_tui.draw.gate_means import mean_rows
from rnn_tui.draw.gates import GatesLayout, draw_gates, gate_units_that_fit, lay_out_gates
from rnn_tui.draw.gates_verdict import told
from rnn_tui.draw.kit.palette import DARK, LIGHT
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.experiment.cell_kinds import CELL_KINDS, Gate
from rnn_tui.protocol.inspect.gates import GatesFacts, GateSummary, GateValues
from tests.draw.grids import GREY, Grid, is_picture, letters, number_in, texts
from tests.examples import examples

VALUES = st.one_of(st.floats(0, 1, width=32), st.floats(width=32))
LSTM = {"i": False, "f": False, "g": True, "o": False, "c": True}


_GATES = {gate.name: gate for kind in ("gru", "lstm") for gate in CELL_KINDS[kind].gates}


def words_of(name: str) -> dict[str, Any]:
    """Return what is said of a gate of an LSTM or a GRU besides its values."""
    gate = _GATES.get(name, Gate(name=name, squash=""))
    return {each: getattr(gate, each) for each in ("word", "opened", "shut", "keeps")}


def facts(values: dict[str, Any], *, signed: dict[str, bool], hidden: int | None = None, **more: Any) -> GatesFacts:
    gates = tuple(
        GateValues(
            name=name,
            about=f"about {name}",
            signed=signed[name],
            values=np.array(each, np.float32),
            **words_of(name),
        )
        for name, each in values.items()
    )
    units = len(gates[0].values) if gates else 0
    return GatesFacts(
        **{"hidden_size": hidden or units, "units": np.arange(units, dtype=np.int32), **more}, gates=gates
    )


def picture(
    some: GatesFacts, axis: TimeAxis, width: int, height: int, *, cursor: int | None = None, unit: int = 0,
    palette: Any = DARK,
) -> tuple[Grid, GatesLayout]:  # fmt: skip
    inputs = letters(axis)
    strips = draw_gates(
        some, width=width, height=height, axis=axis, palette=palette, inputs=inputs, cursor=cursor, unit=unit
    )
    layout = lay_out_gates(some, width=width, height=height, axis=axis, palette=palette, unit=unit)
    return is_picture(strips, width, height), layout


@settings(max_examples=examples(60), deadline=None)
@given(st.data())
def test_any_gates_in_any_room(data: st.DataObject) -> None:
    width, height = data.draw(st.integers(1, 200)), data.draw(st.integers(1, 60))
    length, units = data.draw(st.integers(1, 300)), data.draw(st.integers(0, 40))
    axis = TimeAxis.fit(width, length, first=data.draw(st.integers(0, 90)))
    fed = data.draw(st.integers(0, axis.count))
    values = np.resize(np.array(data.draw(st.lists(VALUES, min_size=1, max_size=9)), np.float32), (units, fed))
    kinds = dict(list(LSTM.items())[: data.draw(st.integers(0, 5))])
    some = facts(
        dict.fromkeys(kinds, values),
        signed=kinds,
        hidden=units + 3,
        first=data.draw(st.integers(0, 90)),
        note=data.draw(st.sampled_from(["", "a note that says why " * 4])),
        units=np.arange(units, dtype=np.int32) * 3,
    )
    cursor = data.draw(st.one_of(st.none(), st.integers(0, length - 1)))
    unit = data.draw(st.integers(0, 130))
    palette = data.draw(st.sampled_from([DARK, LIGHT, GREY]))
    _, layout = picture(some, axis, width, height, cursor=cursor, unit=unit, palette=palette)
    for x in range(0, width, 7):
        found = layout.locate(x, data.draw(st.integers(-1, height)))
        if found is not None:
            assert all(0 <= place < units for place in found.places)
            assert 0 <= found.step - some.first < found.block.values.shape[1]


@pytest.mark.parametrize(("width", "height", "names"), [(100, 40, "ifgoc"), (66, 20, "fc"), (60, 12, "gi")])
def test_every_number_stands_at_its_gate_unit_and_time_step(width: int, height: int, names: str) -> None:
    table = {name: np.linspace(0.011, 0.987, 12).reshape(3, 4) * (0.5 + number / 10)
             for number, name in enumerate(names)}  # fmt: skip
    axis = TimeAxis.fit(width, 4)
    grid, layout = picture(facts(table, signed=LSTM), axis, width, height, unit=1)
    seen = set()
    for y, line in enumerate(texts(grid)):
        for step in range(4):
            found = layout.locate(axis.middle(step), y)
            number = line[axis.x(step) : axis.x(step) + axis.column].strip()
            if found is None or not number or number[-1] not in "0123456789":
                continue
            block, (place,), at, _ = found
            assert at == step
            name = block.name
            digits = len(number.partition(".")[2])
            assert abs(number_in(number) - table[name][place, step]) <= 0.5 * 10.0**-digits + 1e-6
            assert f"unit {place + 1}" in line[: axis.gutter]
            seen.add((name, place, step))
    assert len(seen) == len(names) * 12


def test_shares_are_teal_and_signed_values_are_blue_and_orange() -> None:
    axis = TimeAxis.fit(60, 3)
    table = {"f": [[0.0, 0.5, 1.0]], "g": [[-1.0, 0.0, 1.0]]}
    for palette in (DARK, LIGHT):
        grid, layout = picture(facts(table, signed=LSTM), axis, 60, 12, palette=palette)
        for block, levels, style in (
            (layout.blocks[0], (0, 10, 20), palette.share_cell),
            (layout.blocks[1], (-20, 0, 20), palette.cell),
        ):
            for step, level in enumerate(levels):
                assert grid[block.top][axis.middle(step)][1] == style(level)


def test_what_is_not_bounded_has_a_round_scale_that_holds_it() -> None:
    axis = TimeAxis.fit(60, 3)
    values = [-1.5, 0.7, 3.6]
    grid, layout = picture(facts({"c": [values]}, signed=LSTM), axis, 60, 12)
    for step, value in enumerate(values):
        assert grid[layout.blocks[0].top][axis.middle(step)][1] == DARK.cell(round(value / 5 * 20))
    assert "+5" in texts(grid)[0]


@pytest.mark.parametrize(("largest", "scale"), [(17.0, 20), (1.0, 1), (0.0, 5)])
def test_the_scale_is_of_the_whole_sequence_and_not_of_what_is_visible(largest: float, scale: float) -> None:
    axis, values = TimeAxis.fit(60, 3), [-1.5, 0.7, 3.6]
    some = facts({"c": [values]}, signed=LSTM)
    some = replace(some, gates=(replace(some.gates[0], largest=largest),))  # 0: an older engine, that does not tell it
    grid, layout = picture(some, axis, 60, 12)
    assert layout.blocks[0].scale == scale
    assert f"+{scale}" in texts(grid)[0]


def test_two_units_share_a_row_where_rows_are_few_and_the_selected_one_keeps_its_numbers() -> None:
    axis = TimeAxis.fit(60, 2)
    table = {"f": [[0.1, 0.2], [0.9, 0.8], [0.3, 0.4], [0.5, 0.6], [0.7, 1.0]]}
    grid, layout = picture(facts(table, signed=LSTM), axis, 60, 5, unit=2)
    (block,) = layout.blocks
    assert [line for line in block.lines if len(line) == 1] == [(2,)]
    line = texts(grid)[block.top + block.lines.index((2,))]
    assert line.startswith("▸unit 3")
    assert ".3000" in line
    assert ".4000" in line
    for y, places in enumerate(block.lines):
        if len(places) == 2:
            character, style = grid[block.top + y][axis.middle(1)]
            upper, lower = (round(table["f"][place][1] * 20) for place in places)
            assert (character, style) == ("▀", DARK.share_half(upper, lower))


@pytest.mark.parametrize("height", range(3, 40))
@pytest.mark.parametrize("unit", [0, 7, 39, 77])
def test_the_selected_unit_is_always_drawn_and_marked(height: int, unit: int) -> None:
    axis = TimeAxis.fit(90, 6)
    units = np.array(sorted({*range(0, 78, 2), unit}), np.int32)
    some = facts({"f": np.zeros((len(units), 6))}, signed=LSTM, hidden=80, units=units)
    for palette in (DARK, GREY):
        grid, layout = picture(some, axis, 90, height, unit=unit, palette=palette)
        shown = {layout.units[place] for line in layout.blocks[0].lines for place in line}
        assert unit in shown
        marked = [line for line in texts(grid) if line.startswith("▸")]
        assert marked
        assert all(str(unit + 1) in re.findall(r"\d+", line[: axis.gutter]) for line in marked)
        assert len(shown) == layout.shown
        assert f"{layout.shown} of 80" in "\n".join(texts(grid)) or layout.bottom + 1 >= height


def test_names_and_purposes_stand_over_the_gates_or_in_the_gutter() -> None:
    table = {name: np.full((8, 6), 0.25) for name in LSTM}
    axis = TimeAxis.fit(72, 6)
    grid, layout = picture(facts(table, signed=LSTM), axis, 72, 16)
    for block in layout.blocks:
        assert block.heading is not None
        assert texts(grid)[block.heading].startswith(f" {block.name}  about {block.name}")
    grid, layout = picture(facts(table, signed=LSTM), axis, 72, 14)
    for block in layout.blocks:
        assert block.heading is None
        assert block.name in texts(grid)[block.top][:3]
    legend = texts(grid)[layout.bottom + 1]
    assert "i f o 0 " in legend
    assert "g c −1 " in legend


def test_units_that_fit_are_units_that_are_drawn() -> None:
    for height in range(8, 60):
        for gates in range(1, 6):
            count = gate_units_that_fit(height, gates)
            names = list(LSTM)[:gates]
            table = {name: np.zeros((count, 90)) for name in names}
            axis = TimeAxis.fit(101, 90)  # one cell a step: no unit has a row of its own
            _, layout = picture(facts(table, signed=LSTM, hidden=999), axis, 101, height)
            assert len(layout.blocks) == gates
            assert layout.shown == count
            assert layout.bottom < height


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("height", [12, 4])
def test_what_is_no_number_is_told_as_such(value: float, height: int) -> None:
    table = np.full((4, 3), 0.5)
    table[2, 1] = value
    axis = TimeAxis.fit(60, 3)
    for name in ("f", "g"):
        grid, layout = picture(facts({name: table}, signed=LSTM), axis, 60, height, unit=0)
        found = [layout.locate(x, y) for y in range(height) for x in range(60) if grid[y][x][1] == DARK.warning]
        assert found
        assert all(each is not None and each[2] == 1 and 2 in each[1] for each in found)


def test_what_is_not_fed_yet_has_no_colour_and_the_window_may_begin_elsewhere() -> None:
    axis = TimeAxis.fit(60, 6)
    grid, layout = picture(facts({"f": [[1.0, 0.0]]}, signed=LSTM, first=2), axis, 60, 9)
    y = layout.blocks[0].top + 2
    coloured = {axis.step_at(x) for x in range(60) if grid[y][x][1].bgcolor is not None}
    assert coloured == {2, 3}
    assert grid[y][axis.middle(2)][1] == DARK.share_cell(20)


def test_the_cursor_marks_its_column_and_no_other() -> None:
    axis = TimeAxis.fit(77, 6)
    some = facts({"f": np.full((5, 6), 0.5), "c": np.full((5, 6), 0.5)}, signed=LSTM)
    (plain, _), (marked, _) = picture(some, axis, 77, 17), picture(some, axis, 77, 17, cursor=2)
    changed = {axis.step_at(x) for y in range(17) for x in range(77) if plain[y][x] != marked[y][x]}
    assert changed == {2}


def test_without_colours_size_and_sign_are_in_the_characters() -> None:
    axis = TimeAxis.fit(31, 10)
    grid, layout = picture(facts({"f": [np.linspace(0, 1, 10)], "g": [np.linspace(-1, 1, 10)]}, signed=LSTM), axis,
                           31, 12, palette=GREY)  # fmt: skip
    rows = ["".join(texts(grid)[block.top][axis.x(step)] for step in range(10)) for block in layout.blocks]
    assert rows[0] == "".join(GREY.shade(round(value * 20)) for value in np.linspace(0, 1, 10))
    assert len(set(rows[0])) >= 4
    assert not set(rows[1][:4]) & set(rows[1][6:])


def test_a_note_stands_above_or_alone() -> None:
    axis = TimeAxis.fit(50, 3)
    grid, layout = picture(facts({"a": [[0.1, 0.2, 0.3]]}, signed={"a": True}, note="No gates here."), axis, 50, 9)
    assert "No gates here." in texts(grid)[0]
    assert layout.blocks[0].top >= 1
    grid, _ = picture(facts({}, signed={}, note="Nothing to see."), axis, 50, 9)
    assert [line.strip() for line in texts(grid)] == ["Nothing to see.", *[""] * 8]


# ---- means --------------------------------------------------------------------------------------------------------


def lstm_with_means(steps: int, *, units: int = 32, **means: list[float]) -> GatesFacts:
    """An LSTM of this many units, of which 8 are sent; the means of i, f and o over the units are given."""
    gates = []
    for name, signed in LSTM.items():
        mean = np.array(means.get(name, [0.5] * steps), np.float32)
        turns = np.diff(mean)
        at = int(np.abs(turns).argmax())
        summary = GateSummary(
            mean=float(mean.mean()), size=0.5, end=steps - 1, turn=float(turns[at]), turn_at=at + 1, left=0.5
        )
        gates.append(
            GateValues(
                name=name, about=f"about {name}", signed=signed, values=np.full((8, steps), 0.3, np.float32),
                largest=1.0, summary=summary, means=None if signed else mean, **words_of(name),
            )
        )  # fmt: skip
    return GatesFacts(hidden_size=units, units=np.arange(8, dtype=np.int32), gates=tuple(gates))


COUNTS = lstm_with_means(21, i=[0.7, *[0.97] * 20], f=[0.6, *[0.98] * 20], o=[*[0.7] * 20, 0.25])


def test_the_bars_are_as_high_as_the_means() -> None:
    axis = TimeAxis.fit(75, 21)
    for height in (15, 22, 48):
        grid, layout = picture(COUNTS, axis, 75, height)
        tall = layout.means_tall
        assert tall >= 1
        for number, row in enumerate(layout.means):
            top = layout.means_top + number * tall
            for step in range(1, 20):
                bar = [grid[top + line][axis.x(step)][0] for line in range(tall)]
                eighths = sum(" ▁▂▃▄▅▆▇█".index(each) for each in bar)
                assert eighths == round(row.means[step] * 8 * tall)


def test_a_gate_has_its_numbers_at_both_ends_and_a_word() -> None:
    lines = texts(picture(COUNTS, TimeAxis.fit(64, 21), 100, 15)[0])
    assert [" ".join(line.replace("█", " ").split()) for line in lines if "→" in line] == [
        "input i ▆▆▆▆▆▆▆▆ .70 → .97 writes".replace("▆▆▆▆▆▆▆▆", "▆▆"),
        "forget f ▅▅ .60 → .98 keeps",
        "◆output o ▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▂▂ .70 → .25 closes at the last step",
    ]
    wide = texts(picture(COUNTS, TimeAxis.fit(180, 21), 180, 22)[0])  # a number at every bar
    assert sum(line.count(".970") for line in wide) == 20
    full = texts(picture(COUNTS, TimeAxis.fit(74, 21), 74, 24)[0])  # no room beside the bars: it is in them
    assert [line[11:14] for line in full if ".60" in line or ".70" in line] == [".70", ".60", ".70"]
    assert [line.strip() for line in full if line.strip().startswith("keeps")]


def test_a_bar_has_the_room_beside_its_number() -> None:
    """The number, a blank, the bar, and a blank before the next column."""
    axis = TimeAxis.fit(180, 21)
    grid, layout = picture(COUNTS, axis, 180, 22)
    tall = layout.means_tall
    line = texts(grid)[layout.means_top + tall + (tall - 1) // 2]  # of f, the second, nearly full
    assert axis.column == 8
    assert line[axis.x(5) : axis.x(7)] == ".980 ██ .980 ██ "


def test_the_gate_that_changes_most_is_marked_where_it_does() -> None:
    axis = TimeAxis.fit(64, 21)
    grid, layout = picture(COUNTS, axis, 100, 15)
    marked = [number for number, row in enumerate(layout.means) if row.turns_most]
    assert [layout.means[number].name for number in marked] == ["output o"]
    y = layout.means_top + marked[0]
    assert texts(grid)[y].startswith("◆output o")
    assert {axis.step_at(x) for x in range(axis.gutter, axis.right) if grid[y][x][1] == DARK.accent} == {20}
    still, layout = picture(lstm_with_means(21), axis, 100, 15)
    assert not any(row.turns_most for row in layout.means)
    assert "◆" not in "".join(texts(still))


@pytest.mark.parametrize(
    ("name", "means", "word"),
    [
        ("f", [0.91] * 4, "keeps"),
        ("f", [0.89] * 4, "mostly open"),
        ("f", [0.66] * 4, "half open"),
        ("f", [0.34] * 4, "half open"),
        ("f", [0.33] * 4, "mostly shut"),
        ("f", [0.09] * 4, "forgets"),
        ("i", [0.05] * 4, "writes nothing"),
        ("o", [0.05] * 4, "hides c"),
        ("o", [0.95] * 4, "shows c"),
        ("f", [0.4, 0.4, 0.61, 0.61], "opens at t=3"),
        ("f", [0.4, 0.4, 0.59, 0.59], "half open"),  # it turns too little
        ("f", [0.4, 0.9, 0.9, 0.9], "mostly open"),  # that is how it starts
        ("f", [0.9, 0.9, 0.9, 0.1], "closes at the last step"),
    ],
)
def test_a_word_for_a_gate(name: str, means: list[float], word: str) -> None:
    rows = {row.name[-1]: row for row in mean_rows(lstm_with_means(4, units=32, **{name: means}))}
    assert rows[name].words[0] == word


def test_in_a_low_pane_c_has_the_rows_that_are_left() -> None:
    _, layout = picture(COUNTS, TimeAxis.fit(53, 21), 70, 15, unit=2)
    assert layout.means_tall == 1
    assert [block.name for block in layout.blocks] == list(LSTM)
    assert [block.lines for block in layout.blocks[:-1]] == [((2,),)] * 4
    assert len(layout.blocks[-1].lines) == 4
    assert layout.shown == 8  # all of them: none has a row of its own
    assert layout.shown <= gate_units_that_fit(15, 5, 3, 32)


def test_without_room_beside_the_bars_they_have_a_second_row_for_their_words() -> None:
    grid, layout = picture(COUNTS, TimeAxis.fit(74, 21), 74, 15, unit=2)
    assert layout.means_tall == 2
    words = [texts(grid)[layout.means_top + 2 * number + 1][1:10].strip() for number in range(3)]
    assert words == ["writes", "keeps", "closes"]


def test_of_units_in_an_order_the_leading_ones_are_drawn() -> None:
    units = np.array([9, 4, 30, 2, 17, 8, 11, 5], np.int32)
    some = replace(COUNTS, order="varies", units=units)
    _, layout = picture(some, TimeAxis.fit(53, 21), 70, 14, unit=17)
    shown = {layout.units[place] for line in layout.blocks[-1].lines for place in line}
    assert shown == {9, 4, 30, 2, 17}
    grid, _ = picture(some, TimeAxis.fit(53, 21), 100, 14, unit=17)
    assert "5 of 32 units that vary most" in texts(grid)[-1]


# ---- in words -----------------------------------------------------------------------------------------------------


def summed_up(gates: dict[str, dict[str, Any]]) -> GatesFacts:
    """Facts of 8 units at the time steps 0 to 20, whose gates have been summed up so."""
    made = []
    for name, about in gates.items():
        summary = GateSummary(**{"mean": 0.5, "size": 0.5, "begin": 0, "end": 20, **about})
        values = np.zeros((2, 3), np.float32)
        made.append(
            GateValues(name=name, about="", signed=name in "gcna", values=values, summary=summary, **words_of(name))
        )
    return GatesFacts(hidden_size=8, units=np.arange(2, dtype=np.int32), gates=tuple(made))


def lstm(left: float, keeping: int, i: float = 0.5, o: dict[str, Any] | None = None, **f: Any) -> GatesFacts:
    forget = {"left": left, "keeping": keeping, **f}
    return summed_up({"i": {"mean": i}, "f": forget, "g": {"size": 0.9}, "o": o or {}, "c": {}})


GRU: dict[str, dict[str, Any]] = {
    "r": {"turn": 0.3, "turn_at": 2},
    "z": {"left": 0.002, "begin": 20, "end": 0},
    "n": {"turn": 9.0},
}


@pytest.mark.parametrize(
    ("some", "sentence"),
    [
        (
            lstm(0.97, 8, 0.98, {"turn": -0.45, "turn_at": 19}),
            "◆ output o changes most: it closes at t=20; c keeps 97 % of its value from t=1 to t=21 and adds about "
            "±0.9 a step: it counts",
        ),
        (
            lstm(0.95, 7, 0.03),
            "c keeps 95 % of its value from t=1 to t=21, and input is near 0 (i .03): it stays as it is",
        ),
        (
            lstm(0.24, 1),
            "On average a unit of c keeps 24 % of its value at t=1 until t=21; 1 of 8 units keeps 90 % or more",
        ),
        (
            lstm(0.93, 6),
            "On average a unit of c keeps 93 % of its value at t=1 until t=21; 6 of 8 units keep 90 % or more",
        ),
        (
            summed_up(GRU),
            "◆ reset r changes most: it opens at t=3; on average a unit of h keeps under 1 % of its value at t=21 "
            "until t=1; 0 of 8 units keep 90 % or more",
        ),
        (
            summed_up({"a": {}, "h'": {"mean": 0.06}}),
            "On average .06 of a gradient gets through the non-linearity at each step: most of it is lost",
        ),
        (lstm(1.0, 8, end=0), ""),  # of a single step nothing can be left at another
        (lstm(math.nan, 0, mean=math.nan), ""),
        (facts({"f": [[0.5]]}, signed=LSTM), ""),  # an older engine tells nothing of the whole
    ],
)
def test_a_sentence_says_what_the_gates_do(some: GatesFacts, sentence: str) -> None:
    assert told(some, 200) == sentence
    for room in range(150):
        assert cell_len(told(some, room)) <= room
    grid, layout = picture(some, TimeAxis.fit(150, 3), 150, 30)
    assert (sentence in texts(grid)[0]) if sentence else layout.blocks[0].heading == 0


def test_the_sentence_takes_a_row_that_the_gates_cannot_share() -> None:
    """Five gates of two rows each, a ruler and a scale: of 13 rows, one is left, and of 12 none."""
    for height, said in ((13, True), (12, False), (10, True)):
        grid, layout = picture(lstm(0.24, 1), TimeAxis.fit(90, 3), 90, height)
        assert ("unit of c keeps 24 %" in texts(grid)[0]) == said
        assert layout.bottom < height
