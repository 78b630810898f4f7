"""A map of surprise: the text on its colours, and the words about one character."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tui.draw.kit.palette import DARK
from rnn_tui.draw.surprise import draw_surprise, in_words, surprise_scale
from rnn_tui.protocol.inspect.surprise import SurpriseFacts
from tests.draw.grids import Grid, is_picture, texts
from tests.examples import examples

VOCABULARY = "abc \n"
GLYPHS = ["a", "b", "c", "·", "⏎"]


def facts(text: str, bits: list[float], expected: str = "", note: str = "") -> SurpriseFacts:
    every = np.array([np.nan, *bits], np.float32)
    likely = [-1, *(VOCABULARY.index(each) for each in expected or text[1:])]
    return SurpriseFacts(
        note=note,
        inputs=np.array([VOCABULARY.index(each) for each in text], np.int32),
        bits=every,
        expected=np.array(likely, np.int32),
        expected_p=np.array([np.nan, *([0.75] * len(bits))], np.float32),
        order=(1 + np.argsort(-every[1:], kind="stable")).astype(np.int32),
        mean=float(np.mean(bits)),
    )


def picture(some: SurpriseFacts, width: int = 80, height: int = 12, rank: int = 0) -> Grid:
    strips = draw_surprise(
        some,
        width=width,
        height=height,
        palette=DARK,
        vocabulary=VOCABULARY,
        glyphs=["a", "b", "c", "·", "⏎"],
        rank=rank,
    )
    return is_picture(strips, width, height)


SOME = facts("ab" * 40 + "c" * 20, [1.0] * 79 + [6.0] + [0.0] * 19)


def test_the_strongest_colour_is_the_largest_surprise() -> None:
    assert surprise_scale(SOME) == 7
    grid = picture(SOME)
    lines = texts(grid)
    row = next(y for y, line in enumerate(lines) if line.startswith(" abab"))
    at = 80
    line, column = row + at // 78, 1 + at % 78
    strongest, weaker, none = (grid[y][x][1] for y, x in ((line, column), (row, 2), (line, column + 1)))
    assert strongest.bgcolor != weaker.bgcolor != none.bgcolor
    assert strongest.underline  # it is the one that is told
    assert "0.86 bits a character on average, read in one go: as if it chose among 1.81" in "".join(lines)
    assert "0 " in lines[line + 1]
    assert "7 bits" in lines[line + 1]


def test_each_rank_is_told() -> None:
    some = facts("abca", [2.0, 8.0, 1.0], "bba")
    assert "▸ 1. 'c' after …ab: 8.00 bits; 'b' was likelier, p .750" in "".join(texts(picture(some)))
    assert "▸ 2. 'b' after …a: 2.00 bits, and it was the likeliest" in "".join(texts(picture(some, rank=1)))
    assert in_words(some, 0, list(VOCABULARY), words=False) == "'a' comes first"


def test_a_page_of_a_long_text_has_the_surprise_that_is_told() -> None:
    long = facts("ab" * 500 + "c" * 10, [1.0] * 999 + [9.0] + [1.0] * 9)
    lines = texts(picture(long, 60, 8))
    assert any("c" in line for line in lines[2:-1])
    assert any("of 1,010" in line for line in lines)


@pytest.mark.parametrize("note", ["Surprise is shown of a text."])
def test_nothing_is_a_note(note: str) -> None:
    none = np.zeros(0, np.float32)
    nowhere = np.zeros(0, np.int32)
    some = SurpriseFacts(note=note, inputs=nowhere, bits=none, expected=nowhere, expected_p=none, order=nowhere)
    assert note in " ".join("".join(texts(picture(some))).split())


@settings(max_examples=examples(50))
@given(st.text(alphabet=VOCABULARY, min_size=2, max_size=300), st.integers(1, 120), st.integers(1, 40), st.data())
def test_any_text_in_any_room(text: str, width: int, height: int, data: st.DataObject) -> None:
    bits = data.draw(st.lists(st.floats(0, 1e4), min_size=len(text) - 1, max_size=len(text) - 1))
    picture(facts(text, bits), width, height, data.draw(st.integers(0, len(text) - 2)))
