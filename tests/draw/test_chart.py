"""The loss chart: sizes, places of curve, floor, mark and ticks, and that calls share nothing."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import plotext
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from numpy.typing import NDArray
from rich.style import Style
from textual.strip import Strip

from rnn_tui.draw.kit.chart import ChartAxes, ChartCurve, Level, Mark, compose_chart
from rnn_tui.draw.kit.chart_scale import short
from tests.draw.grids import number_in
from tests.examples import examples

LINE, AXIS, FLOOR, MARK = (Style(color=color) for color in ("cyan", "white", "yellow", "magenta"))
GUESS, BACKGROUND = Style(color="red"), Style(bgcolor="black")


def curve(x: Any, low: Any, high: Any = None, **more: Any) -> ChartCurve:
    low = np.asarray(low, dtype=float)
    high = low if high is None else np.asarray(high, dtype=float)
    return ChartCurve(x=np.asarray(x, dtype=float), low=low, high=high, **{"style": LINE, **more})


def draw(
    *curves: ChartCurve, width: int = 46, height: int = 12, floor: float | None = None, guess: float | None = None,
    mark: float | None = None, **axes: Any,
) -> list[Strip]:  # fmt: skip
    return compose_chart(
        curves,
        width=width,
        height=height,
        axes=ChartAxes(**{"style": AXIS, **axes}),
        levels=[
            Level(value=floor, name="floor", style=FLOOR),
            Level(value=guess, name="guessing", style=GUESS, sparse=True, near=True),
        ],
        mark=Mark(x=mark, style=MARK),
        background=BACKGROUND,
    ).strips()


def lines(*curves: ChartCurve, **more: Any) -> list[str]:
    return [strip.text for strip in draw(*curves, **more)]


def plot(rows: list[str]) -> list[str]:
    """The plot area of a chart with axes: without the labels at the left and the two lines at the bottom."""
    corner = next(row.index("└") for row in rows if "└" in row)
    return [row[corner + 1 :] for row in rows[:-2]]


def dots(rows: list[str]) -> NDArray[np.bool_]:
    """The braille dots of rows of text, (4 * rows, 2 * columns)."""
    numbers = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]  # the bits of a braille character
    grid = np.zeros((4 * len(rows), 2 * len(rows[0])), dtype=bool)
    for r, row in enumerate(rows):
        for c, character in enumerate(row):
            bits = ord(character) - 0x2800 if "⠀" <= character <= "⣿" else 0
            grid[4 * r : 4 * r + 4, 2 * c : 2 * c + 2] = np.array(numbers) & bits != 0
    return grid


def only(strips: Sequence[Strip], style: Style) -> list[str]:
    """Rows of text with nothing but what is drawn in a style."""
    return [
        "".join(each.text if each.style == BACKGROUND + style else " " * each.cell_length for each in strip)
        for strip in strips
    ]


def falling_loss() -> ChartCurve:
    x = np.arange(1.0, 101.0)
    return curve(x, 2.7 + 6.7 * np.exp(-(x - 1) / 8))


# sizes

VALUES = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(-10, 10),
    st.sampled_from([0.0, -0.0, 1.0, 5e-324, -5e-324, 1.7e308, -1.7e308, math.nan, math.inf, -math.inf]),
)


def check(strips: list[Strip], width: int, height: int) -> None:
    assert len(strips) == height
    for strip in strips:
        assert strip.cell_length == width
        assert sum(segment.cell_length for segment in strip) == width
        styles = [segment.style for segment in strip]
        assert all(a != b for a, b in pairwise(styles)), "equal neighbours are one segment"


@pytest.mark.parametrize("width", [1, 2, 3, 5, 9, 15, 16, 17, 24, 46, 110, 300])
@pytest.mark.parametrize("height", [1, 2, 3, 4, 5, 6, 8, 12, 30, 90])
@pytest.mark.parametrize("log", [False, True])
@pytest.mark.sampled(60)
def test_any_size(width: int, height: int, log: bool) -> None:
    for curves in ([], [falling_loss()], [curve([1], [9.4])]):
        strips = draw(*curves, width=width, height=height, log_x=log, log_y=log, floor=2.596, mark=40.0)
        check(strips, width, height)


@settings(max_examples=examples(300), deadline=None)
@given(
    points=st.lists(st.lists(st.tuples(VALUES, VALUES, VALUES), max_size=12), max_size=3),
    width=st.integers(1, 60),
    height=st.integers(1, 20),
    log=st.tuples(st.booleans(), st.booleans()),
    floor=st.none() | VALUES,
    mark=st.none() | VALUES,
    scattered=st.booleans(),
)
def test_any_data(
    points: list[list[tuple[float, float, float]]],
    width: int,
    height: int,
    log: tuple[bool, bool],
    floor: float | None,
    mark: float | None,
    scattered: bool,
) -> None:
    curves = [curve(*np.array(some, dtype=float).reshape(-1, 3).T, dots=scattered) for some in points]
    strips = draw(*curves, width=width, height=height, log_x=log[0], log_y=log[1], floor=floor, mark=mark)
    check(strips, width, height)
    drawable = any(
        np.isfinite([x, low, high]).all() and (x > 0 or not log[0]) and (min(low, high) > 0 or not log[1])
        for some in points
        for x, low, high in some
    )
    text = "".join(strip.text for strip in strips)
    assert any("⠀" < character <= "⣿" or character == "●" for character in text) == drawable


# the curve


def test_a_rising_line_goes_up_and_a_falling_one_down() -> None:
    x = np.arange(20.0)
    up, down = (dots(plot(lines(curve(x, y)))) for y in (x, -x))
    for grid, sign in ((up, -1), (down, 1)):
        assert grid.any(axis=0).all(), "the line has no holes"
        middles = [np.flatnonzero(column).mean() for column in grid.T]
        steps = sign * np.diff(middles)[:-2]  # without the last cell, which shows ●
        assert (steps >= 0).all()
        assert steps.sum() > 0.7 * len(grid), "from edge to edge, but for room that spaces the ticks evenly"


def test_the_last_point_is_marked() -> None:
    area = plot(lines(falling_loss()))
    assert "●" not in "".join(area), "a cell would be up to two dots beside the point"
    tip = Style(color="red", bold=True)
    strips = draw(replace(falling_loss(), tip=tip))
    marked = [(y, s.text) for y, strip in enumerate(strips) for s in strip if s.style == BACKGROUND + tip]
    assert marked == [(len(area) - 1, area[-1][-1])]


def test_an_envelope_fills_from_low_to_high() -> None:
    x = np.arange(41.0)
    low, high = np.full(41, 0.0), np.full(41, 8.0)
    low[10:30], high[10:30] = 2.0, 4.0
    grid = dots(plot(lines(curve(x, low, high))))
    rows = len(grid)
    first = np.flatnonzero(grid[:, 0])
    base, top_most = rows - 1 - first.max(), rows - 1 - first.min()
    assert base <= 4
    assert top_most - base > 0.7 * rows
    for at in (0, 1, 5, 15, 20, 25, 35, 39):
        column = np.flatnonzero(grid[:, round(at / 40 * (grid.shape[1] - 1))])
        bottom, top = rows - 1 - column.max(), rows - 1 - column.min()
        assert len(column) == top - bottom + 1, "one bar"
        assert bottom == pytest.approx(base + low[at] / 8 * (top_most - base), abs=1)
        assert top == pytest.approx(base + high[at] / 8 * (top_most - base), abs=1)


def test_what_is_not_finite_leaves_a_gap() -> None:
    y = np.ones(41)
    y[[15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25]] = math.nan
    y[20] = 1.0  # alone in the gap: a dot of its own
    y[35] = math.inf
    seen = np.array(dots(plot(lines(curve(np.arange(41.0), y)))).any(axis=0))
    at = np.rint(np.arange(41.0) / 40 * (len(seen) - 1)).astype(int)
    expected = np.zeros_like(seen)
    for first, last in ((0, 14), (20, 20), (26, 34), (36, 40)):
        expected[at[first] : at[last] + 1] = True
    assert seen.tolist() == expected.tolist()


def test_a_gap_inside_a_column_is_not_bridged() -> None:
    grid = dots(plot(lines(curve([0, 30, 30.01, 30.02, 100], [0, 0, math.nan, 8, 8]))))
    assert grid[:, :-2].sum(axis=0).max() == 2, "two dots, and no bar between them"


def test_dots_are_not_joined() -> None:
    x, y = [0, 10, 20], [1.0, 5.0, 3.0]
    assert dots(plot(lines(curve(x, y, dots=True)))).sum() == 3
    assert dots(plot(lines(curve(x, y)))).sum() > 40


def test_many_points_cost_no_more_than_the_columns_show(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    original = plotext.figure.signal

    def signal(x: list[float], y: list[float], **more: Any) -> Any:
        sent.append(len(x))
        return original(x, y, **more)

    monkeypatch.setattr(plotext.figure, "signal", signal)
    y = np.random.default_rng(0).random(50_000)
    few = np.r_[y, 5.0]  # a spike is never lost
    area = plot(lines(curve(np.arange(50_001.0), few)))
    assert sent == [pytest.approx(2 * 2 * len(area[0]), abs=8)]
    assert area[0].strip()


def test_later_curves_lie_on_top_in_their_own_style() -> None:
    other = Style(color="red")
    x = np.arange(30.0)
    strips = draw(curve(x, x), curve(x, x, style=other))
    drawn = [s.style for strip in strips for s in strip if any("⠀" < c <= "⣿" or c == "●" for c in s.text)]
    assert set(drawn) == {BACKGROUND + other}
    crossing = draw(curve(x, x), curve(x, x[::-1], style=other))
    styles = {s.style for strip in crossing for s in strip if "●" in s.text or "⠒" in s.text or "⠑" in s.text}
    assert styles == {BACKGROUND + LINE, BACKGROUND + other}


def test_curves_that_share_a_cell_share_its_dots() -> None:
    x = np.arange(30.0)
    up, down = curve(x, x), curve(x, x[::-1])
    assert np.array_equal(dots(plot(lines(up, down))), dots(plot(lines(up))) | dots(plot(lines(down))))


# floor and mark


@pytest.mark.parametrize("size", [(46, 12), (30, 8), (110, 30), (20, 5), (46, 60)])
@pytest.mark.parametrize("floor", [2.596, 0.0, -4.0, 2.69, 5.0, 9.0, 12.0])
def test_the_floor_lies_where_the_curve_says(size: tuple[int, int], floor: float) -> None:
    """A straight line gives two known points, so the row of the floor follows from rows alone."""
    x = np.linspace(0, 1, 200)
    first, last = 9.4, 2.7
    strips = draw(curve(x, first + (last - first) * x), width=size[0], height=size[1], floor=floor)
    rows = [strip.text for strip in strips]
    left = next(row.index("┤") for row in rows if "┤" in row) + 1
    grid, line = (dots([row[left:] for row in only(strips, style)[:-2]]) for style in (LINE, FLOOR))
    dot_of = [np.flatnonzero(grid[:, c]).mean() for c in range(grid.shape[1])]
    a, b = dot_of[0], dot_of[-3]  # dots of first, and of the last column before ●
    share = (grid.shape[1] - 3) / (grid.shape[1] - 1)
    expected = a + (b - a) / share * (floor - first) / (last - first)
    found = [r for r, strip in enumerate(strips) if any(s.style == BACKGROUND + FLOOR for s in strip)]
    assert len(found) == 1
    assert np.flatnonzero(line.any(axis=1)) == pytest.approx([expected], abs=1.5), "to the dot"
    if size[1] >= 12:
        assert 0 < found[0] < len(rows) - 3, "not on the border of the plot"
    label = rows[found[0]].split("┤")[0].strip()
    assert number_in(label) == pytest.approx(floor, rel=5e-3)


def test_the_floor_never_hides_the_curve_nor_the_other_way_round() -> None:
    with_floor, loss = draw(falling_loss(), floor=2.596), falling_loss()
    row = next(strip for strip in with_floor if " floor " in strip.text)
    (line,) = (each for each in only(with_floor, FLOOR) if "floor" in each)
    assert dots([line]).any()
    assert not dots([line])[:, -2:].any(), "the curve has come down to it"
    assert "⠀" < row.text[-1] <= "⣿"
    flat = curve(np.arange(9.0), np.full(9, 3.0))
    covered = [row.split("┤")[-1] for row in only(draw(flat, floor=3.0), FLOOR)]
    assert not "".join(covered).strip(), "the curve covers it all"
    assert not "".join(only(draw(loss), FLOOR)).strip()
    for bad in (math.nan, math.inf, -1.0):
        assert not "".join(only(draw(loss, floor=bad, log_y=True), FLOOR)).strip()


def test_single_points_do_not_hide_the_floor() -> None:
    x = np.arange(1.0, 41.0)
    points = curve(x, np.where(x % 2, 2.4, 2.7), style=MARK, dots=True)
    loss = curve(x, np.full(40, 9.0))
    alone, both = draw(loss, floor=2.6, y_to=(0.0,)), draw(points, loss, floor=2.6, y_to=(0.0,))
    (row,) = np.flatnonzero(dots(only(alone, FLOOR)).any(axis=1))
    line, shown = (dots(only(strips, FLOOR)) for strips in (alone, both))
    assert line[row].sum() > 50
    assert (shown[row] >= line[row]).all()
    every = dots(only(both, FLOOR)) | dots(only(both, MARK))
    assert every.sum() > line.sum() + 20, "and they are there themselves"


def test_the_floor_has_its_place_on_a_log_axis() -> None:
    x = np.linspace(0, 1, 100)
    strips = draw(curve(x, 10.0 ** (3 - 3 * x)), height=30, floor=10.0, log_y=True)
    curves, line = (np.flatnonzero(dots(only(strips, style)).any(axis=1)) for style in (LINE, FLOOR))
    top, bottom = curves.min(), curves.max()
    assert line == pytest.approx([top + 2 / 3 * (bottom - top)], abs=1)


def test_a_floor_far_from_the_curve_is_no_error() -> None:
    for far in (1e-300, 1e153, 1e300, 1.7e308):
        for size in (1, 3, 12):
            check(draw(curve([1, 2], [1, 1]), width=46, height=size, floor=far, log_y=True), 46, size)


def test_the_mark_is_a_line_behind_the_curve() -> None:
    loss = falling_loss()
    before, area = plot(lines(loss)), plot(lines(loss, mark=50.5))
    for row, old in zip(area, before, strict=True):
        assert row[20] == (old[20] if old[20] != " " else "┆")
        assert row[:20] + row[21:] == old[:20] + old[21:]
    assert sum(row[20] == "┆" for row in area) >= len(area) - 1
    for outside in (0.0, 101.0, math.nan):
        assert lines(loss, mark=outside) == lines(loss)


# axes


def ticks(rows: list[str]) -> dict[str, int]:
    """Label to column, for those labels that stand under a tick."""
    found = {}
    for column, character in enumerate(rows[-2]):
        if character == "┬":
            start = rows[-1].rfind(" ", 0, column + 1) + 1
            end = (rows[-1] + " ").index(" ", column)
            found[rows[-1][start:end]] = column
    return found


@pytest.mark.parametrize("width", [46, 80, 110])
def test_a_log_axis_spaces_decades_evenly(width: int) -> None:
    x = np.geomspace(1, 1000, 60)
    at = ticks(lines(curve(x, 1 / x), width=width, log_x=True))
    assert list(at) == ["1", "10", "100", "1k"]
    gaps = np.diff(list(at.values()))
    assert gaps.max() - gaps.min() <= 1
    assert at["1"] == 5
    assert at["1k"] == width - 1
    labels = [row.split("┤")[0].strip() for row in lines(curve(x, 1 / x), width=width, height=40, log_y=True)]
    y_at = [labels.index(label) for label in ("1", "0.1", "0.01", "0.001")]
    assert np.ptp(np.diff(y_at)) <= 1


def test_a_linear_axis_names_places_truly() -> None:
    rows = lines(curve(np.arange(1.0, 101.0), np.linspace(0, 8, 100)), width=60, height=24)
    at = ticks(rows)
    assert len(at) >= 4
    for label, column in at.items():
        assert column - 5 == pytest.approx((int(label) - 1) / 99 * 54, abs=1)
    labels = {row[:4].strip(): r for r, row in enumerate(rows[:-2]) if "┤" in row}
    assert 3 <= len(labels) <= 6
    for label, row in labels.items():
        assert row == pytest.approx(21 - float(label) / 8 * 21, abs=1)


@pytest.mark.parametrize("log", [False, True])
@given(st.floats(0.01, 1e4), st.floats(1.5, 1e4), st.integers(7, 60))
def test_ticks_stand_evenly(log: bool, low: float, times: float, height: int) -> None:
    values = np.geomspace(low, low * times, 50) - (0 if log else low)
    rows = lines(curve(np.arange(50.0), values), width=60, height=height, log_y=log)
    marks = [y for y, row in enumerate(rows[:-2]) if "┤" in row]
    if log and times < 100:  # 1, 2 and 5 are not even on a logarithmic axis
        return
    assert len(marks) >= 2
    assert len(set(np.diff(marks))) <= 1, rows
    assert len(set(filter(None, (rows[y].split("┤")[0].strip() for y in marks)))) >= 2


def test_a_newest_point_is_marked_by_a_character_of_its_own() -> None:
    x = np.linspace(0, 50, 6)
    judged = replace(curve(x, np.linspace(9, 5, 6)), newest="●", style=Style(color="green"))
    area = plot(lines(curve(np.arange(101.0), np.linspace(9, 3, 101)), judged))
    marked = [(y, row.index("●")) for y, row in enumerate(area) if "●" in row]
    assert len(marked) == 1
    assert marked[0][1] == pytest.approx(len(area[0]) / 2, abs=1)


def test_a_floor_keeps_its_name_where_the_curve_lies_on_its_beginning() -> None:
    y = np.r_[np.full(60, 3.0), np.linspace(3.0, 9.0, 41)]
    for near in (True, False):
        level = Level(value=3.0, name="floor", style=FLOOR, near=near)
        chart = compose_chart([curve(np.arange(101.0), y)], width=60, height=14, axes=ChartAxes(style=AXIS),
                              levels=[level], background=BACKGROUND)  # fmt: skip
        assert any(" floor " in strip.text for strip in chart.strips()) is near


def test_the_x_label_ends_the_bottom_line() -> None:
    assert lines(falling_loss())[-1].endswith("epoch 100")
    assert lines(curve([1, 3000], [1, 2]), width=80, log_x=True, x_label="tick")[-1].endswith("  tick")
    assert "epoch" in lines()[-1]


def test_two_blanks_before_the_x_label_are_room_enough() -> None:
    """With less, the last number stands behind the label: "epoch 100"."""
    gaps = set()
    for epochs in range(100, 120):
        bottom = lines(curve([1, epochs], [2, 1]), width=60, x_label="epoch")[-1].rstrip()
        if bottom.endswith("epoch"):
            gaps.add(len(bottom.removesuffix("epoch")) - len(bottom.removesuffix("epoch").rstrip()))
        else:
            assert re.search(r"epoch \d+$", bottom)
    assert min(gaps) == 2


def test_whole_epochs_get_whole_ticks() -> None:
    assert list(ticks(lines(curve([1, 2], [3, 4])))) == ["1", "2"]
    assert any("." in label for label in ticks(lines(curve([1, 1.5, 2], [3, 4, 4]))))


def test_no_points_say_so_and_small_ones_keep_the_curve() -> None:
    assert "no loss yet" in "".join(lines())
    assert "no loss yet" in "".join(lines(curve([0, -1], [1, 1]), log_x=True))
    assert lines(width=5, height=1) == ["no lo"]
    tiny = lines(falling_loss(), width=15, height=4, floor=2.596)
    assert not set("│└┤┬") & set("".join(tiny))
    assert tiny[0][0] != " "


@pytest.mark.parametrize(
    ("value", "step", "text"),
    [
        (0.0, 1.0, "0"), (1e-17, 0.1, "0"), (2.596, 0.0, "2.60"), (0.4327, 0.0, "0.433"), (100.0, 0.0, "100"),
        (0.1, 0.05, "0.10"), (7.5, 2.5, "7.5"), (20.0, 10.0, "20"), (-3.0, 1.0, "−3"), (1e-5, 1e-5, "1e−5"),
        (2.5e-5, 5e-6, "2.5e−5"), (10_000.0, 10_000.0, "10k"), (12_500.0, 2_500.0, "12.5k"),
        (999_999.0, 0.0, "1M"), (1e5, 1e5, "100k"), (1e20, 1e20, "1e20"), (1e-120, 1e-120, "1e−120"),
    ],
)  # fmt: skip
def test_short_numbers(value: float, step: float, text: str) -> None:
    assert short(value, step) == text


# independence


def test_calls_share_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    loss, other = falling_loss(), curve([1, 2, 3], [1e6, 2e6, 1e7], dots=True)
    first = draw(loss, floor=2.596)
    draw(other, width=80, height=20, log_x=True, log_y=True, mark=2.0)
    draw(width=3, height=3)
    plotext.figure.title("somebody else's")
    plotext.figure.subplots(2, 2)
    plotext.figure.ruler("x").scale("log").lim(5, 6).direction(-1)
    plotext.figure.draw(plotext.figure.signal([1, 2, 3], [3, 2, 1]))
    again = draw(loss, floor=2.596)
    assert [list(strip) for strip in again] == [list(strip) for strip in first]
    assert capfd.readouterr() == ("", "")


def test_a_chart_may_be_larger_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("LINES", "10")
    area = plot(lines(falling_loss(), width=200, height=60))
    assert any(row[0] != " " for row in area[:6])
    assert "⠀" < area[-1][-1] <= "⣿"


def test_the_data_is_left_alone() -> None:
    loss = falling_loss()
    x, low = loss.x.copy(), loss.low.copy()
    draw(loss, log_x=True, log_y=True)
    assert np.array_equal(loss.x, x)
    assert np.array_equal(loss.low, low)


# guessing


@pytest.mark.parametrize("size", [(46, 24), (30, 12), (80, 40), (46, 9)])
@pytest.mark.parametrize("log_y", [False, True])
def test_a_curve_that_stays_at_guessing_lies_on_its_line_and_not_on_zero(size: tuple[int, int], log_y: bool) -> None:
    x = np.arange(1.0, 301.0)
    strips = draw(curve(x, 1.386 + 36 * 0.9**x), width=size[0], height=size[1], log_y=log_y, guess=1.386, y_to=(0.0,))
    rows = [strip.text for strip in strips]
    line = next(row for row in rows if row.lstrip().startswith("1.39┤"))
    assert any(0x2800 < ord(each) < 0x2900 for each in line[-4:]), "the newest losses are in the row of the line"
    assert not any(row.lstrip().startswith("0┤") for row in rows[rows.index(line) : rows.index(line) + 1])
    assert sum(" guessing " in row for row in rows) == 1
    near = next(at for at, row in enumerate(rows) if " guessing " in row)
    assert abs(near - rows.index(line)) <= 1


@given(
    st.floats(0.01, 100), st.floats(0.01, 100), st.integers(16, 90), st.integers(5, 40), st.booleans(),
    st.lists(st.floats(0.001, 100), min_size=1, max_size=60),
)  # fmt: skip
def test_two_lines_never_share_a_label_or_a_name(
    floor: float, guess: float, width: int, height: int, log_y: bool, losses: list[float]
) -> None:
    data = curve(np.arange(1.0, len(losses) + 1), losses)
    strips = draw(data, width=width, height=height, log_y=log_y, floor=floor, guess=guess, y_to=(0.0,))
    check(strips, width, height)
    rows = [strip.text for strip in strips]
    labels = [row.split("┤")[0].strip() for row in rows if "┤" in row]
    assert short(floor) in labels
    assert short(guess) in labels or not dots(only(strips, GUESS)).any()  # in the row of the floor
    text = "".join(rows)
    assert text.count("guessing") <= 1
    assert text.count("floor") <= 1
    assert not re.search(r"\S(floor|guessing)|(floor|guessing)[^ ,\n]", "\n".join(rows))


def test_both_names_stand_on_one_line_where_they_fall_together() -> None:
    data = curve([1.0, 2.0, 3.0], [40.0, 30.0, 20.0])
    rows = lines(data, floor=1.0, guess=1.1)
    line = next(row for row in rows if "floor" in row)
    assert " floor, guessing " in line
    assert line.lstrip().startswith("1┤") or line.lstrip().startswith("1.00┤")
    assert not dots(only(draw(data, floor=1.0, guess=1.1), GUESS)).any()


@pytest.mark.parametrize(("width", "height", "rows"), [(0, 3, 3), (-1, 2, 2), (30, 0, 0), (30, -2, 0)])
def test_a_chart_without_room_has_empty_rows(width: int, height: int, rows: int) -> None:
    assert [strip.cell_length for strip in draw(falling_loss(), width=width, height=height)] == [0] * rows


@pytest.mark.parametrize("log_y", [False, True])
def test_charts_that_share_their_axis_have_a_value_at_the_same_place(log_y: bool) -> None:
    shared: dict[str, Any] = {"y_to": (0.01, 4.0), "y_levels": (0.02, 3.0), "log_y": log_y}
    flat, falling = curve([1, 9], [1.0, 1.0]), curve([1, 9], [4.0, 0.01])
    charts = [
        lines(flat, **shared),
        lines(flat, guess=3.0, **shared),
        lines(flat, floor=0.02, **shared),
        lines(flat, falling, **shared),
    ]
    rows = [int(np.flatnonzero(dots(plot(chart)).sum(1) > 40)[0]) for chart in charts[::3]]
    assert rows[0] == rows[1]
    found = [[at for at, row in enumerate(chart) if "┤" in row] for chart in charts]
    assert all(set(found[0]) <= set(each) for each in found), "the ticks stand in the same rows"
