"""The tours that come with the program: each is walked through whole, and what its captions claim is compared with
the numbers there."""

import re

import numpy as np
import pytest
import torch

from rnn_tui.experiment.statistics import wilson_interval
from rnn_tui.protocol.arrays import Floats
from rnn_tui.protocol.inspect.cell import CellAsk, CellFacts
from rnn_tui.protocol.inspect.gates import GatesAsk, GatesFacts
from rnn_tui.protocol.inspect.gradients import GradientsAsk, GradientsFacts
from rnn_tui.protocol.inspect.sample import SampleAsk, SampleFacts
from rnn_tui.protocol.inspect.weights import WeightKind, WeightsAsk, WeightsFacts
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


def target_p(walk: Walk) -> Floats:
    """The probability of each right letter."""
    assert walk.frame.steps is not None
    return walk.frame.steps.target_p


def loss(walk: Walk) -> float:
    """The loss of the last pass."""
    assert walk.frame.status.loss is not None
    return walk.frame.status.loss


def reaches(walk: Walk) -> GradientsFacts:
    """Return how much the loss of the last time step depends on each state."""
    return walk.ask(GradientsAsk(at=walk.session.experiment.length - 1), GradientsFacts)


@pytest.mark.parametrize("topic", TOPICS)
def test_captions_are_short(topic: str) -> None:
    tour = read_tour(tour_file(topic), PRESSABLE)
    assert 4 <= len(tour.steps) <= 12
    assert tour.about
    for step in tour.steps:
        text = f"{step.say} {step.then}".strip()
        assert len(text) <= ROW * (ROWS - 1), text
        assert max(map(len, re.split(r"[.:?!;]", text))) <= 110, text


@pytest.mark.sampled(1)
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
    assert "Now all six answers are right" in walk.text
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
    assert "i at t=1, and e at t=3" in walk.text
    walk.goes_on()
    facts = walk.ask(CellAsk(step=2, unit=0), CellFacts)
    assert "With two biases, tanh of the sum is the new state" in walk.text
    (terms,) = facts.gates
    total = terms.from_input + terms.from_state + terms.b_ih + terms.b_hh
    np.testing.assert_allclose(np.tanh(total), states.h[:, 2], atol=1e-5)
    assert not walk.on()


def test_learning() -> None:
    walk = Walk("learning")
    walk.goes_on()
    assert "Most answers are wrong" in walk.text
    assert sum(map(str.__eq__, predicted(walk), "ihello")) <= 2
    assert loss(walk) > 1
    walk.goes_on()
    assert "for each weight a gradient" in walk.text
    facts = walk.ask(WeightsAsk(kind="gradient", matrices=9), WeightsFacts)
    assert all(each.values is not None and each.norm > 0 for each in facts.matrices)
    asked = WeightsAsk(matrices=9)
    before, loss_before = walk.ask(asked, WeightsFacts).matrices, loss(walk)
    walk.goes_on()
    assert "the weights move, to where the loss is smaller. Only the row of o stays" in walk.text
    for was, now in zip(before, walk.ask(asked, WeightsFacts).matrices, strict=True):
        assert was.values is not None
        assert now.values is not None
        moved = was.values != now.values
        if was.name == "embedding.weight":
            assert walk.session.experiment.vocabulary[4] == "o"
            assert not moved[4].any()
            moved = moved[:4]
        assert moved.all(), was.name
    phase = walk.frame.phase
    assert phase is not None
    assert phase.kind == "update"
    assert {each.name for each in phase.moved} == {each.name for each in facts.matrices}
    assert all(0 < each.relative < 1 for each in phase.moved)
    walk.goes_on()
    assert "All six answers are right" in walk.text
    assert loss(walk) < loss_before
    assert predicted(walk) == "ihello"
    assert loss(walk) < 1
    walk.goes_on()
    assert "each right letter has more than 99 %" in walk.text
    assert walk.frame.status.epoch == 100
    assert target_p(walk).min() > 0.99
    assert not walk.on()


def test_backward() -> None:
    walk = Walk("backward")
    walk.goes_on()
    assert walk.text.startswith("Forward.")
    assert walk.frame.phase is not None
    assert (walk.frame.phase.kind, walk.frame.phase.time_step) == ("cell", 2)
    reached: dict[int, Floats] = {}
    for caption, step in (
        ("the last state is asked first", 5),
        ("One step to the left", 4),
        ("At the first letter", 0),
    ):
        walk.goes_on()
        assert caption in walk.text
        phase = walk.frame.phase
        assert phase is not None
        assert (phase.kind, phase.time_step) == ("backward", step)
        (gradient,) = phase.gradients
        assert gradient.first == step
        reached[step] = gradient.norms
    walk.goes_on()
    assert "All time steps share the same weights" in walk.text
    assert walk.frame.phase is not None
    assert walk.frame.phase.kind == "update"
    assert len(walk.frame.phase.moved) == 4  # W_ih, W_hh and two biases, whatever the time step
    walk.goes_on()
    assert "The same six gradients" in walk.text
    whole = reaches(walk).flows[0].whole
    np.testing.assert_allclose(whole, reached[0], rtol=1e-4)
    assert "None of them has vanished" in walk.text
    assert whole.min() > 0.1 * whole.max()
    assert not walk.on()


