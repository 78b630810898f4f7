"""The grid, the time axis, and text on them: nothing breaks a line's width."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from rnn_tui.common.glyphs import glyph, safe
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.time_axis import TimeAxis
from tests.draw.grids import grid, is_picture
from tests.examples import examples

RED, BLUE, NONE = Style(color="red"), Style(bgcolor="blue"), Style()
TEXTS = st.one_of(
    st.text(st.sampled_from("ab日本👩e\u0301◌\u20dd▀ ✓é"), max_size=12),
    st.text(st.characters(), max_size=6).map(safe),
)
CALLS = st.tuples(
    st.sampled_from(["put", "centre", "fill", "tint", "edge"]),
    st.integers(-4, 24), st.integers(-1, 4), st.integers(-2, 14), TEXTS, st.sampled_from([RED, BLUE, NONE]),
)  # fmt: skip


@settings(max_examples=examples(300))
@given(st.integers(1, 20), st.integers(1, 3), st.lists(CALLS, max_size=12))
def test_whatever_is_put_the_picture_keeps_its_size(
    width: int, height: int, calls: list[tuple[str, int, int, int, str, Style]]
) -> None:
    canvas = Canvas(width, height)
    for name, x, y, size, text, style in calls:
        match name:
            case "put":
                canvas.put(x, y, text, style)
            case "centre":
                canvas.centre(x, y, size, text, style)
            case "fill":
                canvas.fill(x, y, size, style, text[:1] if text.isascii() and text else "▀")
            case "tint":
                canvas.tint(x, y, size, style)
            case "edge":
                canvas.edge(x, y, "▏", style)
    is_picture(canvas.strips(), width, height)


@given(st.text(st.characters(), min_size=1, max_size=20), st.integers(1, 70))
def test_text_from_outside_is_as_wide_as_textual_measures_it(text: str, width: int) -> None:
    canvas = Canvas(width, 1)
    canvas.put(0, 0, "".join(map(glyph, text)), NONE)
    (strip,) = canvas.strips()
    assert Strip(list(strip)).cell_length == width  # measured afresh, segment by segment
    assert Strip([Segment(strip.text)]).cell_length == width


def text_at(canvas: Canvas, y: int = 0) -> str:
    return canvas.strips()[y].text


def test_put_says_where_it_ends_and_cuts_at_the_edges() -> None:
    canvas = Canvas(6, 2)
    assert canvas.put(4, 0, "abc", RED) == 7
    assert canvas.put(-1, 1, "xyz", RED) == 2
    assert canvas.put(0, 7, "no", RED) == 0
    assert [strip.text for strip in canvas.strips()] == ["    ab", "yz    "]


def test_half_a_wide_character_is_a_space() -> None:
    canvas = Canvas(4, 2)
    canvas.put(3, 0, "日", RED)
    canvas.put(-1, 1, "日", RED)
    assert [strip.text for strip in canvas.strips()] == ["    ", "    "]


@pytest.mark.parametrize(("x", "text"), [(0, "a b"), (1, " ab")])
def test_what_overwrites_half_a_wide_character_blanks_the_other(x: int, text: str) -> None:
    canvas = Canvas(3, 1)
    canvas.put(0, 0, "日b", RED)
    canvas.put(x, 0, "a", BLUE)
    assert text_at(canvas) == text


def test_a_mark_joins_the_character_before_it() -> None:
    canvas = Canvas(4, 1)
    assert canvas.put(0, 0, "日\u0301e\u0301", RED) == 3
    assert text_at(canvas) == "日\u0301e\u0301 "
    canvas.put(0, 0, "a", RED)
    assert text_at(canvas) == "a e\u0301 "


@pytest.mark.parametrize(
    ("width", "text", "shown"),
    [(7, "abc", "  abc  "), (6, "abc", " abc   "), (2, "abc", "ab     "), (3, "日本", "日     "), (0, "a", "       ")],
)
def test_centre(width: int, text: str, shown: str) -> None:
    canvas = Canvas(7, 1)
    canvas.centre(0, 0, width, text, RED)
    assert text_at(canvas) == shown


def test_tint_and_edge_lie_over_what_is_there() -> None:
    canvas = Canvas(4, 1)
    canvas.put(0, 0, "ab", RED)
    canvas.tint(1, 0, 9, BLUE)
    for x in range(-1, 6):
        canvas.edge(x, 0, "▏", RED)
    assert grid(canvas.strips()) == [[("a", RED), ("b", RED + BLUE), ("▏", BLUE + RED), ("▏", BLUE + RED)]]


@given(st.integers(1, 240), st.integers(1, 400), st.integers(1, 2), st.integers(1, 12), st.integers(0, 500))
def test_an_axis_fits_and_every_cell_belongs_to_one_step(
    width: int, length: int, narrowest: int, gutter: int, first: int
) -> None:
    axis = TimeAxis.fit(width, length, narrowest=narrowest, gutter=gutter, first=first)
    assert axis.column >= narrowest
    assert axis.right <= max(width, gutter)
    assert axis.first >= 0
    assert axis.first + axis.count <= length
    if width >= gutter + narrowest:
        assert axis.count >= 1
    if axis.count < length:  # a window: then no more would fit
        assert axis.right + axis.column > width
        assert axis.column == narrowest
    assert first >= length - axis.count or axis.first == first
    owners = [axis.step_at(x) for x in range(-2, width + 3)]
    expected = [None] * (gutter + 2) + [step for step in axis.steps for _ in range(axis.column)]
    assert owners == (expected + [None] * (width + 4))[: len(owners)]
    for step in axis.steps:
        assert axis.step_at(axis.x(step)) == axis.step_at(axis.middle(step)) == step


@pytest.mark.parametrize(
    ("width", "length", "column", "count"), [(77, 6, 11, 6), (81, 70, 1, 70), (80, 70, 1, 69), (500, 3, 40, 3)]
)
def test_how_wide_columns_are(width: int, length: int, column: int, count: int) -> None:
    axis = TimeAxis.fit(width, length)
    assert (axis.column, axis.count) == (column, count)
