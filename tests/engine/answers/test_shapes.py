"""The tensors of a pass by name, in their order and with their values, and the checks where they could be wrong."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from rnn_tui.engine.answers.shapes import checks, tensor_facts
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.frame import TensorFact
from tests.engine.answers.test_probe import by_hand, experiments, ticked
from tests.examples import examples

CLOSE: dict[str, Any] = {"rtol": 1e-4, "atol": 2e-6}
DEEP = {"cell": "lstm", "layers": 3, "hidden_size": 4, "embedding": 2, "head": "linear"}


def named(trainer: Trainer, row: int = 0) -> dict[str, TensorFact]:
    return {fact.name: fact for fact in tensor_facts(trainer, row)}


def test_all_of_a_deep_network_by_name_in_the_order_of_the_pass() -> None:
    trainer, _ = ticked(from_dict({"network": {**DEEP, "bidirectional": True}, "training": {"tick": "sequence"}}), 0)
    data = [fact for fact in tensor_facts(trainer) if fact.dimensions]
    assert [(fact.name, fact.shape) for fact in data] == [
        ("x", (6, 1)),
        ("embedded", (6, 1, 2)),
        ("h_0", (6, 1, 4)),
        ("c_0", (6, 1, 4)),
        ("layer 1", (6, 1, 8)),
        ("layer 2", (6, 1, 8)),
        ("output", (6, 1, 8)),
        ("h_n", (6, 1, 4)),
        ("c_n", (6, 1, 4)),
        ("logits", (6, 1, 5)),
    ]
    assert [fact.dimensions[-1] for fact in data] == [
        "batch",
        "embedding",
        *["hidden"] * 2,
        *["2×hidden"] * 3,
        *["hidden"] * 2,
        "characters",
    ]
    assert {fact.dimensions[0] for fact in data} == {"time", "layers×2"}


@pytest.mark.parametrize("learn", [True, False])
@pytest.mark.parametrize("head", ["direct", "linear"])
def test_logits_are_there_where_something_makes_them(learn: bool, head: str) -> None:
    network = {"hidden_size": 5, "head": head}
    assert ("logits" in named(ticked(from_dict({"network": network, "training": {"learn": learn}}), 1)[0])) == (
        learn or head == "linear"
    )


@settings(max_examples=examples(50))
@given(experiments(), st.integers(0, 7))
def test_values_are_those_of_cells_stepped_by_hand_as_far_as_they_are_fed(experiment: Experiment, ticks: int) -> None:
    trainer, _ = ticked(experiment, ticks)
    network, row, fed = experiment.network, trainer.dataset.rows - 1, trainer.fed
    facts = named(trainer, row)
    states = by_hand(trainer) if fed else []
    names = [*(f"layer {number}" for number in range(1, network.layers)), "output"]
    for layer, name in enumerate(names):
        values = facts[name].values
        if not fed:
            assert values is None
            continue
        assert values is not None
        both = states[layer * network.directions : (layer + 1) * network.directions]
        assert_allclose(values, torch.cat([h[:, row] for h, _ in both], -1)[:6, :6], **CLOSE)
    over = fed == trainer.length
    for kind in "hc" if network.cell == "lstm" else "h":
        values = facts[f"{kind}_n"].values
        assert (values is not None) == over
        if values is not None:
            ends = [each["hc".index(kind)] for each in states]
            last = [each[0 if at % network.directions else -1, row] for at, each in enumerate(ends) if each is not None]
            assert_allclose(values, torch.stack(last)[:6, :6], **CLOSE)
    if "logits" in facts and fed:
        assert facts["logits"].values is not None
        assert_array_equal(facts["logits"].values, torch.cat(trainer.logits)[:, row][:6, :6])
    if network.embedding and fed:
        indices = [experiment.vocabulary.index(each) for each in experiment.data.inputs[row][:fed]]
        assert facts["embedded"].values is not None
        assert_array_equal(facts["embedded"].values, trainer.model.state_dict()["embedding.weight"][indices][:6, :6])


# ---- checks ----


@settings(max_examples=examples(40))
@given(experiments(head="linear"))
def test_each_check_notices_a_network_that_is_not_the_one_that_ran(experiment: Experiment) -> None:
    trainer, _ = ticked(experiment, experiment.length)
    if not trainer.at_end_of_pass:
        trainer, _ = ticked(experiment, 1)
    assert all(check.holds for check in checks(trainer))
    with torch.no_grad():
        for weight in trainer.model.recurrent.parameters():
            weight.add_(0.5)
    broken = [check.claim for check in checks(trainer) if not check.holds]
    assert any(claim.startswith("output[") for claim in broken) or experiment.network.cell == "rnn-relu"


def test_batch_first_is_run_and_not_only_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer, _ = ticked(LESSONS["three-words"], 5)
    assert all(check.holds for check in checks(trainer))
    module = type(trainer.model.recurrent)
    forward = module.forward

    def wrong(self: Any, x: Any, state: Any) -> Any:
        output, end = forward(self, x, state)
        return (output + 0.5, end) if self.batch_first else (output, end)

    monkeypatch.setattr(module, "forward", wrong)
    (failed,) = [check for check in checks(trainer) if not check.holds]
    assert failed.claim == "batch_first=True swaps two dimensions of x and output, and none of h_0 and h_n"
    assert failed.difference == pytest.approx(0.5)
    assert not trainer.model.recurrent.batch_first  # the network itself is as it was


def test_both_halves_are_checked() -> None:
    trainer, _ = ticked(LESSONS["one-letter-deep"], 1)
    assert isinstance(trainer.state, torch.Tensor)
    for at, side in ((-2, "left"), (-1, "right")):
        trainer.state[at] += 1
        assert [check.claim[-4:] for check in checks(trainer) if not check.holds and "is h_n" in check.claim] == [
            side[-4:]
        ]
        trainer.state[at] -= 1


def test_where_there_are_layers_it_is_the_last_of_h_n() -> None:
    claims = {
        layers: checks(ticked(from_dict({"network": {"layers": layers}, "training": {"learn": False}}), 7)[0])[0].claim
        for layers in (1, 2)
    }
    assert claims == {1: "output[-1] is h_n", 2: "output[-1] is h_n[-1]"}


def test_once_the_update_is_made_nothing_is_compared_with_other_weights() -> None:
    """Slow motion holds there: the pass is over, and its weights are no more."""
    session = Session(LESSONS["hihello-sequence"])
    session.tick()
    assert checks(session.trainer)
    session.phases.next()
    assert session.probe.motion is not None
    assert session.probe.motion.now.kind == "update"
    assert checks(session.trainer) == ()
    facts = named(session.trainer)
    assert facts["output"].values is facts["logits"].values is facts["h_n"].values is None


@pytest.mark.parametrize("number", [torch.nan, torch.inf])
def test_what_is_no_number_on_both_sides_agrees_there(number: float) -> None:
    trainer, _ = ticked(LESSONS["hihello-embedding"], 0)
    assert trainer.model.head is not None
    with torch.no_grad():
        trainer.model.head.bias[0] = number
    trainer.tick()
    assert not torch.cat(trainer.logits).isfinite().all()
    assert all(check.holds and check.difference < 1e-5 for check in checks(trainer))
    trainer.logits[0][2, 0, 1] += 0.25  # what is finite is still compared
    assert [check.difference for check in checks(trainer) if not check.holds] == [pytest.approx(0.25, abs=1e-5)]
    trainer.logits[0][2, 0, 0] = -torch.inf  # and so is where the others are
    assert [np.isfinite(check.difference) for check in checks(trainer) if not check.holds] == [False]


def test_weights_that_are_no_numbers_on_one_side_alone_fail_the_checks() -> None:
    trainer, _ = ticked(LESSONS["hihello-embedding"], 1)
    with torch.no_grad():
        next(trainer.model.recurrent.parameters())[0, 0] = torch.nan
    failed = [check for check in checks(trainer) if not check.holds]
    assert any(check.claim.startswith("output[") for check in failed)  # h_n is from before
    assert all(np.isnan(check.difference) for check in failed)
    values = named(trainer)["output"].values
    assert values is not None
    assert np.isnan(values).any()


def test_a_large_network_is_run_again_in_part_and_says_so() -> None:
    network = {"cell": "lstm", "hidden_size": 256, "embedding": 8, "head": "linear"}
    inputs = ["ab" * 20, *["ba" * 20] * 19]
    trainer, _ = ticked(
        from_dict({"data": {"inputs": inputs}, "network": network, "training": {"tick": "sequence"}}), 1
    )
    found = checks(trainer)
    assert all(check.holds for check in found)
    parts = [check.claim for check in found[2:]]
    assert parts == [
        "batch_first=True swaps two dimensions of x and output, and none of h_0 and h_n (the first 3 steps)",
        "each of 16 of the 20 rows alone gives the same (the first 3 steps)",
    ]
