"""Schedules, weight decay and accumulation, against plain loops with torch's own optimisers and schedulers."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from numpy.testing import assert_allclose
from torch import Tensor, nn
from torch.optim import lr_scheduler

from rnn_tui.engine.answers.weights import weights_facts
from rnn_tui.engine.inspect.focus import Focus
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.session.status import status_of
from rnn_tui.engine.training.lr_schedule import Plateau, learning_rate
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.inspect.weights import WeightsAsk
from tests.engine.training.test_branches import bits, equal, session_of
from tests.examples import examples

CPU = torch.device("cpu")
SCHEDULES: dict[str, dict[str, Any]] = {
    "constant": {},
    "step": {"schedule": "step", "schedule_every": 4, "schedule_factor": 0.3},
    "cosine": {"schedule": "cosine", "schedule_factor": 0.05},
    "plateau": {"schedule": "plateau", "schedule_every": 1, "schedule_factor": 0.5},
}
OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": torch.optim.SGD,
    "rmsprop": torch.optim.RMSprop,
}


def experiment(**training: Any) -> Experiment:
    """`hihell -> ihello`, one-hot, nn.RNN, the state as logits."""
    return from_dict({"data": {"inputs": ["hihello"]}, "training": {"seed": 4, "epochs": 30, **training}})


def scheduler(optimizer: torch.optim.Optimizer, training: dict[str, Any], total: int) -> Any:
    """Torch's own of that name."""
    lr = optimizer.param_groups[0]["lr"]
    every, factor = training.get("schedule_every", 0), training.get("schedule_factor", 0.1)
    match training.get("schedule", "constant"):
        case "step":
            return lr_scheduler.StepLR(optimizer, every, factor)
        case "cosine":
            return lr_scheduler.CosineAnnealingLR(optimizer, every or total, lr * factor)
        case "plateau":
            return lr_scheduler.ReduceLROnPlateau(optimizer, factor=factor, patience=every)
    return lr_scheduler.ConstantLR(optimizer, 1.0)


def notebook(epochs: int, *, optimizer: str, lr: float = 0.1, weight_decay: float = 0.0, clip: float = 0.0,
             accumulate: int = 1, **training: Any) -> tuple[list[float], list[float], list[Tensor]]:  # fmt: skip
    """Losses, the rate of each update, and the weights in the end."""
    torch.manual_seed(4)
    network = nn.RNN(5, 5)
    steps = OPTIMIZERS[optimizer](network.parameters(), lr=lr, weight_decay=weight_decay)
    rates = scheduler(steps, training, math.ceil(30 / accumulate))
    inputs, targets = (torch.tensor(["ehilo".index(each) for each in text]) for text in ("hihell", "ihello"))
    losses, used = [], []
    for epoch in range(1, epochs + 1):
        output, _ = network(torch.eye(5)[inputs])
        loss = nn.functional.cross_entropy(output, targets, reduction="sum")
        (loss / accumulate).backward()  # type: ignore[no-untyped-call]
        losses.append(loss.item())
        if epoch % accumulate == 0:
            if clip:
                nn.utils.clip_grad_norm_(network.parameters(), clip)
            used.append(steps.param_groups[0]["lr"])
            steps.step()
            steps.zero_grad()
        if training.get("schedule") == "plateau":
            rates.step(losses[-1])
        elif epoch % accumulate == 0:
            rates.step()
    return losses, used, [each.detach() for each in network.parameters()]


def ours(epochs: int, **training: Any) -> tuple[list[float], list[float], list[Tensor]]:
    """The same from a session, by character."""
    session = Session(experiment(**training))
    used: list[float] = []
    for _ in range(epochs):
        while session.tick() and not session.trainer.at_end_of_pass:
            pass
        if session.trainer.is_due:
            used.append(status_of(session, playing=True, speed=0).lr)
    session.trainer.finish_update()
    return list(session.losses), used, [each.detach() for each in session.trainer.model.parameters()]


