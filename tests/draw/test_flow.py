"""Slow motion drawn: what is computed is lit, gradients go the other way in another glyph and colour, words fit."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.style import Style

from rnn_tui.draw.kit.palette import DARK, LIGHT
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.draw.network.bands import Unrolled
from rnn_tui.draw.network.boxes import LayerRow
from rnn_tui.draw.network.phase_flow import PhaseFlow
from rnn_tui.draw.network.phase_lines import draw_phase, short_name
from rnn_tui.draw.network.unrolled import draw_unrolled
from rnn_tui.draw.states import draw_states, lay_out_states
from rnn_tui.protocol.frame import States
from rnn_tui.protocol.phase import Moved, Phase, PhaseKind
from tests.draw.grids import GREY, Grid, is_picture, texts
from tests.examples import examples

KINDS: tuple[PhaseKind, ...] = ("update", "embed", "cell", "head", "softmax", "loss", "backward")
WIDTH = 77


def flow(kind: PhaseKind, step: int = 0, **more: Any) -> PhaseFlow:
    values: dict[str, Any] = {"layer": -1, "direction": 0, "layers": 1, "both": False}
    return PhaseFlow(kind=kind, step=step, **(values | more))


def network(
    now: PhaseFlow, *, answered: int = 0, known: int | None = None, embedding: int = 0, head: bool = False
) -> Unrolled:
    h = np.linspace(-1, 1, 30, dtype=np.float32).reshape(5, 6)
    cells = [
        LayerRow(name=f"RNN {layer + 1}", direction=direction, layer=layer, h=h[:, : 6 if known is None else known])
        for layer in range(now.layers)
        for direction in range(1 + now.both)
    ]
    return Unrolled(
        inputs="hihell", targets="ihello", outputs="ihelll"[:answered], output_p=[0.5] * answered, values=None,
        cells=cells, embedding=embedding, head=head, fed=answered, current=None, double=False, flow=now,
    )  # fmt: skip


def picture(net: Unrolled, width: int = WIDTH, height: int = 16, palette: Any = DARK) -> Grid:
    axis = TimeAxis.fit(width, 6)
    strips = draw_unrolled(net, width=width, height=height, axis=axis, palette=palette, cursor=None)
    return is_picture(strips, width, height)


def lines(grid: Grid) -> list[str]:
    return ["".join(character for character, _ in row) for row in grid]


def column(grid: Grid, step: int, width: int = WIDTH) -> list[str]:
    axis = TimeAxis.fit(width, 6)
    return ["".join(character for character, _ in row[axis.x(step) : axis.x(step) + axis.column]) for row in grid]


def lit(grid: Grid, style: Style) -> set[tuple[str, int | None]]:
    """The bands and steps in a colour: the label of the row, or of the row below for what has none."""
    axis = TimeAxis.fit(WIDTH, 6)
    found = set()
    for row in grid:
        label = "".join(character for character, _ in row[1 : axis.gutter - 2]).strip()
        for x, (_, each) in enumerate(row):
            if x >= axis.gutter and each.color == style.color:
                found.add((label, axis.step_at(x)))
    return found


@pytest.mark.parametrize(
    ("now", "bands"),
    [
        (flow("embed", 3), {"input", "t"}),
        (flow("cell", 3, layer=0), {"RNN 1", "t", ""}),
        (flow("softmax", 3), {"output", "p(output", "t", ""}),
        (flow("loss", 3), {"target", "output", "p(output", "t", ""}),
    ],
)
def test_only_what_is_computed_is_lit(now: PhaseFlow, bands: set[str]) -> None:
    grid = picture(network(now, answered=3 + (now.kind in ("softmax", "loss"))))
    found = lit(grid, DARK.accent)
    steps = {step for _, step in found}
    assert 3 in steps
    assert steps <= {2, 3}  # the arrow into a box begins in the column before
    assert {label for label, _ in found} - {"output"} == bands - {
        "output"
    }  # an output has the colour of right or wrong
    assert not lit(grid, DARK.back)


def test_what_is_not_computed_yet_is_not_there() -> None:
    grid = picture(network(flow("cell", 3, layer=0), answered=3, known=4))
    for step in (4, 5):
        assert any("·" in text for text in column(grid, step))
    assert not any("·" in text for text in column(grid, 2))
    heavy = [step for step in range(6) if "┏" in "".join(column(grid, step))]
    assert heavy == [3]


def test_backward_goes_from_right_to_left_in_its_own_glyphs_and_colour() -> None:
    norms = (0.703, 0.814, 0.998)
    now = flow("backward", 3, norms={(0, 0): (3, norms)}, largest=1.1)
    grid = picture(network(now, answered=6))
    text = lines(grid)
    boxes = next(line for line in text if line[1:].startswith("RNN"))
    assert boxes.count("◀━") == 2  # from 5 to 4, from 4 to 3
    assert boxes.count("─▸") == 3  # forward from 0 to 1, to 2, and to 3
    assert boxes.index("─▸") < boxes.rindex("─▸") < boxes.index("◀━")
    for step, norm in zip(range(3, 6), norms, strict=True):
        assert any(f"{norm:.3f}" in each for each in column(grid, step))
    downward = [step for step in range(6) if any("↓" in each for each in column(grid, step))]
    assert downward == [3, 4, 5]
    assert [step for step in range(6) if "┏" in "".join(column(grid, step))] == [3]
    assert {step for _, step in lit(grid, DARK.back)} == {3, 4}  # the arrow into 3 begins in the column of 4
    assert {step for _, step in lit(grid, DARK.went_back)} == {4, 5}
    assert not lit(grid, DARK.accent)
    assert any("‖∂L/∂h‖" in line for line in text)


def test_backward_of_the_layer_that_reads_from_the_right_goes_right() -> None:
    done = {(0, 0): (0, (0.1,) * 6), (0, 1): (0, (0.2, 0.3, 0.4))}
    now = flow("backward", 2, layer=0, direction=1, both=True, norms=done, largest=0.4)
    grid = picture(network(now, answered=6), height=20)
    left = next(line for line in lines(grid) if line.count("━▶"))
    assert left.count("━▶") == 2
    assert left.count("◂─") == 3
    right = next(line for line in lines(grid) if line.count("◀━"))
    assert right.count("◀━") == 5


def test_gradients_come_down_through_head_and_layers_to_the_embedding() -> None:
    norms = {(layer, 0): (2, (0.5,) * 4) for layer in range(2)}
    net = network(flow("backward", 2, layers=2, norms=norms, largest=0.5), answered=6, embedding=5, head=True)
    grid = picture(net, height=24)
    assert sum("↓" in text for text in column(grid, 2)) == 4  # into head, layer 2, layer 1, embedding
    assert sum("↑" in text for text in column(grid, 2)) == 1  # the input has nothing to learn
    assert not any("↓" in text for text in column(grid, 1))


@pytest.mark.parametrize(("layer", "is_lit"), [(-1, True), (0, False), (1, True)])
def test_the_head_is_gone_back_through_with_the_layer_below_it(layer: int, is_lit: bool) -> None:
    now = flow("backward", 2, layer=layer, layers=2)
    assert now.lit("head", 2) is now.lit("output", 2) is is_lit
    assert not now.lit("head", 1)


@pytest.mark.parametrize("width", [30, 47, 77, 120])
def test_gradients_are_told_also_without_colours_and_in_small_boxes(width: int) -> None:
    now = flow("backward", 0, norms={(0, 0): (0, (0.0, 0.2, 0.4, 0.6, 0.8, 1.0))}, largest=1.0)
    grid = picture(network(now, answered=6), width, palette=GREY)
    numbers = [text for text in ("0.200", "0.400", "0.600", "0.800", "1.000") if text in "".join(lines(grid))]
    bars = [
        max(" ▁▂▃▄▅▆▇█".find(each) for text in column(grid, step, width) for each in text + " ") for step in range(6)
    ]
    assert len(numbers) == 5 or (bars == sorted(bars) and (bars[0], bars[5]) == (0, 8))


def test_an_update_is_one_for_all_columns() -> None:
    grid = picture(network(flow("update")))
    assert all("ΔW" in "".join(column(grid, step)) for step in range(6))
    assert {step for label, step in lit(grid, DARK.accent) if label.startswith("RNN")} == set(range(6))


def test_backward_stands_apart_from_forward_in_both_themes() -> None:
    for palette in (DARK, LIGHT):
        colours = {
            str(each.color) for each in (palette.accent, palette.back, palette.right, palette.wrong, palette.dim)
        }
        assert len(colours) == 5


@settings(max_examples=examples(60))
@given(st.data())
def test_any_phase_in_any_room(data: st.DataObject) -> None:
    width, height = data.draw(st.integers(1, 160)), data.draw(st.integers(1, 50))
    layers, both = data.draw(st.integers(1, 5)), data.draw(st.booleans())
    kind = data.draw(st.sampled_from(KINDS))
    step = data.draw(st.integers(0, 5))
    values = st.one_of(st.floats(0, 1e6), st.just(float("nan")), st.just(float("inf")))
    norms = {
        (layer, direction): (data.draw(st.integers(0, 5)), tuple(data.draw(st.lists(values, max_size=6))))
        for layer in range(layers)
        for direction in range(2)
    }
    now = flow(
        kind, step, layer=data.draw(st.integers(-1, layers - 1)), direction=data.draw(st.integers(0, 1)), layers=layers,
        both=both, norms=norms, largest=data.draw(st.floats(0, 1e6)),
    )  # fmt: skip
    known, answered = data.draw(st.integers(0, 6)), data.draw(st.integers(0, 6))
    net = network(now, answered=answered, known=known, head=data.draw(st.booleans()), embedding=3)
    picture(net, width, height, palette=data.draw(st.sampled_from([DARK, GREY])))


def test_states_from_the_right_begin_behind_what_is_skipped() -> None:
    h = np.array([[0.0, 0.0, 0.5, 0.25]], np.float32)
    states = [States(layer=0, direction=1, units=np.arange(1, dtype=np.int32), h=h, skip=2)]
    axis = TimeAxis.fit(60, 4)
    layout = lay_out_states(states, height=6, axis=axis, hidden_size=1, layers=1, bounded=True)
    rows = lines(is_picture(draw_states(layout, width=60, height=6, palette=DARK, inputs="hell", cursor=None), 60, 6))
    row = next(row for row in rows if "unit 1" in row)
    assert row.split()[2:] == ["·", "·", "+0.5000", "+0.2500"]
    y = rows.index(row)
    assert layout.locate(axis.x(1), y) is None
    assert layout.locate(axis.x(2), y) is not None


# ---- the lines below ----


def phase(kind: PhaseKind = "cell", **more: Any) -> Phase:
    return Phase(kind=kind, time_step=2, words="t=2: the cell mixes the input with its state", **more)


@settings(max_examples=examples(60))
@given(
    st.integers(1, 120), st.integers(1, 6), st.sampled_from(KINDS), st.text(max_size=120),
    st.lists(st.tuples(st.text(max_size=9), st.floats()), max_size=12),
)  # fmt: skip
def test_any_words_in_any_room(width: int, height: int, kind: PhaseKind, words: str, numbers: Any) -> None:
    for each in (None, Phase(kind=kind, time_step=0, words=words, numbers=tuple(numbers))):
        is_picture(draw_phase(each, width=width, height=height, palette=DARK), width, height)


def test_words_and_numbers_stand_below_one_another() -> None:
    numbers = (("h =", 0.25), ("", -0.5), ("", 1.0))
    strips = draw_phase(phase(numbers=numbers), width=60, height=3, palette=DARK)
    assert [strip.text.strip() for strip in strips] == [
        "▲ t=2: the cell mixes the input with its state",
        "h = +0.250  −0.500  +1.000",
        "",
    ]


def test_numbers_that_do_not_fit_are_counted() -> None:
    moved = tuple(Moved(name=f"weight_ih_l{layer}", distance=0.5, relative=0.25) for layer in range(9))
    strips = draw_phase(phase("update", moved=moved), width=50, height=3, palette=DARK)
    text = "".join(strip.text for strip in strips)
    assert text.startswith(" Δ ")
    assert "‖ΔW_ih‖ 0.50 (25%)" in text
    shown = text.count("25%")
    assert f"+{9 - shown}" in text


def test_whatever_the_width_all_numbers_are_there_or_counted() -> None:
    items = [f"n{number} +0.500" for number in range(8)]
    numbers = tuple((f"n{number}", 0.5) for number in range(8))
    for width in range(40, 110):
        rows = [strip.text for strip in draw_phase(phase(numbers=numbers), width=width, height=2, palette=DARK)]
        shown = [each for each in items if each in rows[1]]
        assert shown == items[: len(shown)]
        if len(shown) < len(items):
            assert rows[1].rstrip().endswith(f"  +{len(items) - len(shown)}")
        else:
            assert rows[1].rstrip().endswith(items[-1])
    all_of_them = "  ".join(items)
    for width, last in ((len(all_of_them) + 4, items[-1]), (len(all_of_them) + 3, "+1")):
        rows = [strip.text for strip in draw_phase(phase(numbers=numbers), width=width, height=2, palette=DARK)]
        assert rows[1].rstrip().endswith(last), width


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("weight_ih_l0", "W_ih"),
        ("bias_hh_l1_reverse", "b_hh₂←"),
        ("cells.0.weight_hh", "W_hh"),
        ("cells.2.bias_ih", "b_ih₃"),
        ("embedding.weight", "embedding"),
        ("head.bias", "head bias"),
    ],
)
def test_weights_have_the_names_of_the_equations(name: str, short: str) -> None:
    assert short_name(name) == short


def test_what_comes_next_stands_at_the_right_where_there_is_room() -> None:
    now = phase(next="softmax")
    for width, form in ((80, "next: softmax"), (30, "next: softmax"), (14, "")):
        rows = texts(is_picture(draw_phase(now, width=width, height=3, palette=DARK), width, 3))
        assert any(row.rstrip().endswith(form) for row in rows)
        assert ("next" in "".join(rows)) is bool(form)
    full = phase(next="softmax", numbers=tuple(("h", 0.5) for _ in range(40)))
    rows = texts(is_picture(draw_phase(full, width=80, height=3, palette=DARK), 80, 3))
    assert "next: softmax" in rows[0], "the lowest row with room"
    assert all("next" not in row for row in rows[1:])
