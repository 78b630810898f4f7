"""Gradients through time: every norm at its step on a logarithmic scale that holds still, and the same in words."""

import math
import re
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from rnn_tui.draw.gradients.gradients import GradientsLayout, draw_gradients, lay_out_gradients
from rnn_tui.draw.gradients.verdict import told
from rnn_tui.draw.gradients.why import why
from rnn_tui.draw.kit.log_scale import decades
from rnn_tui.draw.kit.palette import DARK, LIGHT
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.protocol.inspect.gradients import GradientFlow, GradientsFacts, GradientWay, gradient_way
from tests.draw.grids import GREY, Grid, is_picture, letters, number_in, texts
from tests.examples import examples

NORMS = st.one_of(st.floats(0, 10, width=32), st.sampled_from([0.0, math.nan, math.inf, 1e-30, 1e30]))


def flow(whole: Any, alone: Any, *, layer: int = 0, direction: int = 0, **more: Any) -> GradientFlow:
    c: dict[str, Any] = {name: np.array(each, np.float32) for name, each in more.items() if each is not None}
    return GradientFlow(
        layer=layer,
        direction=direction,
        whole=np.array(whole, np.float32),
        alone=np.array(alone, np.float32),
        saturated=0.125,
        **c,
    )


def with_ways(facts: GradientsFacts, layers: int) -> GradientsFacts:
    """Return what the engine adds: the ways through the whole sequence, of which the window begins at `facts.first`."""
    both = any(each.direction for each in facts.flows)

    def ways(norms: Any, sides: tuple[int, ...], at: int | None) -> tuple[GradientWay, ...]:
        known = [] if norms is None else [*[0.0] * facts.first, *norms.tolist()]
        return tuple(gradient_way(known, side, at) for side in sides) if known else ()

    flows = []
    for each in facts.flows:
        mine, sides = (each.direction,), (0, 1) if both and each.layer < layers - 1 else (each.direction,)
        alone = {} if facts.at < 0 else {
            "alone_ways": ways(each.alone, sides, facts.at), "alone_c_ways": ways(each.alone_c, sides, facts.at),
        }  # fmt: skip
        flows.append(
            replace(each, whole_ways=ways(each.whole, mine, None), whole_c_ways=ways(each.whole_c, mine, None), **alone)
        )
    return replace(facts, flows=tuple(flows))


def path(norms: list[float], first: int, direction: int, at: int) -> GradientWay:
    return gradient_way([*[0.0] * first, *norms], direction, at)


def picture(
    facts: GradientsFacts, axis: TimeAxis, width: int, height: int, *, layers: int = 1, palette: Any = DARK,
    cursor: int | None = None,
) -> tuple[Grid, GradientsLayout]:  # fmt: skip
    inputs, facts = letters(axis), with_ways(facts, layers)
    strips = draw_gradients(
        facts, width=width, height=height, axis=axis, palette=palette, inputs=inputs, cursor=cursor, layers=layers
    )
    layout = lay_out_gradients(facts, width=width, height=height, axis=axis, palette=palette, layers=layers)
    return is_picture(strips, width, height), layout


@settings(max_examples=examples(60), deadline=None)
@given(st.data())
def test_any_gradients_in_any_room(data: st.DataObject) -> None:
    width, height = data.draw(st.integers(1, 200)), data.draw(st.integers(1, 60))
    length = data.draw(st.integers(1, 300))
    axis = TimeAxis.fit(width, length, first=data.draw(st.integers(0, 90)))
    fed = data.draw(st.integers(0, axis.count))
    norms = np.resize(np.array(data.draw(st.lists(NORMS, min_size=1, max_size=9)), np.float32), fed)
    c = norms if data.draw(st.booleans()) else None
    layers, both = data.draw(st.integers(0, 6)), data.draw(st.booleans())
    facts = GradientsFacts(
        note=data.draw(st.sampled_from(["", "a note that says why " * 4])),
        first=data.draw(st.integers(0, 90)),
        at=data.draw(st.integers(-1, length)),
        flows=tuple(flow(norms, norms[::-1], layer=layer, direction=direction, whole_c=c, alone_c=c)
                    for layer in range(layers) for direction in range(1 + both)),
        radius=data.draw(st.sampled_from([(), (("h", math.nan),), (("i", 1.0), ("f", 0.5))])),
        norm=data.draw(st.sampled_from([None, 3.2, math.nan])),
        clipped=data.draw(st.sampled_from([None, 1.0, math.inf])),
        peak=data.draw(st.sampled_from([0.0, 1.0, math.nan, math.inf])),
    )  # fmt: skip
    cursor = data.draw(st.one_of(st.none(), st.integers(0, length - 1)))
    palette = data.draw(st.sampled_from([DARK, LIGHT, GREY]))
    _, layout = picture(facts, axis, width, height, layers=layers, palette=palette, cursor=cursor)
    for x in range(0, width, 7):
        layout.locate(x, data.draw(st.integers(-1, height)))


