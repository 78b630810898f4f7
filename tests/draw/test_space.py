"""The way of the state: points where their coordinates say, lines between them, axes that hold still."""

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from rnn_tui.draw.kit.palette import DARK, LIGHT
from rnn_tui.draw.space.fixed_points import fixed_point_at
from rnn_tui.draw.space.plane import Window, lay_out_space, space_window
from rnn_tui.draw.space.space import draw_space, point_at
from rnn_tui.protocol.inspect.space import SpaceFacts
from tests.draw.grids import GREY, Grid, is_picture, texts
from tests.examples import examples

VARIANCE = " of the variance"  # after the name of an axis
GLYPHS = ["a", "b", "c", "d", "e", "f", "g", "日"]
NUMBERS = st.one_of(st.floats(-3, 3, width=32), st.floats(width=32))


def states(points: Any, **more: Any) -> SpaceFacts:
    """Rows 0, 1, ... of the batch; the points of each are a, b, c, ..."""
    points = np.array(points, np.float32)
    n, p = points.shape[:2]
    given = {
        "rows": np.arange(n, dtype=np.int32),
        "characters": np.tile(np.arange(p, dtype=np.int32) % len(GLYPHS), (n, 1)),
        "start": np.zeros((n, 2), np.float32),
        "shares": (0.62, 0.21),
        **more,
    }
    return SpaceFacts(points=points, **given)


def around(scale: float) -> Window:
    return Window(-scale, scale, -scale, scale)


def picture(
    facts: SpaceFacts, width: int, height: int, scale: float | Window, *, row: int = 0, cursor: int | None = None,
    palette: Any = DARK,
) -> Grid:  # fmt: skip
    window = scale if isinstance(scale, Window) else around(scale)
    strips = draw_space(
        facts, width=width, height=height, palette=palette, glyphs=GLYPHS, row=row, cursor=cursor, window=window
    )
    grid = is_picture(strips, width, height)
    for line in grid:  # the letters of words are no points
        text = "".join(character or "." for character, _ in line)
        if (at := text.find(VARIANCE)) >= 0:
            line[at : at + len(VARIANCE)] = [(" ", style) for _, style in line[at : at + len(VARIANCE)]]
    return grid


def places(grid: Grid, wanted: str) -> list[tuple[int, int]]:
    return [(x, y) for y, row in enumerate(grid[:-1]) for x, (character, _) in enumerate(row) if character == wanted]