@pytest.mark.sampled(18)
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("more", [{}, {"weight_decay": 0.02}, {"accumulate": 3, "clip": 0.5, "weight_decay": 0.01}])
def test_it_learns_as_torchs_own_optimisers_and_schedulers_do(schedule: str, optimizer: str, more: Any) -> None:
    lr = {"adam": 0.1, "adamw": 0.1, "sgd": 2.0 if schedule == "plateau" else 0.1, "rmsprop": 0.02}[
        optimizer
    ]  # 2: losses rise
    training = {"optimizer": optimizer, "lr": lr, **more, **SCHEDULES[schedule]}
    losses, rates, weights = ours(15, **training)
    plain, plain_rates, plain_weights = notebook(15, **training)
    assert_allclose(losses, plain, rtol=1e-4)
    assert_allclose(rates, plain_rates, rtol=1e-9)
    if (schedule, optimizer) not in [
        ("plateau", "adam"),
        ("plateau", "adamw"),
        ("plateau", "rmsprop"),
    ]:  # which may fall all the time
        assert (len(set(rates)) > 1) == (schedule != "constant")
    for mine, other in zip(weights, plain_weights, strict=True):
        assert_allclose(mine, other, rtol=1e-3, atol=1e-3)


def test_weight_decay_and_accumulation_change_the_numbers() -> None:
    """Or else the loops above would agree on nothing."""
    plain, _, _ = ours(20, optimizer="adam")
    assert abs(plain[-1] - ours(20, optimizer="adam", weight_decay=0.02)[0][-1]) > 1e-3
    collected, _, _ = ours(20, optimizer="adam", accumulate=4)
    assert collected[0] == collected[3] != collected[4]  # zeros for h_0: the weights alone make the loss


@given(st.integers(1, 60), st.floats(1e-6, 10), st.floats(0.001, 1), st.sampled_from(["step", "cosine"]))
@settings(max_examples=examples(40))
def test_rates_follow_from_the_number_of_the_update_alone(every: int, lr: float, factor: float, schedule: str) -> None:
    training = {"schedule": schedule, "schedule_every": every, "schedule_factor": factor, "lr": lr}
    parameter = nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=lr)
    rates = scheduler(optimizer, training, 0)
    for update in range(every + 1 if schedule == "cosine" else 3 * every):
        assert_allclose(
            learning_rate(experiment(**training), update, Plateau()), optimizer.param_groups[0]["lr"], rtol=1e-6
        )
        optimizer.step()
        rates.step()


@pytest.mark.parametrize("schedule", ["constant", "step", "cosine"])
@pytest.mark.parametrize("warmup", [1, 6])
def test_a_warm_up_is_torchs_linear_before_its_schedule(schedule: str, warmup: int) -> None:
    """A cosine that ends with the last update does so with a warm-up too."""
    training = {**SCHEDULES[schedule], "lr": 0.3}
    what = experiment(**training, warmup=warmup, epochs=24)
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.3)
    after = scheduler(optimizer, training, 24 - warmup)
    rises = lr_scheduler.LinearLR(optimizer, 1 / (warmup + 1), total_iters=warmup)
    rates = lr_scheduler.SequentialLR(optimizer, [rises, after], [warmup])
    for update in range(25):
        assert_allclose(learning_rate(what, update, Plateau()), optimizer.param_groups[0]["lr"], rtol=1e-6)
        optimizer.step()
        rates.step()