WHOLE = [0.0123, 0.0789, 0.123, 0.456, 0.789, 0.0345]
ALONE = [3.1e-7, 2.2e-5, 1.4e-3, 0.0871, 0.0, 0.0]


@pytest.mark.parametrize(("width", "height"), [(72, 16), (44, 14), (118, 30), (72, 7)])
def test_every_number_stands_at_its_step_under_its_bar_or_in_its_colour(width: int, height: int) -> None:
    axis = TimeAxis.fit(width, 6)
    facts = GradientsFacts(at=3, flows=(flow(WHOLE, ALONE),), peak=0.789)
    grid, layout = picture(facts, axis, width, height)
    seen = set()
    for y in range(height):
        for step in range(6):
            found = layout.locate(axis.middle(step), y)
            number = texts(grid)[y][axis.x(step) : axis.x(step) + axis.column].strip()
            if found is None or not number or number[-1] not in "0123456789":
                continue
            series, _, at, (value,) = found
            table = ALONE if series.alone else WHOLE
            assert at == step
            assert value == np.float32(table[step])
            last_digit = 10.0 ** int(Decimal(number.replace("−", "-")).as_tuple().exponent)
            assert abs(number_in(number) - table[step]) <= 0.51 * last_digit
            seen.add((series.alone, step))
    assert len(seen) == 12


def test_bars_are_as_high_as_the_logarithm() -> None:
    axis = TimeAxis.fit(20, 9)  # one cell a step: no numbers
    norms = [10.0**-power for power in range(9)]
    grid, layout = picture(GradientsFacts(at=-1, flows=(flow(norms, norms),), peak=1.0), axis, 20, 16)
    (series,) = layout.blocks
    assert layout.bars
    assert (layout.scale.low, layout.scale.high) == (-9, 0)
    for step in range(9):
        column = [grid[y][axis.x(step)][0] for y in series.rows]
        eighths = sum(" ▁▂▃▄▅▆▇█".index(character) for character in column)
        assert eighths == round((9 - step) / 9 * len(series.rows) * 8)
    gutter = [line[: axis.gutter] for line in texts(grid)]
    assert gutter[series.top].split() == ["h", "1"]
    assert gutter[series.rows[-1]].split() == ["1e−9"]


def test_the_scale_holds_still_while_norms_move_a_little() -> None:
    for peak in (*np.geomspace(1e-6, 1.0, 15), 0.0, math.nan, math.inf):
        scale = decades(float(peak))
        assert (scale.low, scale.high) == (-9, 0), "one scale for all that do not explode: they can be compared"
    assert scale.part(1e-30) == 0
    assert {decades(peak).high for peak in (1.01, 20.0, 1e3)} == {3}
    assert (decades(1e30).low, decades(1e30).high) == (-9, 30)
    assert (decades(1e-8).low, decades(1e-20).low) == (-12, -24), "where all is tiny it still differs"


