"""Eigenvalues in the unit disk: where they stand, and what is said of them."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tui.draw.eigenvalues import draw_eigenvalues, eigenvalue_at, lay_out
from rnn_tui.draw.kit.palette import DARK
from rnn_tui.protocol.inspect.eigenvalues import EigenvaluesFacts, Spectrum
from tests.draw.grids import Grid, is_picture, texts
from tests.examples import examples

WIDTH, HEIGHT = 80, 40


def facts(*values: complex, name: str = "W_hh") -> EigenvaluesFacts:
    every = np.array(sorted(values, key=abs, reverse=True), np.complex64)
    return EigenvaluesFacts(spectrum=Spectrum(name=name, real=every.real.copy(), imaginary=every.imag.copy()))


def picture(some: EigenvaluesFacts, width: int = WIDTH, height: int = HEIGHT, trail: complex | None = None) -> Grid:
    before = None if trail is None else np.array([[trail.real, trail.imag]], np.float32)
    return is_picture(draw_eigenvalues(some, width=width, height=height, palette=DARK, trail=before), width, height)


def places(grid: Grid, glyph: str) -> list[tuple[int, int]]:
    return [(x, y) for y, row in enumerate(grid) for x, (text, _) in enumerate(row) if text == glyph]


def test_an_eigenvalue_stands_where_it_lies() -> None:
    grid = picture(facts(0.5 + 0.5j, -0.5))
    (right, up), (left, middle) = sorted(places(grid, "●"), reverse=True)
    plane = lay_out(facts(0.5), width=WIDTH, height=HEIGHT)
    centre, line = plane.cells(np.zeros(2, np.float32)).tolist()
    radius = plane.cells(np.array([1.0, 0.0], np.float32))[0] - centre  # columns
    assert middle == line
    assert abs((right - centre) - radius / 2) <= 1
    assert abs((centre - left) - radius / 2) <= 1
    assert abs((line - up) - radius / 4) <= 1  # a cell is twice as high as wide
    assert any("\u2800" < text <= "\u28ff" for row in grid for text, _ in row)  # the circle


def test_what_grows_has_a_mark_of_its_own() -> None:
    grid = picture(facts(1.5, 0.2))
    (x, y), _ = places(grid, "▲")  # and in the words below
    assert (x, y) == tuple(lay_out(facts(1.5), width=WIDTH, height=HEIGHT).cells(np.array([1.5, 0], np.float32)))
    assert len(places(grid, "●")) == 1


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((0.5,), "W_hh: the largest |λ| is 0.50: in its direction half is left after 1 step"),
        ((0.5 ** (1 / 20),), "half is left after 20 steps"),
        ((1.25, 0.1), "the largest |λ| is 1.25: in its direction a state grows by 25 % a step"),
        ((0.99, 0.1), "in its direction a state stays"),
        ((0.0, 0.0), "all of it is forgotten in one step"),
        ((0.9j, -0.9j), "it turns once in 4.0 steps"),
        ((-0.9,), "it changes its sign at each"),
    ],
)
def test_a_sentence_says_what_the_largest_does(values: tuple[complex, ...], said: str) -> None:
    lines = [line.strip() for line in texts(picture(facts(*values), 110))]
    assert said in lines[-2]


def test_they_are_counted() -> None:
    last = 0.5 ** (1 / 10)
    lines = texts(picture(facts(1.5, last + 0.01, last - 0.01, 0.0)))
    assert lines[-1].strip() == "1 of 4 keep half for 10 steps or more · 1 grow ▲ · 1 at 0"


def test_a_note_and_nan_are_words() -> None:
    assert "nothing was fed" in "".join(texts(picture(EigenvaluesFacts(note="nothing was fed"))))
    assert "not finite" in "".join(texts(picture(facts(complex(math.nan, 0)))))


def test_the_exact_value_is_under_the_mouse() -> None:
    some = facts(0.25 - 0.5j)
    plane = lay_out(some, width=WIDTH, height=HEIGHT)
    x, y = plane.cells(np.array([0.25, -0.5], np.float32)).tolist()
    said = eigenvalue_at(some, x, y, width=WIDTH, height=HEIGHT)
    assert said == "λ = 0.25 − 0.5i · |λ| = 0.559017 · turns by -63.4°"
    assert not eigenvalue_at(some, 0, 0, width=WIDTH, height=HEIGHT)


def test_where_it_was_is_a_dot() -> None:
    before = picture(facts(0.5))
    after = picture(facts(0.5), trail=-0.5 + 0.25j)
    changed = [(x, y) for y in range(HEIGHT) for x in range(WIDTH) if before[y][x] != after[y][x]]
    assert len(changed) == 1


@settings(max_examples=examples(60))
@given(
    st.lists(st.complex_numbers(max_magnitude=1e6), max_size=20),
    st.integers(1, 150),
    st.integers(1, 60),
)
def test_any_values_in_any_room(values: list[complex], width: int, height: int) -> None:
    some = facts(*values)
    picture(some, width, height)
    eigenvalue_at(some, width // 2, height // 2, width=width, height=height)