@settings(max_examples=examples(60), deadline=None)
@given(st.data())
def test_any_points_in_any_room(data: st.DataObject) -> None:
    width, height = data.draw(st.integers(1, 200)), data.draw(st.integers(1, 60))
    rows, steps = data.draw(st.integers(0, 8)), data.draw(st.integers(0, 60))
    some = np.array(data.draw(st.lists(NUMBERS, min_size=1, max_size=9)), np.float32)
    facts = states(
        np.resize(some, (rows, steps, 2)),
        start=np.resize(some, (rows, 2)),
        shares=data.draw(st.sampled_from([(0.6, 0.2), (math.nan, 0.0)])),
        direction=data.draw(st.integers(0, 1)),
        note=data.draw(st.sampled_from(["", "a note that says why " * 4])),
    )
    if data.draw(st.booleans()) and rows:
        facts = states(facts.points[:1], kind="embedding", start=np.zeros((0, 2), np.float32))
    scale = space_window(facts, data.draw(st.sampled_from([None, around(1.0), Window(-3, 7, 0, 2)])))
    assert scale.left < scale.right
    assert scale.bottom < scale.top
    cursor = data.draw(st.one_of(st.none(), st.integers(0, 70)))
    row = data.draw(st.integers(0, 9))
    picture(
        facts, width, height, scale, row=row, cursor=cursor, palette=data.draw(st.sampled_from([DARK, LIGHT, GREY]))
    )
    point_at(facts, width // 2, height // 2, width=width, height=height, row=row, window=scale)


@pytest.mark.parametrize(("width", "height"), [(72, 16), (44, 14), (118, 30), (46, 30), (196, 54)])
def test_points_stand_where_their_coordinates_say(width: int, height: int) -> None:
    corners = [[1.8, 0.0], [0.9, 0.9], [-1.8, 0.0], [-0.9, -0.9]]
    facts = states([corners], start=np.full((1, 2), math.nan))
    grid = picture(facts, width, height, window := space_window(facts, None))
    (a,), (b,), (c,), (d,) = (places(grid, glyph) for glyph in "abcd")
    middle = width / 2 - 0.5
    assert a[0] - middle == pytest.approx(middle - c[0], abs=1.1)
    assert b[0] - middle == pytest.approx((a[0] - middle) / 2, abs=1.1), "half as far to the right"
    assert d[0] - middle == pytest.approx((c[0] - middle) / 2, abs=1.1)
    assert a[1] == c[1]
    assert b[1] < a[1] < d[1], "the second component goes up"
    assert a[1] - b[1] == pytest.approx(d[1] - a[1], abs=1.1)
    one_right, one_up = (a[0] - middle) / 1.8, 2 * (a[1] - b[1]) / 0.9  # in half a cell's height
    assert 0.22 <= one_right / one_up <= 4.4, "the aspect is nearly that of the plane"
    for number, place in enumerate((a, b, c, d)):
        assert point_at(facts, *place, width=width, height=height, row=0, window=window) == (0, number)
    assert point_at(facts, 0, 0, width=width, height=height, row=0, window=window) is None


def test_marks_on_the_axes_are_where_the_scale_is() -> None:
    corners = [[[2.0, 0.0], [0.0, 2.0], [-2.0, 0.0], [0.0, -2.0]]]
    facts = states(corners, start=np.zeros((0, 2), np.float32), kind="embedding")  # no lines
    grid = picture(facts, 72, 17, 2.0)
    (a,), (b,), (c,), (d,) = (places(grid, glyph) for glyph in "abcd")
    lines = texts(grid)
    assert lines[a[1] - 1].find("+2") in range(a[0] - 2, a[0] + 2)
    assert lines[c[1] - 1].find("−2") in range(max(0, c[0] - 2), c[0] + 2)
    assert lines[b[1]][b[0] - 3 : b[0] - 1] == "+2"
    assert lines[d[1]][d[0] - 3 : d[0] - 1] == "−2"
    assert "PC1 62 %" in "\n".join(lines)
    assert "PC2 21 %" in lines[0]


@pytest.mark.parametrize("beside", [False, True])
def test_the_names_of_the_axes_stand_where_no_point_is(beside: bool) -> None:
    free = picture(states([[[0.1, 0.1]]]), 78, 19, 1.0)
    rows = ["".join(character for character, _ in line) for line in free]
    y = next(y for y, row in enumerate(rows) if "PC1 62 %" in row)
    plane = lay_out_space(states([[[0.1, 0.1]]]), width=78, height=19, window=around(1.0))
    ends = plane.cells(np.array([[0, 0], [1, 0], [0, 1]], np.float32)).astype(float)
    per_cell = 1 / (ends[1, 0] - ends[0, 0]), 1 / (ends[2, 1] - ends[0, 1])
    across = (rows[y].index("PC1") + 3 - ends[0, 0]) * per_cell[0], (y - ends[0, 1]) * per_cell[1]
    up = (rows[0].index("PC2") + 3 - ends[0, 0]) * per_cell[0], -ends[0, 1] * per_cell[1]
    points = [across, up] if beside else [[0.1, 0.1]]
    text = "\n".join("".join(character for character, _ in line) for line in picture(states([points]), 78, 19, 1.0))
    assert "PC1 62 %" in text
    assert "PC2 21 %" in text


def test_lines_join_the_points_in_the_order_of_the_text() -> None:
    facts = states([[[1.0, 0.0], [1.0, 0.9], [-1.0, 0.9]]])
    grid = picture(facts, 73, 17, 1.25)
    (start,), (a,), (b,), (c,) = (places(grid, glyph) for glyph in "○abc")

    def dots(x: int, y: int) -> int:
        code = ord(grid[y][x][0][0])
        return bin(code - 0x2800).count("1") if 0x2800 <= code < 0x2900 else 0

    assert all(dots(x, start[1]) for x in range(start[0] + 3, a[0])), "h_0 to a"
    assert all(dots(a[0], y) for y in range(b[1] + 1, a[1])), "a to b"
    assert all(dots(x, b[1]) for x in range(c[0] + 1, b[0])), "b to c"
    assert not any(dots(x, y) for x in range(c[0], start[0] - 1) for y in range(b[1] + 1, 16)), "and nowhere else"
    right = picture(states([[[1.0, 0.0], [1.0, 0.9], [-1.0, 0.9]]], direction=1), 73, 17, 1.25)
    (c,) = places(right, "c")
    code = ord(right[(start[1] + c[1]) // 2][(start[0] + c[0]) // 2][0][0])
    assert 0x2800 < code < 0x2900, "from the right, h_0 leads to the last"


def test_a_long_row_is_joined_up_to_the_cursor_and_says_so() -> None:
    angle = np.linspace(0, 6, 100)
    facts = states(np.stack([np.cos(angle), np.sin(angle)], 1)[None])
    for cursor in (10, 60, 99):
        said = texts(picture(facts, 118, 30, 1.0, cursor=cursor))[-1]
        assert f"line: steps {max(0, cursor - 23) + 1} to {cursor + 1}" in said
    assert "line" not in texts(picture(states(facts.points[:, :20]), 118, 30, 1.0))[-1]


def test_the_point_at_the_cursor_wins_its_cell_then_the_row_that_is_looked_at() -> None:
    same = [[0.5, 0.3], [0.5, 0.3], [0.5, 0.3]]
    other = [[0.5, 0.3], [-0.5, 0.3], [-0.5, 0.3]]
    facts = states([other, same], characters=np.array([[3, 4, 4], [0, 1, 2]], np.int32))
    grid = picture(facts, 72, 16, 1.0, row=1, cursor=1)
    assert places(grid, "a") + places(grid, "c") + places(grid, "d") == []
    ((x, y),) = places(grid, "b")
    assert grid[y][x][1].reverse
    assert grid[y][x][1].color == DARK.accent.color
    assert "t=2 after 'b' at (0.50, 0.30)" in texts(grid)[-1]
    ((x, y),) = places(picture(facts, 72, 16, 1.0, row=1), "a")
    assert places(picture(facts, 72, 16, 1.0, row=0), "d") == [(x, y)]
    ((x, y),) = places(grid, "e")
    assert grid[y][x][1] == DARK.faint, "another row is faint"
    assert "faint: 1 other row" in texts(grid)[-1]


def test_what_is_no_number_leaves_a_gap_and_is_counted() -> None:
    facts = states([[[0.5, 0.5], [math.nan, 0.1], [math.inf, 0.0], [-0.5, 0.5]]])
    grid = picture(facts, 72, 16, 1.0, cursor=1)
    assert "2 points are NaN or infinite" in texts(grid)[-1]
    assert places(grid, "b") + places(grid, "c") == []
    assert len(places(grid, "a")) == len(places(grid, "d")) == 1
    assert any(style == DARK.warning for _, style in grid[-1])


def test_what_cannot_be_drawn_is_told_before_the_point_at_the_cursor() -> None:
    for broken, told in ((1, "1 point is NaN or infinite"), (2, "2 points are NaN or infinite")):
        points = [[0.5, -0.25], *[[math.nan, 0.0]] * broken]
        line = texts(picture(states([points]), 118, 20, 2.0, cursor=0))[-1]
        assert line.startswith(f" {told}  t=1 after 'a' at (0.50, −0.25)   ○ h₀")


def test_the_window_does_not_breathe() -> None:
    points = np.array([[[1.0, 0.2], [-0.4, 0.1]]])
    window, windows = None, []
    for frame in range(60):
        window = space_window(states(points * (1.7 + 0.2 * math.sin(frame))), window)
        windows.append(window)
    assert len(set(windows)) <= 3
    assert windows[-1] == windows[20]
    sizes = [each.right - each.left for each in windows]
    assert sizes == sorted(sizes)
    assert space_window(states(points * math.nan, start=np.full((1, 2), math.nan)), window) == window


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=6), st.floats(1e-4, 1e4))
def test_the_window_fits_the_points(some: list[tuple[float, float]], factor: float) -> None:
    facts = states([np.array(some, np.float32) * np.float32(factor)], start=np.zeros((0, 2), np.float32))
    window = space_window(facts, None)
    for axis, (low, high) in enumerate((window[:2], window[2:])):
        values = facts.points[..., axis][np.isfinite(facts.points[..., axis])].astype(float)
        if len(values):
            size = high - low
            assert low - 1e-5 * size <= values.min() <= values.max() <= high + 1e-5 * size
            spread = values.max() - values.min()
            if spread > 1e-5 * np.abs(values).max():
                assert spread >= 0.6 * size or spread >= size - 4 * spread  # less than a step beyond either end


def test_axes_fit_the_points_and_are_numbered_at_their_ends() -> None:
    """A cloud that lies to the upper right: a window around 0 would leave three quarters of the pane empty."""
    facts = states([[[6.0, 7.5], [8.0, 9.0], [-0.5, 0.5]]], kind="embedding", start=np.zeros((0, 2), np.float32))
    window = space_window(facts, None)
    assert window == Window(-2, 8, 0, 10)
    grid = picture(facts, 72, 17, window)
    (b,), (c,) = places(grid, "b"), places(grid, "c")
    assert b[0] - c[0] > 50
    text = "\n".join(texts(grid))
    assert "+8" in text
    assert "−2" in text
    assert "+10" in text


def test_what_the_rows_that_are_not_shown_need_has_room_as_well() -> None:
    facts = states([[[1.0, 1.0]]], lowest=(-4.0, -1.0), highest=(2.0, 6.0))
    assert space_window(facts, None) == Window(-4, 2, -1, 6)


def test_labels_never_overlap() -> None:
    """Names and numbers of the axes give way to points, and points to one another."""
    angle = np.linspace(0, 6.2, 40)
    ring = np.stack([np.cos(angle), np.sin(angle)], 1)
    facts = states([ring, 0.98 * ring], characters=np.full((2, 40), 7, np.int32))  # two cells each
    for width, height in ((46, 29), (72, 17), (30, 12)):
        grid = picture(facts, width, height, space_window(facts, None), cursor=3)
        for line in texts(grid)[:-1]:
            left = line.replace("日", "")
            assert not set(left) - set(" ┄┆┼○h₀+−.0123456789PC%") - set(map(chr, range(0x2800, 0x2900)))


def test_an_embedding_has_labels_and_no_lines() -> None:
    facts = states([[[0.5, 0.5], [-0.5, 0.5], [0.9, -0.5]]], kind="embedding", start=np.zeros((0, 2), np.float32))
    grid = picture(facts, 72, 16, 1.0, row=5)
    assert [len(places(grid, glyph)) for glyph in "abc"] == [1, 1, 1]
    assert not any(0x2800 <= ord(character) < 0x2900 for row in grid for character, _ in row if character)
    assert places(grid, "○") == []


def test_without_colours_the_cursor_and_the_row_are_still_told_apart() -> None:
    facts = states([[[0.5, 0.5], [-0.5, 0.5]], [[0.5, -0.5], [-0.5, -0.5]]])
    grid = picture(facts, 72, 16, 1.0, cursor=0, palette=GREY)
    styles = {(x, y): grid[y][x][1] for glyph in "ab" for x, y in places(grid, glyph)}
    assert len(styles) == 4
    assert sum(bool(style.reverse) for style in styles.values()) == 1
    assert sum(bool(style.bold) for style in styles.values()) == 2


def test_a_note_stands_above_or_alone() -> None:
    facts = states([[[0.5, 0.5]]], note="Only this much.")
    assert "Only this much." in texts(picture(facts, 40, 12, 1.0))[0]
    grid = picture(states(np.zeros((0, 0, 2)), note="Nothing yet."), 40, 9, 1.0)
    assert [line.strip() for line in texts(grid)] == ["Nothing yet.", *[""] * 8]


def test_words_stand_apart_and_leave_the_names_of_the_axes() -> None:
    """A word that would touch another one, or cover the name of an axis, is a point."""
    words = ["alpha", "beta", "gamma", "delta", "omega"]
    around_a_place = np.random.default_rng(0).normal(0, 0.4, (1, 60, 2))
    facts = states([[*around_a_place[0], *((0.95, y) for y in np.linspace(-1, 1, 20))]])
    facts = replace(facts, characters=facts.characters % len(words))
    strips = draw_space(facts, width=60, height=20, palette=DARK, glyphs=words, row=0, cursor=None, window=around(1.0))
    lines = [strip.text for strip in strips]
    assert "PC1 62 %" in "".join(lines)
    assert sum("beta" in line for line in lines) > 1
    for line in lines:
        for word in words:
            for found in re.finditer(word, line):
                beside = line[max(0, found.start() - 1) : found.start()] + line[found.end() : found.end() + 1]
                assert not re.search(r"[a-z0-9%]", beside), line


FIXED = states(
    [[[0.0, 0.0], [1.0, 1.0]]],
    kind="fixed",
    fixed=np.array([[1, 1], [-1, -1], [1, -1], [0, 0]], np.float32),
    unstable=np.array([0, 0, 1, 3], np.int32),
    largest=np.array([0.5, 0.75, 1.25, 2.0], np.float32),
)


def test_fixed_points_are_full_where_stable_and_hollow_where_states_leave() -> None:
    window = space_window(FIXED, None)
    grid = picture(FIXED, 60, 20, window)
    assert FIXED.fixed is not None
    cells = lay_out_space(FIXED, width=60, height=20, window=window).cells(FIXED.fixed)
    full, hollow = {tuple(each) for each in cells[:2].tolist()}, {tuple(each) for each in cells[2:].tolist()}
    assert set(places(grid, "●")) == full
    assert set(places(grid, "○")) == hollow
    assert "● 2 stable   ○ 2 saddles" in texts(grid)[-1]
    for width in range(1, 80):
        picture(FIXED, width, 12, window)


def test_what_is_told_of_the_fixed_point_under_the_mouse() -> None:
    window = space_window(FIXED, None)
    plane = lay_out_space(FIXED, width=60, height=20, window=window)
    assert FIXED.fixed is not None
    told = [fixed_point_at(FIXED, *cell, width=60, height=20, window=window) for cell in plane.cells(FIXED.fixed)]
    assert told[1] == "fixed point, stable · largest |λ| 0.7500 · PC1 −1.000000 · PC2 −1.000000"
    assert told[2].startswith("fixed point, left in 1 direction · largest |λ| 1.2500")
    assert "left in 3 directions" in told[3]
    away = plane.cells(np.array([-1, 1], np.float32)).tolist()
    assert fixed_point_at(FIXED, *away, width=60, height=20, window=window) == ""


def test_the_window_holds_all_fixed_points_and_says_when_there_is_none() -> None:
    far = replace(FIXED, fixed=np.array([[9, -7]], np.float32), unstable=np.zeros(1, np.int32))
    window = space_window(far, None)
    assert window.right >= 9
    assert window.bottom <= -7
    none = replace(FIXED, fixed=np.zeros((0, 2), np.float32), unstable=np.zeros(0, np.int32))
    assert "no fixed point found" in texts(picture(none, 60, 20, 2.0))[-1]
