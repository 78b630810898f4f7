"""Slow motion is the tick itself, held: the same bits, and at each phase the numbers of an independent computation."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from numpy.testing import assert_allclose, assert_array_equal
from torch import Tensor, nn
from torch.nn import functional as F

from rnn_tui.engine.inspect.slow_motion import plan
from rnn_tui.engine.session.replay import HistoryError
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.session.status import status_of
from rnn_tui.engine.training import branches as timeline
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment, ExperimentError, Network
from rnn_tui.experiment.validate import from_dict, to_dict
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.phase import Phase
from tests.engine.by_steps import pass_by_steps, state_gradients

EVERYTHING = Wanted(count=99, top=3, units=99, layers=(0, 99), first=0)
LINEAR = {"hidden_size": 7, "head": "linear"}
DATA = {"inputs": ["hihell", "lolihe"], "targets": ["ihello", "hiehol"], "vocabulary": "hielo"}


# As another lesson, but for a number or a word.
ALIKE = ("one-letter", "hello", "six-words", "hihello-slow", "hihello-long", "ohlol")


def experiment(network: dict[str, Any] | None = None, **training: Any) -> Experiment:
    return from_dict({"data": DATA, "network": network or {}, "training": {"seed": 3, **training}})


def both_ticks() -> list[Experiment]:
    """Every kind of lesson on words of one length by character and by sequence, where it can."""
    found = []
    for lesson in LESSONS.values():
        if lesson.name in ALIKE or lesson.data.per_character:  # see tests/engine/training/test_pairs_training.py
            continue
        for tick in ("character", "sequence"):
            values: Any = to_dict(lesson)
            values["training"]["tick"] = tick
            try:
                found.append(from_dict(values))
            except ExperimentError:
                assert lesson.network.bidirectional
    return found


CASES = [
    experiment(),
    experiment({"cell": "lstm", **LINEAR, "embedding": 3, "layers": 2, "initial_state": "random"}, reduction="mean"),
    experiment(
        {"cell": "gru", "implementation": "cell", "batch_first": True, "layers": 2},
        optimizer="sgd",
        momentum=0.9,
        label_smoothing=0.1,
        clip=0.1,
    ),
    experiment({"cell": "lstm", **LINEAR, "bidirectional": True, "layers": 2}, tick="sequence"),
    experiment({"cell": "gru", **LINEAR, "bidirectional": True}, tick="sequence", reduction="mean"),
    experiment({"cell": "rnn-relu", **LINEAR, "layers": 3, "batch_first": True}, tick="sequence", optimizer="rmsprop"),
    experiment({"cell": "lstm", "implementation": "written-out", "layers": 2}),
    experiment({**LINEAR, "implementation": "written-out", "bidirectional": True, "layers": 2}, tick="sequence"),
]
EVERY = [*both_ticks(), *CASES]
LEARNING = [each for each in EVERY if each.training.learn]


def name(each: Experiment) -> str:
    return f"{each.name}-{each.training.tick}"


def bits(session: Session) -> bytes:
    """Losses, weights, gradients, the optimiser and the random numbers."""
    session.recording.drain()
    trainer = session.trainer
    losses = [series.envelope(10**6).low for series in (session.losses, session.branch.character_losses)]
    tensors = [torch.get_rng_state(), *trainer.model.parameters(), *trainer.logits]
    tensors += [weight.grad for weight in trainer.model.parameters() if weight.grad is not None]
    if trainer.updater.optimizer is not None:
        for state in trainer.updater.optimizer.state.values():
            tensors += [value for value in state.values() if isinstance(value, Tensor)]
    arrays = [*losses, *(tensor.detach().numpy() for tensor in tensors)]
    return b"".join(array.tobytes() for array in arrays) + str((trainer.ticks, trainer.epoch, trainer.fed)).encode()


def ticks(session: Session, count: int) -> list[bytes]:
    found = []
    for _ in range(count):
        session.tick()
        found.append(bits(session))
    return found


def phases_of_tick(session: Session) -> list[Phase]:
    """All phases of the next tick, looked at as a frame does."""
    found: list[Phase] = []
    while not found or session.is_held:
        session.phases.next()
        session.probe.steps(EVERYTHING)
        session.probe.states(EVERYTHING)
        status_of(session, playing=True, speed=1, slow=1)
        phase = session.probe.phase(EVERYTHING)
        assert phase is not None
        found.append(phase)
    return found


@pytest.mark.sampled(6)
@pytest.mark.parametrize("what", EVERY, ids=name)
def test_slow_motion_gives_the_same_bits(what: Experiment) -> None:
    count = 2 * what.length + 2 if what.training.tick == "character" else 4
    expected = ticks(Session(what), count)
    slow = Session(what)
    for number in range(count):
        phases_of_tick(slow)
        assert bits(slow) == expected[number], number


@pytest.mark.sampled(8)
@pytest.mark.parametrize("what", CASES, ids=name)
@pytest.mark.parametrize("left", [1, 2, 5, 13])
def test_a_tick_that_is_left_at_any_phase_gives_the_same_bits(what: Experiment, left: int) -> None:
    expected = ticks(Session(what), 9)
    session = Session(what)
    while session.trainer.ticks < 9:
        for _ in range(left):
            if session.trainer.ticks < 8:
                session.phases.next()
        session.finish_tick()
        if session.trainer.ticks:
            assert bits(session) == expected[session.trainer.ticks - 1]
        session.tick()
        if session.trainer.ticks <= 9:
            assert bits(session) == expected[session.trainer.ticks - 1]


@pytest.mark.parametrize("what", [CASES[1], CASES[3]], ids=name)
@pytest.mark.sampled(1)
def test_states_are_kept_in_slow_motion_and_lead_back_to_the_bit(
    what: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "_SPACING", 0.0)
    expected = ticks(Session(what), 14)
    session = Session(what)
    while session.trainer.ticks < 14:
        phases_of_tick(session)
    assert len(session.branch.states) == math.ceil(14 / (6 if what.training.tick == "character" else 1))
    for tick in (8, 14, 6, 1, 13):
        session.phases.next()  # left in the middle of a tick
        session.go_to(tick)
        assert session.trainer.ticks == tick
        assert bits(session)[-20:] == expected[tick - 1][-20:]
        weights = [weight.detach().clone() for weight in session.trainer.model.parameters()]
        other = Session(what)
        ticks(other, tick)
        if other.trainer.has_update and not session.trainer.has_update:
            other.trainer.finish_update()
        assert all(map(torch.equal, weights, other.trainer.model.parameters()))


def test_a_change_in_the_middle_of_a_tick_comes_after_it() -> None:
    what = experiment()
    training = replace(what.training, lr=0.01)
    plain, slow = Session(what), Session(what)
    ticks(plain, 6)
    plain.learn(training)
    ticks(plain, 6)
    while slow.trainer.ticks < 5:
        phases_of_tick(slow)
    slow.phases.next()
    slow.learn(training)
    assert slow.trainer.ticks == 6
    while slow.trainer.ticks < 12:
        phases_of_tick(slow)
    assert bits(slow) == bits(plain)


# ---- the numbers ----------------------------------------------------------------------------------------------------


@pytest.mark.sampled(6)
@pytest.mark.parametrize("what", LEARNING, ids=name)
def test_the_pass_by_steps_is_the_real_one(what: Experiment) -> None:
    """Its loss and its gradients of the weights are those of the trainer."""
    session = Session(what)
    for _ in range(2):
        session.tick()
        while not session.trainer.at_end_of_pass:
            session.tick()
        trainer = session.trainer
        parameters = list(trainer.model.parameters())
        loss, _ = pass_by_steps(trainer)
        assert trainer.total is not None
        assert_allclose(loss.item(), trainer.total.item(), rtol=1e-5)
        for mine, weight in zip(torch.autograd.grad(loss, parameters), parameters, strict=True):
            assert weight.grad is not None
            torch.testing.assert_close(mine, weight.grad, rtol=1e-3, atol=1e-5)


def test_gradients_of_states_are_those_in_the_graph_of_character_ticks() -> None:
    """One layer: its state and its output are all ways from h_t to the loss, and both are in the trainer's graph."""
    trainer = Session(experiment()).trainer
    kept: list[tuple[Tensor, Tensor]] = []
    for _ in range(6):
        for operation, value in trainer.operations():
            if operation == "cells":
                assert value is not None
                assert isinstance(trainer.state, Tensor)
                kept.append((value, trainer.state))
                for each in kept[-1]:
                    each.retain_grad()
    ((mine,),) = state_gradients(trainer)
    for step, (output, state) in enumerate(kept):
        assert output.grad is not None
        whole = output.grad[0] + (0 if state.grad is None else state.grad[0])  # nobody reads the last state
        torch.testing.assert_close(mine[step], whole)