def test_colours_where_rows_are_few_and_layers_are_named() -> None:
    axis = TimeAxis.fit(40, 6)
    flows = tuple(flow(WHOLE, ALONE, layer=layer, direction=direction, whole_c=WHOLE, alone_c=ALONE)
                  for layer in range(2) for direction in range(2))  # fmt: skip
    facts = GradientsFacts(at=3, flows=flows, peak=1.0)
    grid, layout = picture(facts, axis, 40, 24, layers=2)
    assert not layout.bars
    assert [each.name for each in layout.blocks] == ["h₁→", "c₁→", "h₁←", "c₁←", "h₂→", "c₂→", "h₂←", "c₂←"] * 2
    for series in layout.blocks:
        assert texts(grid)[series.top].strip().startswith(series.name)
        table = ALONE if series.alone else WHOLE
        for step, norm in enumerate(table):
            style = grid[series.top][axis.x(step)][1]
            if norm:
                part = (math.log10(norm) - layout.scale.low) / (layout.scale.high - layout.scale.low)
                assert style == DARK.back_cell(max(1, round(part * 20)))
            else:
                assert style.bgcolor is None
    few, layout = picture(replace_place(facts, 1, 1), axis, 40, 8, layers=2)
    assert any(series.name == "h₂←" for series in layout.blocks), "the layer that is looked at comes first"
    assert layout.left_out
    assert f"{layout.left_out} more" in "\n".join(texts(few))


def replace_place(facts: GradientsFacts, layer: int, direction: int) -> GradientsFacts:
    return GradientsFacts(at=facts.at, flows=facts.flows, peak=facts.peak, layer=layer, direction=direction)


def test_nothing_flows_is_a_nought_not_fed_is_a_dot_and_neither_has_a_colour() -> None:
    axis = TimeAxis.fit(72, 6)
    grid, layout = picture(
        GradientsFacts(at=1, flows=(flow([0.1, 0.2, 0.3], [0.1, 0.2, 0.0]),), peak=1.0), axis, 72, 16
    )
    whole, alone = layout.blocks
    shown = texts(grid)
    rows = {each.alone: "\n".join(shown[y][axis.x(2) : axis.x(3)] for y in each.rows)
            for each in (whole, alone)}  # fmt: skip
    assert rows[True].strip() == "0"
    assert "█" in rows[False]
    later = "".join(texts(grid)[y][axis.x(3) : axis.right] for y in alone.rows)
    assert later.split() == ["·"] * 3


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("height", [16, 7])
def test_what_is_no_number_is_told_as_such(value: float, height: int) -> None:
    axis = TimeAxis.fit(72, 6)
    norms = [0.1, 0.1, value, 0.1, 0.1, 0.1]
    grid, _ = picture(GradientsFacts(at=5, flows=(flow(norms, norms),), peak=0.1), axis, 72, height)
    marked = {axis.step_at(x) for y in range(height) for x in range(72) if grid[y][x][1] == DARK.warning}
    assert marked == {2}
    if height == 16:
        assert "whole loss: NaN or infinite at 1 of 6 steps, the nearest t=3" in "\n".join(texts(grid))


def test_the_step_of_the_lone_loss_and_the_cursor_are_marked() -> None:
    axis = TimeAxis.fit(72, 6)
    for at in range(6):
        alone = [0.1 if step <= at else 0.0 for step in range(6)]
        facts = GradientsFacts(at=at, flows=(flow(WHOLE, alone),), peak=1.0)
        grid, layout = picture(facts, axis, 72, 16, cursor=2)
        (mark,) = [(x, y) for y in range(16) for x in range(72) if grid[y][x][0] == "▼"]
        assert axis.step_at(mark[0]) == at
        assert (mark[1], True) in layout.headings
        assert f"t={at + 1}" in texts(grid)[mark[1]]
        lit = {axis.step_at(x) for x in range(72) if grid[layout.bottom][x][1].bgcolor is not None}
        assert lit == {2}


def test_vanishing_and_exploding_are_told_in_words() -> None:
    axis = TimeAxis.fit(118, 20)
    steps = np.arange(20)
    shrinking = 0.5 * 0.4 ** (19.0 - steps)
    facts = GradientsFacts(at=19, flows=(flow(np.full(20, 0.5), shrinking),), peak=0.5)
    grid, layout = picture(facts, axis, 118, 30)
    said, base = "\n".join(texts(grid)), layout.blocks[1].rows[-2]
    faint = [step for step in range(20) if grid[base][axis.x(step)][1].color == DARK.faint.color]
    assert faint == [step for step in range(20) if shrinking[step] < 0.5e-6]
    assert "from t=20 back to t=1 the gradient vanishes: 2.7e−08 of its size is left" in said
    assert "of the loss at t=20 only: vanishes before t=1" in said
    assert "of the whole loss: arrives at t=1" in said
    gone = int((shrinking < 0.5e-6).sum())
    assert f"vanished (under a millionth of its largest) at {gone} of 20 steps, the nearest t={gone}" in said
    assert "keeps its size (× 1.00)" in said
    growing = 0.5 * 1.5 ** (19.0 - steps)
    grid, layout = picture(GradientsFacts(at=19, flows=(flow(growing, growing),), peak=2000.0), axis, 118, 30)
    said = "\n".join(texts(grid))
    assert f"the gradient explodes, up to {1.5**19:,.0f} times its size at t=1" in said
    assert "explodes (above 1 and over 10 times t=20) at 14 of 20 steps, the nearest t=14" in said  # 1.5⁶ > 10
    assert "vanished" not in said
    series = layout.blocks[0]
    base = series.rows[-2]
    assert [step for step in range(20) if grid[base][axis.x(step)][1].color == DARK.wrong.color] == list(range(14))


