"""Gradient x input, against autograd on single cells in float64."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from rnn_tui.engine.answers.saliency import saliency_facts
from rnn_tui.engine.inspect.focus import NOT_FED
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.inspect.saliency import OutputKind, SaliencyAsk
from tests.engine.answers.test_probe import experiments, ticked
from tests.engine.passes import Pass, focus_of
from tests.examples import examples

OUTPUTS: tuple[OutputKind, ...] = ("predicted", "target")


@given(experiments(learn=True), st.integers(1, 14))
@settings(max_examples=examples(60))
def test_every_value_is_the_gradient_times_the_input(experiment: Experiment, ticks: int) -> None:
    trainer, _ = ticked(experiment, ticks)
    found, data, vocabulary = Pass(trainer), experiment.data, experiment.vocabulary
    for row in range(trainer.dataset.rows):
        focus = focus_of(trainer, row)
        for step in range(trainer.fed):
            for output in OUTPUTS:
                facts = saliency_facts(focus, SaliencyAsk(step=step, output=output))
                predicted = int(torch.cat(trainer.logits)[step, row].argmax())
                wanted = predicted if output == "predicted" else vocabulary.index(data.targets[row][step])
                assert (facts.note, facts.step, facts.output, facts.character) == ("", step, output, wanted)
                assert_array_equal(facts.inputs, [vocabulary.index(character) for character in data.inputs[row]])
                logit = found.logits[step, row, facts.character]
                grads = torch.autograd.grad(logit, found.x, retain_graph=True, allow_unused=True)
                expected = [
                    0.0 if grad is None else float((grad[row] * x[row]).sum().detach())
                    for grad, x in zip(grads, found.x, strict=True)
                ]
                assert_allclose(facts.values, expected, rtol=1e-4, atol=1e-6)
                assert facts.values.dtype == np.float32


@given(experiments(learn=True), st.integers(1, 14))
@settings(max_examples=examples(30))
def test_of_the_state_it_is_the_norm_over_its_units(experiment: Experiment, ticks: int) -> None:
    trainer, _ = ticked(experiment, ticks)
    found = Pass(trainer)
    for row in range(trainer.dataset.rows):
        step = trainer.fed - 1
        facts = saliency_facts(focus_of(trainer, row), SaliencyAsk(step=step, output="state"))
        assert (facts.note, facts.step, facts.output) == ("", step, "state")
        squares = np.zeros(trainer.fed)
        for unit in torch.cat([way[step][row] for way in found.h[-1]]):
            grads = torch.autograd.grad(unit, found.x, retain_graph=True, allow_unused=True)
            squares += [
                0.0 if grad is None else float((grad[row] * x[row]).sum().detach()) ** 2
                for grad, x in zip(grads, found.x, strict=True)
            ]
        assert_allclose(facts.values, np.sqrt(squares), rtol=1e-4, atol=1e-6)


def test_of_too_many_units_over_too_many_steps_it_is_not_computed() -> None:
    values = {"data": {"inputs": ["ab" * 60]}, "network": {"hidden_size": 300, "head": "linear"}}
    trainer, _ = ticked(from_dict(values | {"training": {"tick": "sequence"}}), 1)
    facts = saliency_facts(focus_of(trainer), SaliencyAsk(step=5, output="state"))
    assert "too much to differentiate" in facts.note
    assert not len(facts.values)


def test_of_equals_the_first_is_predicted() -> None:
    trainer, _ = ticked(from_dict({"network": {"head": "linear"}}), 0)
    with torch.no_grad():
        for weight in trainer.model.parameters():
            weight.zero_()
    trainer.tick()
    assert saliency_facts(focus_of(trainer), SaliencyAsk(step=0)).character == 0


def test_both_directions_bring_characters_from_both_sides() -> None:
    network = {"bidirectional": True, "head": "linear"}
    trainer, _ = ticked(from_dict({"network": network, "training": {"tick": "sequence"}}), 1)
    assert (saliency_facts(focus_of(trainer), SaliencyAsk(step=2)).values != 0).all()
    trainer, _ = ticked(from_dict({}), 6)
    values = saliency_facts(focus_of(trainer), SaliencyAsk(step=2)).values
    assert_array_equal(values != 0, [True, True, True, False, False, False])


def test_the_window_does_not_cut_it() -> None:
    trainer, _ = ticked(from_dict({}), 5)
    facts = saliency_facts(focus_of(trainer, 0, 3, 4), SaliencyAsk(step=3))
    assert (len(facts.inputs), len(facts.values)) == (6, 5)


@pytest.mark.parametrize(
    ("fed", "step", "note"), [(0, 0, NOT_FED), (3, 3, "not been fed yet"), (3, -2, "not been fed yet")]
)
def test_a_step_that_has_not_been_fed_has_said_nothing(fed: int, step: int, note: str) -> None:
    trainer, _ = ticked(from_dict({}), fed)
    facts = saliency_facts(focus_of(trainer), SaliencyAsk(step=step))
    assert note in facts.note
    assert (len(facts.inputs), len(facts.values)) == (6, 0)


@given(experiments(learn=False))
@settings(max_examples=10)
def test_states_are_no_characters(experiment: Experiment) -> None:
    trainer, _ = ticked(experiment, 1)
    facts = saliency_facts(focus_of(trainer), SaliencyAsk(step=0, output="target"))
    assert "Nothing is learnt" in facts.note
    assert (len(facts.inputs), len(facts.values)) == (0, 0)  # so that nothing is drawn beside the note


def test_what_is_not_a_number_is_shown_as_such() -> None:
    trainer, _ = ticked(from_dict({}), 6)
    with torch.no_grad():
        next(trainer.model.recurrent.parameters()).fill_(torch.nan)
    values = saliency_facts(focus_of(trainer), SaliencyAsk(step=5)).values
    assert np.isnan(values[:5]).all()


def test_looking_changes_nothing() -> None:
    trainer, _ = ticked(from_dict({"training": {"tick": "sequence"}}), 1)
    before = [None if weight.grad is None else weight.grad.clone() for weight in trainer.model.parameters()]
    saliency_facts(focus_of(trainer), SaliencyAsk(step=2))
    for grad, weight in zip(before, trainer.model.parameters(), strict=True):
        assert grad is not None
        assert weight.grad is not None
        assert torch.equal(grad, weight.grad)