def nudged(trainer: Any, layer: int, direction: int, step: int, row: int) -> Tensor:
    """∂L/∂h_t by a nudge added to h_t, through nn modules called step by step: autograd's own word, another way."""
    network, task = trainer.experiment.network, trainer.dataset
    kind: Any = {"gru": nn.GRU, "lstm": nn.LSTM}.get(network.cell, nn.RNN)
    relu = {"nonlinearity": "relu"} if network.cell == "rnn-relu" else {}
    weights = {key.removeprefix("recurrent."): value for key, value in trainer.model.named_parameters()}
    nudge = torch.zeros(network.hidden_size, requires_grad=True)
    x = trainer.model.embed(task.x(0, trainer.length))
    x = x.transpose(0, 1) if task.batch_first else x
    for number in range(network.layers):
        sides = []
        for side in range(network.directions):
            one = kind(x.shape[-1], network.hidden_size, **relu)
            for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                cell = f"cells.{number}.{part}"
                key = cell if cell in weights else f"{part}_l{number}{'_reverse' if side else ''}"
                delattr(one, f"{part}_l0")
                setattr(one, f"{part}_l0", nn.Parameter(weights[key].detach().clone()))
            at = number * network.directions + side
            first = trainer.h_0
            state = tuple(part[at : at + 1] for part in first) if isinstance(first, tuple) else first[at : at + 1]
            outputs: dict[int, Tensor] = {}
            for t in reversed(range(trainer.length)) if side else range(trainer.length):
                _, state = one(x[t : t + 1], state)
                if (number, side, t) == (layer, direction, step):
                    mask = torch.zeros(task.rows, 1)
                    mask[row] = 1
                    added = mask * nudge
                    state = (state[0] + added, state[1]) if isinstance(state, tuple) else state + added
                outputs[t] = state[0][0] if isinstance(state, tuple) else state[0]
            sides.append(torch.stack([outputs[t] for t in range(trainer.length)]))
        x = torch.cat(sides, -1)
    logits = trainer.model.read_out(x)
    mean = trainer.experiment.training.reduction == "mean"
    targets, smoothing = task.y(0, trainer.length).flatten(), trainer.experiment.training.label_smoothing
    loss = F.cross_entropy(logits.flatten(0, 1), targets, label_smoothing=smoothing)
    (gradient,) = torch.autograd.grad(loss * (1 if mean else trainer.length), nudge)
    return gradient


