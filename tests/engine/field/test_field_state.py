"""A field that is kept and brought back goes on with the same numbers, to the last bit; altered tensors are refused."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load, save

from rnn_tui.engine.field.field import Field
from rnn_tui.engine.field.field_state import StateError, field_tensors, restore_field
from rnn_tui.experiment import memory
from rnn_tui.experiment.comparison import Comparison
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.vary import comparison_of, parse_varied
from rnn_tui.protocol.field import LEARNING

FIGURES = ("passes", "loss", "learnt", "right", "held_out", "norm", "states")


def compared(lesson: str, *texts: str, seeds: int | None = None) -> Comparison:
    return comparison_of(LESSONS[lesson], map(parse_varied, texts), seeds)


def same(first: Field, second: Field) -> None:
    for name in FIGURES:
        np.testing.assert_array_equal(getattr(first.results, name), getattr(second.results, name), err_msg=name)
    np.testing.assert_array_equal(first.results.losses.values, second.results.losses.values)
    np.testing.assert_array_equal(first.results.losses.updates, second.results.losses.updates)
    np.testing.assert_array_equal(first.results.evaluations.updates, second.results.evaluations.updates)
    np.testing.assert_array_equal(first.results.evaluations.values, second.results.evaluations.values)


CASES = {
    "cells and rates": (compared("hihello-sequence", "cell=rnn,lstm", "lr=0.01,0.3", "epochs=25", seeds=2), 9, True),
    "ended and diverged": (
        compared(
            "hihello-embedding",
            "optimizer=sgd",
            "momentum=0,0.9",
            "cell=rnn-relu",
            "lr=0.01,1e6",
            "epochs=4,30",
            seeds=2,
        ),
        20,
        False,
    ),
    "plateau and patience": (
        compared(
            "hihello-sequence",
            *("schedule=plateau", "schedule-every=2", "patience=0,9", "optimizer=rmsprop,adam", "epochs=40"),
            seeds=2,
        ),
        23,
        False,
    ),
    "random states, dropout": (
        compared(
            "ohlol-embedding", "label-smoothing=0,0.2", "initial-state=random", "dropout=0.3", "cell=gru", seeds=3
        ),
        7,
        False,
    ),
    "passes that wait for an update": (compared("sine", "hidden=4", "accumulate=3", "epochs=3", seeds=2), 4, False),
    "held out, and a state that is carried": (
        compared("sine", "stateful", "hidden=4", "epochs=3", seeds=2),
        3,
        False,
    ),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", CASES)
def test_it_goes_on_as_if_nothing_had_been(name: str) -> None:
    comparison, steps, stops = CASES[name]
    whole, kept = (Field(comparison, stops_when_learnt=stops) for _ in range(2))
    for _ in range(steps):
        whole.step()
        kept.step()
    back = Field(comparison, stops_when_learnt=stops)
    restore_field(back, load(save(field_tensors(kept))))
    same(back, kept)
    while whole.step():
        assert back.step()
    assert not back.step()
    same(back, whole)
    for member in range(comparison.members):
        for first, second in zip(
            whole.trainer(member).model.parameters(), back.trainer(member).model.parameters(), strict=True
        ):
            assert torch.equal(first, second)


def test_a_large_network_that_was_under_way_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnn_tui.engine.field.field.is_large", lambda each: each.network.cell == "gru")
    comparison = compared("ohlol", "cell=rnn,gru", "epochs=6", seeds=2)
    whole, kept, back = (Field(comparison) for _ in range(3))
    while whole.step():
        pass
    for _ in range(6 + 6 + 2):
        kept.step()
    assert [*kept.results.passes] == [6, 6, 6, 2]
    restore_field(back, field_tensors(kept))
    assert [*back.results.passes] == [6, 6, 6, 0]
    while back.step():
        pass
    same(back, whole)


def test_a_field_that_has_not_begun() -> None:
    comparison, *_ = CASES["cells and rates"]
    back = Field(comparison)
    restore_field(back, field_tensors(Field(comparison)))
    assert (back.results.states == LEARNING).all()
    assert back.step()


KEPT = Field(compared("hihello-embedding", "optimizer=adam", "cell=lstm", "epochs=2,9", seeds=2))
for _ in range(4):
    KEPT.step()
TENSORS = field_tensors(KEPT)


@given(st.sampled_from(sorted(TENSORS)), st.sampled_from(["missing", "size", "kind", "negative"]))
def test_altered_tensors_are_refused(name: str, how: str) -> None:
    tensors = {key: each.clone() for key, each in TENSORS.items()}
    its = tensors[name]
    if how == "missing":
        del tensors[name]
    elif how == "size":
        tensors[name] = torch.zeros((*its.shape, 3), dtype=its.dtype)
    elif how == "kind":
        tensors[name] = its.to(torch.complex64)
    elif its.dtype in (torch.int64, torch.int32):
        tensors[name] = its - 100
    else:
        return
    if how == "missing" and name.endswith("carried"):
        return  # then nothing is known of the last states of those that have ended, which is no fault
    if how == "missing" and name.endswith("gradients"):
        return
    with pytest.raises(StateError):
        restore_field(Field(KEPT.comparison), tensors)


def test_the_rule_of_what_is_large_is_that_of_the_memory_estimate() -> None:
    assert not memory.is_large(LESSONS["hihello"])
    assert memory.is_large(LESSONS["sums"])
