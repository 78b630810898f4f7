"""The training loop: what one tick does, when the update is made, and that looking changes nothing."""

import subprocess
import sys
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import Tensor, nn

from rnn_tui.engine.session import Session
from rnn_tui.engine.shapes import checks, tensor_facts
from rnn_tui.engine.trainer import Trainer
from rnn_tui.experiment import Experiment, ExperimentError, from_dict
from rnn_tui.protocol import CurveWanted, Wanted

CPU = torch.device("cpu")
CLOSE: dict[str, Any] = {"rtol": 1e-5, "atol": 1e-6}
EVERYTHING = Wanted(count=99, top=3, units=99, layers=(0, 99), first=0, tensors=True)
LINEAR = {"hidden_size": 7, "head": "linear"}
FUSED = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


def experiment(network: dict[str, Any] | None = None, **training: Any) -> Experiment:
    """`hihell -> ihello`, and in a second row `lolihe -> hiehol`: two rows show what one hides."""
    data = {"inputs": ["hihell", "lolihe"], "targets": ["ihello", "hiehol"], "vocabulary": "hielo"}
    return from_dict({"data": data, "network": network or {}, "training": {"seed": 3, **training}})


def one_hot() -> Tensor:
    return torch.eye(5)[torch.tensor([["hielo".index(a), "hielo".index(b)] for a, b in zip("hihell", "lolihe", strict=True)])]


def answers() -> Tensor:
    return torch.tensor([["hielo".index(a), "hielo".index(b)] for a, b in zip("ihello", "hiehol", strict=True)])


def epoch(trainer: Trainer) -> float:
    """Ticks to the end of a pass; its loss."""
    trainer.tick()
    while not trainer.at_end_of_pass:
        trainer.tick()
    assert trainer.total is not None
    return trainer.total.item()


def weights(trainer: Trainer) -> list[Tensor]:
    return [weight.detach().clone() for weight in trainer.model.parameters()]


def plain(cell: str = "rnn") -> nn.RNNBase:
    """The network of `experiment({"cell": cell})`, made here."""
    torch.manual_seed(3)
    return FUSED[cell](5, 5)


def plain_loss(network: nn.RNNBase) -> Tensor:
    """Summed over time, averaged over the rows, for one-hot inputs and direct heads."""
    output, _ = network(one_hot())
    return -output.log_softmax(-1).gather(2, answers()[:, :, None]).sum() / 2


# ---- ticks ----


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_character_tick_feeds_one_character(cell: str) -> None:
    trainer, network = Trainer(experiment({"cell": cell}), CPU), plain(cell)
    for k in range(1, 7):
        trainer.tick()
        output, h_k = network(one_hot()[:k])
        assert (trainer.ticks, trainer.epoch, trainer.fed) == (k, 1, k)
        for state, expected in zip(*((part if isinstance(part, tuple) else (part,)) for part in (trainer.state, h_k)), strict=True):
            assert_allclose(state.detach(), expected.detach(), **CLOSE)
        assert_allclose(torch.cat(trainer.logits), output.detach(), **CLOSE)


def test_a_sequence_tick_feeds_the_rest_of_the_sequence() -> None:
    trainer = Trainer(experiment(tick="sequence"), CPU)
    trainer.tick()
    assert (trainer.ticks, trainer.epoch, trainer.fed) == (1, 1, 6)
    trainer.tick()
    assert (trainer.ticks, trainer.epoch, trainer.fed) == (2, 2, 6)


@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("batch_first", [False, True])
def test_the_unit_of_a_tick_changes_no_loss(reduction: str, batch_first: bool) -> None:
    network = {"batch_first": batch_first}
    by_character = Trainer(experiment(network, reduction=reduction), CPU)
    by_sequence = Trainer(experiment(network, reduction=reduction, tick="sequence"), CPU)
    mixed = Trainer(experiment(network, reduction=reduction), CPU)
    for _ in range(5):
        mixed.unit = "character"
        mixed.tick()
        mixed.tick()
        mixed.unit = "sequence"  # in the middle of a pass
        loss = epoch(mixed)
        assert_allclose(loss, epoch(by_character), **CLOSE)
        assert_allclose(loss, epoch(by_sequence), **CLOSE)
    assert (mixed.ticks, by_character.ticks, by_sequence.ticks) == (15, 30, 5)
    assert torch.cat(mixed.logits).shape == (6, 2, 5)