@pytest.mark.sampled(6)
@pytest.mark.parametrize("what", CASES, ids=name)
@pytest.mark.parametrize("row", [0, 1])
def test_backward_tells_the_norms_of_autograd(what: Experiment, row: int) -> None:
    session = Session(what)
    wanted = replace(EVERYTHING, row=row)
    found: list[Phase] = []
    while not found or session.is_held:
        session.phases.next()
        phase = session.probe.phase(wanted)
        assert phase is not None
        if phase.kind == "backward":
            found.append(phase)
    expected = {
        (layer, direction, t): nudged(session.trainer, layer, direction, t, row).norm().item()
        for layer in range(what.network.layers)
        for direction in range(what.network.directions)
        for t in range(what.length)
    }
    assert max(expected.values()) > 1e-3
    visited: set[tuple[int, int, int]] = set()
    for phase in found:
        layers = range(what.network.layers) if phase.layer < 0 else [phase.layer]
        visited |= {(layer, phase.direction, phase.time_step) for layer in layers}
        told = {
            (each.layer, each.direction, each.first + at): value
            for each in phase.gradients
            for at, value in enumerate(each.norms.tolist())
        }
        assert told.keys() == visited  # no more than backward has come to
        for place, value in told.items():
            assert_allclose(value, expected[place], rtol=1e-3, atol=1e-6)
        numbers = [value for _, value in phase.numbers]
        assert_allclose(numbers, [told[layer, phase.direction, phase.time_step] for layer in reversed(layers)])
        assert_allclose(phase.largest, max(expected.values()), rtol=1e-3)
    assert visited == expected.keys()


