"""Weights: every number in its cell, counts as bars, and as many matrices as the view is told fit."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from rnn_tui.draw.kit.palette import DARK, LIGHT
from rnn_tui.draw.weights.layout import lay_out_weights
from rnn_tui.draw.weights.weights import draw_weights, matrices_that_fit
from rnn_tui.protocol.inspect.weights import MatrixFact, WeightKind, WeightsFacts
from tests.draw.grids import GREY, Grid, grid, is_picture, number_in, texts
from tests.examples import examples

SIZES = [(46, 30), (30, 16), (118, 30), (196, 54)]
TITLES = ("W_ih", "W_hh", "b_ih", "b_hh", "head")
Named = list[tuple[str, Any]]


def network(gates: int, hidden: int, features: int, layers: int = 1, scale: float = 0.5) -> Named:
    rng = np.random.default_rng(0)
    named = []
    for layer in range(layers):
        width = hidden if layer else features
        for name, shape in (("weight_ih", (gates * hidden, width)), ("weight_hh", (gates * hidden, hidden)),
                            ("bias_ih", (gates * hidden,)), ("bias_hh", (gates * hidden,))):  # fmt: skip
            named.append((f"recurrent.{name}_l{layer}", rng.normal(0, scale, shape)))
    return [*named, ("head.weight", rng.normal(0, scale, (features, hidden)))]


def spread(size: int, room: int) -> Any:
    return np.linspace(0, size - 1, min(size, room)).astype(np.int32)


def weights(named: Named, first: int, fit: tuple[int, int, int], kind: WeightKind = "value") -> WeightsFacts:
    """Return what an engine answers to an ask for just what fits."""
    count, rows, columns = fit
    facts = []
    for at, (name, values) in enumerate(named):
        matrix = values if values.ndim > 1 else values[:, None]
        finite = values[np.isfinite(values)]
        picture: dict[str, Any] = {}
        if first <= at < first + count:
            r, k = spread(matrix.shape[0], rows), spread(matrix.shape[1], columns)
            picture = {"rows": r, "columns": k, "values": matrix[np.ix_(r, k)].astype(np.float32),
                       "counts": np.histogram(finite, 24)[0].astype(np.int32)}  # fmt: skip
        facts.append(
            MatrixFact(name=name, shape=values.shape, norm=float(np.linalg.norm(values)), lowest=float(finite.min()),
                       highest=float(finite.max()), not_finite=int(values.size - finite.size), **picture)
        )  # fmt: skip
    return WeightsFacts(kind=kind, matrices=tuple(facts))


def picture(facts: WeightsFacts, width: int, height: int, palette: Any = DARK) -> Grid:
    shapes = {each.name: each.shape for each in facts.matrices}
    rows, size = shapes.get("recurrent.weight_hh_l0", (1, 1))
    gates = {3: "rzn", 4: "ifgo"}.get(rows // size, "")
    return is_picture(draw_weights(facts, width=width, height=height, palette=palette, gates=gates), width, height)


def numbers(text: str) -> list[float]:
    return [number_in(each) for each in re.findall(r"[+−]\d*\.\d+", text)]


def asked(named: Named, width: int, height: int, first: int = 0) -> tuple[int, int, int]:
    return matrices_that_fit(width, height, [values.shape for _, values in named], first)


@settings(max_examples=examples(80), deadline=None)
@given(st.data())
def test_any_weights_in_any_room(data: st.DataObject) -> None:
    named = network(data.draw(st.sampled_from([1, 3, 4])), data.draw(st.sampled_from([1, 2, 5, 8, 128])),
                    data.draw(st.integers(1, 40)), data.draw(st.integers(1, 3)),
                    data.draw(st.sampled_from([0.0, 1e-30, 1e-5, 0.5, 1e4, 1e30])))  # fmt: skip
    width, height = data.draw(st.integers(1, 200)), data.draw(st.integers(1, 60))
    first = data.draw(st.integers(0, len(named) - 1))
    odd = data.draw(st.sampled_from([0.0, float("nan"), float("inf")]))
    named[first][1].flat[0] = odd if named[first][1].size > 1 else 0.0
    fit = asked(named, width, height, first)
    assert 1 <= fit[0] <= len(named) - first
    assert min(fit) >= 1
    if data.draw(st.booleans()):  # an answer to an ask before the window changed
        fit = (data.draw(st.integers(0, 3)), data.draw(st.integers(1, 99)), data.draw(st.integers(1, 99)))
    facts = weights(named, first, fit, data.draw(st.sampled_from(["value", "gradient", "update"])))
    picture(facts, width, height, data.draw(st.sampled_from([DARK, LIGHT, GREY])))


@pytest.mark.parametrize("palette", [DARK, GREY])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_every_number_of_a_small_matrix_stands_in_its_row(width: int, height: int, palette: Any) -> None:
    named = network(1, 5, 5)
    fit = asked(named, width, height)
    rows = texts(picture(weights(named, 0, fit), width, height, palette))
    for name, values in named[: fit[0]]:
        short = {"weight_ih": "W_ih", "weight_hh": "W_hh", "bias_ih": "b_ih", "bias_hh": "b_hh"}.get(
            name[10:-3], "head"
        )
        y, x = next((y, row.index(short)) for y, row in enumerate(rows) if short in row)
        matrix = values if values.ndim > 1 else values[None]
        end = min((other for each in TITLES if (other := rows[y].find(each)) > x), default=width)
        lines = [numbers(row[x:end])[: matrix.shape[1]] for row in rows[y + 1 :]]
        found = [line for line in lines if len(line) == matrix.shape[1]][: len(matrix)]
        assert np.array(found) == pytest.approx(matrix, abs=0.06)


def test_norms_are_those_of_the_tensors() -> None:
    named = network(1, 5, 4)
    text = "\n".join(texts(picture(weights(named, 0, asked(named, 118, 30)), 118, 30)))
    for _, values in named:
        assert any(abs(float(each) - np.sqrt((values**2).sum())) < 6e-4 for each in re.findall(r"‖ (\d+\.\d+)", text))


@pytest.mark.parametrize(("width", "height"), [(46, 30), (118, 30), (196, 54)])
def test_colours_tell_the_value_on_a_scale_that_is_symmetric(width: int, height: int) -> None:
    named: Named = [("weight_hh_l0", np.array([[1.0, -1.0], [0.5, 0.0]]))]
    grid = picture(weights(named, 0, asked(named, width, height)), width, height)
    written = {"+1.0000": 20, "−1.0000": -20, "+0.5000": 10}
    for y, row in enumerate(texts(grid)):
        for text, level in written.items():
            if text in row:
                assert grid[y][row.index(text) + 3][1] == DARK.cell(level)
                written = {each: other for each, other in written.items() if each != text}
    assert not written
    assert "W −1 " in texts(grid)[-1]
    assert " +1" in texts(grid)[-1]


def test_the_scale_is_that_of_the_whole_matrix_where_a_part_of_it_is_drawn() -> None:
    values = np.full((200, 200), 0.25)
    values[1, 1] = -6.5  # not among the rows that are sampled
    named: Named = [("weight_hh_l0", values)]
    facts = weights(named, 0, (1, 4, 4))
    assert abs(facts.matrices[0].values).max() == 0.25  # type: ignore[arg-type]
    assert "W −7 " in texts(picture(facts, 60, 14))[-1]


@pytest.mark.sampled(5)
@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("size", [(1, 2), (1, 5), (4, 8), (3, 128), (4, 512)])
def test_what_is_said_to_fit_is_drawn_whole(width: int, height: int, size: tuple[int, int]) -> None:
    named = network(*size, 10, 2)
    for first in range(len(named)):
        count, rows, columns = asked(named, width, height, first)
        facts = weights(named, first, (count, rows, columns))
        grid = picture(facts, width, height)
        if width >= 46:
            assert sum(text.count("‖W‖") + text.count("‖b‖") for text in texts(grid)) == count
        for fact in facts.matrices[first : first + count]:
            assert fact.values is not None
            part, whole = fact.values.shape, fact.shape
            if len(whole) > 1 and part != whole and width >= 46:
                said = rf"{part[0]} of {whole[0]} rows|{part[1]} of {whole[1]} columns|{part[0]} ?× ?{part[1]}"
                assert any(re.search(said, text) for text in texts(grid))


def test_half_blocks_hold_two_rows_and_without_colours_one() -> None:
    named: Named = [("weight_hh_l0", np.array([[1.0] * 30, [-1.0] * 30] * 100))]
    fit = asked(named, 60, 26)
    assert fit[1] < 200
    facts = weights(named, 0, fit)
    values = facts.matrices[0].values
    assert values is not None
    grid = picture(facts, 60, 26)
    first = next(y for y, row in enumerate(texts(grid)) if "▀" in row)
    x = texts(grid)[first].index("▀")
    assert sum("▀" in row for row in texts(grid)) == len(values) / 2
    for line in range(len(values) // 2):
        pair = (round(20 * values[2 * line, 0]), round(20 * values[2 * line + 1, 0]))
        assert grid[first + line][x] == ("▀", DARK.half(*pair))
    grey = texts(picture(facts, 60, 26, GREY))
    assert not any("▀" in row for row in grey)
    assert any(f"{-(-len(values) // 2)} of 200 rows" in row for row in grey)
    for line in range(len(values) // 2):
        assert grey[first + line][x] == GREY.shade(round(20 * values[2 * line, 0]))


def test_the_histogram_is_as_high_as_its_counts_and_marks_0() -> None:
    values = np.repeat([-1.0, 0.9, 3.0], [5, 10, 1]).reshape(4, 4)
    rows = texts(picture(weights([("weight_hh_l0", values)], 0, (1, 4, 4)), 70, 20))
    y = next(y for y, row in enumerate(rows) if "−1.00 " in row)
    left, right = rows[y].index("−1.00"), rows[y].index("3.00") + 4
    bars = [rows[line][left:right] for line in range(1, y)]
    eighths = [sum(" ▁▂▃▄▅▆▇█".index(line[at]) for line in bars) for at in range(right - left)]
    bins = np.histogram(values, 24)[0]
    size = (right - left) // 24
    assert [eighths[at * size] > 0 for at in range(24)] == [count > 0 for count in bins]
    highest = max(eighths)
    assert highest == 5 * 8  # five rows, and the fullest bin reaches the top
    for at, count in enumerate(bins):
        assert abs(eighths[at * size] - count / 10 * highest) <= 1
    zero = rows[y][left:right].index("0", 5) / (right - left)
    assert abs(zero - 0.25) < 0.05


def test_values_that_are_not_finite_are_marked_and_counted() -> None:
    values = np.array([[0.5, np.nan], [np.inf, -0.5]])
    grid = picture(weights([("weight_hh_l0", values)], 0, (1, 2, 2)), 70, 16)
    marked = ["".join(character for character, style in row if style == DARK.warning) for row in grid]
    assert sum("NaN" in row for row in marked) == 1
    assert sum("+∞" in row for row in marked) == 1
    assert any("2 not finite" in row for row in marked)


def test_small_gradients_keep_their_digits() -> None:
    values = np.array([[2.5e-6, -1.25e-6], [0.0, 5e-7]])
    rows = texts(picture(weights([("weight_hh_l0", values)], 0, (1, 2, 2), "gradient"), 60, 16))
    assert "∂L/∂W_hh" in rows[0]
    found = [number for row in rows[1:-1] for number in numbers(row)]
    power = re.search("10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", rows[-1])
    assert power is not None
    factor = 10.0 ** int(power[1].translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")))
    assert [each * factor for each in found[:3]] == pytest.approx([2.5e-6, -1.25e-6, 5e-7], rel=0.02)


def test_stacked_gates_are_named_where_they_begin() -> None:
    for gates, names in ((4, "ifgo"), (3, "rzn")):
        named = network(gates, 4, 3)
        rows = texts(picture(weights(named, 0, asked(named, 46, 54)), 46, 54))
        labels = [row.split()[:2] for row in rows if re.match(r" [a-z]  +\d", row)]
        assert labels[:gates] == [[name, "1"] for name in names]


def test_tensors_without_a_picture_are_a_table() -> None:
    named = network(1, 5, 4, 2)
    rows = texts(picture(weights(named, 0, (0, 1, 1)), 90, 30))
    for y, (name, values) in enumerate(named):
        assert name in rows[y]
        assert str(values.shape) in rows[y]
        assert f"{np.linalg.norm(values):.3f}"[:4] in rows[y]
        assert f"{values.min():.2f} … {values.max():.2f}".replace("-", "−") in rows[y]
    short = texts(picture(weights(named, 0, (0, 1, 1)), 46, 5))
    assert "5 more" in short[-1]
    assert "W_ih" in short[0]


def test_the_kind_is_in_the_names() -> None:
    named = network(1, 2, 2)
    for kind, words in (("value", " W_ih "), ("gradient", "∂L/∂W_ih"), ("update", "ΔW_ih")):
        rows = texts(picture(weights(named, 0, (1, 2, 2), kind), 80, 30))  # type: ignore[arg-type]
        assert words in rows[0]


@pytest.mark.parametrize("pictured", [0, 1])
def test_an_update_is_set_beside_its_weights(pictured: int) -> None:
    """Where a matrix is a picture, and where it is a line of the table."""
    facts = weights(network(1, 2, 2), 0, (pictured, 2, 2), "update")
    facts = replace(facts, matrices=tuple(replace(each, relative=0.0013) for each in facts.matrices))
    text = "\n".join(texts(picture(facts, 100, 30)))
    assert text.count("0.0013") == len(facts.matrices)
    assert "0.0013 of ‖W‖" in text or "= 0.0013 ‖W‖" in text


@pytest.mark.parametrize(("name", "is_said"), [("weight_hh_l0", False), ("weight_hh_l1", True)])
def test_torch_counts_layers_from_0_and_the_title_says_so(name: str, is_said: bool) -> None:
    rows = texts(picture(weights([(name, np.eye(3))], 0, (1, 3, 3)), 118, 16))
    assert f"torch: {name}" in rows[0]
    assert ("counts layers from 0" in rows[0]) is is_said
    assert rows[0].split()[0] == ("W_hh₂" if is_said else "W_hh")


def test_a_touched_weight_is_marked_in_its_own_cell() -> None:
    values = np.zeros((3, 4), np.float32)
    fact = MatrixFact(
        name="weight_hh_l0",
        shape=(3, 4),
        norm=0.0,
        lowest=0.0,
        highest=0.0,
        values=values,
        rows=np.arange(3, dtype=np.int32),
    )
    facts = WeightsFacts(matrices=(fact,))
    for palette in (DARK, GREY):
        strips = draw_weights(facts, width=60, height=12, palette=palette, touched={"weight_hh_l0": [(1, 2)]})
        plain = texts(grid(draw_weights(facts, width=60, height=12, palette=palette)))
        marked = texts(grid(strips))
        (box,), _ = lay_out_weights(60, 12, [(3, 4)], 0)
        places = [(x, y) for y, line in enumerate(marked) for x, each in enumerate(line) if each != plain[y][x]]
        assert places == [(box.x + box.gutter + 2 * box.cell, 1 + box.tall + (box.tall - 1) // 2)]
        assert marked[places[0][1]][places[0][0]] == "✎"