@pytest.mark.parametrize(("reduction", "tick"), [("sum", "character"), ("mean", "character"), ("mean", "sequence"), ("sum", "sequence")])
def test_the_loss_is_averaged_over_the_rows(reduction: str, tick: str) -> None:
    trainer = Trainer(experiment(reduction=reduction, tick=tick), CPU)
    loss = epoch(trainer)
    p = np.exp(torch.cat(trainer.logits).double().numpy())
    p /= p.sum(-1, keepdims=True)
    each = -np.log([[p[t, row, answers()[t, row]] for row in range(2)] for t in range(6)])
    expected = each.sum(0).mean() if reduction == "sum" else each.mean()
    assert_allclose(loss, expected, rtol=1e-6)


# ---- updates ----


@pytest.mark.parametrize("tick", ["character", "sequence"])
def test_the_update_waits_for_the_next_pass(tick: str) -> None:
    trainer = Trainer(experiment(tick=tick), CPU)
    for _ in range(3):
        loss = epoch(trainer)
        network = plain()
        network.load_state_dict(trainer.model.recurrent.state_dict())
        expected = plain_loss(network)
        assert_allclose(loss, expected.item(), rtol=1e-6)  # these weights gave this loss,
        gradients = torch.autograd.grad(expected, list(network.parameters()))
        for weight, gradient in zip(trainer.model.parameters(), gradients, strict=True):
            assert weight.grad is not None
            assert_allclose(weight.grad, gradient, **CLOSE)  # and these are its gradients
        before = weights(trainer)
        trainer.tick()  # begins the next pass, with the update
        assert all(not torch.equal(*pair) for pair in zip(before, weights(trainer), strict=True))


def test_weights_stay_as_they_are_within_a_pass() -> None:
    trainer = Trainer(experiment(), CPU)
    epoch(trainer)
    seen = []
    for _ in range(6):
        trainer.tick()
        seen.append(weights(trainer))
    assert all(torch.equal(*pair) for one, other in pairwise(seen) for pair in zip(one, other, strict=True))


