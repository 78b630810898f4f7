"""Curves of several runs: exact places, letters that need no colour, and words that are true."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.style import Style

from rnn_tui.draw.kit.palette import DARK
from rnn_tui.draw.runs.curve import MARKS, MOST_RUNS, CurvesView, RunCurve, marks_of, reading_at
from rnn_tui.draw.runs.picture import RunCurvesPicture
from rnn_tui.draw.runs.words import cursor_words, title, why_empty, words
from rnn_tui.view.model.theme import palette_for
from tests.draw.grids import GREY, grid, is_picture, texts

VIEW = CurvesView(settings=("lr",))


def curve(losses: Any, *, name: str = "run", lr: str = "0.1", **more: Any) -> RunCurve:
    """A run with a loss for each update from 1 on."""
    values = np.asarray(losses, dtype=float)
    updates = np.arange(1.0, len(values) + 1)
    facts: dict[str, Any] = {"x": updates, "first": updates, "last": updates, "low": values, "high": values}
    return RunCurve(**{"name": name, "values": (lr,), "kind": "per character", "newest": values, **facts, **more})


FALLING = curve(np.linspace(2, 1, 100), name="one")
LOWER = curve(np.linspace(2, 0.5, 80), name="two", lr="0.01", tags=("good",), note="first")


def drawn(
    *curves: RunCurve, view: CurvesView = VIEW, size: tuple[int, int] = (80, 24), **more: Any
) -> RunCurvesPicture:
    return RunCurvesPicture(curves, view, width=size[0], height=size[1], **{"palette": DARK, **more})


def lines(picture: RunCurvesPicture, selected: int = 0, at: float | None = None) -> list[str]:
    return texts(grid(picture.strips(selected, at)))


def test_every_run_is_marked_on_its_curve_at_its_end_and_in_the_legend() -> None:
    rows = lines(drawn(FALLING, LOWER))
    assert rows[0].split(" · ")[:2] == [" loss by update", "2 runs" + rows[0].partition("2 runs")[2]]
    assert rows[1] == " best of all: b, 0.500 at update 80".ljust(80)
    (header,) = [row.split() for row in rows if row.split()[-1:] == ["run"]]
    assert header[-2:] == ["best", "run"]
    assert any("a 0.1" in row for row in rows[2:18])
    assert any("b 0.01" in row for row in rows[2:18])
    assert " a one: loss 1.000 at update 100".ljust(80) in rows
    assert [row.split() for row in rows if row[1:2] in "ab" and "run" not in row and "loss" not in row][-2:] == [
        ["▸a", "0.1", "1.000", "1.000", "one"],
        ["b", "0.01", "0.500", "0.500", "two", "·", "good", "·", "first"],
    ]


def test_the_cursor_tells_run_and_value() -> None:
    picture = drawn(FALLING, LOWER)
    rows = lines(picture, 1, 40.0)
    assert f" b two: loss {2 - 1.5 * 39 / 79:.3f} at update 40".ljust(80) in rows
    assert sum("┆" in row for row in rows[2:17]) >= 10
    (row,) = [row for row in rows[2:17] if "●" in row]
    assert row.index("●") in {each.index("┆") for each in rows[2:17] if "┆" in each}
    assert "loss ┆" in "\n".join(rows)
    beyond = lines(picture, 1, 99.0)
    assert " b two: loss 0.500 at update 80, where it ends".ljust(80) in beyond
    assert any(row.split()[:3] == ["▸b", "0.01", "ended"] for row in beyond)


def test_the_cursor_moves_from_point_to_point_and_back() -> None:
    picture = drawn(curve([2.0, 1.5, 1.0, 0.5]), LOWER)
    at, seen = None, []
    for _ in range(6):
        at = picture.moved(0, at, -1)
        seen.append(reading_at(curve([2.0, 1.5, 1.0, 0.5]), at))
    assert seen == [2, 1, 0, 0, 0, 0]
    for _ in range(6):
        at = picture.moved(0, at, 1)
    assert reading_at(curve([2.0, 1.5, 1.0, 0.5]), at) == 3
    assert picture.moved(1, None, -10) == pytest.approx(picture.moved(1, picture.moved(1, None, -5), -5), rel=0.05)


def test_the_mouse_finds_the_curve_that_is_nearest() -> None:
    picture = drawn(FALLING, LOWER)
    rows = lines(picture, 0, 60.0)
    (y,) = [y for y, row in enumerate(rows[:17]) if "●" in row]
    x = rows[y].index("●")
    found = picture.found(x, y)
    assert found is not None
    assert found[0] == 0
    assert found[1] == pytest.approx(60, abs=1)
    assert picture.found(x, 3) is None
    (legend,) = [y for y, row in enumerate(rows) if row.startswith(" b 0.01")]
    assert picture.found(5, legend) == (1, None)
    assert picture.found(0, 0) is None


def test_what_the_files_do_not_have_is_named() -> None:
    old = replace(FALLING, x=None)
    by_time = CurvesView(unit="time")
    assert words([old, LOWER], by_time)[0] == (
        "not drawn: a: no seconds of training in the files, as older versions kept none"
    )
    assert cursor_words([old, LOWER], by_time, 0, None) == "a one: not drawn"
    assert cursor_words([old, LOWER], by_time, 1, None) == "b two: loss 0.500 at update 80, 80 s"
    assert why_empty([old, old], by_time) == "no seconds of training in the files, as older versions kept none"
    nothing = curve([], name="three")
    assert words([LOWER, nothing], CurvesView(y="held out")) == [
        "not drawn: b: nothing is held out, or it has not been evaluated yet",
        "best of all: a, 0.500 at update 80",
    ]
    assert why_empty([nothing], CurvesView(y="held out")) == "nothing is held out"
    assert why_empty([nothing], VIEW) == "no loss yet"
    broken = replace(nothing, problem="losses.csv: is altered")
    assert words([LOWER, broken], VIEW)[0] == "b: losses.csv: is altered"
    assert any("no loss yet" in row for row in lines(drawn(nothing, nothing)))


def test_a_run_that_diverged_is_named() -> None:
    diverged = curve([2.0, 1.0, math.nan, 0.5, math.nan, math.inf], name="three")
    assert words([FALLING, diverged], VIEW)[0] == "no number any more: b since update 5"
    rows = lines(drawn(FALLING, diverged), 1)
    assert any(row.split()[:4] == ["▸b", "0.1", "NaN", "0.500"] for row in rows)
    assert " b three: loss 0.500 at update 4".ljust(80) in rows
    never = curve([math.nan, math.nan])
    assert words([FALLING, never], VIEW)[0] == "not drawn: b: no loss yet"


def test_losses_of_two_kinds_are_not_compared() -> None:
    summed = replace(LOWER, kind="sum over 6 characters")
    assert words([FALLING, summed, FALLING], VIEW) == [
        "not the same loss: a and c per character; b sum over 6 characters"
    ]


def test_joined_points_are_said_as_ranges() -> None:
    points = np.array([8.0, 16.0])
    joined = curve(
        [1.0, 2.0], x=points, first=points - 7, last=points, low=np.array([0.5, 1.5]), high=np.array([1.2, 2.5])
    )
    assert cursor_words([joined], VIEW, 0, 9.0) == "a run: loss 0.500 to 1.200 in updates 1 to 8"
    assert words([joined], VIEW) == ["best of all: a, 0.500 in updates 1 to 8"]


def test_sixty_four_runs_have_their_own_marks_and_the_legend_follows_the_chosen_one() -> None:
    many = [curve(np.linspace(2, 0.1 + each / 50, 50), name=f"run {each}") for each in range(MOST_RUNS)]
    assert len({*MARKS}) == MOST_RUNS == 64
    assert marks_of(range(9)) == "a, b, c, d, e, f and 3 more"
    assert marks_of(range(6)) == "a, b, c, d, e and f"
    picture = drawn(*many)
    for chosen in (0, 30, 63):
        rows = lines(picture, chosen)
        (row,) = [row for row in rows if row.startswith("▸")]
        assert row.split()[0] == f"▸{MARKS[chosen]}"
        assert row.rstrip().endswith(f"run {chosen}")
        assert any("more: ↑ ↓" in row for row in rows)
    styles = {style for row in grid(picture.strips(0, None)) for text, style in row if text == "z"}
    assert styles == {DARK.faint + Style(bold=True)}  # beyond the colours that there are


def test_without_colours_the_same_is_told() -> None:
    for palette in (GREY, palette_for(dark=True, ascii=True), palette_for(dark=False, colours="standard")):
        rows = lines(drawn(FALLING, LOWER, palette=palette), 1, 40.0)
        assert rows == lines(drawn(FALLING, LOWER), 1, 40.0)


@given(
    losses=st.lists(
        st.lists(st.one_of(st.floats(allow_nan=True, allow_infinity=True, width=32), st.floats(0, 3)), max_size=12),
        min_size=1,
        max_size=5,
    ),
    size=st.tuples(st.integers(1, 130), st.integers(1, 40)),
    at=st.one_of(st.none(), st.floats(-5, 50)),
    log=st.tuples(st.booleans(), st.booleans()),
)
def test_any_losses_in_any_size(
    losses: list[list[float]], size: tuple[int, int], at: float | None, log: tuple[bool, bool]
) -> None:
    curves = [curve(each, name="x" * 30) for each in losses]
    picture = drawn(*curves, view=CurvesView(settings=("lr",), log_x=log[0], log_y=log[1]), size=size)
    for selected in (0, len(curves) - 1):
        is_picture(picture.strips(selected, at), *size)
        moved = picture.moved(selected, at, 3)
        assert moved is None or math.isfinite(moved)
    for y in range(size[1]):
        found = picture.found(size[0] // 2, y)
        assert found is None or 0 <= found[0] < len(curves)


def test_the_title_names_the_scales() -> None:
    assert title([FALLING, LOWER], CurvesView(unit="characters", y="held out", log_x=True, log_y=True, reading=40)) == (
        "held out by characters · 2 runs · x and y logarithmic · reading: 40 %"
    )
