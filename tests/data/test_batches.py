"""Which characters a pass reads: all of what is to be learnt, in an order that the seed alone decides, and no other."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rnn_tui.data.batches import Batches
from rnn_tui.experiment.spec import Data, ExperimentError
from tests.examples import examples

few = settings(max_examples=examples(150), deadline=None)
sizes = {
    "characters": st.integers(2, 600),
    "batch": st.integers(1, 9),
    "length": st.integers(1, 30),
    "stateful": st.booleans(),
    "holdout": st.sampled_from([0.0, 0.05, 0.1, 0.33, 0.5, 0.9]),
}


def plan(characters: int, **data: object) -> Batches:
    return Batches(characters, Data(inputs=(), text="t", **data))  # type: ignore[arg-type]


def fitting(characters: int, **data: object) -> Batches:
    try:
        return plan(characters, **data)
    except ExperimentError:
        assume(False)
        raise


def read_in(batches: Batches, number: int, seed: int) -> NDArray[np.int64]:
    """(N, T+1) the places that a pass reads or must say."""
    return batches.starts(number, seed)[:, None] + np.arange(batches.length + 1)


@few
@given(**sizes, seed=st.integers(0, 2**63 - 1))
def test_what_is_held_out_is_never_learnt(characters: int, seed: int, holdout: float, **data: object) -> None:
    """Over three epochs no pass reads or must say a character from the end of the text."""
    batches = fitting(characters, holdout=holdout, **data)
    first = characters - int(characters * holdout)
    places = np.concatenate([read_in(batches, number, seed) for number in range(1, 3 * batches.count + 1)])
    assert places.min() >= 0
    assert places.max() < first
    assert (batches.learnt, batches.held_out) == (first, characters - first)
    for piece in batches.held_out_parts():
        assert piece.places.min() >= first
        assert piece.places.max() < characters


@few
@given(**sizes, seed=st.integers(0, 1000))
def test_an_epoch_says_no_character_twice(characters: int, seed: int, **data: object) -> None:
    """Check that an epoch leaves out less than a whole sequence or a whole batch."""
    batches = fitting(characters, **data)
    for epoch in range(2):
        passes = range(epoch * batches.count + 1, (epoch + 1) * batches.count + 1)
        said = np.concatenate([read_in(batches, number, seed)[:, 1:].ravel() for number in passes])
        assert len(said) == len(set(said.tolist())) == batches.count * batches.rows * batches.length
        assert batches.learnt - 1 - len(said) < batches.length * (batches.rows + 1)


@few
@given(**sizes)
def test_all_that_is_held_out_is_judged_once(characters: int, **data: object) -> None:
    batches = fitting(characters, **data)
    said = [place for piece in batches.held_out_parts() for place in piece.places[1:].ravel().tolist()]
    assert sorted(said) == list(range(batches.learnt + 1, characters)) if batches.held_out else not said


@few
@given(**sizes)
def test_stateful_rows_go_on_where_they_have_ended(characters: int, **data: object) -> None:
    """In what is learnt, and in what is judged: that is one row."""
    batches = fitting(characters, **data | {"stateful": True})
    for number in range(2, batches.count + 1):
        assert (batches.starts(number, 0) == batches.starts(number - 1, 0) + batches.length).all()
        assert not batches.begins_epoch(number)
    assert batches.begins_epoch(batches.count + 1)
    assert (batches.starts(batches.count + 1, 0) == batches.starts(1, 0)).all()
    pieces = batches.held_out_parts(7)
    assert all(len(piece.starts) == 1 for piece in pieces)
    for before, after in pairwise(pieces):
        assert before.starts[0] + before.length == after.starts[0]


def test_the_order_is_that_of_the_seed_and_the_epoch() -> None:
    """Check that earlier requests change nothing, and that every version of NumPy gives these numbers."""
    data = {"batch": 2, "length": 5}
    one, other = plan(51, **data), plan(51, **data)
    assert one.count == 5
    orders = [one.starts(number, 7).tolist() for number in range(1, 16)]
    assert [other.starts(number, 7).tolist() for number in range(15, 0, -1)] == orders[::-1]
    assert orders[:5] != orders[5:10] != orders[10:]
    assert orders[:5] == [[20, 25], [45, 40], [5, 35], [30, 0], [10, 15]]
    assert [one.starts(number, 8).tolist() for number in range(1, 6)] != orders[:5]


@pytest.mark.parametrize(
    ("characters", "data", "path", "problem"),
    [
        (40, {"length": 64}, "data.length", "the text has 40 characters, and one more is the last target; it must be "
         "at most 39"),
        (2, {"length": 1, "holdout": 0.1}, "data.holdout", "leaves nothing to evaluate: it must be 0"),
        (1, {"length": 1}, "data.length", "it must be a longer text"),
        (80, {"length": 64, "holdout": 0.5}, "data.length", "40 characters that are not held out"),
        (100, {"length": 10, "batch": 10}, "data.batch", "9 sequences of 10; it must be at most 9"),
        (100, {"length": 10, "holdout": 0.01}, "data.holdout", "0.01 of 100 characters leaves nothing to evaluate"),
    ],
)  # fmt: skip
def test_a_text_that_is_too_short(characters: int, data: dict[str, object], path: str, problem: str) -> None:
    with pytest.raises(ExperimentError) as error:
        plan(characters, **data)
    assert error.value.path == path
    assert problem in str(error.value)


@given(st.integers(2, 5000), st.floats(1e-6, 0.9))
@few
def test_what_an_error_says_would_be_right_is(characters: int, holdout: float) -> None:
    """The least hold-out, the longest length, the largest batch that are named can be had."""
    data: dict[str, object] = {"holdout": holdout, "length": 64, "batch": 32}
    for _ in range(4):
        try:
            plan(characters, **data)
            return
        except ExperimentError as error:
            name = error.path.removeprefix("data.")
            number = (
                str(error).rpartition("it must be at ")[2].split()[1].rstrip(",").replace(",", "")
                if "at least" in str(error) or "at most" in str(error)
                else ""
            )
            if not number:
                return
            data[name] = float(number) if name == "holdout" else int(number)
            if name == "holdout" and float(number) > 0.9:
                return
    raise AssertionError(data)