def test_vanishing() -> None:
    walk = Walk("vanishing")
    data = walk.session.experiment.data
    assert "a letter, then 19 dots" in walk.text
    assert all(row[1:20] == "." * 19 for row in data.inputs)
    assert all(row[20] == "?" and answer[20] == row[0] for row, answer in zip(data.inputs, data.targets, strict=True))
    walk.goes_on()
    assert "The loss stays at 1.39, which is log 4" in walk.text
    assert f"{loss(walk):.2f}" == f"{np.log(4):.2f}" == "1.39"
    assert walk.frame.learnt is None
    walk.goes_on()
    assert "Going left, it shrinks" in walk.text
    alone = reaches(walk).flows[0].alone
    assert (np.diff(alone) > 0).all()
    walk.goes_on()
    assert "on average by less than a half. After twenty such steps, less than a millionth" in walk.text
    assert (alone[0] / alone[-1]) ** (1 / 20) < 0.5
    assert alone[0] / alone[-1] < 0.5**20 < 1e-6
    walk.goes_on()
    assert "only three steps" in walk.text
    assert walk.session.experiment.data.inputs[0] == "a..?"
    walk.goes_on()
    assert "all four letters are right" in walk.text
    assert walk.frame.steps is not None
    assert walk.frame.steps.right_rows == 4
    walk.goes_on()
    assert "more than a twentieth" in walk.text
    alone = reaches(walk).flows[0].alone
    assert alone[0] / alone[-1] > 1 / 20
    assert not walk.on()


@pytest.mark.parametrize("nudge", [0.0, 1e-7, 3e-7, 1e-6])
def test_lstm(nudge: float) -> None:
    """Every processor rounds otherwise: after some hundred updates even the last digits of a weight have grown."""
    walk = Walk("lstm")
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in walk.session.trainer.model.parameters():
            weight.mul_(1 + nudge * torch.randn(weight.shape, generator=generator))
    assert walk.session.experiment.network.cell == "lstm"
    walk.goes_on()
    assert "all four letters are right" in walk.text
    assert walk.frame.steps is not None
    assert walk.frame.steps.right_rows == 4
    walk.goes_on()
    rows = walk.session.experiment.data.inputs
    for letter, caption in (
        ("a", "it counts down to below −8"),
        ("c", "f falls, g turns from blue to orange, and c comes back to above 0"),
    ):
        walk.goes_on()
        step = walk.guide.step
        assert (rows[step.row - 1][0], step.unit, step.time) == (letter, 2, 21)
        assert f"first letter {letter}" in walk.text
        assert caption in walk.text
        facts = walk.ask(GatesAsk(units=32), GatesFacts, row=step.row - 1)
        of_unit = {each.name: each.values[step.unit - 1] for each in facts.gates}
        if letter == "a":
            assert of_unit["f"][1:].min() > 0.7
            assert of_unit["c"][-1] < -8
            assert (np.diff(of_unit["c"][:-2]) < 0).all()
        else:
            assert of_unit["f"][-1] < 0.5 < of_unit["f"][1]
            assert of_unit["f"][1:].argmin() > 10
            assert list(np.unique(np.sign(np.diff(np.sign(of_unit["g"]))))) == [0, 1]  # once, from blue to orange
            turn = int(of_unit["c"].argmin())  # at which step depends on how a machine rounds
            assert 1 < turn < 16
            assert (np.diff(of_unit["c"][: turn + 1]) < 0).all()
            assert of_unit["c"][turn] < -0.5
            assert of_unit["c"][turn:-1].argmax() > 12 - turn  # it climbs, and stays above 0
            assert of_unit["c"][-1] > 0
    walk.goes_on()
    assert "much of it is left" in walk.text
    alone = reaches(walk).flows[0].alone_c
    assert alone is not None
    assert alone[0] / alone[-1] > 1 / 5
    assert not walk.on()


