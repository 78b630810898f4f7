"""A comparison: its members are all combinations of what varies."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.experiment.comparison import Comparison, Varied
from rnn_tui.experiment.lessons import LESSONS

_BASE = LESSONS["hihello-sequence"]


@given(st.lists(st.integers(1, 5), max_size=4))
def test_members_are_numbered_like_nested_loops(counts: list[int]) -> None:
    varied = tuple(Varied(path="training.seed", values=tuple(range(count))) for count in counts)
    comparison = Comparison(base=_BASE, varied=varied)
    nested = list(product(*(range(count) for count in counts)))
    assert [comparison.indices(number) for number in range(comparison.members)] == nested
    assert [comparison.number(indices) for indices in nested] == list(range(len(nested)))


def test_a_member_is_the_experiment_with_its_values() -> None:
    comparison = Comparison(
        base=_BASE,
        varied=(Varied(path="network.cell", values=("rnn", "gru")), Varied(path="training.lr", values=(0.1, 0.01))),
    )
    member = comparison.experiment(3)
    assert (member.network.cell, member.training.lr) == ("gru", 0.01)
    assert (member.data, member.training.seed) == (_BASE.data, _BASE.training.seed)
    assert comparison.words(3) == "cell gru · learning rate 0.01"


def test_members_that_stand_side_by_side_differ_in_what_varies_first() -> None:
    cells = Varied(path="network.cell", values=("rnn", "gru", "lstm"))
    seeds = Varied(path="training.seed", values=(5, 6, 7, 8))
    both = Comparison(base=_BASE, varied=(seeds, cells))
    assert [both.indices(member) for member in both.apart(3, both.number((2, 1)))] == [(2, 0), (2, 1), (2, 2)]
    assert Comparison(base=_BASE, varied=(seeds,)).apart(3) == [0, 1, 2]
    assert Comparison(base=_BASE).apart(3) == [0]
