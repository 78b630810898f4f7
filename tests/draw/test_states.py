"""Hidden states as heatmaps: every number at its unit and its time step, in its colour, and what is not there."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from rnn_tui.draw.kit.palette import DARK
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.draw.states import StatesLayout, draw_states, lay_out_gradients_of_units, lay_out_states
from rnn_tui.protocol.frame import States
from rnn_tui.protocol.phase import Gradient
from tests.draw.grids import GREY, Grid, is_picture, letters, number_in
from tests.examples import examples

VALUES = st.one_of(st.floats(-1, 1, width=32), st.floats(width=32))


def states(h: Any, *, layer: int = 0, direction: int = 0, c: Any = None) -> States:
    h = np.array(h, np.float32)
    return States(layer=layer, direction=direction, units=np.arange(len(h), dtype=np.int32), h=h,
                  c=None if c is None else np.array(c, np.float32))  # fmt: skip


def lay_out(
    *parts: States, height: int, axis: TimeAxis, bounded: bool = True, hidden: int | None = None
) -> StatesLayout:
    layers = len({part.layer for part in parts})
    size = len(parts[0].units) if hidden is None else hidden
    return lay_out_states(parts, height=height, axis=axis, hidden_size=size, layers=layers, bounded=bounded)


def picture(layout: StatesLayout, width: int, height: int, cursor: int | None = None, palette: Any = DARK) -> Grid:
    inputs = letters(layout.axis)
    strips = draw_states(layout, width=width, height=height, palette=palette, inputs=inputs, cursor=cursor)
    return is_picture(strips, width, height)


def row(grid: Grid, y: int) -> str:
    return "".join(character for character, _ in grid[y])


@settings(max_examples=examples(60))
@given(st.data())
def test_any_states_in_any_room(data: st.DataObject) -> None:
    width, height = data.draw(st.integers(1, 220)), data.draw(st.integers(1, 70))
    length, units = data.draw(st.integers(1, 90)), data.draw(st.integers(1, 40))
    axis = TimeAxis.fit(width, length, first=data.draw(st.integers(0, 90)), narrowest=data.draw(st.integers(1, 2)))
    fed = data.draw(st.integers(0, axis.count))
    lstm, layers, both = data.draw(st.booleans()), data.draw(st.integers(1, 4)), data.draw(st.booleans())
    some = np.array(data.draw(st.lists(VALUES, min_size=1, max_size=9)), np.float32)
    h = np.resize(some, (units, fed))
    parts = [states(h, layer=layer, direction=direction, c=h * 3 if lstm else None)
             for layer in range(layers) for direction in range(1 + both)]  # fmt: skip
    layout = lay_out(
        *parts, height=height, axis=axis, bounded=data.draw(st.booleans()), hidden=units + data.draw(st.integers(0, 9))
    )
    cursor = data.draw(st.one_of(st.none(), st.integers(0, length - 1)))
    grid = picture(layout, width, height, cursor, data.draw(st.sampled_from([DARK, GREY])))
    assert len(grid) == height
    for x in range(width):  # asking never fails, and answers only where there are numbers
        found = layout.locate(x, data.draw(st.integers(-1, height)))
        if found is not None:
            assert len(found.values) == len(found.places) in (1, 2)


def spaced(units: int, steps: int) -> Any:
    """Numbers that are all different, to four digits."""
    return np.linspace(-0.99, 0.99, units * steps).reshape(units, steps)


@pytest.mark.parametrize(("width", "height", "units", "steps"), [(77, 17, 5, 6), (120, 40, 4, 9), (66, 12, 10, 6)])
def test_every_number_stands_at_its_unit_and_its_time_step(width: int, height: int, units: int, steps: int) -> None:
    h = spaced(units, steps)
    axis = TimeAxis.fit(width, steps)
    layout = lay_out(states(h), height=height, axis=axis)
    grid = picture(layout, width, height)
    seen = set()
    for y in range(height):
        for step in range(steps) if "unit" in row(grid, y) else ():
            text = row(grid, y)[axis.x(step) : axis.x(step) + axis.column].strip()
            found = layout.locate(axis.middle(step), y)
            if text and text[0] in "+−":
                assert found is not None
                _, (unit,), at, _ = found
                assert at == step
                assert abs(number_in(text) - h[unit, step]) <= 0.5 * 10.0 ** -len(text.partition(".")[2]) + 1e-6
                assert f"unit {unit + 1} " in row(grid, y)
                seen.add((unit, step))
    assert len(seen) == units * steps


@pytest.mark.parametrize("height", [8, 17, 40])
def test_colours_tell_the_sign_in_every_cell_of_a_unit(height: int) -> None:
    h = [[0.9, -0.9, 0.0], [-0.5, 0.5, -0.001]]
    axis = TimeAxis.fit(50, 3)
    layout = lay_out(states(h), height=height, axis=axis)
    grid = picture(layout, 50, height)
    counted = 0
    for y in range(height):
        for x in range(50):
            found = layout.locate(x, y)
            if found is not None:
                _, (unit,), step, _ = found
                assert grid[y][x][1] == DARK.cell(round(h[unit][step] * 20))
                counted += 1
    assert counted >= 2 * 3 * axis.column


def test_two_units_share_a_row_of_half_blocks_where_rows_are_few() -> None:
    h = [[1.0, -1.0], [-1.0, 1.0], [0.5, 0.5]]
    axis = TimeAxis.fit(40, 2)
    layout = lay_out(states(h), height=4, axis=axis)
    grid = picture(layout, 40, 4)
    for step in range(2):
        for pair, y in (((h[0][step], h[1][step]), 0), ((h[2][step], 0.0), 1)):
            character, style = grid[y][axis.middle(step)]
            assert character == "▀"
            assert style == DARK.half(*(round(value * 20) for value in pair))
            found = layout.locate(axis.middle(step), y)
            assert found is not None
            assert (found.places, found.step) == (((0, 1), (2,))[y], step)


def test_a_sample_says_that_it_is_one() -> None:
    axis = TimeAxis.fit(90, 4)
    everything = picture(lay_out(states(np.zeros((8, 4))), height=12, axis=axis), 90, 12)
    sample = picture(lay_out(states(np.zeros((8, 4))), height=12, axis=axis, hidden=512), 90, 12)
    assert "8 of 512 units" in "\n".join(row(sample, y) for y in range(12))
    assert "units" not in "\n".join(row(everything, y) for y in range(12))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("height", [17, 4])
def test_what_is_no_number_is_told_as_such(value: float, height: int) -> None:
    h = np.zeros((5, 3))
    h[1, 1] = value
    axis = TimeAxis.fit(50, 3)
    layout = lay_out(states(h), height=height, axis=axis, bounded=False)
    grid = picture(layout, 50, height)
    cells = [(y, x) for y in range(height) for x in range(50) if grid[y][x][1] == DARK.warning]
    assert cells
    for y, x in cells:
        found = layout.locate(x, y)
        assert found is not None
        assert found.step == 1
        assert found.places == ((1,) if height == 17 else (0, 1))
    text = "".join(grid[y][x][0] for y, x in cells)
    assert {math.nan: "NaN", math.inf: "+∞", -math.inf: "−∞"}[value] in text if height == 17 else "!" in text


def test_what_is_not_fed_yet_is_a_dot_and_has_no_colour() -> None:
    axis = TimeAxis.fit(77, 6)
    layout = lay_out(states(np.ones((5, 2))), height=17, axis=axis)
    grid = picture(layout, 77, 17)
    for y in range(15):
        for step in range(2, 6):
            cells = grid[y][axis.x(step) : axis.x(step) + axis.column]
            assert "".join(character for character, _ in cells).strip() in ("", "·")
            assert all(style.bgcolor is None for _, style in cells)
            assert layout.locate(axis.middle(step), y) is None
    assert sum(row(grid, y).count("·") for y in range(15)) == 5 * 4


def test_the_cursor_marks_its_column_and_no_other() -> None:
    axis = TimeAxis.fit(77, 6)
    layout = lay_out(states(spaced(5, 6)), height=17, axis=axis)
    plain, marked = picture(layout, 77, 17), picture(layout, 77, 17, cursor=2)
    changed = {x for y in range(17) for x in range(77) if plain[y][x] != marked[y][x]}
    assert changed
    assert {axis.step_at(x) for x in changed} == {2}
    text = "".join(row(marked, y) for y in range(17))
    assert text.count(".") == 30  # it hides no number


def test_blocks_of_layers_directions_and_cells_are_named_and_scaled() -> None:
    h = np.full((2, 3), 0.5)
    parts = [states(h, layer=layer, direction=direction, c=h * 6) for layer in range(2) for direction in range(2)]
    axis = TimeAxis.fit(60, 3)
    layout = lay_out(*parts, height=40, axis=axis)
    assert [block.name for block in layout.blocks] == ["h₁→", "c₁→", "h₁←", "c₁←", "h₂→", "c₂→", "h₂←", "c₂←"]
    assert [block.scale for block in layout.blocks] == [1, 5] * 4
    text = "\n".join(row(picture(layout, 60, 40), y) for y in range(40))
    for block in layout.blocks:
        assert f"{block.name} u1" in text
    assert "h −1" in text
    assert "c −5" in text
    tops = [block.top for block in layout.blocks]
    assert tops == sorted(tops)
    assert all(one.rows.stop <= other.top for one, other in zip(layout.blocks, layout.blocks[1:], strict=False))


def test_the_scale_is_of_the_whole_sequence_and_not_of_what_is_visible() -> None:
    axis = TimeAxis.fit(60, 3)
    small = replace(states(np.full((2, 3), 0.5), c=np.full((2, 3), 1.5)), largest_h=3.0, largest_c=40.0)
    assert [each.scale for each in lay_out(small, height=20, axis=axis, bounded=True).blocks] == [1, 50]
    layout = lay_out(small, height=20, axis=axis, bounded=False)
    assert [each.scale for each in layout.blocks] == [5, 50]
    text = "\n".join(row(picture(layout, 60, 20), y) for y in range(20))
    assert "h −5" in text
    assert "c −50" in text


@pytest.mark.parametrize("height", [3, 4, 9])
@pytest.mark.parametrize("number", [11, 128, 1024, 10_240, 1_234_567])
@pytest.mark.parametrize("directions", [1, 2])
def test_the_number_of_a_unit_is_whole_and_apart_from_the_heatmap(number: int, directions: int, height: int) -> None:
    axis = TimeAxis.fit(40, 3)
    parts = [
        States(
            layer=0,
            direction=direction,
            units=np.arange(number - 1, number + 2, dtype=np.int32),
            h=np.ones((3, 3), np.float32),
        )
        for direction in range(directions)
    ]
    grid = picture(lay_out(*parts, height=height, axis=axis, hidden=2 * number), 40, height)
    left = [row(grid, y)[: axis.gutter] for y in range(height)]
    assert any(text.rstrip().endswith(f"u{number}") or text.rstrip().endswith(f"unit {number}") for text in left)
    labels = [text for text in left if text.strip() and "input" not in text and "h −" not in text]
    assert all(text.endswith(" ") for text in labels)


def test_without_colours_sign_and_size_are_in_the_characters() -> None:
    h = [[1, -1, 0]]
    axis = TimeAxis.fit(40, 3)
    layout = lay_out(states(h), height=7, axis=axis)
    grid = picture(layout, 40, 7, palette=GREY)
    shades = [grid[layout.blocks[0].top][axis.x(step)][0] for step in range(3)]
    assert len(set(shades)) == 3
    assert "█" in shades


@pytest.mark.parametrize("hidden", [3, 512])
def test_without_colours_a_row_for_two_units_shows_the_upper_one_and_says_so(hidden: int) -> None:
    axis = TimeAxis.fit(90, 2)
    layout = lay_out(states([[1, -1], [-1, 1], [0.5, 0.5]]), height=4, axis=axis, hidden=hidden)
    grid = picture(layout, 90, 4, palette=GREY)
    assert [grid[0][axis.middle(step)][0] for step in range(2)] == [GREY.shade(20), GREY.shade(-20)]
    assert "every 2nd unit" in "".join(row(grid, y) for y in range(4))
    assert "every 2nd unit" not in "".join(row(picture(layout, 90, 4), y) for y in range(4))


@pytest.mark.parametrize(("largest", "scale"), [(0.03, "0.05"), (0.5, "0.5"), (7.0, "10"), (3e-9, "5e-09"), (0.0, "1")])
def test_gradients_of_units_stand_where_backward_has_come(largest: float, scale: str) -> None:
    axis = TimeAxis.fit(60, 6)
    values = np.array([[largest, 0.0], [-largest, largest / 2]], np.float32)
    gradient = Gradient(
        layer=0, direction=0, first=4, norms=np.ones(2, np.float32), units=np.array([0, 3], np.int32), values=values
    )
    layout = lay_out_gradients_of_units([gradient], height=8, axis=axis, hidden_size=4, layers=1, largest=largest)
    grid = picture(layout, 60, 8)
    assert f"∂L/∂h −{scale}" in row(grid, layout.bottom + 1)
    for step in range(6):
        found = layout.locate(axis.middle(step), layout.blocks[0].top)
        assert (found is None) == (step < 4)
        if found is not None:
            assert (found.step, found.values) == (step, (float(values[0, step - 4]),))


def test_of_a_large_layer_the_units_that_vary_most_are_named_and_others_counted() -> None:
    axis = TimeAxis.fit(90, 6)
    given = States(
        layer=0, direction=0, units=np.array([90, 4, 33, 7], np.int32), h=np.zeros((4, 6), np.float32),
        order="varies", dead=3, saturated=12,
    )  # fmt: skip
    layout = lay_out_states([given], height=4, axis=axis, hidden_size=128, layers=1, bounded=True)
    for width, words in (
        (140, "the 4 of 128 units that vary most over time, the most at the top · of all 128: 3 stay near 0 · 12 stay"),
        (110, "shown: the 4 of 128 units that vary most · of all 128: 3 stay near 0 · 12 stay near ±1"),
        (75, "4 of 128 units · 3 stay near 0 · 12 stay near ±1"),
        (48, "4 of 128 that vary most"),
        (40, "4 of 128 units"),
    ):
        strips = draw_states(layout, width=width, height=4, palette=DARK, inputs="abcdef", cursor=None)
        assert words in strips[-1].text
    assert "u91" in strips[0].text or "unit 91" in strips[0].text
    number = replace(given, order="number")
    layout = lay_out_states([number], height=4, axis=axis, hidden_size=128, layers=1, bounded=True)
    strips = draw_states(layout, width=110, height=4, palette=DARK, inputs="abcdef", cursor=None)
    assert strips[-1].text.rstrip().endswith("4 of 128 units")


def test_a_row_has_all_its_numbers_or_none() -> None:
    """In three cells there is room for +9 and not for +12: numbers that stop half-way would look like other values."""
    axis = TimeAxis(column=3, first=0, count=4, length=4)
    for c, written in (([2.0, 9.0, 9.0, 3.0], True), ([2.0, 9.0, 12.0, 15.0], False)):
        layout = lay_out(states([[0.0] * 4], c=[c]), height=4, axis=axis)
        row = texts_of(picture(layout, 30, 4), layout.blocks[1].rows[0])
        assert ("+2" in row) == ("+9" in row) == written


def texts_of(grid: Grid, y: int) -> str:
    return "".join(character for character, _ in grid[y])


def test_a_touched_state_is_marked_whether_it_has_a_row_or_half_of_one() -> None:
    axis = TimeAxis.fit(90, 6)
    for height, units in ((14, 4), (5, 4)):
        given = States(layer=0, direction=0, units=np.arange(units, dtype=np.int32), h=np.zeros((units, 6), np.float32))
        layout = lay_out_states([given], height=height, axis=axis, hidden_size=units, layers=1, bounded=True)
        strips = draw_states(
            layout, width=90, height=height, palette=DARK, inputs="abcdef", cursor=None, touched={("h", 2, 4)}
        )
        (block,) = layout.blocks
        rows = [y for y, strip in enumerate(strips) if "✎" in strip.text]
        middles = [block.top + row for row, line in enumerate(block.lines) if 2 in line and block.is_middle(row)]
        assert rows == middles
        assert len(rows) == 1
        assert strips[rows[0]].text.index("✎") == axis.x(4)