def test_a_layer_that_reads_from_the_right_hands_gradients_on_to_later_steps() -> None:
    on = path([0.0, 0.0, 1.0, 0.1, 0.01], 10, 1, 12)
    assert (on.start, on.end, on.steps, on.start_norm, on.end_norm) == (12, 14, 3, 1.0, 0.01)
    assert told("x", 80, [on]) == "x: from t=13 on to t=15 the gradient shrinks to 0.010 of its size"
    back = path([0.01, 0.1, 1.0, 0.0, 0.0], 10, 0, 12)
    assert told("x", 80, [back]) == "x: from t=13 back to t=11 the gradient shrinks to 0.010 of its size"
    assert told("x", 22, [back]) == "x: shrinks to 0.010"
    assert told("x", 80, [path([0.0, 0.0], 0, 0, 1)]) == "x: no gradient flows"


def test_the_causes_are_written() -> None:
    axis = TimeAxis.fit(118, 6)
    flows = tuple(flow(WHOLE, ALONE, layer=layer) for layer in range(2))
    common: dict[str, Any] = {"at": 3, "flows": flows, "layer": 1, "radius": (("r", 0.91), ("z", 1.2)), "peak": 1.0}
    for norm, clipped, words in (
        (None, None, "‖∂L/∂θ‖ is known at the end of the pass"),
        (3.21, None, "‖∂L/∂θ‖ 3.210, not clipped"),
        (3.21, 1.0, "‖∂L/∂θ‖ 3.210 → 1.000 clipped"),
        (0.00134, 0.00134, "‖∂L/∂θ‖ 0.00134, too small to be clipped"),
        (math.nan, math.nan, "‖∂L/∂θ‖ NaN, which clipping cannot repair"),
        (math.inf, None, "‖∂L/∂θ‖ ∞"),
    ):
        said = "\n".join(
            texts(picture(GradientsFacts(**common, norm=norm, clipped=clipped), axis, 118, 30, layers=2)[0])
        )
        assert words in said
        assert "ρ(W_hh₂) r 0.91  z 1.20" in said
        assert "saturated: h₁ 12 %  h₂ 12 %" in said


def test_without_colours_norms_are_heights_or_densities() -> None:
    norms = [10.0**-power for power in range(9)]
    axis = TimeAxis.fit(20, 9)
    facts = GradientsFacts(at=8, flows=(flow(norms, norms),) * 3, peak=1.0)
    grid, layout = picture(facts, axis, 20, 9, palette=GREY)
    assert not layout.bars
    row = [grid[layout.blocks[0].top][axis.x(step)][0] for step in range(9)]
    assert row == [GREY.shade(max(1, round((9 - step) / 9 * 20))) for step in range(9)]
    assert len(set(row)) >= 4


def test_a_note_stands_alone_where_there_is_nothing() -> None:
    grid, _ = picture(GradientsFacts(note="The pass has gone by."), TimeAxis.fit(50, 3), 50, 9)
    assert [line.strip() for line in texts(grid)] == ["The pass has gone by.", *[""] * 8]


