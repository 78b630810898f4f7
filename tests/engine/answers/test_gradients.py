"""The gradient through time, against autograd on single cells in float64."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from torch import Tensor, nn
from torch.nn import functional as F

from rnn_tui.engine.answers.gradients import gradients_facts
from rnn_tui.engine.inspect.focus import NOT_FED
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict, to_dict
from rnn_tui.protocol.inspect.gradients import GradientsAsk
from tests.engine.answers.test_probe import experiments, ticked
from tests.engine.by_steps import state_gradients
from tests.engine.passes import Pass, focus_of
from tests.examples import examples

CLOSE: dict[str, Any] = {"rtol": 1e-4, "atol": 1e-6}
GATES = {"rnn": "h", "rnn-relu": "h", "gru": "rzn", "lstm": "ifgo"}


def losses(found: Pass, trainer: Trainer, mean: bool) -> tuple[Tensor, Tensor]:
    """L of the steps fed so far, and -log p(target) of every step and row, (T, N)."""
    vocabulary, data = trainer.experiment.vocabulary, trainer.experiment.data
    target = torch.tensor([[vocabulary.index(row[t]) for row in data.targets] for t in range(trainer.fed)])
    smoothing = trainer.experiment.training.label_smoothing
    each = F.cross_entropy(found.logits.transpose(1, 2), target, reduction="none", label_smoothing=smoothing)
    whole = each.sum() / len(data.inputs)
    return whole / len(data.inputs[0]) if mean else whole, each


def norms(number: Tensor, nodes: list[Tensor], row: int) -> list[float]:
    """‖∂number/∂node‖ of a row of each node."""
    grads = torch.autograd.grad(number, nodes, retain_graph=True, allow_unused=True)
    return [0.0 if grad is None else float(grad[row].norm()) for grad in grads]


@given(experiments(learn=True), st.integers(1, 14), st.integers(0, 5), st.sampled_from(["sum", "mean"]))
@settings(max_examples=examples(40))
def test_every_norm_is_that_of_autograd(experiment: Experiment, ticks: int, at: int, reduction: str) -> None:
    told = to_dict(experiment)
    told["training"] = {**told.get("training", {}), "reduction": reduction}
    trainer, _ = ticked(from_dict(told), ticks)
    assert_norms_of_autograd(trainer, at % trainer.fed)


@pytest.mark.parametrize("cell", GATES)
@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("head", ["direct", "linear"])
@pytest.mark.parametrize("fed", [4, 6])
def test_half_way_through_a_pass_a_mean_is_over_the_whole_of_it(cell: str, reduction: str, head: str, fed: int) -> None:
    data = {"inputs": ["hihell", "olleho"], "targets": ["ihello", "llehol"], "vocabulary": "ehilo"}
    network = {"cell": cell, "layers": 2, "head": head}
    trainer, _ = ticked(from_dict({"data": data, "network": network, "training": {"reduction": reduction}}), fed)
    assert_norms_of_autograd(trainer, 2)


def test_smoothed_targets_are_in_the_gradients() -> None:
    training = {"label_smoothing": 0.2, "reduction": "sum"}
    trainer, _ = ticked(from_dict({"network": {"cell": "gru", "layers": 2}, "training": training}), 6)
    assert_norms_of_autograd(trainer, 2)


def assert_norms_of_autograd(trainer: Trainer, at: int) -> None:
    found, network = Pass(trainer), trainer.experiment.network
    whole, each = losses(found, trainer, trainer.experiment.training.reduction == "mean")
    for row in range(trainer.dataset.rows):
        facts = gradients_facts(focus_of(trainer, row), GradientsAsk(at=at))
        assert (facts.note, facts.at, facts.first) == ("", at, 0)
        assert [(flow.layer, flow.direction) for flow in facts.flows] == [
            (layer, way) for layer in range(network.layers) for way in range(network.directions)
        ]
        largest = 0.0
        for flow in facts.flows:
            h, c = found.h[flow.layer][flow.direction], found.c[flow.layer][flow.direction]
            assert_allclose(flow.whole, norms(whole, h, row), **CLOSE)
            assert_allclose(flow.alone, norms(each[at, row], h, row), **CLOSE)
            largest = max(largest, *norms(whole, h, row), *norms(each[at, row], h, row))
            assert (flow.whole_c is None) == (flow.alone_c is None) == (network.cell != "lstm")
            if flow.whole_c is not None and flow.alone_c is not None:
                assert_allclose(flow.whole_c, norms(whole, c, row), **CLOSE)
                assert_allclose(flow.alone_c, norms(each[at, row], c, row), **CLOSE)
                largest = max(largest, *norms(whole, c, row), *norms(each[at, row], c, row))
            states = torch.stack(h)[:, row].detach().numpy()
            stuck = states == 0 if network.cell == "rnn-relu" else np.abs(states) > 0.97
            assert flow.saturated == pytest.approx(stuck.mean(), abs=1e-6)
            slope = {"rnn": 1 - states**2, "rnn-relu": states > 0}.get(network.cell, np.full(1, np.nan))
            assert flow.slope == pytest.approx(slope.mean(), abs=1e-5, nan_ok=True)
        assert facts.peak == pytest.approx(largest, rel=1e-4, abs=1e-6)


@given(experiments(learn=True))
@settings(max_examples=examples(30))
def test_at_the_end_of_a_pass_it_is_what_training_has(experiment: Experiment) -> None:
    trainer, _ = ticked(experiment, 1)
    while not trainer.at_end_of_pass:
        trainer.tick()
    grads = state_gradients(trainer)
    for row in range(trainer.dataset.rows):
        for flow in gradients_facts(focus_of(trainer, row), GradientsAsk(at=0)).flows:
            assert_allclose(flow.whole, grads[flow.layer][flow.direction][:, row].norm(dim=-1), **CLOSE)


@given(experiments(learn=True), st.integers(1, 6))
@settings(max_examples=examples(40))
def test_the_radius_of_each_gate_is_that_of_numpy(experiment: Experiment, ticks: int) -> None:
    trainer, _ = ticked(experiment, ticks)
    found, network = Pass(trainer), experiment.network
    for layer in range(network.layers):
        for way in range(network.directions):
            facts = gradients_facts(focus_of(trainer), GradientsAsk(at=0, layer=layer, direction=way))
            assert (facts.layer, facts.direction) == (layer, way)
            w_hh = found.cells[layer][way].weight_hh.detach().numpy()
            names = GATES[network.cell]
            blocks = np.split(w_hh, len(names))
            assert "".join(name for name, _ in facts.radius) == names
            expected = [np.abs(np.linalg.eigvals(block)).max() for block in blocks]
            assert_allclose([value for _, value in facts.radius], expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("clip", [0.0, 0.01, 100.0])
@pytest.mark.parametrize("head", ["direct", "linear"])
def test_the_norm_over_all_weights_is_there_once_the_pass_is_over(clip: float, head: str) -> None:
    trainer, _ = ticked(from_dict({"network": {"head": head}, "training": {"clip": clip}}), 5)
    facts = gradients_facts(focus_of(trainer), GradientsAsk(at=0))
    assert (facts.norm, facts.clipped) == (None, None)
    trainer.tick()
    facts = gradients_facts(focus_of(trainer), GradientsAsk(at=0))
    weights = [weight for weight in trainer.model.parameters() if weight.grad is not None]
    flat = np.concatenate([weight.grad.numpy().ravel() for weight in weights if weight.grad is not None])
    assert facts.norm == pytest.approx(float(np.linalg.norm(flat)), rel=1e-5)
    if clip:
        nn.utils.clip_grad_norm_(weights, clip)
        flat = np.concatenate([weight.grad.numpy().ravel() for weight in weights if weight.grad is not None])
        assert facts.clipped == pytest.approx(float(np.linalg.norm(flat)), rel=1e-5)
    else:
        assert facts.clipped is None
    trainer.finish_update()
    facts = gradients_facts(focus_of(trainer), GradientsAsk(at=0))
    assert (facts.norm, facts.clipped) == (None, None)


@pytest.mark.parametrize("cell", GATES)
def test_the_window_cuts_all_but_the_peak(cell: str) -> None:
    trainer, _ = ticked(from_dict({"network": {"cell": cell}}), 5)
    whole = gradients_facts(focus_of(trainer), GradientsAsk(at=4))
    facts = gradients_facts(focus_of(trainer, 0, 1, 3), GradientsAsk(at=4))
    assert facts.peak == whole.peak
    assert facts.first == 1
    for part, every in zip(facts.flows, whole.flows, strict=True):
        assert part.saturated == every.saturated
        for name in ("whole", "alone", *(("whole_c", "alone_c") if cell == "lstm" else ())):
            assert_array_equal(getattr(part, name), getattr(every, name)[1:3])


def test_what_vanishes_is_no_zero_and_what_explodes_is_no_infinity() -> None:
    text = {"inputs": ["ab" * 20]}
    for factor in (0.03, 20.0):  # to the power of 38, squared, is too small or too large for float32
        trainer, _ = ticked(from_dict({"data": text, "network": {"cell": "rnn", "hidden_size": 2}}), 39)
        with torch.no_grad():
            for weight in trainer.model.recurrent.parameters():
                weight.zero_()
            dict(trainer.model.recurrent.named_parameters())["weight_hh_l0"].copy_(factor * torch.eye(2))
        (flow,) = gradients_facts(focus_of(trainer), GradientsAsk(at=38)).flows
        steps = 38 - np.arange(39)
        kept = slice(15 if factor < 1 else 11, None)  # 1e-38 .. 1e38
        assert_allclose(flow.alone[kept], (flow.alone[-1] * factor**steps)[kept], rtol=1e-4)
        assert (flow.alone[kept] > 0).all()
        assert np.isfinite(flow.alone[kept]).all()


def test_the_loss_of_a_step_that_has_not_been_fed_is_left_out() -> None:
    trainer, _ = ticked(from_dict({}), 3)
    fed = gradients_facts(focus_of(trainer), GradientsAsk(at=2))
    for at in (3, 99, -2):
        facts = gradients_facts(focus_of(trainer), GradientsAsk(at=at))
        assert facts.at == -1
        assert "not been fed" in facts.note
        assert_array_equal(facts.flows[0].alone, np.zeros(3))
        assert_array_equal(facts.flows[0].whole, fed.flows[0].whole)


def test_before_the_first_step_and_without_learning_nothing_is_shown() -> None:
    trainer, _ = ticked(from_dict({}), 0)
    facts = gradients_facts(focus_of(trainer), GradientsAsk(at=0))
    assert (facts.note, facts.flows, facts.radius) == (NOT_FED, (), ())
    trainer, _ = ticked(from_dict({"training": {"learn": False}}), 3)
    facts = gradients_facts(focus_of(trainer), GradientsAsk(at=0))
    assert "Nothing is learnt" in facts.note
    assert (facts.flows, facts.radius, facts.norm, facts.at) == ((), (), None, -1)


@pytest.mark.parametrize("cell", GATES)
@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_what_is_not_finite_is_shown_as_such(cell: str, value: float) -> None:
    trainer, _ = ticked(from_dict({"network": {"cell": cell, "layers": 2}}), 6)
    with torch.no_grad():
        dict(trainer.model.recurrent.named_parameters())["weight_hh_l1"][0, 0] = value
    facts = gradients_facts(focus_of(trainer), GradientsAsk(at=5, layer=1))
    assert np.isnan(facts.radius[0][1])
    assert all(np.isfinite(radius) for _, radius in facts.radius[1:])
    assert len(facts.flows) == 2
    if value != value:
        assert np.isnan(facts.flows[1].whole).any()
        assert np.isnan(facts.flows[1].saturated)
        assert sum(way.broken for flow in facts.flows for way in flow.whole_ways) > 0
    assert np.isfinite(facts.peak)


LONG = {"inputs": ["hello world, " * 13], "targets": ["ello world, h" * 13]}  # 169 time steps


@pytest.mark.sampled(5)
@pytest.mark.parametrize("cell", GATES)
@pytest.mark.parametrize("layers", [{"layers": 2}, {"bidirectional": True, "layers": 2}])
@pytest.mark.parametrize("at", [40, 168])
def test_ways_are_of_the_whole_sequence_whatever_the_window(cell: str, layers: dict[str, Any], at: int) -> None:
    network = {"cell": cell, "hidden_size": 6, "head": "linear", **layers}
    trainer, _ = ticked(from_dict({"data": LONG, "network": network, "training": {"tick": "sequence"}}), 1)
    found, both = Pass(trainer), bool(layers.get("bidirectional"))
    whole, each = losses(found, trainer, trainer.experiment.training.reduction == "mean")
    facts = gradients_facts(focus_of(trainer, 0, 100, 120), GradientsAsk(at=at))
    seen, last = 0, trainer.length - 1
    for flow in facts.flows:
        h, c = found.h[flow.layer][flow.direction], found.c[flow.layer][flow.direction] if cell == "lstm" else []
        sides = (0, 1) if both and flow.layer == 0 else (flow.direction,)
        for ways, expected, nodes, loss in (
            (flow.whole_ways, (flow.direction,), h, whole),
            (flow.alone_ways, sides, h, each[at, 0]),
            (flow.whole_c_ways, (flow.direction,) if c else (), c, whole),
            (flow.alone_c_ways, sides if c else (), c, each[at, 0]),
        ):
            assert tuple(way.direction for way in ways) == expected
            known = norms(loss, nodes, 0) if nodes else []
            for way in ways:
                alone = loss is not whole
                steps = list(range(at if alone and not way.direction else last, -1, -1))
                steps = list(range(at if alone else 0, last + 1)) if way.direction else steps
                mine = [known[step] for step in steps]
                assert (way.steps, way.start, way.broken) == (len(steps), steps[0], 0)
                assert way.start_norm == pytest.approx(mine[0], rel=1e-3)
                assert way.peak == pytest.approx(max(mine), rel=1e-3)
                assert way.end_norm == pytest.approx(known[way.end], rel=1e-2, abs=1e-37)
                gone = [step for step, norm in zip(steps, mine, strict=True) if norm < 1e-6 * max(mine)]
                assert abs(way.vanished - len(gone)) <= 1  # one that lies at the limit
                assert not gone or abs(way.first_vanished - gone[0]) <= 1
                assert not any(norm > max(1, 10 * mine[0]) for norm in mine)
                assert (way.exploding, way.first_exploding) == (0, -1)
                seen += len(gone) > 20
    assert seen or both or at < last or cell not in ("rnn", "gru")


@pytest.mark.parametrize("factor", [1.05, 3.0])
def test_what_explodes_is_told_of_the_whole_sequence_and_nothing_vanishes_there(factor: float) -> None:
    network = {"cell": "rnn-relu", "hidden_size": 3, "head": "linear"}
    trainer, _ = ticked(from_dict({"data": LONG, "network": network, "training": {"tick": "sequence"}}), 1)
    with torch.no_grad():
        for name, weight in trainer.model.recurrent.named_parameters():
            weight.copy_(factor * torch.eye(3) if name == "weight_hh_l0" else torch.zeros_like(weight))
        dict(trainer.model.recurrent.named_parameters())["bias_ih_l0"].fill_(1e-30)
    (flow,) = gradients_facts(focus_of(trainer, 0, 160, 169), GradientsAsk(at=168)).flows
    (way,) = flow.alone_ways
    assert (way.start, way.steps, way.vanished) == (168, 169, 0)
    if factor < 2:
        norm = way.start_norm * factor ** np.arange(169.0)
        expected = int((norm > max(1, 10 * norm[0])).sum())
        assert abs(way.exploding - expected) <= 1
        assert (way.broken, way.peak_step) == (0, 0)
        assert way.peak == pytest.approx(norm[-1], rel=1e-3)
    else:
        assert way.broken > 20, "float32 ends at 3e38"
        assert way.first_broken == way.broken - 1