OPTIMIZERS: dict[str, Any] = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD, "rmsprop": torch.optim.RMSprop}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_each_optimiser_is_torchs_own(optimizer: str) -> None:
    trainer, network = Trainer(experiment(optimizer=optimizer, lr=0.02), CPU), plain()
    updater = OPTIMIZERS[optimizer](network.parameters(), lr=0.02)
    for _ in range(20):
        loss = epoch(trainer)
        trainer.finish_update()
        updater.zero_grad()
        expected = plain_loss(network)
        torch.autograd.backward(expected)
        updater.step()
        assert_allclose(loss, expected.item(), rtol=1e-5)
    for weight, theirs in zip(weights(trainer), network.parameters(), strict=True):
        assert_allclose(weight, theirs.detach(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("clip", [0.25, 1000.0])
def test_clip_scales_the_gradient_down_to_that_norm(clip: float) -> None:
    trainer, network = Trainer(experiment(optimizer="sgd", lr=0.5, clip=clip), CPU), plain()
    for _ in range(4):
        epoch(trainer)
        trainer.finish_update()
        gradients = torch.autograd.grad(plain_loss(network), list(network.parameters()))
        norm = float(sum(float((gradient.double() ** 2).sum()) for gradient in gradients) ** 0.5)
        assert 0.25 < norm < 1000  # so that the one clips always and the other never
        with torch.no_grad():
            for weight, gradient in zip(network.parameters(), gradients, strict=True):
                weight -= 0.5 * gradient * min(1.0, clip / norm)
    for weight, theirs in zip(weights(trainer), network.parameters(), strict=True):
        assert_allclose(weight, theirs.detach(), rtol=1e-4, atol=1e-5)


# ---- a session ----


@pytest.mark.parametrize("tick", ["character", "sequence"])
def test_a_loss_that_is_no_number_holds_and_says_where(tick: str) -> None:
    session = Session(experiment({"cell": "rnn-relu", **LINEAR}, optimizer="sgd", lr=1e6, tick=tick))
    while session.tick():
        assert session.trainer.loss is not None
        assert torch.isfinite(session.trainer.loss)
        assert session.trainer.epoch < 50
    trainer = session.trainer
    assert trainer.loss is not None
    assert not torch.isfinite(trainer.loss)
    assert 1 < trainer.epoch < 50
    assert f"tick {trainer.ticks}, epoch {trainer.epoch}:" in session.notice
    assert "smaller learning rate" in session.notice
    assert session.status(playing=False, speed=0).notice == session.notice
    assert not session.done
    session.play_on()  # nothing is better yet, so it holds again
    assert not session.tick()


def test_it_holds_at_the_end_of_its_epochs_and_can_be_played_on() -> None:
    session = Session(experiment(epochs=3))
    assert [session.tick() for _ in range(18)] == [True] * 17 + [False]
    assert session.done
    assert session.status(playing=False, speed=0).state == "done"
    assert "3 epochs are done" in session.notice
    session.play_on()
    assert (session.done, session.notice) == (False, "")
    assert [session.tick() for _ in range(18)] == [True] * 17 + [False]
    assert (session.trainer.epoch, len(session.losses), len(session.character_losses)) == (6, 6, 36)


def test_epochs_0_never_end() -> None:
    session = Session(experiment(epochs=0, tick="sequence"))
    assert all(session.tick() for _ in range(300))
    assert not session.done


def test_the_running_loss_is_that_of_the_steps_fed() -> None:
    for reduction, parts in (("sum", 1), ("mean", 4)):
        session = Session(experiment(reduction=reduction))
        for _ in range(4):
            session.tick()
        p = torch.cat(session.trainer.logits).double().softmax(-1).gather(2, answers()[:4, :, None])
        running = session.status(playing=True, speed=1).running_loss
        assert_allclose(running or 0, -p.log().sum().item() / 2 / parts, rtol=1e-6)


def test_the_curve_of_single_characters_ends_with_character_ticks() -> None:
    session = Session(experiment())
    losses = []
    for _ in range(9):
        session.tick()
        assert session.trainer.loss is not None
        losses.append(session.trainer.loss.item())
    curve = session.character_curve(CurveWanted(columns=99))
    assert curve is not None
    assert_allclose(curve.low, losses)
    assert_allclose(curve.x, np.arange(1, 10) / 6)  # in epochs
    session.set_tick("sequence")
    session.tick()
    assert session.character_curve(CurveWanted(columns=99)) is None  # ticks and characters no longer agree


def test_a_session_keeps_the_rules() -> None:
    with pytest.raises(ExperimentError, match="must be sequence"):
        Session(experiment({"bidirectional": True, **LINEAR}, tick="sequence")).set_tick("character")
    with pytest.raises(ExperimentError, match="seed|-1"):
        Session(experiment()).with_seed(-1)
    with pytest.raises(ExperimentError, match="at least one character"):
        Session(Experiment())._replace if False else Session(from_wire())


def from_wire() -> Experiment:
    """What the wire may bring: well-typed, and not checked against the rules."""
    return Experiment(data=type(Experiment().data)(inputs=()))


# ---- the same numbers ----

LOOKED_AT = [
    experiment(), experiment({"cell": "lstm", **LINEAR, "embedding": 3, "layers": 2, "initial_state": "random"}),
    experiment({"cell": "gru", "initial_state": "random", "implementation": "cell", "batch_first": True}, optimizer="sgd"),
    experiment({"cell": "lstm", **LINEAR, "bidirectional": True, "initial_state": "random"}, tick="sequence", optimizer="rmsprop"),
    experiment({"cell": "rnn-relu", "layers": 2, "initial_state": "random"}, tick="sequence", clip=0.5),
]


def run(what: Experiment, *, look: bool) -> bytes:
    """Losses, weights and the generator's state after 25 ticks, to the bit."""
    session = Session(what)
    for _ in range(25):
        session.tick()
        if look:
            before = torch.get_rng_state()
            session.probe.steps(EVERYTHING)
            assert session.probe.states(EVERYTHING)
            assert tensor_facts(session.trainer)
            checks(session.trainer)
            session.status(playing=True, speed=1)
            assert torch.equal(before, torch.get_rng_state())
    losses = np.array([session.losses.envelope(10**6).low.tobytes(), session.character_losses.envelope(10**6).low.tobytes()])
    gradients = [weight.grad for weight in session.trainer.model.parameters() if weight.grad is not None]
    return b"".join([losses.tobytes(), torch.get_rng_state().numpy().tobytes(),
                     *(tensor.numpy().tobytes() for tensor in [*weights(session.trainer), *gradients])])


@pytest.mark.parametrize("what", LOOKED_AT)
def test_the_same_seed_gives_the_same_bits_looked_at_or_not(what: Experiment) -> None:
    alone = run(what, look=False)
    assert run(what, look=False) == alone
    assert run(what, look=True) == alone


def test_another_seed_gives_other_numbers() -> None:
    assert run(experiment(), look=False) != run(experiment(seed=4), look=False)


def test_no_optimiser_drags_in_torchs_compiler() -> None:
    """It costs a second at the first tick; in a fresh process, since other tests may have imported it."""
    code = """
import sys
from rnn_tui.engine.session import Session
from rnn_tui.experiment import from_dict
for optimizer in ("adam", "sgd", "rmsprop"):
    session = Session(from_dict({"training": {"optimizer": optimizer, "clip": 1.0}}))
    for _ in range(20):
        session.tick()
    assert session.trainer.epoch == 4
print(*(name for name in sys.modules if name.startswith("torch._dynamo")), "end")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("end\n", "")
