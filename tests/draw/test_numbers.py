"""Numbers in few cells: the digits that are shown are those of the number, rounded."""

import math
import re
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.draw.kit.numbers import compact, count, exact, nice_above, probability, signed
from tests.draw.grids import number_in

FLOATS = st.one_of(st.floats(-1.2, 1.2), st.floats(-200, 200), st.floats(allow_nan=False, width=32))


def rounded(value: float, text: str) -> bool:
    """Return whether a text is the value, rounded to as many decimals as the text has."""
    decimals = len(text.partition(".")[2])
    exact = Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN)
    return Decimal(text.replace("−", "-")) == exact


@given(FLOATS, st.integers(0, 12))
def test_signed_shows_no_wrong_digit_and_keeps_its_width(value: float, width: int) -> None:
    text = signed(value, width)
    assert len(text) <= width
    if not math.isfinite(value):
        assert text in ("+∞" if value > 0 else "−∞", "!"[:width])
    elif "e" in text:
        assert abs(value) >= 10
        assert number_in(text) == pytest.approx(value, rel=0.5)
        assert text[0] in "+−" or value > 0
    elif text:
        assert re.fullmatch(r"[+−]\d*\.?\d+", text)
        assert rounded(value, text)
        assert (text[0] == "−") == (math.copysign(1, value) < 0)
    else:
        assert width < 6 or abs(value) > 1e100
    if width >= 7 and abs(value) < 9:
        assert len(text.partition(".")[2]) == 4


@given(st.floats(-0.94, 0.94), st.integers(3, 12))
def test_signed_shows_a_state_wherever_there_are_three_cells(value: float, width: int) -> None:
    assert signed(value, width)


@pytest.mark.parametrize(
    ("value", "width", "text"),
    [(0.93456, 7, "+0.9346"), (-0.5, 5, "−0.50"), (-0.5, 4, "−.50"), (0.26, 3, "+.3"), (0.5, 2, ""), (12.34, 3, "+12"),
     (12.34, 5, "+12.3"), (math.nan, 3, "NaN"), (math.nan, 2, "!"), (-math.inf, 4, "−∞"), (math.inf, 1, "!"),
     (1, 0, ""), (1e9, 7, "+1.00e9"), (1e9, 4, "+1e9"), (1e9, 3, "1e9"), (-3e20, 5, "−3e20"), (-3e20, 4, "")],
)  # fmt: skip
def test_signed_by_example(value: float, width: int, text: str) -> None:
    assert signed(value, width) == text


@given(st.floats(0, 1), st.integers(3, 6))
def test_probability_shows_no_wrong_digit(value: float, width: int) -> None:
    text = probability(value, width)
    assert len(text) <= width
    assert rounded(value, text)
    assert (Decimal(text) == 1) == (value > 0.99 and Decimal(text) == 1)


def test_probability_of_nothing() -> None:
    assert probability(math.nan) == "NaN"
    assert probability(0.82) == ".820"
    assert probability(0.82, 3) == ".82"
    assert probability(1.0) == "1.00"


@given(st.floats(-1e300, 1e300))
def test_compact_is_right_to_its_digits(value: float) -> None:
    text = compact(value)
    assert len(text) <= 10
    assert math.isclose(number_in(text), value, rel_tol=5.1e-3, abs_tol=1e-320)
    if 1e-4 <= abs(value) < 1e6:
        assert len(text.replace("-", "").replace(".", "").lstrip("0")) >= (4 if abs(value) >= 1 else 3)


def test_compact_of_what_is_no_number() -> None:
    assert [compact(value) for value in (None, math.nan, math.inf, -math.inf)] == ["–", "NaN", "∞", "−∞"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (999_999, "999,999"), (1_234_567, "1.235M"), (2.5e9, "2.5G"), (7e12, "7T"), (999_999.4, "999,999")],
)
def test_count(value: float, text: str) -> None:
    assert count(value) == text


@given(st.floats(0, 1e30))
def test_nice_above_is_the_next_round_number(value: float) -> None:
    above = nice_above(value)
    assert above >= value * (1 - 1e-9)
    assert f"{above:.9e}"[0] in "125"
    assert set(f"{above:.9e}"[1:11]) == {".", "0"}
    assert above == 1 or above <= value * 2.5 * (1 + 1e-9)


@pytest.mark.parametrize("value", [math.nan, math.inf, -3.0])
def test_nice_above_of_what_is_no_size(value: float) -> None:
    assert nice_above(value) == 1


def test_zero_has_no_sign_and_nan_no_small_letters() -> None:
    assert compact(-0.0) == compact(0.0) == "0.000"
    assert [exact(value, 4) for value in (0.5, math.nan, math.inf)] == ["0.5000", "NaN", "∞"]
