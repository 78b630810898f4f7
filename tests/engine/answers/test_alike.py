"""Where else the same units stay on: by hand, and against a search that tries every place."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from rnn_tui.engine.answers.alike import alike_facts, find_alike
from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.inspect.alike import AlikeAsk
from tests.engine.passes import focus_of
from tests.engine.text_runs import letters, on_text
from tests.examples import examples

#            0    1    2    3    4    5    6    7    8
BY_HAND = [
    [0.0, 0.9, 0.9, 0.0, 0.0, 0.9, 0.9, 0.0, 0.9],
    [0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9],  # always on: it says nothing
    [0.0, -0.6, -0.9, 0.0, 0.0, -0.9, -0.6, 0.0, 0.4],
]


def test_by_hand() -> None:
    found = find_alike(np.array(BY_HAND, np.float32).T, 1, 2)
    assert (found.above.tolist(), found.below.tolist(), found.begins) == ([0], [2], True)
    (place,) = found.places
    assert (place.start, place.length, place.units, place.score) == (5, 2, 2, 1.0)


def test_units_that_were_on_before_are_taken_where_none_turns_on() -> None:
    found = find_alike(np.array(BY_HAND, np.float32).T, 3, 2)
    assert (found.above.tolist(), found.below.tolist(), found.begins) == ([1], [], False)
    assert [(each.start, each.length) for each in found.places] == []  # it is on everywhere: one place, this one


@settings(max_examples=examples(60))
@given(st.integers(0, 10**6), st.integers(2, 40), st.integers(1, 6), st.data())
def test_it_is_what_trying_every_place_finds(seed: int, steps: int, units: int, data: st.DataObject) -> None:
    values = np.random.default_rng(seed).uniform(-1, 1, (steps, units)).astype(np.float32)
    start = data.draw(st.integers(0, steps - 1))
    length = data.draw(st.integers(1, steps - start))
    found = find_alike(values, start, length)
    chosen = {**dict.fromkeys(found.above.tolist(), 1), **dict.fromkeys(found.below.tolist(), -1)}
    for unit in range(units):
        on = [values[step, unit] * np.sign(values[start, unit]) >= 0.5 for step in range(start, start + length)]
        before = start and values[start - 1, unit] * np.sign(values[start, unit]) >= 0.5
        assert (unit in chosen) == (all(on) and not (before and found.begins))
    least = 0.7 * len(chosen)

    def are_on(step: int) -> int:
        return sum(values[step, unit] * sign >= 0.5 for unit, sign in chosen.items())

    covered = {step for place in found.places for step in range(place.start, place.start + place.length)}
    for place in found.places:
        steps_of = range(place.start, place.start + place.length)
        assert all(are_on(step) >= least for step in steps_of)
        assert place.start == 0 or are_on(place.start - 1) < least
        assert place.units == sum(
            all(values[step, unit] * sign >= 0.5 for step in steps_of) for unit, sign in chosen.items()
        )
        assert not set(steps_of) & set(range(start, start + length))
    for step in range(steps):
        if chosen and are_on(step) >= least and step not in covered:  # it belongs to a run that touches the stretch
            to = range(min(step, start), max(step, start + length - 1) + 1)
            assert all(are_on(each) >= least or start <= each < start + length for each in to)
    scores = [place.score for place in found.places]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("cell", ["lstm", "rnn"])
def test_it_reads_the_text_with_the_weights_of_this_tick(tmp_path: Path, cell: str) -> None:
    session = Session(on_text(tmp_path, letters(300), network={"cell": cell, "embedding": 0}), history=0)
    for _ in range(5):
        session.tick()
    facts = alike_facts(focus_of(session.trainer), AlikeAsk(start=40, length=3, places=2))
    assert (facts.start, facts.length, len(facts.inputs)) == (40, 3, 300)
    assert len(facts.places) <= 2 <= max(2, facts.total)
    far = alike_facts(focus_of(session.trainer), AlikeAsk(start=1000, length=9))
    assert (far.start, far.length) == (299, 1)
    assert_array_equal(far.inputs, facts.inputs)


def test_numbers_have_none() -> None:
    session = Session(LESSONS["sine"], history=0)
    session.tick()
    assert "stretches of a text" in alike_facts(focus_of(session.trainer), AlikeAsk()).note
