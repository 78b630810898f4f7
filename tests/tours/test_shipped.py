"""The tours that come with the program: each is walked through whole, and what its captions claim is compared with
the numbers there."""

import re

import numpy as np
import pytest

from rnn_tui.protocol.inspect.cell import CellAsk, CellFacts
from rnn_tui.tours import TOPICS, tour_file
from rnn_tui.tours.read import read_tour
from rnn_tui.view.model.tour_guide import PRESSABLE
from tests.tours.walk import Walk

ROW, ROWS = 76, 4  # cells and lines of a caption at 80 columns


def predicted(walk: Walk) -> str:
    """The likeliest characters of the row on the screen."""
    steps = walk.frame.steps
    assert steps is not None
    return "".join(walk.session.experiment.vocabulary[index] for index in steps.top[:, 0].tolist())


@pytest.mark.parametrize("topic", TOPICS)
def test_captions_are_short(topic: str) -> None:
    tour = read_tour(tour_file(topic), PRESSABLE)
    assert 4 <= len(tour.steps) <= 12
    assert tour.about
    for step in tour.steps:
        assert len(step.say) <= ROW * (ROWS - 1), step.say
        assert max(map(len, re.split(r"[.:?!;]", step.say))) <= 110, step.say


@pytest.mark.parametrize("topic", TOPICS)
def test_back_is_the_same_to_the_bit(topic: str) -> None:
    walk = Walk(topic)
    seen = [walk.where()]
    while walk.on():
        seen.append(walk.where())
    assert len(seen) == len(walk.tour.steps)
    for place in reversed(seen[:-1]):
        walk.back()
        assert walk.where() == place


def test_state() -> None:
    walk = Walk("state")
    experiment = walk.session.experiment
    assert (experiment.data.inputs, experiment.data.targets) == (("hihell",), ("ihello",))
    assert "hihell and must answer ihello" in walk.text
    walk.goes_on()
    assert "Then all six answers are right" in walk.text
    assert walk.frame.status.epoch == 60
    assert predicted(walk) == "ihello"
    walk.goes_on()
    (states,) = walk.frame.states
    assert "column of five numbers" in walk.text
    assert states.h.shape == (5, 6)
    walk.goes_on()
    assert "Unit 3 was below 0 and is above 0 now" in walk.text
    assert states.h[2, 0] < -0.5
    assert states.h[2, 2] > 0.5
    walk.goes_on()
    assert "i at time step 1, and e at time step 3" in walk.text
    walk.goes_on()
    facts = walk.ask(CellAsk(step=2, unit=0), CellFacts)
    assert "With two biases, tanh of the sum is the new state" in walk.text
    (terms,) = facts.gates
    total = terms.from_input + terms.from_state + terms.b_ih + terms.b_hh
    np.testing.assert_allclose(np.tanh(total), states.h[:, 2], atol=1e-5)
    assert not walk.on()