def test_memorising() -> None:
    walk = Walk("memorising")
    text = tour_file("memorising").with_name("river.txt").read_text("utf-8")
    assert walk.session.experiment.data.holdout == 0.2
    begin = walk.session.branch
    walk.goes_on()
    assert "Both curves fall" in walk.text
    held_out, first = walk.frame.held_out, walk.frame.curve
    assert held_out is not None
    assert first is not None
    early = held_out.loss
    assert held_out.parted is None
    assert early < 0.7 * held_out.curve.high[0]
    assert loss(walk) < 0.7 * first.high[0]
    walk.goes_on()
    held_out = walk.frame.held_out
    assert "On the held-out text it gets worse" in walk.text
    assert held_out is not None
    assert held_out.parted is not None
    assert loss(walk) < 0.3
    assert held_out.loss > early + 0.4
    walk.goes_on()
    assert "Whole pieces of its text come back" in walk.text
    facts = walk.ask(SampleAsk(prime=walk.guide.step.prime, length=200), SampleFacts)
    written = "".join(walk.session.experiment.vocabulary[index] for index in facts.greedy)
    pieces = {written[at : at + 20] for at in range(len(written) - 20)}
    assert any(each in text[: len(text) * 4 // 5] for each in pieces), written
    walk.goes_on()
    assert "where green is lowest" in walk.text
    assert walk.session.branch is begin
    assert not walk.on()


def test_embedding() -> None:
    walk = Walk("embedding")

    def table(kind: WeightKind = "value") -> Floats:
        fact = walk.ask(WeightsAsk(kind=kind, matrices=1), WeightsFacts).matrices[0]
        assert (fact.name, fact.shape) == ("embedding.weight", (5, 10))
        assert fact.values is not None
        return fact.values

    assert "each of the five letters gets a row of ten numbers" in walk.text
    o = walk.session.experiment.vocabulary.index("o")
    assert o == 4
    first = table()
    walk.goes_on()
    walk.goes_on()
    assert "The last row, of o, is 0" in walk.text
    gradient = np.abs(table("gradient")).max(1)
    assert gradient[o] == 0
    assert (np.delete(gradient, o) > 0).all()
    assert "o" not in walk.session.experiment.data.inputs[0]
    walk.goes_on()
    assert "The rows of h, i, e and l have changed, the row of o has not" in walk.text
    moved = np.linalg.norm(table() - first, axis=1)
    assert moved[o] == 0
    assert np.delete(moved, o).min() > 0.5
    assert not walk.on()


def test_floor() -> None:
    walk = Walk("floor")
    floor = walk.session.experiment.floor or 0.0
    assert floor == pytest.approx(6 * np.log(1 + 4 * np.exp(-2)), abs=1e-6)
    walk.goes_on()
    assert "stops near the dashed line" in walk.text
    assert predicted(walk) == "ihello"
    assert floor < loss(walk) < 1.1 * floor
    walk.goes_on()
    assert "Softmax makes 65 % of that" in walk.text
    best = np.exp(1) / (np.exp(1) + 4 * np.exp(-1))
    assert round(100 * best) == 65
    assert 0.64 < target_p(walk).max() <= best
    walk.goes_on()
    assert walk.session.experiment.floor is None
    walk.goes_on()
    assert "The floor is gone: the loss has fallen to almost 0" in walk.text
    assert loss(walk) < 0.01
    walk.goes_on()
    assert target_p(walk).min() > 0.99
    assert not walk.on()


def test_luck() -> None:
    walk = Walk("luck")
    walk.goes_on()
    assert (walk.session.learnt, walk.session.experiment.training.seed) == (21, 4)
    walk.goes_on()
    assert (walk.session.learnt, walk.session.experiment.training.seed) == (None, 7)
    assert walk.session.progress.epoch == 100
    walk.goes_on()
    results = walk.field.results
    assert len(results.learnt) == 64
    assert [walk.field.experiments[each].training.seed for each in (0, 63)] == [4, 67]
    assert (results.learnt > 0).sum() == 57
    assert results.learnt[3] == 0  # seed 7
    low, high = wilson_interval(57, 64)
    assert (round(100 * low), round(100 * high)) == (79, 95)
    walk.goes_on()
    walk.goes_on()
    walk.goes_on()
    counts: dict[str, int] = {}
    for member, experiment in enumerate(walk.field.experiments):
        cell = experiment.network.cell
        counts[cell] = counts.get(cell, 0) + int(walk.field.results.learnt[member] > 0)
    assert counts == {"rnn": 57, "gru": 58, "lstm": 53}
    assert wilson_interval(53, 64)[1] > wilson_interval(58, 64)[0]
    walk.goes_on()
    assert len(walk.field.experiments) == 7 * 32
    by_rate: dict[float, int] = {}
    for member, experiment in enumerate(walk.field.experiments):
        rate = experiment.training.lr
        by_rate[rate] = by_rate.get(rate, 0) + int(walk.field.results.learnt[member] > 0)
    assert (by_rate[0.001], by_rate[0.03], by_rate[1.0]) == (0, 28, 2)
    assert wilson_interval(2, 32)[1] < wilson_interval(28, 32)[0]
    assert not walk.on()
