"""The unrolled network: every character in the column of its time step, right and wrong told apart, safe numbers."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from rnn_tui.draw.kit.palette import DARK, Palette
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.draw.network.bands import TALLEST_BOX, Unrolled, natural_height, units_in_box
from rnn_tui.draw.network.boxes import LayerRow
from rnn_tui.draw.network.unrolled import draw_unrolled
from rnn_tui.draw.states import draw_states, lay_out_states
from rnn_tui.protocol.frame import States
from tests.draw.grids import GREY, Grid, is_picture, number_in
from tests.examples import examples

VALUES = st.one_of(st.floats(-1, 1, width=32), st.floats(width=32))


def network(inputs: Any = "hihell", targets: Any = "ihello", outputs: Any = "ihelll", **more: Any) -> Unrolled:
    h = np.linspace(-1, 1, 5 * len(outputs), dtype=np.float32).reshape(5, -1)
    values: dict[str, Any] = {
        "output_p": [0.5] * len(outputs), "values": None, "cells": [LayerRow(name="RNN", direction=0, h=h)],
        "embedding": 0, "head": False, "fed": len(outputs), "current": None, "double": False,
    }  # fmt: skip
    return Unrolled(inputs=inputs, targets=targets, outputs=outputs, **(values | more))


def picture(net: Unrolled, width: int = 77, height: int = 12, *, cursor: int | None = None, axis: Any = None,
            palette: Any = DARK) -> Grid:  # fmt: skip
    axis = axis or TimeAxis.fit(width, len(net.inputs))
    strips = draw_unrolled(net, width=width, height=height, axis=axis, palette=palette, cursor=cursor)
    return is_picture(strips, width, height)


def lines(grid: Grid) -> list[str]:
    return ["".join(character for character, _ in row) for row in grid]


def labelled(grid: Grid, label: str) -> int:
    return next(y for y, line in enumerate(lines(grid)) if line[1:].startswith(label))


@settings(max_examples=examples(60))
@given(st.data())
def test_any_network_in_any_room(data: st.DataObject) -> None:
    width, height = data.draw(st.integers(1, 220)), data.draw(st.integers(1, 70))
    glyphs = data.draw(st.lists(st.sampled_from(["a", "日", "◌\u0301", "�", "␣", "👩"]), min_size=1, max_size=90))
    axis = TimeAxis.fit(width, len(glyphs), narrowest=data.draw(st.integers(1, 2)), first=data.draw(st.integers(0, 90)))
    window = [glyphs[step] for step in axis.steps]
    fed = data.draw(st.integers(0, axis.count))
    h = np.resize(np.array(data.draw(st.lists(VALUES, min_size=1, max_size=7)), np.float32), (3, fed))
    directions = data.draw(st.integers(1, 2))
    cells = [LayerRow(name=f"GRU {layer}", direction=direction, h=data.draw(st.sampled_from([None, h, h[:0]])))
             for layer in range(data.draw(st.integers(1, 40))) for direction in range(directions)]  # fmt: skip
    learns = data.draw(st.booleans())
    net = network(
        window, window if learns else [], window[::-1][:fed] if learns else [], cells=cells,
        output_p=np.resize(h, fed).tolist(), values=None if learns else h.T,
        embedding=data.draw(st.sampled_from([0, 5])), head=data.draw(st.booleans()), fed=fed,
        double=data.draw(st.booleans()),
        current=data.draw(st.one_of(st.none(), st.integers(0, len(glyphs) - 1))),
    )  # fmt: skip
    cursor = data.draw(st.one_of(st.none(), st.integers(0, len(glyphs) - 1)))
    picture(net, width, height, cursor=cursor, axis=axis, palette=data.draw(st.sampled_from([DARK, GREY])))


@pytest.mark.parametrize("width", [30, 47, 60, 77, 120])
def test_every_character_stands_in_the_column_of_its_step(width: int) -> None:
    grid = picture(network(), width)
    axis = TimeAxis.fit(width, 6)
    for label, text in (("input", "hihell"), ("target", "ihello"), ("output", "ihelll")):
        row = grid[labelled(grid, label)]
        assert "".join(row[axis.middle(step)][0] for step in range(6)) == text


@pytest.mark.parametrize("width", [40, 60, 77])
def test_the_columns_are_those_of_the_hidden_states(width: int) -> None:
    axis = TimeAxis.fit(width, 6)
    h = np.zeros((2, 6), np.float32)
    states = [States(layer=0, direction=0, units=np.arange(2, dtype=np.int32), h=h)]
    layout = lay_out_states(states, height=9, axis=axis, hidden_size=2, layers=1, bounded=True)
    strips = draw_states(layout, width=width, height=9, palette=DARK, inputs="hihell", cursor=None)
    below = next(strip.text for strip in strips if "input" in strip.text)
    above = lines(picture(network(), width))[labelled(picture(network(), width), "input")]
    places = [x for x, character in enumerate(above) if x >= axis.gutter and character != " "]
    assert places == [x for x, character in enumerate(below) if x >= axis.gutter and character != " "]
    assert len(places) == 6


@pytest.mark.parametrize("column", [1, 2, 3, 5, 9])
def test_wrong_is_told_by_more_than_a_colour(column: int) -> None:
    grid = picture(network(), 11 + 6 * column + 1)
    axis = TimeAxis.fit(11 + 6 * column + 1, 6)
    row = grid[labelled(grid, "output")]
    for step, right in enumerate([True] * 5 + [False]):
        cells = row[axis.x(step) : axis.x(step) + column]
        text = "".join(character for character, _ in cells)
        if column >= 3:
            assert ("✓" in text, "✗" in text) == (right, not right)
        else:
            assert any(style.reverse for _, style in cells) == (not right)


@given(st.integers(2, 12), st.sampled_from("日本"))
def test_wide_characters_and_their_marks_stay_in_their_column(column: int, character: str) -> None:
    width = 11 + 3 * column
    axis = TimeAxis.fit(width, 3, narrowest=2)
    grid = picture(network([character] * 3, [character] * 3, [character, "a", character]), width, axis=axis)
    row = grid[labelled(grid, "output")]
    for step, (said, right) in enumerate([(character, True), ("a", False), (character, True)]):
        text = "".join(each for each, _ in row[axis.x(step) : axis.x(step) + axis.column])
        assert text.count(said) == 1
        if "✓" in text or "✗" in text:
            assert ("✓" in text) == right
        else:
            assert any(style.reverse for _, style in row[axis.x(step) : axis.x(step) + axis.column]) == (not right)
        assert cell_len(text) == axis.column


def test_what_is_not_fed_yet_says_nothing() -> None:
    grid = picture(network(outputs="ih", fed=2, current=1))
    axis = TimeAxis.fit(77, 6)
    output = lines(grid)[labelled(grid, "output")]
    assert [output[axis.middle(step)] for step in range(2)] == ["i", "h"]
    assert set(output[axis.x(2) : axis.right]) <= {"·", " "}
    lit = {axis.step_at(x) for row in grid for x, (_, style) in enumerate(row) if style.color == DARK.accent.color}
    assert lit == {1, 0}  # the step being fed, and the arrow that leads there


@pytest.mark.parametrize("p", [0.8214, 0.05, 1.0, math.nan])
def test_probabilities_are_rounded_and_no_number_is_told(p: float) -> None:
    grid = picture(network(output_p=[p] * 6))
    axis = TimeAxis.fit(77, 6)
    row = lines(grid)[labelled(grid, "p(output)")]
    for step in range(6):
        text = row[axis.x(step) : axis.x(step) + axis.column].strip()
        assert text == "NaN" if math.isnan(p) else abs(float(text) - p) <= 0.005


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_state_that_is_no_number_is_marked(value: float) -> None:
    h = np.zeros((1, 6), np.float32)
    h[0, 2] = value
    grid = picture(network(cells=[LayerRow(name="RNN", direction=0, h=h)]))
    axis = TimeAxis.fit(77, 6)
    marked = [(x, character) for row in grid for x, (character, style) in enumerate(row) if style == DARK.warning]
    assert {axis.step_at(x) for x, _ in marked} == {2}
    assert {character for _, character in marked} == {"!"}


def test_boxes_have_the_colours_of_their_states() -> None:
    h = np.array([[-1, -0.5, 0, 0.2, 0.5, 1]], np.float32)
    grid = picture(network(cells=[LayerRow(name="RNN", direction=0, h=h)]))
    axis = TimeAxis.fit(77, 6)
    for step in range(6):
        colours = {style.bgcolor for row in grid for _, style in row[axis.x(step) : axis.x(step) + axis.column]} - {
            None
        }
        assert colours == {DARK.cell(round(float(h[0, step]) * 20)).bgcolor}


def test_values_are_written_out_where_nothing_is_learnt() -> None:
    values = np.array([[0.123, -0.5], [-0.25, 1.0]], np.float32)
    grid = picture(network("he", [], [], values=values, fed=2, cells=[LayerRow(name="RNN", direction=0)]), 60)
    axis = TimeAxis.fit(60, 2)
    for feature in range(2):
        row = lines(grid)[labelled(grid, f"output {feature + 1}")]
        for step in range(2):
            text = row[axis.x(step) : axis.x(step) + axis.column]
            assert number_in(text) == pytest.approx(values[step, feature], abs=1e-4)


def test_the_cursor_marks_its_column_as_wide_as_its_box_and_no_other() -> None:
    plain, marked = picture(network()), picture(network(), cursor=4)
    axis = TimeAxis.fit(77, 6)
    assert lines(plain) == lines(marked)
    (box,) = [line for line in lines(plain) if "╭" in line]
    left, right = (box.index(corner, axis.x(4)) for corner in "╭╮")
    changed = {x for y in range(12) for x in range(77) if plain[y][x] != marked[y][x]}
    assert changed == set(range(left, right + 1)) <= set(range(axis.x(4), axis.x(5)))
    assert all(style.bgcolor is not None for row in marked for _, style in row[left : right + 1])


def test_too_many_layers_say_how_many_are_left_out() -> None:
    cells = [LayerRow(name=f"RNN {layer + 1}", direction=0) for layer in range(50)]
    text = lines(picture(network(cells=cells), height=12))
    shown = [line for line in text if line.startswith(" RNN")]
    (gap,) = [line for line in text if "more layers" in line]
    assert f"⋮ {50 - len(shown)} more" in gap
    assert shown[0].startswith(" RNN 50")
    assert shown[-1].startswith(" RNN 1 ")
    for label in ("target", "output", "input"):
        assert any(line[1:].startswith(label) for line in text)


def test_two_directions_run_against_each_other() -> None:
    cells = [LayerRow(name=f"RNN{arrow}", direction=direction) for direction, arrow in enumerate("→←")]
    text = lines(picture(network(cells=cells), 80))
    right, left = (next(line for line in text if line[1:].startswith(f"RNN{arrow}")) for arrow in "→←")
    assert "▸" in right
    assert "◂" not in right
    assert "◂" in left
    assert "▸" not in left
    assert right.index("h₀") < right.index("▪") < left.rindex("▪") < left.index("h₀")


@pytest.mark.parametrize("learns", [True, False])
def test_the_natural_height_has_every_band_and_no_spare_row(learns: bool) -> None:
    height = natural_height(cells=1, layers=1, learns=learns, features=2, head=True, embedding=True)
    values = None if learns else np.zeros((6, 2), np.float32)
    net = network(targets="ihello" if learns else [], values=values, head=True, embedding=5)
    text = lines(picture(net, height=height))
    assert all(line.strip() for line in text)
    assert "╭" in "".join(text)
    taller = lines(picture(net, height=height + 3))
    assert all(line.strip() for line in taller)  # the boxes grow
    assert sum("│" in line for line in taller) == 4
    assert lines(picture(net, height=height + TALLEST_BOX - 1)).count(" " * 77) == 2


@pytest.mark.parametrize("width", [14, 20, 24, 30, 36, 77])
@pytest.mark.parametrize("directions", [1, 2])
def test_what_is_left_out_is_counted_truly_and_never_cut(width: int, directions: int) -> None:
    names = [f"R{layer + 1}{'→←'[way]}" for layer in range(20) for way in range(directions)]
    cells = [LayerRow(name=name, direction=number % directions) for number, name in enumerate(names)]
    text = lines(picture(network(cells=cells), width, axis=TimeAxis.fit(77, 6), height=12))
    hidden = len(cells) - sum(line.startswith(" R") for line in text)
    (gap,) = [line.strip() for line in text if "⋮" in line]
    what = "layers" if directions == 1 else "rows"
    whole = f"⋮ {hidden} more {what} in between"
    assert whole.startswith(gap)
    assert gap in (whole, f"⋮ {hidden} more {what}", f"⋮ {hidden} more", f"⋮ {hidden}")


@pytest.mark.parametrize("width", [17, 23, 29, 35, 47, 60, 77, 120])
@pytest.mark.parametrize("height", [6, 8, 12])
@pytest.mark.parametrize("palette", [DARK, GREY])
def test_a_box_shows_as_many_units_as_it_says(width: int, height: int, palette: Palette) -> None:
    """Fourteen units, each with a colour of its own."""
    axis = TimeAxis.fit(width, 6)
    levels = [3 * unit - 20 for unit in range(14)]
    h = np.repeat(np.array(levels, np.float32)[:, None] / np.float32(20), 6, axis=1)
    net = network(cells=[LayerRow(name="RNN", direction=0, h=h)])
    grid = picture(net, width, height, palette=palette)
    seen = set()
    colours = {palette.cell(level).bgcolor: level for level in levels}
    for row in grid:
        for x, (character, style) in enumerate(row):
            if axis.step_at(x) == 3 and style.bgcolor in colours:
                seen.add(colours[style.bgcolor])
                if character == "▀":
                    seen.add(next(level for level in levels if palette.cell(level).bgcolor == style.color))
    shown = units_in_box(net, height=height, axis=axis, halves=not palette.shaded)
    if palette is DARK:
        assert len(seen) == shown
    assert 0 < shown <= 14


def test_units_stand_in_their_order_line_by_line() -> None:
    axis = TimeAxis(column=5, first=0, count=2, length=2)  # four cells within a box without a frame
    values = np.linspace(-1, 0.8, 7, dtype=np.float32)
    net = network("ab", "ba", "ba", cells=[LayerRow(name="RNN", direction=0, h=np.stack([values] * 2, 1))])
    y = labelled(grid := picture(net, 40, 6, axis=axis), "RNN")
    levels = [round(float(value) * 20) for value in values]
    for offset in range(4):
        below = levels[4 + offset] if offset < 3 else 0  # there is no eighth unit
        assert grid[y][axis.x(1) + offset] == ("▀", DARK.half(levels[offset], below))


@pytest.mark.parametrize("palette", [DARK, GREY])
def test_a_box_without_room_for_all_units_shows_their_mean_size(palette: Palette) -> None:
    axis = TimeAxis(column=2, first=0, count=3, length=3)
    size = np.array([0.0, 0.5, 1.0], np.float32)
    cell = LayerRow(name="RNN", direction=0, h=np.ones((4, 3), np.float32), units=128, size=size)
    net = network("abc", "bca", "bca", cells=[cell])
    assert units_in_box(net, height=6, axis=axis) == 0
    grid = picture(net, 40, 6, axis=axis, palette=palette)
    y = labelled(grid, "RNN")
    for step, level in enumerate((0, 10, 20)):
        expected = (palette.shade(level) if palette.shaded else " ", palette.share_cell(level))
        assert grid[y][axis.x(step)] == expected


@pytest.mark.parametrize("column", [4, 5, 6, 9])
@pytest.mark.parametrize("p", [0.1415, 0.9999, 1.0, math.nan])
def test_probabilities_stand_apart(column: int, p: float) -> None:
    axis = TimeAxis(column=column, first=0, count=6, length=6)
    grid = picture(network(output_p=[p] * 6), 80, axis=axis)
    row = lines(grid)[labelled(grid, "p(output)")]
    assert len(row.split()) == 1 + 6
    assert all(word == "NaN" or abs(float(word) - p) <= 0.005 for word in row.split()[1:])


@pytest.mark.parametrize("column", [1, 2, 3, 5, 6, 9])
@pytest.mark.parametrize("spare", [0, 1, 2, 3, 4])
def test_where_the_way_back_begins_is_named_whole_or_not_at_all(column: int, spare: int) -> None:
    axis = TimeAxis(column=column, first=0, count=6, length=6)
    cells = [LayerRow(name="R←", direction=1)]
    grid = picture(network(cells=cells), axis.right + spare, axis=axis)
    end = lines(grid)[labelled(grid, "R←")][axis.right - 1 :]
    assert ("h₀" in end) == ("◂" in end) == ("h" in end) == (spare >= 2 + (column < 3))


@pytest.mark.parametrize("column", [1, 2, 3, 4, 5, 6, 9])
def test_an_output_that_is_no_number_is_no_character(column: int) -> None:
    axis = TimeAxis(column=column, first=0, count=6, length=6)
    grid = picture(network(output_p=[math.nan] * 6), 80, axis=axis)
    output = lines(grid)[labelled(grid, "output")][axis.gutter :]
    assert set(output) <= set("NaN– ")
    assert output.strip()


@pytest.mark.parametrize("width", [77, 50])
def test_the_other_direction_begins_where_the_row_ends(width: int) -> None:
    """A row that is shorter than the others of its batch: what pads it is never read, and no state comes from it."""
    h = np.ones((5, 3), np.float32)
    cells = [LayerRow(name="LSTM→", direction=0, h=h), LayerRow(name="LSTM←", direction=1, h=h)]
    net = network(["a", "b", "c", "", ""], ["c", "b", "a", "", ""], "cba", cells=cells, head=True, double=True)
    axis = TimeAxis.fit(width, 5)
    rows = lines(picture(net, width, 20, axis=axis))
    back = next(row for row in rows if "LSTM←" in row)
    assert back[axis.x(3) - 1 :].split() == ["◂h₀"]
    assert back.count("◂═") == 2
    assert "h₀▸" in next(row for row in rows if "LSTM→" in row)
    for row in rows:
        if not row[1:].startswith(("t ", "LSTM←")):
            assert not row[axis.x(3) + 2 :].strip(), row  # neither boxes nor arrows


def test_a_box_that_waits_lies_in_the_column_of_the_cursor() -> None:
    axis = TimeAxis.fit(77, 6)
    net = network(outputs="ih", cells=[LayerRow(name="RNN", direction=0, h=np.ones((5, 2), np.float32))])
    grid = picture(net, axis=axis, cursor=3)
    row = grid[labelled(grid, "RNN")]
    x = axis.x(3) + (axis.column - 1) // 2
    assert any(character == "·" for character, _ in row[x - 1 : x + 2])
    assert {style.bgcolor for _, style in row[x - 1 : x + 2]} == {DARK.cursor.bgcolor}


def test_the_probability_of_a_wrong_answer_is_not_green() -> None:
    """A grey to green ramp stands for what is right alone; what is not scored is grey."""
    width, p = 77, [0.9] * 6
    grid = picture(network(output_p=p, first_scored=2), width)
    axis, row = TimeAxis.fit(width, 6), labelled(grid, "p(output)")
    styles = [grid[row][axis.middle(step)][1].color for step in range(6)]
    right, wrong, dim = DARK.share(0.9).color, DARK.wrong.color, DARK.dim.color
    assert styles == [dim, dim, right, right, right, wrong]  # of "ihelll" for "ihello"
