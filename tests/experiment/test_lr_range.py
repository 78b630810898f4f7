"""A learning rate found: what is said follows from the numbers, of many networks and of few."""

import math

from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.experiment.lr_range import Rate, found_by_learning, found_by_loss
from rnn_tui.experiment.statistics import Quartiles


def learning(*learnt: int, of: int = 16, diverged: tuple[int, ...] = (), epochs: tuple[int, ...] = ()) -> list[Rate]:
    """Rates 0.001, 0.002, 0.004 …, of whose networks so many learnt it."""
    return [
        Rate(
            lr=0.001 * 2**number,
            members=of,
            learnt=count,
            diverged=diverged[number] if diverged else 0,
            epochs=Quartiles(*[epochs[number] if epochs else 20] * 3) if count else None,
        )
        for number, count in enumerate(learnt)
    ]


def test_a_range_in_the_middle() -> None:
    rates = learning(
        0, 1, 15, 16, 16, 12, 2, 0, diverged=(0, 0, 0, 0, 0, 0, 3, 16), epochs=(0, 90, 60, 40, 25, 30, 9, 0)
    )
    assert found_by_learning(rates) == [
        "learning rates 0.004 to 0.032 learn it: 59 of 64 (95 %: 83–97 %); below 1 of 32, above 2 of 32",
        "best: 0.016, 16 of 16 (95 %: 81–100 %), at epoch 25; 3 others may be as good: the intervals overlap",
        "from 0.128 on they diverge: 16 of 16 networks (95 %: 81–100 %) end higher than they began, or as no number; "
        "3 below",
    ]


def test_a_range_that_reaches_the_ends_of_what_was_tried() -> None:
    assert found_by_learning(learning(16, 14, 16)) == [
        "learning rates 0.001 (the smallest tried) to 0.004 (the largest tried) learn it: 46 of 48 (95 %: 86–99 %)",
        "best: 0.001, 16 of 16 (95 %: 81–100 %), at epoch 20; 2 others may be as good: the intervals overlap",
        "none diverged: no loss is higher than it began",
    ]


def test_a_failure_between_rates_that_learn_it_does_not_cut_the_range() -> None:
    (range_told, *_) = found_by_learning(learning(0, 0, 1, 0, 1, 1, 0, 0, of=1))
    assert range_told.startswith("learning rates 0.016 to 0.032 learn it: 2 of 2")  # one in, one out: no gain
    (range_told, *_) = found_by_learning(learning(0, 1, 1, 0, 1, 1, 0, 0, of=1))
    assert range_told.startswith("learning rates 0.002 to 0.032 learn it: 4 of 5")


def test_few_networks_are_not_taken_for_many() -> None:
    *_, best, _, caution = found_by_learning(learning(0, 1, 1, 0, of=1))
    assert best == "best: 0.002, 1 of 1 (95 %: 21–100 %), at epoch 20"
    assert caution == "one network at a rate cannot tell it from its neighbours: more seeds would"
    assert not any("cannot tell" in each for each in found_by_learning(learning(0, 4, 5, 0, of=5)))


def test_nothing_learns() -> None:
    assert found_by_learning(learning(0, 0, of=8)) == [
        "no learning rate from 0.001 to 0.002 learns it: 0 of 16 (95 %: 0–19 %)",
        "none diverged: no loss is higher than it began",
    ]


def test_one_rate_that_learns() -> None:
    (range_told, *_) = found_by_learning(learning(0, 9, 0))
    assert range_told == "learning rate 0.002 learns it: 9 of 16 (95 %: 33–77 %); below 0 of 16, above 0 of 16"


def losses(*medians: float, of: int = 9, diverged: int = 0) -> list[Rate]:
    """Rates 0.001, 0.01, 0.1 … whose losses are these; the last `diverged` of them lost theirs."""
    return [
        Rate(
            lr=0.001 * 10**number,
            members=of,
            diverged=of if number >= len(medians) - diverged else 0,
            loss=None if number >= len(medians) - diverged else Quartiles(median - 0.1, median, median + 0.1),
        )
        for number, median in enumerate(medians)
    ]


def test_the_lowest_loss() -> None:
    assert found_by_loss(losses(2.0, 1.52, 1.5, 3.0, 0.0, diverged=1), "held-out loss") == [
        "best learning rate: 0.1, with a held-out loss of 1.5 (1.4–1.6)",
        "within 5 % of that: 0.01 to 0.1",
        "from 10 on they diverge: 9 of 9 networks (95 %: 70–100 %) end higher than they began, or as no number",
    ]


def test_the_lowest_loss_at_an_end() -> None:
    assert found_by_loss(losses(1.0, 2.0, 3.0, of=2)) == [
        "best learning rate: 0.001, with a loss of 1 (0.9–1.1)",
        "it is the smallest that was tried: smaller ones may be better",
        "none diverged: no loss is higher than it began",
        "2 networks at a rate cannot tell it from its neighbours: more seeds would",
    ]
    assert "it is the largest that was tried: larger ones may be better" in found_by_loss(losses(3.0, 2.0, 1.0))


def test_no_loss_is_a_number() -> None:
    assert found_by_loss(losses(1.0, 1.0, diverged=2)) == [
        "no learning rate from 0.001 to 0.01 comes to a loss that is a number"
    ]


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=12))
def test_any_numbers_are_told(counts: list[tuple[int, int]]) -> None:
    """The range is the best of all ranges, as trying each of them shows."""
    learnt = [count for count, _ in counts]
    rates = learning(*learnt, of=6, diverged=tuple(min(lost, 6 - count) for count, lost in counts))
    told = found_by_learning(rates)
    assert all(told)
    assert found_by_loss(rates)
    if not any(learnt):
        return
    half = max(learnt) / 6 / 2
    gains = [
        math.fsum(count - 6 * half for count in learnt[first : last + 1])
        for first in range(len(learnt))
        for last in range(first, len(learnt))
    ]
    inside, of = map(int, told[0].partition(": ")[2].partition(" (")[0].split(" of "))
    assert math.isclose(inside - of * half, max(gains), abs_tol=1e-9)
