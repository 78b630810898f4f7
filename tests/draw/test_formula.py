"""An equation with numbers: what they come to agrees with them as they are printed, or the sign says about."""

import pytest

from rnn_tui.draw.kit.formula import Formula
from rnn_tui.draw.kit.palette import DARK


def written_out(terms: list[float], total: float, digits: int) -> str:
    formula = Formula(DARK, digits)
    for term in terms:
        formula.put(term, " ")
    return "".join(text for text, _ in formula.result(total, sum).pieces)


@pytest.mark.parametrize(
    ("terms", "total", "digits", "text"),
    [([0.1004] * 4, 0.4016, 3, " +0.100 +0.100 +0.100 +0.100 = +0.40"),  # with 3 digits: 0.402
     ([0.1004] * 4, 0.4016, 4, " +0.1004 +0.1004 +0.1004 +0.1004 = +0.402"),
     ([0.104] * 4, 0.416, 2, " +0.10 +0.10 +0.10 +0.10 ≈ +0.42"),
     ([0.1, 0.2], 0.5, 3, " +0.100 +0.200 ≈ +0.50")],
)  # fmt: skip
def test_a_sum_has_a_digit_less_than_its_terms(terms: list[float], total: float, digits: int, text: str) -> None:
    assert written_out(terms, total, digits) == text


def test_a_factor_has_the_digits_that_the_other_one_asks_for() -> None:
    formula = Formula(DARK, 3).put(0.981234, plus=False, times=17.23).factor(17.23, times=0.981234)
    assert "".join(text for text, _ in formula.pieces) == "0.98123·(+17.230)"
    tight = Formula(DARK, 3, tight=True).put(0.5, plus=False).factor(0.25)
    assert "".join(text for text, _ in tight.pieces) == "0.500·0.250"
