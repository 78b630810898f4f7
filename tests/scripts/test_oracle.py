"""The oracle contradicts neither itself nor a script's own words; `record` compares its two runs and the equations."""

import re

import numpy as np
import pytest

from tests.scripts.oracle import record, steps_of
from tests.scripts.people import SCRIPTS, Script, own_random_numbers, run_here

POSSIBLE = [script for script in SCRIPTS.values() if script.is_possible and script.code == 0 and not script.needs]


@pytest.mark.sampled(6)
@pytest.mark.parametrize("backward", [1, 6])
@pytest.mark.parametrize("script", POSSIBLE, ids=lambda script: script.name)
def test_it_finds_all_networks_and_their_gradients(script: Script, backward: int) -> None:
    truth = record(script.name, backward, intervals=2 if script.name == "gan" else 1)
    assert {*truth.calls, *truth.own} <= {*script.networks}
    assert truth.update == -(-backward // script.backwards)
    assert len(truth.curve) == backward
    assert truth.curve[-1] == truth.loss
    for calls in truth.calls.values():
        layer = steps_of([call for call in calls if call.after == backward - 1] or calls)
        assert layer.dh is not None
        assert np.isfinite(layer.dh).all()
    for steps in truth.own.values():
        assert all(step.dh is not None and step.dh.any() for step in steps)
        assert steps[0].children.keys() == {"forget", "candidate"}
    moved = [name for name, before in truth.before.items() if (before != truth.after[name]).any()]
    assert moved


def test_all_the_networks_of_a_gan_are_found_over_two_backwards() -> None:
    truth = record("gan", 4, intervals=2)
    assert {*truth.calls} == {*SCRIPTS["gan"].networks}
    (generated,) = truth.calls["Generator.lstm"]
    assert generated.after == 2  # before the critic's backward, and only then through this one
    layer = generated.layers[0][0]
    assert layer.dh is not None
    assert layer.dh.any()
    assert {name.partition(".")[0] for name in truth.before if (truth.before[name] != truth.after[name]).any()} == {
        "Generator"
    }


def test_rows_have_their_own_lengths_and_ends() -> None:
    truth = record("surnames", 2)
    (call,) = truth.calls["Classifier.lstm"]
    assert len(set(call.lengths)) > 1
    left, right = call.layers[0]
    for row, length in enumerate(call.lengths):
        for layer in (left, right):
            assert layer.dh is not None
            assert not layer.dh[length:, row].any()
            assert not layer.h[length:, row].any()
        # The classifier reads the state of each direction at its own end, and the loss nothing else.
        assert left.dh is not None
        assert right.dh is not None
        assert np.abs(left.dh[length - 1, row]).max() > 0
        assert np.abs(right.dh[0, row]).max() > 0


def test_losses_are_those_that_scripts_print() -> None:
    with own_random_numbers():
        printed = run_here("language_model", "--updates", 12)
    losses = [float(each) for each in re.findall(r"\| loss ([\d.]+)", printed)]
    np.testing.assert_allclose([record("language_model", update).loss for update in (4, 8, 12)], losses, atol=5e-7)
    (held_out,) = re.findall(r"end of epoch 1 \| valid loss ([\d.]+)", printed)
    calls = [call for call in record("language_model", 4).held_out if call.after == 4]
    weights = [len(call.target) for call in calls]
    np.testing.assert_allclose(np.average([call.value for call in calls], weights=weights), float(held_out), atol=5e-7)