@pytest.mark.parametrize("accumulate", [1, 2])
def test_losses_and_the_curve_of_rates_have_the_warm_up(accumulate: int) -> None:
    training = {"optimizer": "sgd", "lr": 0.05, "warmup": 3, "accumulate": accumulate}
    losses, used, _ = ours(12, **training)
    torch.manual_seed(4)
    network = nn.RNN(5, 5)
    inputs, targets = (torch.tensor(["ehilo".index(each) for each in text]) for text in ("hihell", "ihello"))
    expected, rates = [], [0.0125, 0.025, 0.0375] + [0.05] * 9
    for epoch in range(12):
        loss = nn.functional.cross_entropy(network(torch.eye(5)[inputs])[0], targets, reduction="sum")
        expected.append(loss.item())
        torch.autograd.backward(loss / accumulate)
        if (epoch + 1) % accumulate == 0:
            torch.optim.SGD(network.parameters(), lr=rates[epoch // accumulate]).step()
            network.zero_grad()
    assert_allclose(losses, expected, rtol=1e-5)
    assert_allclose(used, rates[: 12 // accumulate], rtol=1e-12)


def test_a_plateau_counts_the_epochs_after_the_warm_up() -> None:
    trainer = Trainer(experiment(schedule="plateau", schedule_every=2, warmup=5, tick="sequence"), CPU)
    trainer.plateau = Plateau(best=0.0)  # nothing is better
    cuts = []
    for _ in range(12):
        trainer.tick()
        trainer.finish_update()
        cuts.append(trainer.plateau.cuts)
    assert cuts == [0] * 7 + [1] * 3 + [2] * 2  # the sixth and seventh epoch are waited for, the eighth cuts


def test_a_cosine_stays_at_its_lowest() -> None:
    what = experiment(schedule="cosine", schedule_factor=0.25, epochs=10)
    assert [learning_rate(what, update, Plateau()) for update in (10, 11, 1000)] == pytest.approx([0.025] * 3)


def test_what_is_not_said_suits_the_schedule() -> None:
    thirds = experiment(schedule="step", epochs=30, accumulate=2)  # 15 updates
    assert [learning_rate(thirds, update, Plateau()) for update in (4, 5, 10)] == pytest.approx([0.1, 0.01, 0.001])
    assert learning_rate(experiment(schedule="cosine", epochs=20), 10, Plateau()) == pytest.approx(0.055)
    trainer = Trainer(experiment(schedule="plateau"), CPU)
    trainer.plateau = Plateau(best=0.0)  # nothing is better
    cuts = []
    for _ in range(24):
        trainer.tick()
        while not trainer.at_end_of_pass:
            trainer.tick()
        trainer.finish_update()
        cuts.append(trainer.plateau.cuts)
    assert cuts == [0] * 10 + [1] * 11 + [2] * 3  # as torch: after more than ten


@given(st.lists(st.floats(0, 10) | st.just(math.nan), max_size=40), st.integers(1, 4))
@settings(max_examples=examples(60))
def test_a_plateau_is_torchs(losses: list[float], waits: int) -> None:
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=waits, eps=0)
    plateau = Plateau()
    for loss in losses:
        theirs.step(loss)
        plateau = plateau.after(loss, waits)
        assert optimizer.param_groups[0]["lr"] == 0.5**plateau.cuts


# ---- accumulation ----


def test_an_update_takes_the_average_of_its_passes_to_the_bit() -> None:
    """With h_0 drawn anew for each pass, so that every gradient is another one."""
    network = {"initial_state": "random"}
    what = from_dict({"data": {"inputs": ["hihello"]}, "network": network,
                      "training": {"seed": 4, "accumulate": 3, "optimizer": "sgd", "tick": "sequence"}})  # fmt: skip
    trainer = Trainer(what, CPU)
    torch.manual_seed(4)
    plain = nn.RNN(5, 5)
    optimizer = torch.optim.SGD(plain.parameters(), lr=0.1, fused=True)
    inputs, targets = (torch.tensor(["ehilo".index(each) for each in text]) for text in ("hihell", "ihello"))
    for update in range(1, 5):
        for passes in range(1, 4):
            trainer.tick()
            output, _ = plain(torch.eye(5)[inputs][:, None], trainer.h_0)
            torch.autograd.backward(nn.functional.cross_entropy(output[:, 0], targets, reduction="sum"))
            assert (trainer.collected, trainer.updates, trainer.is_due) == (passes, update - 1, passes == 3)
            for mine, other in zip(trainer.gradients(), plain.parameters(), strict=True):
                assert mine is not None
                assert other.grad is not None
                assert_allclose(mine, other.grad / passes, rtol=1e-6)
            if update == passes == 2:
                focus = Focus(observed=trainer, row=0, first=0, stop=6, fed=6)
                facts = weights_facts(focus, WeightsAsk(kind="gradient", matrix=0, matrices=1, rows=9, columns=9))
                assert facts.note.startswith("2 of 3 passes are collected")
                gradient = plain.weight_ih_l0.grad
                assert isinstance(gradient, Tensor)
                values = facts.matrices[0].values
                assert values is not None
                assert_allclose(values, gradient / 2, rtol=1e-6)
            before = [each.detach().clone() for each in trainer.model.parameters()]
            trainer.finish_update()
            moved = any(not torch.equal(a, b) for a, b in zip(before, trainer.model.parameters(), strict=True))
            assert moved == (passes == 3)
        for weight in plain.parameters():
            assert weight.grad is not None
            weight.grad /= 3
        optimizer.step()
        optimizer.zero_grad()
        for mine, other in zip(trainer.model.parameters(), plain.parameters(), strict=True):
            assert torch.equal(mine, other)


def test_slow_motion_says_that_gradients_are_collected() -> None:
    session = Session(experiment(accumulate=2, tick="sequence"))
    said = []
    session.tick()
    for _ in range(4):
        session.phases.next()  # the update that the last tick has prepared
        phase = session.probe.phase(Wanted(count=6))
        assert phase is not None
        assert phase.numbers[0][1] > 0
        said.append((phase.words.partition(":")[0], any(each.distance for each in phase.moved)))
        session.finish_tick()
    assert said == [("No update yet", False), ("Update", True)] * 2


# ---- going back ----

BACK = [
    *SCHEDULES.values(),
    {"accumulate": 3},
    {"warmup": 6, **SCHEDULES["plateau"]},
    {"accumulate": 4, "clip": 0.3, "weight_decay": 0.01, **SCHEDULES["plateau"]},
    {"optimizer": "sgd", "lr": 0.7, "accumulate": 2, **SCHEDULES["step"]},
]


@pytest.fixture
def dense(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a state after about every second pass."""
    monkeypatch.setattr("rnn_tui.engine.training.branches._SPACING", 2.0)
    monkeypatch.setattr("rnn_tui.engine.session.replay._LONGEST", math.inf)


def told(session: Session) -> list[Tensor]:
    trainer = session.trainer
    return [*bits(session), torch.tensor([trainer.lr, trainer.updates, trainer.collected], dtype=torch.float64)]


@pytest.mark.usefixtures("dense")
@pytest.mark.parametrize("training", BACK)
@pytest.mark.parametrize("tick", ["character", "sequence"])
def test_every_tick_comes_back_to_the_bit(training: dict[str, Any], tick: str) -> None:
    session = session_of(experiment(**{"lr": 0.3, **training}, epochs=60, tick=tick))
    past = [told(session)]
    for _ in range(59):
        session.tick()
        past.append(told(session))
    for at in (58, 30, 31, 13, 0, 1, 47, 59, 22):
        session.go_to(at)
        assert equal(told(session), past[at]), at
    session.go_to(7)
    for at in range(8, 60):
        session.tick()
        assert equal(told(session), past[at]), at


@pytest.mark.usefixtures("dense")
def test_a_schedule_that_begins_or_ends_on_the_way_comes_back_too() -> None:
    session = session_of(experiment(lr=0.5, optimizer="sgd", tick="sequence", epochs=99))
    changes: dict[int, dict[str, Any]] = {
        5: SCHEDULES["plateau"],
        20: {"lr": 0.2},
        30: SCHEDULES["step"],
        38: {"accumulate": 3},
        47: {"schedule": "constant"},
    }
    past = {}
    for at in range(60):
        if at in changes:
            session.learn(replace(session.experiment.training, **changes[at]))
        past[at] = told(session)
        session.tick()
    for at in (59, 6, 21, 40, 19, 46, 48, 2):
        session.go_to(at)
        assert equal(told(session), past[at]), at


def test_another_rate_on_the_way_is_the_rate_from_there_on() -> None:
    what = experiment(**SCHEDULES["plateau"], optimizer="sgd", lr=2.0, tick="sequence", epochs=99)
    session = Session(what, changes=(Change(tick=40, training=replace(what.training, lr=0.25)),))
    for _ in range(39):
        session.tick()
    assert session.trainer.lr < 2.0
    session.tick()
    assert session.trainer.lr == 0.25


def test_weight_decay_can_change_on_the_way() -> None:
    what = experiment(optimizer="sgd", tick="sequence", lr=0.05)
    session = Session(what, changes=(Change(tick=5, training=replace(what.training, weight_decay=0.1)),))
    for _ in range(5):
        session.tick()
    plain = [weight.detach().clone().requires_grad_() for weight in session.trainer.model.parameters()]
    for weight, gradient in zip(plain, session.trainer.gradients(), strict=True):
        weight.grad = gradient
    torch.optim.SGD(plain, lr=0.05, weight_decay=0.1).step()
    session.trainer.finish_update()
    for mine, other in zip(session.trainer.model.parameters(), plain, strict=True):
        assert_allclose(mine.detach(), other.detach(), rtol=1e-6)
