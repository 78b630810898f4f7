"""The unrolled network on the stage: large boxes, every unit a band of its colour, answers with their marks."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tui.draw.kit.chart_dots import thickened
from rnn_tui.draw.kit.palette import DARK, LIGHT
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.draw.network.bands import Unrolled
from rnn_tui.draw.network.boxes import LayerRow
from rnn_tui.draw.network.large import NARROWEST, box_height, draw_large, units_in_large_box
from rnn_tui.draw.network.phase_flow import PhaseFlow
from tests.draw.grids import GREY, Grid, is_picture
from tests.examples import examples


def network(**more: Any) -> Unrolled:
    h = np.linspace(-1, 1, 30, dtype=np.float32).reshape(5, 6)
    values: dict[str, Any] = {
        "inputs": "hihell", "targets": "ihello", "outputs": "ihelll", "output_p": [0.5] * 6, "values": None,
        "cells": [LayerRow(name="RNN", direction=0, h=h)], "embedding": 0, "head": False, "fed": 6, "current": None,
        "double": False,
    }  # fmt: skip
    return Unrolled(**(values | more))


def picture(net: Unrolled, width: int = 58, height: int = 17, palette: Any = DARK, cursor: int | None = None) -> Grid:
    axis = TimeAxis.fit(width, len(net.inputs), narrowest=NARROWEST)
    strips = draw_large(net, width=width, height=height, axis=axis, palette=palette, cursor=cursor)
    return is_picture(strips, width, height)


def lines(grid: Grid) -> list[str]:
    return ["".join(character for character, _ in row) for row in grid]


def test_boxes_are_at_least_six_cells_high_at_60_by_20() -> None:
    assert box_height(network(), 17) >= 6  # less a border, and the line below
    drawn = lines(picture(network()))
    tops = [y for y, line in enumerate(drawn) if line.count("╭") == 6]
    bottoms = [y for y, line in enumerate(drawn) if line.count("╰") == 6]
    assert len(tops) == len(bottoms) == 1
    assert bottoms[0] - tops[0] + 1 == box_height(network(), 17)


@pytest.mark.parametrize("palette", [DARK, LIGHT])
def test_each_unit_is_a_band_of_its_colour(palette: Any) -> None:
    net = network()
    grid = picture(net, palette=palette)
    axis = TimeAxis.fit(58, 6, narrowest=NARROWEST)
    top = next(y for y, line in enumerate(lines(grid)) if line.count("╭") == 6)
    colours = []
    for row in range(top + 1, top + box_height(net, 17) - 1):
        (character, style), *others = grid[row][axis.x(3) + 2 : axis.x(3) + 5]
        assert all(each == (character, style) for each in others)
        colours += [style.color if character == "▀" else style.bgcolor, style.bgcolor]
    h = net.cells[0].h
    assert h is not None
    expected = [palette.cell(palette.level(float(value))).bgcolor for value in h[:, 3]]
    assert list(dict.fromkeys(colours)) == list(dict.fromkeys(expected))
    assert units_in_large_box(net, height=17, axis=axis, halves=True) == 5


def test_the_column_of_the_time_cursor_is_marked() -> None:
    axis, plain, marked = TimeAxis.fit(58, 6, narrowest=NARROWEST), picture(network()), picture(network(), cursor=2)
    for label in ("input", "output", "target"):
        y = next(y for y, line in enumerate(lines(plain)) if line.strip().startswith(label))
        other = [x for x in range(58) if plain[y][x] != marked[y][x]]
        assert {axis.step_at(x) for x in other} == {2}, label
        assert all(marked[y][x][1] == plain[y][x][1] + DARK.cursor for x in other)


def test_answers_have_their_mark_below_what_is_right() -> None:
    drawn = [line.split() for line in lines(picture(network()))]
    assert ["target", *"ihello"] in drawn
    assert ["output", *"i✓h✓e✓l✓l✓l✗"] in drawn
    assert ["input", *"hihell"] in drawn


def test_a_gradient_is_a_column_as_high_as_it_is_large() -> None:
    norms = {(0, 0): (3, (0.5, 0.25, 1.0))}
    flow = PhaseFlow(kind="backward", step=3, layer=0, direction=0, layers=1, both=False, norms=norms, largest=1.0)
    net = network(flow=flow)
    grid = picture(net)
    axis = TimeAxis.fit(58, 6, narrowest=NARROWEST)
    eighths = [sum(" ▁▂▃▄▅▆▇█".find(row[axis.x(step) + 3][0]) for row in grid if row[axis.x(step) + 3][0] in "▁▂▃▄▅▆▇█")
               for step in (3, 4, 5)]  # fmt: skip
    most = 8 * (box_height(net, 17) - 2)
    assert eighths == [most / 2, most / 4, most]
    drawn = lines(grid)
    assert sum(line.count("◀━") for line in drawn) == 2  # between the three steps
    assert sum(line.count("┏━━━┓") for line in drawn) == 1  # the one that is computed


def test_too_many_layers_are_drawn_as_usual() -> None:
    cells = [LayerRow(name=f"RNN {layer + 1}", direction=0) for layer in range(9)]
    drawn = lines(picture(network(cells=cells)))
    assert not any("╭" in line for line in drawn)
    assert sum("─▸" in line for line in drawn) == 9


@settings(max_examples=examples(40))
@given(st.data())
def test_any_network_in_any_room(data: st.DataObject) -> None:
    width, height = data.draw(st.integers(1, 200)), data.draw(st.integers(1, 60))
    glyphs = data.draw(st.lists(st.sampled_from(["a", "日", "◌\u0301", "hello", "−12.3"]), min_size=1, max_size=30))
    axis = TimeAxis.fit(width, len(glyphs), narrowest=NARROWEST, first=data.draw(st.integers(0, 30)))
    window = [glyphs[step] for step in axis.steps]
    fed = data.draw(st.integers(0, axis.count))
    values = st.lists(st.floats(width=32), min_size=1, max_size=40)
    h = np.resize(np.array(data.draw(values), np.float32), (data.draw(st.integers(1, 9)), fed))
    ways = data.draw(st.integers(1, 2))
    cells = [LayerRow(name="GRU", direction=way, layer=layer, h=data.draw(st.sampled_from([None, h])))
             for layer in range(data.draw(st.integers(1, 4))) for way in range(ways)]  # fmt: skip
    net = network(inputs=window, targets=window if data.draw(st.booleans()) else [], outputs=window[:fed],
                  output_p=[0.5] * fed, cells=cells, fed=fed, double=data.draw(st.booleans()))  # fmt: skip
    cursor = data.draw(st.none() | st.integers(0, len(glyphs) - 1))
    palette = data.draw(st.sampled_from([DARK, LIGHT, GREY]))
    strips = draw_large(net, width=width, height=height, axis=axis, palette=palette, cursor=cursor)
    is_picture(strips, width, height)


def test_a_thick_curve_is_each_dot_and_its_neighbours() -> None:
    random = np.random.default_rng(1)
    dots = random.random((12, 20)) < 0.1
    bits = np.zeros((3, 10), np.uint32)
    places = {(0, 0): 0, (1, 0): 1, (2, 0): 2, (3, 0): 6, (0, 1): 3, (1, 1): 4, (2, 1): 5, (3, 1): 7}
    for y, x in zip(*np.nonzero(dots), strict=True):
        bits[y // 4, x // 2] |= 1 << places[y % 4, x % 2]
    thick = thickened(bits)
    for y in range(12):
        for x in range(20):
            near = [(y, x), (y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)]
            expected = any(0 <= a < 12 and 0 <= b < 20 and dots[a, b] for a, b in near)
            assert bool(thick[y // 4, x // 2] >> places[y % 4, x % 2] & 1) == expected