def test_lower_layers_read_in_both_directions_have_gradients_on_either_side() -> None:
    axis = TimeAxis.fit(118, 5)
    sides = [0.010, 0.026, 20.0, 0.047, 0.023]
    flows = tuple(flow(WHOLE[:5], sides if layer == 0 else [1, 1, 1, 0, 0] if direction == 0 else [0, 0, 1, 1, 1],
                       layer=layer, direction=direction) for layer in range(2) for direction in range(2))  # fmt: skip
    for direction in range(2):
        facts = GradientsFacts(at=2, flows=flows, peak=20.0, layer=0, direction=direction, norm=1.0)
        said = "\n".join(texts(picture(facts, axis, 118, 60, layers=2)[0]))
        assert "loss at t=3: from t=3 back to t=1 it all but vanishes: 0.00050, on to t=5 it shrinks to 0.0012" in said
        assert "so far" not in said
    facts = GradientsFacts(at=2, flows=flows, peak=20.0, layer=1, direction=0)
    assert "from t=3 back to t=1 the gradient keeps" in "\n".join(texts(picture(facts, axis, 118, 60, layers=2)[0]))
    for at, other in ((0, 4), (4, 0)):
        ways = [path([1.0 if t == at else 0.5 for t in range(5)], 0, side, at) for side in (0, 1)]
        assert f"t={at + 1}" in told("x", 80, ways)
        assert f"t={other + 1} the gradient keeps its size (× 0.50)" in told("x", 80, ways)


def test_so_far_is_said_only_while_the_pass_is_under_way() -> None:
    alone = [path([0.5], 0, 0, 0)]
    assert told("x", 80, alone, running=True) == "x: only t=1 has a gradient so far"
    assert told("x", 80, alone) == "x: only t=1 has a gradient"
    for running in (True, False):
        dead = path([0.0, 0.0, 0.5], 3, 0, 5)
        assert told("x", 80, [dead], running=running) == "x: nothing flows back from t=6"
        dead = path([0.5, 0.0, 0.0], 3, 1, 3)
        assert told("x", 80, [dead], running=running) == "x: nothing flows on from t=4"


@pytest.mark.parametrize("norms", [[1.115, 1.02, 1.0], [7.0, 2.0, 1.0], [0.9, 0.01, 0.001], [9e-3, 5e-3, 1e-9]])
def test_what_grows_little_or_stays_small_is_no_explosion(norms: list[float]) -> None:
    axis = TimeAxis.fit(72, 3)
    grid, _ = picture(GradientsFacts(at=2, flows=(flow(norms, norms),), peak=max(norms), norm=1.0), axis, 72, 24)
    assert "explodes" not in "\n".join(texts(grid))
    assert all(style.color != DARK.wrong.color for row in grid for _, style in row)


@pytest.mark.parametrize("height", [30, 16])
def test_words_and_colours_agree_on_what_explodes(height: int) -> None:
    axis = TimeAxis.fit(118, 4)
    small = [1.0, 1.0, 1.0, 1.0]
    for whole, alone, c, words in (
        ([30.0, 5.0, 0.1, 0.1], small, small, "whole loss: h explodes (above 1 and over 10 times t=4) at 2 of 4 steps"),
        (
            small,
            small,
            [30.0, 1.0, 1.0, 1.0],
            "c explodes (above 1 and over 10 times t=4) at 1 of 4 steps, the nearest",
        ),
    ):
        facts = GradientsFacts(at=3, flows=(flow(whole, alone, whole_c=small, alone_c=c),), peak=30.0, norm=1.0)
        grid, layout = picture(facts, axis, 118, height)
        red = {axis.step_at(x) for y in range(layout.bottom) for x in range(118)
               if DARK.wrong.color in (grid[y][x][1].color, grid[y][x][1].bgcolor)}  # fmt: skip
        assert red == {0, 1} if whole[0] > 1 else red == {0}
        assert height < 30 or words in "\n".join(texts(grid))


@pytest.mark.parametrize("length", [6, 21, 2000])
@pytest.mark.parametrize("lstm", [True, False])
def test_the_heading_is_whole_and_a_space_follows(length: int, lstm: bool) -> None:
    for width in (46, 72, 118):
        for first in {0, max(0, length - 40)}:
            axis = TimeAxis.fit(width, length, first=first)
            norms = [0.1] * axis.count
            c = norms if lstm else None
            for at in {axis.steps[0], axis.steps[1], axis.steps[-1]}:
                flows = (flow(norms, norms, whole_c=c, alone_c=c),)
                facts = GradientsFacts(first=axis.first, at=at, flows=flows, peak=1.0)
                grid, layout = picture(facts, axis, width, 30)
                for y, alone in layout.headings:
                    row = texts(grid)[y]
                    symbol = row.split()[0] if not row.strip().startswith("▼") else "‖‖"
                    assert symbol.count("‖") in (0, 2)
                    assert "∂L" in symbol
                    assert "loss" in row or f"t={at + 1}" in row
                    assert not alone or row.count("▼") == 1