@pytest.mark.sampled(6)
@pytest.mark.parametrize("what", [each for each in LEARNING if not each.is_numbers], ids=name)
def test_forward_tells_states_probabilities_and_losses(what: Experiment) -> None:
    session = Session(what)
    found: list[Phase] = []
    while not session.trainer.at_end_of_pass:
        found += phases_of_tick(session)
    trainer = session.trainer
    x = trainer.model.embed(trainer.dataset.x(0, trainer.length))
    p = torch.cat(trainer.logits)[:, 0].softmax(-1)
    targets = trainer.dataset.targets
    assert targets is not None
    states = {(each.layer, each.direction): each.h for each in session.probe.states(EVERYTHING)}
    for phase in found:
        t, numbers = phase.time_step, [value for _, value in phase.numbers]
        if phase.kind == "embed":
            read = (x.transpose(0, 1) if trainer.dataset.batch_first else x)[t, 0]
            assert_array_equal(numbers, read[:8].detach().numpy())
        elif phase.kind == "cell":
            assert_allclose(numbers, states[phase.layer, phase.direction][:8, t], atol=1e-6)
        elif phase.kind == "softmax":
            assert_allclose(dict(phase.numbers)[what.vocabulary[int(p[t].argmax())]], p[t].max().item(), rtol=1e-6)
            assert_allclose(numbers, sorted(p[t].tolist(), reverse=True)[:8], rtol=1e-5)
        elif phase.kind == "loss":
            right, best = p[t, targets[t, 0]].item(), int(p[t].argmax())
            smoothing = what.training.label_smoothing
            loss = -math.log(right) + smoothing * (math.log(right) - float(p[t].log().mean()))
            assert_allclose(numbers[:2], [right, loss], rtol=1e-5)
            target, said = what.vocabulary[int(targets[t, 0])], what.vocabulary[best]
            named = dict(phase.numbers)
            assert_allclose(named[f"target: p({target})"], right, rtol=1e-5)
            assert_allclose(named["loss, smoothed" if smoothing else f"loss −log p({target})"], loss, rtol=1e-5)
            assert ("Loss = −0.9 log p('" in phase.words) == (smoothing > 0)
            assert (f"predicted: p({said})" in named) == (said != target)
            if said != target:
                assert_allclose(named[f"predicted: p({said})"], p[t, best].item(), rtol=1e-5)
            assert f"it predicts '{said}'" in phase.words
    assert trainer.total is not None
    last = [phase for phase in found if phase.kind == "loss"][-1]
    assert_allclose(last.numbers[-1][1], trainer.total.item(), rtol=1e-6)


@pytest.mark.sampled(5)
@pytest.mark.parametrize("what", CASES, ids=name)
def test_update_tells_how_far_each_matrix_moves(what: Experiment) -> None:
    session, other = Session(what), Session(what)
    while not other.trainer.at_end_of_pass:
        other.tick()
        phases_of_tick(session)
    gradients = [weight.grad for weight in other.trainer.model.parameters() if weight.grad is not None]
    steepness = math.sqrt(sum(float((each**2).sum()) for each in gradients))
    before = {key: value.detach().clone() for key, value in other.trainer.model.named_parameters()}
    other.trainer.finish_update()
    phase = phases_of_tick(session)[0]
    assert (phase.kind, phase.time_step) == ("update", 0)
    assert_allclose(dict(phase.numbers)["‖∂L/∂W‖"], steepness, rtol=1e-5)
    assert ("clipped" in phase.words) == (0 < what.training.clip < steepness)
    assert ("SGD μ=0.9 moves" in phase.words) == (what.training.momentum > 0)
    assert len(phase.moved) == len(before)
    for each, (key, weight) in zip(phase.moved, other.trainer.model.named_parameters(), strict=True):
        assert each.name == key.removeprefix("recurrent.")
        distance = float((weight - before[key]).detach().norm())
        assert_allclose(each.distance, distance, rtol=1e-5)
        assert_allclose(each.relative, distance / float(before[key].norm()), rtol=1e-5)
        assert distance > 0


# ---- what is shown at each phase ------------------------------------------------------------------------------------


