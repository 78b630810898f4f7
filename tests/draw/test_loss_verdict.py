"""What is said of a loss curve, on both sides of each limit."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from rnn_tui.draw.loss_verdict import course_of, told
from rnn_tui.protocol.frame import Curve

GUESSING, FLOOR = 9.656, 2.596  # of hihello: 6 log 5, and its floor


def curve(values: Sequence[float] | np.ndarray) -> Curve:
    y = np.asarray(values, np.float64)
    return Curve(x=np.arange(1.0, len(y) + 1), low=y, high=y)


def first(values: Sequence[float] | np.ndarray, floor: float | None = None, guessing: float | None = None) -> str:
    return (told(curve(values), unit="epoch", floor=floor, guessing=guessing) or [""])[0]


@pytest.mark.parametrize(("at", "is_there"), [(0.02, True), (0.04, False)])
def test_at_the_floor(at: float, is_there: bool) -> None:
    values = np.full(100, FLOOR + at * (GUESSING - FLOOR))
    assert ("at the floor" in first(values, floor=FLOOR, guessing=GUESSING)) is is_there
    assert "floor" not in first(values, guessing=GUESSING)


@pytest.mark.parametrize(
    ("times", "words"),
    [
        (1.2, "worse than guessing"),
        (1.04, "guessing: no better"),
        (0.96, "guessing: no better"),
        (0.94, "hardly changes"),
    ],
)
def test_guessing(times: float, words: str) -> None:
    assert first(np.full(100, times * 1.386), guessing=1.386).startswith(words)


@pytest.mark.parametrize(
    ("change", "words"),
    [(-0.02, "still falling: 2 % lower than around epoch 86"), (-0.005, "hardly changes"), (0.01, "hardly changes"),
     (0.03, "rising: 3 % higher than around epoch 86")],
)  # fmt: skip
def test_falling_and_rising(change: float, words: str) -> None:
    values = np.r_[np.full(90, 5.0), np.full(10, 5.0 * (1 + change))]
    assert first(values, guessing=GUESSING).startswith(words)
    noise = np.resize([0.5, -0.5], 100)
    assert first(values + noise, guessing=GUESSING).startswith(words), "noise is averaged away"


def test_nearly_0_only_without_a_floor() -> None:
    assert first(np.full(100, 0.01386), guessing=1.386) == "nearly 0: 1 % of the loss of guessing"
    assert first(np.full(100, 0.03), guessing=1.386).startswith("hardly")
    assert "nearly" not in first(np.full(100, 0.01), guessing=1.386, floor=-1.0)


def test_over_fitting_comes_before_all_else() -> None:
    words = told(curve(np.full(100, 1.386)), unit="update", guessing=1.386, over_fits_since=1280)
    assert words[0] == "over-fits since update 1,280: the loss held out rises while the other falls"
    assert [len(each) for each in words] == sorted((len(each) for each in words), reverse=True)


def test_where_there_is_too_little_nothing_is_said() -> None:
    assert told(None, unit="epoch") == ()
    for values in ([], [3.0], [3.0, 2.0, 1.0], [3.0] * 50 + [math.nan]):
        assert first(values) == ""
    assert course_of(curve([3.0, math.nan, 2.0])) is not None


def test_the_midst_of_an_envelope_counts() -> None:
    y = np.linspace(9, 3, 100)
    wide = Curve(x=np.arange(1.0, 101), low=y - 1, high=y + 1)
    assert course_of(wide) == course_of(curve(y))


def test_of_numbers_guessing_is_their_mean() -> None:
    words = told(curve(np.full(100, 1.0)), unit="update", guessing=1.0, numbers=True)
    assert words[0] == "guessing: no better than always saying the mean"


@pytest.mark.parametrize(
    ("held_out", "words"),
    [(1.6, "has beaten counting (5-grams: 1.669), still"), (1.7, "counting is better so far (5-grams: 1.669), still")],
)
def test_of_a_text_it_is_told_whether_counting_does_better(held_out: float, words: str) -> None:
    def said(values: np.ndarray) -> str:
        return told(curve(values), unit="update", guessing=3.3, held_out=held_out, counting=(5, 1.669))[0]

    assert said(np.linspace(3, 1.5, 60)).startswith(words)
    assert "guessing" in said(np.full(60, 3.3))
    assert "counting" not in told(curve(np.linspace(3, 1.5, 60)), unit="update", guessing=3.3, held_out=held_out)[0]
