"""How networks fared by group, and what is said of it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rnn_tui.experiment.comparison import Comparison
from rnn_tui.experiment.findings import findings
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.outcomes import Outcome, grouped, settings_compared
from rnn_tui.experiment.vary import comparison_of, parse_varied


def compared(lesson: str, *texts: str, seeds: int | None = None) -> Comparison:
    return comparison_of(LESSONS[lesson], map(parse_varied, texts), seeds)


def test_groups_are_the_combinations_without_seeds() -> None:
    comparison = compared("hihello-sequence", "cell=rnn,gru", "lr=0.1,0.2,0.3", seeds=4)
    outcomes = [
        Outcome(member=member, epoch=100, learnt=10 + member if member % 4 else 0, loss=float(member))
        for member in range(comparison.members)
    ]
    outcomes[5] = Outcome(member=5, epoch=3, loss=math.nan, diverged=True)
    outcomes[6] = Outcome(member=6, epoch=50, began=5.0, loss=6.0, done=False)
    assert settings_compared(comparison) == ("network.cell", "training.lr")
    groups = grouped(comparison, outcomes, settings_compared(comparison))
    assert [each.values for each in groups] == [
        (("network.cell", cell), ("training.lr", lr)) for cell in range(2) for lr in range(3)
    ]
    second = groups[1]  # members 4 to 7
    assert (second.members, second.learnt, second.diverged, second.rose, second.going) == (4, 1, 1, 2, 1)
    assert second.epochs == (17, 17, 17)
    assert second.loss == tuple(np.percentile([4, 6, 7], [25, 50, 75]))
    assert second.held_out is None
    (by_lr, *_) = grouped(comparison, outcomes, ("training.lr",))
    assert (by_lr.members, by_lr.learnt) == (8, 6)  # members 0 to 3, and 12 to 15


def told(comparison: Comparison, learnt: dict[str, int], epoch: int = 20) -> list[str]:
    """Say what is found where so many of the networks of each cell learn it."""
    left = dict(learnt)
    outcomes = []
    for member in range(comparison.members):
        cell = comparison.experiment(member).network.cell
        left[cell] -= 1
        outcomes.append(Outcome(member=member, epoch=100, loss=1.0, learnt=epoch if left[cell] >= 0 else 0))
    return findings(comparison, outcomes)


@pytest.mark.parametrize(
    ("learnt", "sentence"),
    [
        (
            {"rnn": 20, "gru": 39},
            "cell=gru learns it most often: 39 of 40 (95 %: 87–100 %); next cell=rnn: 20 of 40 (95 %: 35–65 %); "
            "the intervals do not overlap",
        ),
        (
            {"rnn": 30, "gru": 27},
            "cell=rnn learns it most often: 30 of 40 (95 %: 60–86 %); next cell=gru: 27 of 40 (95 %: 52–80 %); "
            "the intervals overlap, so luck may be why",
        ),
        ({"rnn": 7, "gru": 7}, "cell=rnn and cell=gru learn it as often: 7 of 40 (95 %: 9–32 %), and none sooner"),
        ({"rnn": 0, "gru": 0}, "no cell learns it: 0 of 80 networks"),
    ],
)
def test_cells_are_compared_by_the_share_that_learns(learnt: dict[str, int], sentence: str) -> None:
    assert told(compared("hihello-sequence", "cell=rnn,gru", seeds=40), learnt) == [sentence]


def test_of_two_that_learn_it_as_often_one_is_sooner() -> None:
    comparison = compared("hihello-sequence", "cell=rnn,gru", seeds=4)
    outcomes = [Outcome(member=member, epoch=100, learnt=30 - 2 * member) for member in range(8)]
    assert findings(comparison, outcomes) == [
        "cell=gru and cell=rnn learn it as often: 4 of 4 (95 %: 51–100 %), cell=gru sooner: at epoch 19 (18–20) "
        "against 27 (26–28)"
    ]


def test_luck_in_numbers() -> None:
    comparison = compared("hihello", seeds=64)
    sentence = "43 of 64 seeds learnt it: of all seeds 55–77 % would (95 %)"
    kept = [Outcome(member=member, epoch=100, learnt=int(member < 43), right=member < 43) for member in range(64)]
    assert findings(comparison, kept) == [sentence]
    lost = [replace(each, right=each.member < 40) for each in kept]
    assert findings(comparison, lost) == [f"{sentence}; 40 were right at the end"]
    assert findings(comparison, []) == []


def test_sizes_are_compared_by_what_is_held_out() -> None:
    comparison = compared("python-source", "hidden=32,64,128", seeds=3)
    losses = {32: 2.0, 64: 1.5, 128: 1.6}

    def outcomes(width: float) -> list[Outcome]:
        return [
            Outcome(
                member=member,
                epoch=900,
                loss=9.0,
                held_out=losses[comparison.experiment(member).network.hidden_size] + width * (member % 3 - 1),
            )
            for member in range(comparison.members)
        ]

    def said(width: float) -> list[str]:
        return findings(comparison, outcomes(width), unit="update", has_right=False, has_held_out=True)

    assert said(0.02) == [
        "hidden=64 comes to the lowest held-out loss: 1.5 (1.49–1.51); next hidden=128: 1.6 (1.59–1.61); their middle "
        "halves do not overlap"
    ]
    (sentence,) = said(0.4)
    assert sentence.endswith("their middle halves overlap, so luck may be why")


def test_losses_of_another_meaning_are_not_compared() -> None:
    comparison = compared("python-source", "reduction")
    outcomes = [Outcome(member=member, epoch=9, loss=1.0 + member) for member in range(2)]
    assert findings(comparison, outcomes, has_right=False) == []


def test_smoothed_losses_are_compared_by_what_is_held_out_alone() -> None:
    comparison = compared("python-source", "label-smoothing=0,0.1")
    outcomes = [Outcome(member=member, epoch=9, loss=1.0, held_out=1.0 + member) for member in range(2)]
    assert findings(comparison, outcomes, has_right=False) == []
    (found,) = findings(comparison, outcomes, has_right=False, has_held_out=True)
    assert found.startswith("label-smoothing=0 comes to the lowest held-out loss")


def test_learning_rates_are_told_for_each_combination() -> None:
    comparison = compared("hihello-sequence", "cell=rnn,gru", "lr=0.01,0.1", seeds=5)
    outcomes = [Outcome(member=member, epoch=100, learnt=9 if member % 10 > 4 else 0) for member in range(20)]
    found = findings(comparison, outcomes)
    assert found[0].startswith("cell=rnn: learning rate 0.1 (the largest tried) learns it: 5 of 5")
    assert sum(each.startswith("cell=gru: ") for each in found) == 3


@given(st.data())
def test_something_is_said_of_any_outcome(data: st.DataObject) -> None:
    texts = data.draw(st.lists(st.sampled_from(["lr=0.1,0.01", "cell=rnn,gru", "clip=0,1"]), unique=True, max_size=3))
    comparison = compared("hihello-sequence", *texts, seeds=data.draw(st.integers(1, 3)))
    number = st.floats(allow_nan=True, allow_infinity=True, width=32)
    outcomes = [
        Outcome(
            member=member,
            epoch=data.draw(st.integers(0, 100)),
            loss=data.draw(number),
            held_out=data.draw(number),
            learnt=data.draw(st.integers(0, 2)),
            diverged=data.draw(st.booleans()),
            done=data.draw(st.booleans()),
        )
        for member in range(comparison.members)
    ]
    for has_right in (True, False):
        said = findings(comparison, outcomes, has_right=has_right, has_held_out=data.draw(st.booleans()))
        assert all(each and "nan" not in each for each in said)
