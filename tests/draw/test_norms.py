"""Norms in few cells: never false, and all in one row written alike."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.draw.kit.norms import norm_format
from tests.draw.grids import number_in


@pytest.mark.parametrize(
    ("values", "width", "texts"),
    [([7.6e-3, 0.003], 6, ["7.6e−3", "3.0e−3"]),
     ([0.0076, 0.00312], 6, ["7.6e−3", "3.1e−3"]),
     ([0.5, 0.25, 1.5], 4, ["0.50", "0.25", "1.50"]),
     ([4e-12, 4e-7, 0.1], 4, ["e−12", "e−7", "e−1"]),
     ([0.998, 0.25], 5, ["0.998", "0.250"]),
     ([0.998, 2.5e-7], 5, ["1e0", "2e−7"]),
     ([math.nan, math.inf, 0.0, 0.5], 5, ["", "", "", "0.500"])],
)  # fmt: skip
def test_a_row_has_one_format(values: list[float], width: int, texts: list[str]) -> None:
    write = norm_format(values, width)
    assert [write(value) if 0 < value < math.inf else "" for value in values] == texts


@given(st.lists(st.floats(1e-40, 1e30), max_size=9), st.integers(1, 9))
def test_a_format_fits_all_and_is_never_false(values: list[float], width: int) -> None:
    write = norm_format(values, width)
    texts = [write(value) for value in values]
    assert all(len(text) <= width for text in texts)
    assert len({("." in text, "e" in text, text.startswith("e")) for text in texts if text}) <= 1
    for value, text in zip(values, texts, strict=True):
        if text.startswith("e"):
            power = int(number_in(text[1:]))
            assert 10.0**power <= value * (1 + 1e-9) < 10.0 ** (power + 1) * (1 + 1e-9)
        elif text:
            assert abs(number_in(text) - value) <= (0.5 if "e" in text else 0.03) * value