@pytest.mark.parametrize("width", [30, 46, 60, 72, 118])
def test_what_comes_along_c_is_told_in_any_room(width: int) -> None:
    h, c = [0.013 ** (1 - t / 20) for t in range(21)], [0.31 ** (1 - t / 20) for t in range(21)]
    facts = GradientsFacts(at=20, flows=(flow(h, h, whole_c=c, alone_c=c),), peak=1.0, norm=1.0)
    said = "\n".join(texts(picture(facts, TimeAxis.fit(width, 21), width, 30)[0]))
    assert "0.013" in said
    assert "0.31" in said


def test_where_a_digit_has_no_room_the_whole_row_tells_powers_of_ten() -> None:
    axis = TimeAxis.fit(36, 5)
    assert axis.column == 5
    facts = GradientsFacts(at=-1, flows=(flow([4e-12, 4e-7, 0.1, 0.2, 0.5], [0] * 5),), peak=0.5)
    grid, layout = picture(facts, axis, 36, 20)
    row = texts(grid)[layout.blocks[0].rows[-1]]
    assert row[axis.gutter :].split() == ["e−12", "e−7", "e−1", "e−1", "e−1"]


@pytest.mark.parametrize("first", [0, 150, 379])
def test_sentences_and_colours_are_of_the_whole_sequence_whatever_the_window(first: int) -> None:
    norms = 0.5 * 0.93 ** (399.0 - np.arange(400))
    gone = int((norms < 0.5e-6).sum())
    axis = TimeAxis.fit(30, 400, first=first)
    window = norms[first : first + axis.count]
    way = gradient_way(norms.tolist(), 0, 399)
    facts = GradientsFacts(
        first=first, at=399, peak=0.5, norm=1.0,
        flows=(replace(flow(window, window), whole_ways=(way,), alone_ways=(way,)),),
    )  # fmt: skip
    layout = lay_out_gradients(facts, width=120, height=40, axis=axis, palette=DARK, layers=1)
    words = [line for line, _ in layout.words]
    assert f"vanished (under a millionth of its largest) at {gone} of 400 steps, the nearest t={gone}" in words
    assert "loss at t=400: from t=400 back to t=1 the gradient vanishes: 2.7e−13 of its size is left" in words
    assert (layout.scale.low, layout.scale.high) == (-9, 0)
    (series, _) = layout.blocks
    assert [series.has_vanished(step, norms[step]) for step in axis.steps] == [step < gone for step in axis.steps]


def test_an_exploded_tick_tells_one_thing() -> None:
    norms = [math.nan, math.inf, 3e30, 1e15, 2e3, 0.5, 0.1, 1e-9, 0.2]
    facts = GradientsFacts(at=8, flows=(flow(norms, norms),), peak=3e30, norm=math.nan, clipped=math.nan)
    said = "\n".join(texts(picture(facts, TimeAxis.fit(118, 9), 118, 40)[0]))
    assert "loss at t=9: NaN or infinite at 2 of 9 steps, the nearest t=2" in said
    assert "explodes (above 1 and over 10 times t=9) at 3 of 9 steps, the nearest t=5" in said
    for contradiction in ("vanished", "shrinks", "keeps", "grows", "clipped"):
        assert contradiction not in said
    norms[:2] = [1e34, 1e33]
    facts = GradientsFacts(at=8, flows=(flow(norms, norms),), peak=1e34, norm=math.nan)
    said = "\n".join(texts(picture(facts, TimeAxis.fit(118, 9), 118, 40)[0]))
    assert "loss at t=9: from t=9 back the gradient explodes, up to 5.0e+34 times its size at t=1" in said
    assert "vanished (under a millionth of the largest that does not explode) at 1 of 9 steps, the nearest t=8" in said


# why, and on which scale