@pytest.mark.sampled(5)
@pytest.mark.parametrize("what", EVERY, ids=name)
def test_nothing_is_shown_before_it_is_computed_and_nothing_changes_afterwards(what: Experiment) -> None:
    session = Session(what)
    session.tick()
    seen: list[tuple[Any, Any]] = []
    phases_of_tick_or_pass = 0
    while phases_of_tick_or_pass < 2:
        session.phases.next()
        seen.append((session.probe.states(EVERYTHING), session.probe.steps(EVERYTHING)))
        phase = session.probe.phase(EVERYTHING)
        assert phase is not None
        status = status_of(session, playing=True, speed=1, slow=2)
        steps = seen[-1][1]
        outputs = steps.top if what.training.learn else steps.outputs
        assert status.fed == len(outputs)
        assert status.slow == 2
        if phase.kind == "update":
            assert all(each.h.size == 0 for each in seen[-1][0])
            seen.clear()
        elif phase.kind == "cell":
            (mine,) = (each for each in seen[-1][0] if (each.layer, each.direction) == (phase.layer, phase.direction))
            assert mine.skip <= phase.time_step < mine.h.shape[1]
            assert mine.skip == (phase.time_step if phase.direction else 0)
            assert mine.h.shape[1] == (what.length if phase.direction else phase.time_step + 1)
        if not session.is_held:
            phases_of_tick_or_pass += 1
            for states, steps in seen:
                for mine, whole in zip(states, session.probe.states(EVERYTHING), strict=True):
                    there = slice(mine.skip, mine.h.shape[1])
                    assert_allclose(mine.h[:, there], whole.h[:, there], atol=1e-6)
                known = session.probe.steps(EVERYTHING)
                assert_allclose(steps.top_p, known.top_p[: len(steps.top_p)])
            seen.clear()


def test_the_phases_come_in_the_order_of_the_equations() -> None:
    def short(network: Network, **more: Any) -> str:
        moments = plan(network, **more)
        return " ".join(
            f"{each.kind[0]}{each.step}" + (str(each.layer) if each.kind == "cell" else "") for each in moments
        )

    assert short(Network(), start=2, stop=3) == "e2 c20 s2 l2"
    assert short(Network(layers=2, head="linear"), start=0, stop=2, update=True, backward=True) == (
        "u0 e0 c00 c01 h0 s0 l0 e1 c10 c11 h1 s1 l1 b1 b0"
    )
    assert short(Network(), start=0, stop=2, learns=False) == "e0 c00 e1 c10"
    both = Network(bidirectional=True, layers=2, head="linear")
    assert short(both, start=0, stop=2, backward=True) == (
        "e0 e1 c00 c10 c10 c00 c01 c11 c11 c01 h0 s0 l0 h1 s1 l1 b1 b0 b0 b1 b1 b0 b0 b1"
    )


@pytest.mark.sampled(5)
@pytest.mark.parametrize("what", EVERY, ids=name)
def test_words_are_one_line_that_fits_a_small_screen(what: Experiment) -> None:
    session = Session(what)
    kinds = set()
    while session.trainer.epoch < 3:
        for phase in phases_of_tick(session):
            kinds.add(phase.kind)
            assert len(phase.words) <= 90, phase.words
            assert "\n" not in phase.words
            assert all(isinstance(value, float) for _, value in phase.numbers)
    if what.training.learn:
        said = "head" if what.is_numbers else "softmax"
        assert kinds >= {"update", "embed", "cell", said, "loss", "backward"}


@pytest.mark.parametrize("network", [{}, {"bidirectional": True, **LINEAR}, {"cell": "rnn-relu", **LINEAR}])
def test_the_equation_has_the_state_before_on_its_right_side(network: dict[str, Any]) -> None:
    tick = "sequence" if network.get("bidirectional") else "character"
    session, seen = Session(experiment(network, tick=tick)), set()
    while not session.trainer.at_end_of_pass:
        for phase in phases_of_tick(session):
            if phase.kind == "cell" and "W_hh" in phase.words:
                left, _, right = phase.words.rpartition(": ")[2].partition(" = ")
                first = phase.time_step == (session.trainer.length - 1 if phase.direction else 0)
                before = "h₀" if first else "hₜ₊₁" if phase.direction else "hₜ₋₁"
                assert left == "hₜ"
                assert f"W_hh {before} + b_hh" in right
                seen.add((phase.direction, first))
    assert seen >= {(0, False)}


def test_the_run_holds_behind_the_last_phase_of_its_last_tick() -> None:
    session = Session(experiment(epochs=1))
    going = []
    while not session.done or session.is_held:
        going.append(session.phases.next())
    assert going == [True] * (len(going) - 1) + [False]
    phase = session.probe.phase(EVERYTHING)
    assert phase is not None
    assert (phase.kind, phase.time_step) == ("backward", 0)
    assert "epoch is done" in session.hold.notice


