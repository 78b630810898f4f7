"""A unit's view of the text: every character on the colour of its value, in lines, with the table of the properties."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from rnn_tui.common.glyphs import glyph
from rnn_tui.data.text_properties import PROPERTIES
from rnn_tui.draw.kit.palette import DARK, LIGHT
from rnn_tui.draw.reading import draw_reading, lay_out_reading, reading_scale
from rnn_tui.protocol.inspect.reading import Follower, ReadingFacts
from tests.draw.grids import GREY, Grid, is_picture, texts
from tests.examples import examples

NUMBERS = st.one_of(st.floats(-3, 3, width=32), st.floats(width=32))
SIZES = pytest.mark.parametrize(("width", "height"), [(78, 17), (70, 14), (118, 30), (196, 54)])
SOURCE = "def f(a):\n    return ['x', \"y\"][a]\n\n\nclass B:\n    pass\n" * 3
FOLLOWERS = tuple(
    Follower(property=name, unit=place, score=(-1) ** place * (0.9 - place / 10), own=0.05 * place)
    for place, name in enumerate(PROPERTIES)
)


def of(text: str, values: Any, **more: Any) -> tuple[ReadingFacts, str]:
    """Facts about a text, and its vocabulary."""
    vocabulary = "".join(sorted(set(text)))
    inputs = np.array([vocabulary.index(each) for each in text], np.int32)
    fields = {"hidden_size": 128, "unit": 16, "score": 0.25, "inputs": inputs, "followers": FOLLOWERS, **more}
    return ReadingFacts(h=np.resize(np.array(values, np.float32), len(text)), **fields), vocabulary


def picture(facts: ReadingFacts, vocabulary: str, width: int, height: int, **more: Any) -> Grid:
    options = {"palette": DARK, "cursor": None, "at": None, **more}
    glyphs = options.pop("glyphs", [glyph(each) for each in vocabulary])
    strips = draw_reading(facts, width=width, height=height, vocabulary=vocabulary, glyphs=glyphs, **options)
    return is_picture(strips, width, height)


def cells(facts: ReadingFacts, vocabulary: str, width: int, height: int, at: int | None = None) -> Any:
    """The cells of each character, by what hovering says."""
    glyphs = [glyph(each) for each in vocabulary]
    page = lay_out_reading(facts, width=width, height=height, vocabulary=vocabulary, glyphs=glyphs, at=at).page
    found: dict[int, list[tuple[int, int]]] = {}
    for y in range(height):
        for x in range(width):
            place = page.character_at(x, y)
            if place is not None:
                found.setdefault(place, []).append((x, y))
    return found


@settings(max_examples=examples(80), deadline=None, phases=[Phase.generate])
@given(st.data())
def test_any_text_in_any_room(data: st.DataObject) -> None:
    width, height = data.draw(st.integers(1, 200)), data.draw(st.integers(1, 60))
    words = data.draw(st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from("ab \n\t日́")), max_size=200))
    some = np.array(data.draw(st.lists(NUMBERS, min_size=1, max_size=9)), np.float32)
    followers = tuple(
        Follower(property=name, varies=varies, unit=unit, score=score, own=score)
        for name in PROPERTIES
        for varies, unit, score in [data.draw(st.tuples(st.booleans(), st.integers(-1, 999), NUMBERS))]
    )
    facts, vocabulary = of(
        words,
        some,
        order=data.draw(st.sampled_from(["variance", *PROPERTIES])),
        score=data.draw(NUMBERS),
        unit=data.draw(st.integers(0, 9999)),
        note=data.draw(st.sampled_from(["", "a note that says why " * 4])),
        followers=data.draw(st.sampled_from([followers, ()])),
        c=data.draw(st.sampled_from([None, np.resize(some * 9, len(words))])),
    )
    picture(
        facts, vocabulary, width, height,
        palette=data.draw(st.sampled_from([DARK, LIGHT, GREY])),
        cursor=data.draw(st.one_of(st.none(), st.integers(0, 300))),
        at=data.draw(st.one_of(st.none(), st.integers(0, 300))),
        glyphs=data.draw(st.sampled_from([[glyph(each) for each in vocabulary], ["日"]])),
    )  # fmt: skip
    cells(facts, vocabulary, width, height)


@SIZES
@pytest.mark.parametrize("palette", [DARK, LIGHT])
def test_every_character_stands_on_the_colour_of_its_value(width: int, height: int, palette: Any) -> None:
    values = np.sin(np.arange(len(SOURCE)) * 1.3)
    facts, vocabulary = of(SOURCE, values)
    grid, found = picture(facts, vocabulary, width, height, palette=palette), cells(facts, vocabulary, width, height)
    assert sorted(found) == list(range(len(found)))
    assert len(found) > 60
    line, before = found[0][0][1], (0, 0)
    for number, places in found.items():
        ((x, y),) = places
        character, style = grid[y][x]
        assert character == {" ": " ", "\n": "⏎"}.get(SOURCE[number], SOURCE[number])
        expected = palette.cell(round(float(np.float32(values[number])) * 20))
        assert style.bgcolor == expected.bgcolor
        assert style.color == (palette.faint.color if character == "⏎" else expected.color)
        assert (y, x) == ((line, before[0] + 1) if number and SOURCE[number - 1] != "\n" else (y, 1))
        assert number == 0 or y - line == (SOURCE[number - 1] == "\n")
        line, before = y, (x, y)


def test_a_long_line_is_wrapped_and_a_newline_may_stand_in_the_margin() -> None:
    facts, vocabulary = of("a" * 10 + "\n" + "b" * 11 + "\ncc", [0.5])
    lines = [line.rstrip() for line in texts(picture(facts, vocabulary, 12, 30))[1:6]]
    assert lines == [" aaaaaaaaaa⏎", " bbbbbbbbbb", " b⏎", " cc", ""]


def test_wide_characters_are_never_cut() -> None:
    facts, vocabulary = of("日本語x" * 9, np.linspace(-1, 1, 36))
    grid, found = picture(facts, vocabulary, 12, 40), cells(facts, vocabulary, 12, 40)
    assert sorted(found) == list(range(36))
    for number, places in found.items():
        character = ("日本語x" * 9)[number]
        assert grid[places[0][1]][places[0][0]][0] == character
        assert len(places) == (1 if character == "x" else 2)
        assert {grid[y][x][1] for x, y in places} == {DARK.cell(round(float(facts.h[number]) * 20))}


def test_a_short_text_has_room() -> None:
    facts, vocabulary = of("hi you", [0.5])
    grid, found = picture(facts, vocabulary, 40, 9), cells(facts, vocabulary, 40, 9)
    assert [len(places) for places in found.values()] == [5] * 6
    assert "  h    i    ␣    y    o    u  " in texts(grid)[1]


def test_the_cell_has_a_scale_of_its_own() -> None:
    facts, vocabulary = of("abc " * 20, [0.5, -0.5], c=np.resize(np.array([4.4, -2.2], np.float32), 80))
    assert reading_scale(facts) == 5
    grid = picture(facts, vocabulary, 78, 17)
    assert grid[1][1][1] == DARK.cell(round(4.4 / 5 * 20))
    assert grid[1][2][1] == DARK.cell(round(-2.2 / 5 * 20))
    assert "−5 " in "\n".join(texts(grid))
    assert "· c of layer 1 ·" in texts(grid)[0]
    assert reading_scale(of("ab", [0.1])[0]) == 1
    assert reading_scale(of("ab", [math.nan, math.inf])[0]) == 1


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "coloured: unit 17 of 128 · h of layer 1 · its variance is 0.250"),
        (
            {"order": "quotes", "score": -0.834},
            "coloured: unit 17 of 128 · h of layer 1 · follows 'inside quotes' with r = −0.83",
        ),
        (
            {"layer": 1, "direction": 1},
            "coloured: unit 17 of 128 · h of layer 2, read from the right · its variance is 0.250",
        ),
    ],
)
def test_the_head_says_which_unit_and_why(more: Any, words: str) -> None:
    assert texts(picture(*of(SOURCE, [0.1], **more), 100, 40))[0].strip() == words
    assert "unit 17" in texts(picture(*of(SOURCE, [0.1], **more), 20, 40))[0]


@SIZES
def test_the_table_names_the_best_unit_of_each_property(width: int, height: int) -> None:
    followers = (*FOLLOWERS[:5], Follower(property="letter", varies=False), Follower(property="space", score=math.nan))
    facts, vocabulary = of("text 'x' " * 9, [0.1], order="brackets", followers=followers, unit=1)
    grid = picture(facts, vocabulary, width, height)
    whole = "\n".join(texts(grid))
    for each in followers[:5]:
        label = PROPERTIES[each.property].label
        (line,) = [line for line in texts(grid)[1:] if f"{label} " in line]
        assert line.partition(label)[2].split()[:2] == ["unit", str(each.unit + 1)]
        assert line.partition(label)[2].split()[2] == f"{each.score:.2f}".replace("-", "−")
    assert "same everywhere" in whole
    assert "no unit follows" in whole
    ((x, y),) = [(x, y) for y in range(height) for x in range(width) if grid[y][x][0] == "▸"]
    assert texts(grid)[y][x:].startswith("▸bracket depth")


def test_the_bars_of_the_table_grow_to_the_side_of_their_sign() -> None:
    lines = texts(picture(*of(SOURCE, [0.1]), 196, 54))
    for each in FOLLOWERS:
        (line,) = [line for line in lines[1:] if f" {PROPERTIES[each.property].label} " in line]
        after = line.partition(f" {PROPERTIES[each.property].label} ")[2]
        number = f"{each.score:.2f}".replace("-", "−")
        left, right = (after.partition(number)[2][1:][at : at + 4] for at in (0, 4))
        assert sum(" ▏▎▍▌▋▊▉█".index(part) for part in right) == max(0, round(each.score * 32))
        assert sum(8 * (part == "█") + 4 * (part == "▐") for part in left) == max(0, round(-each.score * 8)) * 4
        assert left.lstrip(" ") == left[len(left) - len(left.lstrip(" ")) :], "from the middle"


def test_the_heading_says_what_the_table_names() -> None:
    whole = "\n".join(texts(picture(*of(SOURCE, [0.1]), 120, 54)))
    assert (
        "The unit whose state follows each property best; correlation r: 1 exactly, 0 not at all, −1 the opposite"
        in whole
    )


def test_a_long_text_has_pages_and_says_so() -> None:
    facts, vocabulary = of(SOURCE * 9, [0.5])
    seen: set[int] = set()
    for at in range(0, len(facts.inputs), 10):
        found = cells(facts, vocabulary, 78, 17, at)
        assert at in found
        assert sorted(found) == list(range(min(found), max(found) + 1))
        seen |= found.keys()
        head = texts(picture(facts, vocabulary, 78, 17, at=at))[0]
        assert head.rstrip().endswith(f"{min(found) + 1:,}–{max(found) + 1:,} of {len(facts.inputs):,}")
    assert seen == set(range(len(facts.inputs)))
    assert cells(facts, vocabulary, 78, 17) == cells(facts, vocabulary, 78, 17, 3)


def test_the_cursor_is_marked_and_what_is_no_number_too() -> None:
    facts, vocabulary = of("abcd efgh " * 4, [0.1, math.nan, math.inf])
    grid = picture(facts, vocabulary, 78, 17, cursor=4)
    assert [grid[1][1 + at][0] for at in (3, 4, 5)] == ["d", "␣", "e"]
    assert [bool(grid[1][1 + at][1].underline) for at in (3, 4, 5)] == [False, True, False]
    assert grid[1][1][1] == DARK.cell(2)
    assert grid[1][2][1] == grid[1][3][1] == DARK.warning


@pytest.mark.parametrize("words", ["abab", "ab " * 40])
def test_without_colours_sign_and_size_are_in_the_characters(words: str) -> None:
    facts, vocabulary = of("a" * len(words), [1.0, -1.0, 0.0])
    grid = picture(facts, vocabulary, 78, 17, palette=GREY)
    looks: dict[float, set[Any]] = {}
    for number, places in cells(facts, vocabulary, 78, 17).items():
        look = tuple((grid[y][x][0], grid[y][x][1].reverse, grid[y][x][1].underline) for x, y in places)
        looks.setdefault(float(facts.h[number]), set()).add(look)
    assert len(looks) == 3
    assert all(len(each) == 1 for each in looks.values())
    assert len(set.union(*looks.values())) == 3


def test_a_note_stands_above() -> None:
    assert "Only this much." in texts(picture(*of("abc", [0.1], note="Only this much."), 40, 12))[0]