def explained(ratio: float, radius: float, slope: float, **more: Any) -> str:
    """Return what is said of a gradient that is `ratio` of its size after 10 steps back."""
    norms = np.geomspace(ratio, 1.0, 11)
    flow = GradientFlow(
        layer=0, direction=0, whole=norms.astype(np.float32), alone=norms.astype(np.float32),
        alone_ways=(gradient_way(norms.tolist(), 0, 10),), **{"saturated": 0.44, "slope": slope} | more,
    )  # fmt: skip
    return (why(GradientsFacts(at=10, flows=(flow,), radius=(("", radius),)), layers=1) or [""])[0]


def test_why_it_vanishes_although_the_radius_is_above_1() -> None:
    said = explained(1e-4, 1.32, 0.35)
    assert said == (
        "ρ(W_hh) = 1.32 is above 1, yet it shrinks, because 44 % of h is saturated: "
        "on average 1.32 × slope 0.35 = 0.46 a step (measured: 0.40)"
    )
    assert "saturated" not in explained(1e-4, 1.32, 0.35, saturated=0.05)
    assert explained(1e-4, 0.9, 0.5).startswith("It shrinks because ρ(W_hh) = 0.90 is below 1")
    assert explained(50.0, 2.0, 0.9).startswith("It grows")


@pytest.mark.parametrize(
    ("ratio", "radius", "slope"),
    [
        (0.8, 1.32, 0.35),
        (1e-4, 2.92, 0.32),
        (1e-4, 1.32, 0.9),
        (50.0, 1.1, 0.5),
        (1e-4, math.nan, 0.5),
        (1e-4, 1.32, math.nan),
    ],
)
def test_where_the_numbers_do_not_explain_it_nothing_is_said(ratio: float, radius: float, slope: float) -> None:
    assert explained(ratio, radius, slope) == ""


def test_only_a_plain_network_whose_uppermost_layer_is_looked_at_is_explained() -> None:
    norms = np.geomspace(1e-4, 1.0, 11).astype(np.float32)
    one = GradientFlow(layer=0, direction=0, whole=norms, alone=norms, saturated=0.4, slope=0.3,
                       alone_ways=(gradient_way(norms.tolist(), 0, 10),))  # fmt: skip
    facts = GradientsFacts(at=10, flows=(one,), radius=(("", 1.3),))
    assert why(facts, layers=1)
    assert not why(facts, layers=2)
    assert not why(replace(facts, radius=(("r", 1.3), ("z", 1.3))), layers=1)


@pytest.mark.parametrize("height", [14, 24, 40])
def test_the_scale_in_words_is_that_of_the_bars(height: int) -> None:
    """Two norms that differ by so much as is said stand a row apart."""
    axis = TimeAxis.fit(118, 2)
    facts = GradientsFacts(at=1, flows=(flow([1e-3, 1e-3], [1e-3, 1e-3]),), peak=1.0)
    said = re.search(r"one row lower is ([\d.,]+) times smaller", texts(picture(facts, axis, 118, height)[0])[0])
    assert said is not None
    factor = float(said[1].replace(",", ""))
    facts = GradientsFacts(at=1, flows=(flow([0.9 / factor, 0.9], [1, 1]),), peak=1.0)
    grid, layout = picture(facts, axis, 118, height)
    series = layout.blocks[0]
    columns = ["".join(grid[y][axis.x(step)][0] for y in series.rows[:-1]) for step in range(2)]
    eighths = [sum(" ▁▂▃▄▅▆▇█".index(cell) for cell in column) for column in columns]
    assert eighths[1] - eighths[0] == pytest.approx(8, abs=1)


@pytest.mark.parametrize(("height", "alone"), [(11, True), (24, False)])
def test_beside_one_another_all_are_drawn_in_the_same_way(height: int, alone: bool) -> None:
    axis, layouts = TimeAxis.fit(72, 6), []
    for c in (None, ALONE):
        facts = with_ways(GradientsFacts(at=3, flows=(flow(WHOLE, ALONE, whole_c=c, alone_c=c),), peak=0.789), 1)
        layouts.append(lay_out_gradients(facts, width=72, height=height, axis=axis, palette=DARK, layers=1, most=4))
    plain, lstm = layouts
    assert plain.bars
    assert lstm.bars
    assert [len(each.blocks) for each in layouts] == ([1, 2] if alone else [2, 4])
    assert len({block.tall for each in layouts for block in each.blocks}) == 1, "the same height is the same norm"
    assert all(block.alone for each in layouts for block in each.blocks) == alone
