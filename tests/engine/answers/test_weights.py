"""Weights against NumPy, their gradients against autograd, and updates against the weights before and after."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from torch import Tensor
from torch.nn import functional as F

from rnn_tui.engine.answers.weights import wants_update, weights_facts
from rnn_tui.engine.inspect.focus import Focus
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.inspect.cell import CellAsk
from rnn_tui.protocol.inspect.weights import WeightKind, WeightsAsk, WeightsFacts
from tests.engine.answers.test_probe import experiments, ticked
from tests.examples import examples

EVERYTHING: dict[str, Any] = {"matrices": 99, "rows": 999, "columns": 999}


def facts(trainer: Trainer, kind: WeightKind = "value", **ask: Any) -> WeightsFacts:
    focus = Focus(observed=trainer, row=0, first=0, stop=trainer.length, fed=trainer.fed)
    return weights_facts(focus, WeightsAsk(kind=kind, **ask))


def same(found: WeightsFacts, tensors: list[Tensor], **tolerance: Any) -> None:
    """Compute with NumPy what is shown of each tensor; `found` shows all values of all tensors."""
    assert found.note == ""
    for fact, tensor in zip(found.matrices, tensors, strict=True):
        values = tensor.detach().double().numpy()
        assert fact.shape == values.shape
        assert fact.values is not None
        assert fact.counts is not None
        assert_allclose(fact.values, values.reshape(len(values), -1), **tolerance)
        expected = [np.linalg.norm(values), values.min(), values.max(), values.mean()]
        close: dict[str, Any] = {"rtol": 1e-6, "atol": 1e-8, **tolerance}
        assert_allclose([fact.norm, fact.lowest, fact.highest, fact.mean], expected, **close)
        assert_array_equal(fact.counts, np.histogram(fact.values.astype(np.float64), 24)[0])
        assert fact.not_finite == 0


@settings(max_examples=examples(40))
@given(experiments(), st.integers(0, 4))
def test_every_tensor_is_told_in_the_order_of_the_model(experiment: Experiment, ticks: int) -> None:
    trainer, _ = ticked(experiment, ticks)
    found = facts(trainer, **EVERYTHING)
    names = [name.replace("recurrent.", "") for name in trainer.model.state_dict()]
    assert [fact.name for fact in found.matrices] == names
    same(found, list(trainer.model.state_dict().values()))
    assert sum(int(np.prod(fact.shape)) for fact in found.matrices) == experiment.weights


def test_names_of_a_model_with_all_parts() -> None:
    network = {"embedding": 2, "head": "linear", "hidden_size": 3}
    names = [fact.name for fact in facts(ticked(from_dict({"network": network}), 0)[0]).matrices]
    recurrent = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]
    assert names == ["embedding.weight", *recurrent, "head.weight", "head.bias"]


@pytest.mark.parametrize(
    ("matrix", "matrices", "shown"),
    [(0, 1, [0]), (2, 2, [2, 3]), (3, 2, [2, 3]), (9, 1, [3]), (-5, 3, [0, 1, 2]), (1, 9, [0, 1, 2, 3]), (1, 0, []),
     (0, -1, [])],
)  # fmt: skip
def test_as_many_pictures_come_as_there_are(matrix: int, matrices: int, shown: list[int]) -> None:
    found = facts(ticked(LESSONS["hihello"], 0)[0], matrix=matrix, matrices=matrices).matrices
    assert [number for number, fact in enumerate(found) if fact.values is not None] == shown
    for number, fact in enumerate(found):
        parts = (fact.rows, fact.columns, fact.values, fact.counts)
        assert all((part is not None) == (number in shown) for part in parts)


def test_a_picture_is_a_sample_where_there_is_no_room() -> None:
    trainer, _ = ticked(from_dict({"network": {"hidden_size": 40, "head": "linear"}}), 0)
    fact = facts(trainer, matrix=1, rows=7, columns=5, bins=3).matrices[1]
    assert fact.rows is not None
    assert fact.columns is not None
    assert fact.values is not None
    assert fact.counts is not None
    assert (len(fact.rows), len(fact.columns), fact.rows[-1], fact.columns[-1]) == (7, 5, 39, 39)
    weight = trainer.model.state_dict()["recurrent.weight_hh_l0"].numpy()
    assert_array_equal(fact.values, weight[np.ix_(fact.rows, fact.columns)])
    assert_array_equal(fact.counts, np.histogram(weight, 3)[0])  # of all values
    bias = facts(trainer, matrix=2, rows=7).matrices[2]
    assert bias.values is not None
    assert bias.values.shape == (7, 1)


def test_equal_values_are_in_one_bin() -> None:
    trainer, _ = ticked(LESSONS["hihello"], 0)
    with torch.no_grad():
        next(trainer.model.parameters()).fill_(0.25)
    counts = facts(trainer).matrices[0].counts
    assert counts is not None
    assert sorted(counts)[-2:] == [0, 25]


def test_values_that_are_no_numbers_are_counted_and_sent() -> None:
    trainer, _ = ticked(LESSONS["hihello"], 0)
    first, second, *_ = trainer.model.parameters()
    with torch.no_grad():
        first[0, 0], first[1, 1], second[0, 0] = torch.nan, -torch.inf, torch.inf
        list(trainer.model.parameters())[2].fill_(torch.nan)
    one, two, three, _ = facts(trainer, **EVERYTHING).matrices
    for fact, tensor, count in ((one, first, 2), (two, second, 1)):
        values = tensor.detach().numpy()
        finite = values[np.isfinite(values)].astype(np.float64)
        assert fact.not_finite == count
        assert fact.values is not None
        assert fact.counts is not None
        assert_array_equal(fact.values, values)
        assert_allclose([fact.lowest, fact.highest, fact.mean], [finite.min(), finite.max(), finite.mean()], rtol=1e-6)
        assert_array_equal(fact.counts, np.histogram(finite, 24)[0])
    assert np.isnan(one.norm)
    assert two.norm == np.inf
    assert (three.not_finite, three.lowest, three.highest, three.mean) == (5, 0, 0, 0)
    assert three.counts is not None
    assert three.counts.sum() == 0


@settings(max_examples=examples(30))
@given(experiments(learn=True))
def test_gradients_are_autograds_and_come_at_the_end_of_the_pass(experiment: Experiment) -> None:
    trainer, _ = ticked(experiment, 0)
    while not trainer.at_end_of_pass:
        found = facts(trainer, "gradient", **EVERYTHING)
        assert found.note == "The gradients come at the end of the pass: shift+→ goes there."
        assert all(np.isnan(fact.norm) and fact.values is None for fact in found.matrices)
        trainer.tick()
    task = trainer.dataset
    logits, _ = trainer.model(task.x(0, task.length), trainer.h_0)
    logits = logits.transpose(0, 1) if task.batch_first else logits
    losses = F.cross_entropy(logits.permute(1, 2, 0), task.y(0, task.length).T, reduction="none")  # (N, T)
    loss = losses.sum(1).mean() if experiment.training.reduction == "sum" else losses.mean()
    gradients = torch.autograd.grad(loss, list(trainer.model.parameters()))
    same(facts(trainer, "gradient", **EVERYTHING), list(gradients), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("clip", [0.0, 0.1])
@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
def test_an_update_is_how_far_the_weights_have_moved(optimizer: str, clip: float) -> None:
    session = Session(from_dict({"training": {"optimizer": optimizer, "clip": clip, "tick": "sequence"}}))
    session.recording.measuring.turn_off()
    trainer = session.trainer
    session.tick()
    session.tick()
    assert trainer.last_update is None  # nobody has asked
    assert facts(trainer, "update").note.startswith("The last update was made before anybody looked")
    for _ in range(3):
        before = [weight.detach().clone() for weight in trainer.model.parameters()]
        session.tick()
        moved = [new.detach() - old for new, old in zip(trainer.model.parameters(), before, strict=True)]
        assert all(each.abs().max() > 0 for each in moved)
        same(facts(trainer, "update", **EVERYTHING), moved)
        if optimizer == "sgd" and clip:
            length = torch.cat([each.flatten() for each in moved]).norm()
            assert length <= clip * trainer.experiment.training.lr * 1.001
    trainer.keeps_update = False
    session.tick()
    assert trainer.last_update is None  # an old one is not shown for a new one


def test_slow_motion_holds_at_the_update_just_made() -> None:
    session = Session(from_dict({"training": {"tick": "sequence"}}))
    session.tick()
    wanted = Wanted(inside=(WeightsAsk(kind="update", **EVERYTHING),))
    session.probe.inside(wanted)  # the pane is open before
    before = [weight.detach().clone() for weight in session.trainer.model.parameters()]
    session.phases.next()
    assert session.probe.motion is not None
    assert session.probe.motion.now.kind == "update"
    (found,) = session.probe.inside(wanted)
    assert isinstance(found, WeightsFacts)
    same(found, [new.detach() - old for new, old in zip(session.trainer.model.parameters(), before, strict=True)])


def test_going_back_forgets_the_update_and_running_on_finds_it_again() -> None:
    session = Session(LESSONS["hihello-sequence"])
    trainer = session.trainer
    facts(trainer, "update")
    for _ in range(9):
        session.tick()
    at_nine = facts(trainer, "update", **EVERYTHING)
    session.go_to(0)
    assert facts(trainer, "update").note
    session.go_to(9)
    again = facts(trainer, "update", **EVERYTHING)
    assert repr(again) == repr(at_nine)


def test_to_look_at_updates_changes_no_number() -> None:
    losses = []
    for look in (True, False):
        trainer, _ = ticked(LESSONS["hihello-sequence"], 0)
        for _ in range(10):
            if look:
                facts(trainer, "update", **EVERYTHING)
            trainer.tick()
        assert trainer.total is not None
        losses.append((trainer.total.item(), *[weight.sum().item() for weight in trainer.model.parameters()]))
    assert losses[0] == losses[1]


def test_where_nothing_is_learnt_there_is_neither() -> None:
    trainer, _ = ticked(LESSONS["hello"], 1)
    kinds: tuple[WeightKind, ...] = ("gradient", "update")
    for kind in kinds:
        found = facts(trainer, kind, **EVERYTHING)
        assert found.note.startswith("Nothing is learnt here")
        assert (found.kind, len(found.matrices)) == (kind, 4)
        assert all(np.isnan(fact.norm) and fact.values is None for fact in found.matrices)
    assert facts(trainer).note == ""


def test_who_looks_at_updates() -> None:
    update = WeightsAsk(kind="update")
    assert wants_update((CellAsk(step=0), update))
    assert not wants_update((CellAsk(step=0), WeightsAsk(), WeightsAsk(kind="gradient")))
    assert not wants_update(())