def test_a_loss_that_is_no_number_is_shown_and_holds() -> None:
    session = Session(experiment({"cell": "rnn-relu", **LINEAR}, optimizer="sgd", lr=1e6))
    while session.phases.next():
        assert session.trainer.epoch < 50
    phase = session.probe.phase(EVERYTHING)
    assert phase is not None
    assert "loss turned" in session.hold.notice
    assert not all(np.isfinite([value for _, value in phase.numbers]))


def shown(session: Session) -> tuple[Any, ...]:
    """Return all that a frame holds at a phase."""
    probe = session.probe
    phase, steps = probe.phase(EVERYTHING), probe.steps(EVERYTHING)
    status = status_of(session, playing=False, speed=1, slow=1)
    place = (status.tick, status.epoch, status.fed, status.loss, status.running_loss)
    states = [(each.layer, each.direction, each.skip, each.h.tolist()) for each in probe.states(EVERYTHING)]
    gradients = [] if phase is None else [(each.first, each.norms.tolist()) for each in phase.gradients]
    words = None if phase is None else (phase.kind, phase.time_step, phase.layer, phase.words, phase.numbers)
    return place, words, gradients, states, steps.target_p.tolist(), steps.top.tolist()


def phase_back(session: Session) -> None:
    """As the command does."""
    if not session.phases.show_before():
        tick, number = session.phases.before()
        session.go_to(tick)
        session.phases.go_to(tick, number)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("what", CASES, ids=name)
def test_one_phase_back_is_what_was_there(what: Experiment) -> None:
    session = Session(what)
    seen = []
    while session.trainer.ticks < (2 * what.length + 1 if what.training.tick == "character" else 2):
        session.phases.next()
        seen.append(shown(session))
    for before in reversed(seen[:-1]):
        phase_back(session)
        assert shown(session) == before
    with pytest.raises(HistoryError, match="first phase of the first tick"):
        phase_back(session)
    for after in seen[1:]:  # and on again
        session.phases.next()
        assert shown(session) == after


@pytest.mark.parametrize("what", [CASES[0], CASES[3]], ids=name)
def test_losses_are_the_same_after_ways_back(what: Experiment) -> None:
    expected = ticks(Session(what), 14)[-1]
    session = Session(what)
    for _ in range(40):
        for _ in range(3):
            session.phases.next()
        for _ in range(2):
            phase_back(session)
    session.go_to(session.branch.newest)
    while session.trainer.ticks < 14:
        session.tick()
    session.go_to(14)
    assert bits(session) == expected


def test_the_next_part_is_where_backward_and_the_update_begin() -> None:
    session = Session(LESSONS["remember"])
    places = []
    for _ in range(7):
        session.phases.next_part()
        motion = session.probe.motion
        assert motion is not None
        places.append((motion.now.kind, motion.now.step, session.trainer.ticks))
    last = LESSONS["remember"].length - 1
    backward, update, forward = ("backward", last), ("update", 0), ("embed", 0)
    assert places == [
        (*forward, 0),
        (*backward, 1),
        (*update, 1),
        (*forward, 1),
        (*backward, 2),
        (*update, 2),
        (*forward, 2),
    ]


def test_without_learning_the_next_part_is_the_next_pass() -> None:
    lesson = LESSONS["hello-cell"]
    session = Session(replace(lesson, training=replace(lesson.training, epochs=0)))
    for epoch in (1, 2, 3):
        session.phases.next_part()
        motion = session.probe.motion
        assert motion is not None
        assert (motion.now.kind, motion.now.step, session.trainer.epoch) == ("embed", 0, epoch)


def test_gradients_of_units_are_those_of_autograd() -> None:
    what = CASES[1]
    session = Session(what)
    while (phase := session.probe.phase(EVERYTHING)) is None or phase.kind != "backward" or phase.time_step != 2:
        session.phases.next()
    expected = state_gradients(session.trainer)
    largest = 0.0
    for each in phase.gradients:
        assert each.values is not None
        wanted = expected[each.layer][each.direction]
        assert_allclose(each.values, wanted[2:, 0].T, rtol=1e-4, atol=1e-7)
        largest = max(largest, float(wanted[:, 0].abs().max()))
    assert {each.layer for each in phase.gradients} == {0, 1}
    assert phase.largest_value == pytest.approx(largest, rel=1e-4)
