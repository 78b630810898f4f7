"""Gates, gradients and weights in large, as on the stage: what stands there is what the numbers say."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tui.draw.gates_large import draw_gates_large
from rnn_tui.draw.gradients.large import draw_gradients_large
from rnn_tui.draw.kit.palette import DARK
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.draw.weights.large import draw_weights_large, matrix_that_fits
from rnn_tui.protocol.inspect.gates import GatesFacts, GateValues
from rnn_tui.protocol.inspect.gradients import GradientFlow, GradientsFacts, gradient_way
from rnn_tui.protocol.inspect.weights import MatrixFact, WeightsFacts
from tests.draw.grids import GREY, Grid, is_picture, texts
from tests.draw.test_gates import words_of
from tests.examples import examples

WIDTH, HEIGHT = 58, 17  # of a pane on a stage of 60 by 20
STEPS = 21


def gates(**values: list[float]) -> GatesFacts:
    """An LSTM of 40 units, of which two are sent: unit 7, with these values, and unit 3, with none of them."""
    given = {name: np.array([row, [0.5] * len(row)], np.float32) for name, row in values.items()}
    return GatesFacts(
        hidden_size=40,
        units=np.array([6, 2], np.int32),
        gates=tuple(
            GateValues(name=name, about="", signed=name in "gc", values=each, **words_of(name))
            for name, each in given.items()
        ),
    )


def drawn_gates(facts: GatesFacts, width: int = WIDTH, height: int = HEIGHT, **more: Any) -> Grid:
    axis = TimeAxis.fit(width, STEPS)
    given: dict[str, Any] = {"palette": DARK, "inputs": "a" * STEPS, "cursor": STEPS - 1, "unit": 6} | more
    return is_picture(draw_gates_large(facts, width=width, height=height, axis=axis, **given), width, height)


def filled(grid: Grid, rows: range, x: int) -> int:
    """Return how many cells have some of a bar."""
    return sum(grid[y][x][0] in "▁▂▃▄▅▆▇█▀▔" for y in rows)


def test_bars_of_gates_are_as_high_as_their_values_and_c_hangs_from_0_where_it_is_negative() -> None:
    c = [-0.5 * (step + 1) for step in range(STEPS)]
    values = {"i": [0.9] * STEPS, "f": [0.1] * 10 + [1.0] * 11, "g": [-0.5] * STEPS, "o": [0.0] * STEPS, "c": c}
    grid = drawn_gates(gates(**values))
    lines = texts(grid)
    tops = [next(y for y, line in enumerate(lines) if line[1:].startswith(name)) for name in
            ("input i", "forget f", "g ", "output o", "c ")]  # fmt: skip
    assert [lines[top + 1].split()[0] for top in tops] == [".900", "1.00", "−0.500", ".000", "−10.50"]
    axis = TimeAxis.fit(WIDTH, STEPS)
    last, first = axis.x(STEPS - 1), axis.x(0)
    assert filled(grid, range(tops[1], tops[2]), last) == 2
    assert filled(grid, range(tops[1], tops[2]), first) == 1
    below = range(tops[4], HEIGHT - 2)
    heights = [filled(grid, below, axis.x(step)) for step in range(STEPS)]
    assert heights == sorted(heights)
    assert heights[0] == 1 < heights[-1]
    assert grid[tops[4]][first][0] in "▔▀█"  # from above
    assert "unit 7 of 40" in lines[-1]


@pytest.mark.parametrize(("ratio", "words"), [(0.3, "arrives at t=1"), (1e-4, "all but vanishes"), (1e-8, "vanishes")])
def test_whether_a_gradient_arrives_is_said_and_how_much_of_it(ratio: float, words: str) -> None:
    h, c = (np.geomspace(end, 1.0, STEPS).astype(np.float32) for end in (ratio / 10, ratio))
    flow = GradientFlow(
        layer=0, direction=0, whole=h, alone=h, whole_c=c, alone_c=c, saturated=0.0,
        alone_ways=(gradient_way(h.tolist(), 0, STEPS - 1),), alone_c_ways=(gradient_way(c.tolist(), 0, STEPS - 1),),
    )  # fmt: skip
    axis = TimeAxis.fit(WIDTH, STEPS)
    facts = GradientsFacts(at=STEPS - 1, flows=(flow,), peak=1.0)
    strips = draw_gradients_large(
        facts, width=WIDTH, height=HEIGHT, axis=axis, palette=DARK, inputs="a" * STEPS, cursor=20, layers=1
    )
    lines = texts(grid := is_picture(strips, WIDTH, HEIGHT))
    assert lines[0].strip().startswith(f"The loss at t=21 {words}")
    top_c = next(y for y, line in enumerate(lines) if "∂c" in line)
    assert lines[2].split()[1] == {0.3: "0.030", 1e-4: "1.0e−05", 1e-8: "1.0e−09"}[ratio]
    assert lines[top_c + 1].split()[1] == {0.3: "0.30", 1e-4: "1.0e−04", 1e-8: "1.0e−08"}[ratio]
    for rows in (range(1, top_c), range(top_c, HEIGHT - 2)):
        heights = [filled(grid, rows, axis.x(step)) for step in range(STEPS)]
        assert heights == sorted(heights)
        assert heights[0] < heights[-1]


def test_all_rows_of_a_small_matrix_are_there_with_their_names_and_numbers() -> None:
    values = (np.arange(50).reshape(5, 10) / 10 - 2).astype(np.float32)
    fact = MatrixFact(
        name="embedding.weight", shape=(5, 10), norm=12.25, lowest=-2.0, highest=2.9, values=values,
        rows=np.arange(5, dtype=np.int32),
    )  # fmt: skip
    strips = draw_weights_large(
        WeightsFacts(matrices=(fact,)), width=WIDTH, height=HEIGHT, palette=DARK, row_names="hielo"
    )
    lines = texts(is_picture(strips, WIDTH, HEIGHT))
    assert lines[0].split() == ["embedding", "(5,", "10)", "norm", "12.25"]
    rows = [line.split() for line in lines if line[1:2] in tuple("hielo") and line[2] == " "]
    assert [row[0] for row in rows] == list("hielo")
    assert [row[1] for row in rows] == ["−2.0", "−1.0", "0", "+1.0", "+2.0"]
    assert len(rows[0]) == 11


@settings(max_examples=examples(40), deadline=None)
@given(st.data())
def test_any_numbers_in_any_room(data: st.DataObject) -> None:
    width, height = data.draw(st.integers(1, 90)), data.draw(st.integers(1, 40))
    numbers = st.sampled_from([0.0, 1.0, -3.5, 1e-30, 1e30, float("nan"), float("inf")])
    some = data.draw(st.lists(numbers, min_size=STEPS, max_size=STEPS))
    palette = data.draw(st.sampled_from([DARK, GREY]))
    axis = TimeAxis.fit(width, STEPS)
    common: dict[str, Any] = {"width": width, "height": height, "palette": palette}
    over_time: dict[str, Any] = {"axis": axis, "inputs": "a" * STEPS, "cursor": data.draw(st.sampled_from([None, 3]))}
    facts = gates(**dict.fromkeys(data.draw(st.sampled_from(["ifgoc", "rzn", "a"])), some))
    is_picture(draw_gates_large(facts, **common, **over_time, unit=data.draw(st.integers(0, 40))), width, height)
    norms = np.abs(np.array(some, np.float32))
    flow = GradientFlow(layer=0, direction=0, whole=norms, alone=norms, saturated=0.0)
    at = data.draw(st.sampled_from([-1, 5]))
    is_picture(
        draw_gradients_large(GradientsFacts(at=at, flows=(flow,), peak=1.0), **common, **over_time, layers=1),
        width,
        height,
    )
    rows, columns = matrix_that_fits(width, height)
    matrix = np.resize(np.array(some, np.float32), (min(rows, 6), min(columns, 7)))
    fact = MatrixFact(name="w", shape=(90, 7), norm=1.0, lowest=-1.0, highest=1.0, values=matrix)
    is_picture(draw_weights_large(WeightsFacts(matrices=(fact,)), **common), width, height)
