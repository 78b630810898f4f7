"""Properties of a text: hand-made tables, and what must hold for any text."""

import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.data.text_properties import PROPERTIES, brackets, indentation, position, quotes

CODE_LIKE = st.text("ab \n\t'\"\\()[]{}“”’", max_size=60)


def marks(text: str) -> str:
    return "".join(".^"[int(number)] for number in quotes(text))


QUOTES = {
    "straight": ('a "b" c', "..^^..."),
    "single": ("a 'b' c", "..^^..."),
    "apostrophes": ("it's Ann's, the users' o'clock", "." * 30),
    "an apostrophe inside": ("'don't go' he", "^^^^^^^^^...."),
    "escaped": (r"'a\'b' c", "^^^^^..."),
    "an escaped backslash": (r'"a\\" c', "^^^^..."),
    "empty": ('""x', "^.."),
    "three at once": ('""" "a"\n\n"""x', "^^^^^^^^^^^.."),
    "three at once, single": ("'''it's'''x", "^^^^^^^^^.."),
    "prefixes of Python": ("r'a' b'c' Rb'd'", ".^^...^^....^^."),
    "no prefix": ("xr'a' brb'c", "..........."),
    "to the end of the line": ("'tis so\nand 'x'", "^^^^^^^.....^^."),
    "over a line": ('"one\ntwo" x', "^^^^^^^^..."),
    "to the end of the paragraph": ('"one\n\ntwo x', "^^^^......."),
    "a line of spaces ends it too": ('"one\n  \ntwo', "^^^^......."),
    "a backslash goes over a line": ("'a\\\nb' c", "^^^^^..."),
    "a backslash outside escapes nothing": ("\\'a' b", ".^^..."),
    "one in another": ('a "it\'s" b', "..^^^^^..."),
    "another in one": ("'say \"x\"' b", "^^^^^^^^..."),
    "typographic": ("“a” «b» „c“ 「d」 ‘it’s’ x", "^^..^^..^^..^^..^^^^^..."),
    "cut after a backslash": ('"\\', "^^"),
    "nothing": ("", ""),
}


@pytest.mark.parametrize("name", QUOTES)
def test_inside_quotes(name: str) -> None:
    text, expected = QUOTES[name]
    assert marks(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f(a[0], {1})x", [0, 1, 1, 2, 2, 1, 1, 1, 2, 2, 1, 0, 0]),
        (")(a))(", [0, 1, 1, 0, 0, 1]),
        ("([a)b", [1, 2, 2, 0, 0]),  # what was never closed is closed with what it stands in
        ("(]a)", [1, 1, 1, 0]),
        ("('(' ')')", [1, 1, 1, 1, 1, 1, 1, 1, 0]),
        ("", []),
    ],
)
def test_depth_of_brackets(text: str, expected: list[int]) -> None:
    assert brackets(text).tolist() == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b\n  c d\n e", [0, 0, 0, 0, 1, 2, 2, 2, 2, 0, 1, 1]),
        ("\tx\n \ty", [8, 8, 0, 1, 8, 8]),
        ("\t\tx", [8, 16, 16]),
        ("   \n\nx", [1, 2, 3, 0, 0, 0]),
    ],
)
def test_indentation_so_far(text: str, expected: list[int]) -> None:
    assert indentation(text).tolist() == expected


def test_position_in_the_line() -> None:
    assert position("ab\n\ncde").tolist() == [1, 2, 0, 0, 1, 2, 3]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("newline", [0, 0, 0, 1, 0, 0]), ("letter", [1, 0, 0, 0, 1, 0]), ("space", [0, 1, 1, 0, 0, 0])],
)
def test_kinds_of_characters(name: str, expected: list[int]) -> None:
    assert PROPERTIES[name].series("a \t\né7").tolist() == expected  # type: ignore[index]


@pytest.mark.parametrize("name", PROPERTIES)
@given(st.one_of(CODE_LIKE, st.text(max_size=40)))
def test_a_finite_number_for_each_character_of_any_text(name: str, text: str) -> None:
    found = PROPERTIES[name].series(text)  # type: ignore[index]
    assert found.shape == (len(text),)
    assert found.dtype == np.float64
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    if name in ("quotes", "newline", "letter", "space"):
        assert set(found.tolist()) <= {0.0, 1.0}


@given(st.text(string.ascii_letters + " \n(", max_size=30))
def test_nothing_is_inside_quotes_where_there_are_none(text: str) -> None:
    assert not quotes(text).any()


@given(st.text(string.ascii_letters + " .,;", max_size=30), st.sampled_from(['""', "“”", "«»", "''"]))
def test_what_stands_between_quotes_is_inside(text: str, pair: str) -> None:
    found = quotes(f"x {pair[0]}{text}{pair[1]} y")
    assert found.tolist() == [0, 0, *[1] * (len(text) + 1), 0, 0, 0]


@given(st.recursive(st.just(""), lambda inner: st.tuples(st.sampled_from(["()", "[]", "{}"]), inner, inner).map(
    lambda parts: f"{parts[0][0]}{parts[1]}{parts[0][1]}{parts[2]}"), max_leaves=12))  # fmt: skip
def test_balanced_brackets_count_up_and_down(text: str) -> None:
    counted = np.cumsum([1 if each in "([{" else -1 for each in text])
    assert brackets(text).tolist() == counted.tolist()


@given(st.lists(st.text("ab  \t", max_size=9), min_size=1, max_size=5))
def test_lines_are_counted_each_by_itself(lines: list[str]) -> None:
    text = "\n".join(lines)
    places = position(text)
    columns = indentation(text)
    at = 0
    for line in lines:
        assert places[at : at + len(line)].tolist() == list(range(1, len(line) + 1))
        if line.strip():
            leading = line[: len(line) - len(line.lstrip())]
            assert columns[at + len(line) - 1] == len(leading.expandtabs(8))
        at += len(line) + 1
