"""The lesson `flip-flop`: three bits are held by eight stable points, as Sussillo and Barak (2013) found."""

import itertools

import numpy as np
import pytest
import torch

from rnn_tui.engine.answers.fixed_points import FixedPointWatch, states_of_layer
from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.validate import from_dict, to_dict
from tests.engine.passes import focus_of


@pytest.mark.sampled(1)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_state_rests_at_the_corners_of_a_cube(seed: int) -> None:
    values = to_dict(LESSONS["flip-flop"])
    values["training"] |= {"seed": seed, "epochs": 50}
    session = Session(from_dict(values), history=0)
    while session.tick():
        pass
    session.recording.evaluate()
    judged = session.branch.held_out.newest()
    assert judged is not None
    assert judged.loss < 0.02  # of bits that are −1 or 1; guessing costs 1
    trainer = session.trainer
    found = FixedPointWatch().look(focus_of(trainer))
    assert trainer.model.head is not None
    with torch.no_grad():
        bits = trainer.model.head(states_of_layer(found, trainer, 0).float()).numpy()
    stable = bits[(found.unstable == 0).numpy()]
    np.testing.assert_allclose(np.abs(stable), 1, atol=0.2)
    assert {tuple(each) for each in np.sign(stable).tolist()} == set(itertools.product((-1, 1), repeat=3))
    assert len(stable) == 8
    along = bits[(found.unstable == 1).numpy()]  # between two corners: one bit is about to flip
    assert len(along) >= 5
    assert ((np.abs(along) < 0.6).sum(1) == 1).mean() > 0.7
