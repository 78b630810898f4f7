"""The training loop: what one tick does, and when and how the update is made."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import Tensor, nn

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict

CPU = torch.device("cpu")
CLOSE: dict[str, Any] = {"rtol": 1e-5, "atol": 1e-6}
FUSED: dict[str, Any] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


def experiment(network: dict[str, Any] | None = None, **training: Any) -> Experiment:
    """`hihell -> ihello`, and in a second row `lolihe -> hiehol`: two rows show what one hides."""
    data = {"inputs": ["hihell", "lolihe"], "targets": ["ihello", "hiehol"], "vocabulary": "hielo"}
    return from_dict({"data": data, "network": network or {}, "training": {"seed": 3, **training}})


def one_hot() -> Tensor:
    return torch.eye(5)[_indices("hihell", "lolihe")]


def answers() -> Tensor:
    return _indices("ihello", "hiehol")


def _indices(*rows: str) -> Tensor:
    steps = zip(*rows, strict=True)
    return torch.tensor([["hielo".index(character) for character in step] for step in steps])


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
    network: nn.RNNBase = FUSED[cell](5, 5)
    return network


def plain_loss(network: nn.RNNBase) -> Tensor:
    """Summed over time, averaged over the rows, for one-hot inputs and direct heads."""
    output, _ = network(one_hot())
    loss: Tensor = -output.log_softmax(-1).gather(2, answers()[:, :, None]).sum() / 2
    return loss


# ---- ticks ----


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_character_tick_feeds_one_character(cell: str) -> None:
    trainer, network = Trainer(experiment({"cell": cell}), CPU), plain(cell)
    for k in range(1, 7):
        trainer.tick()
        output, h_k = network(one_hot()[:k])
        assert (trainer.ticks, trainer.epoch, trainer.fed) == (k, 1, k)
        for state, expected in zip(_parts(trainer.state), _parts(h_k), strict=True):
            assert_allclose(state.detach(), expected.detach(), **CLOSE)
        assert_allclose(torch.cat(trainer.logits), output.detach(), **CLOSE)


def _parts(state: Tensor | tuple[Tensor, Tensor]) -> tuple[Tensor, ...]:
    return state if isinstance(state, tuple) else (state,)


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


@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("tick", ["character", "sequence"])
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
    for one, other in pairwise(seen):
        assert all(torch.equal(*pair) for pair in zip(one, other, strict=True))


OPTIMIZERS: dict[str, Any] = {
    "adam": torch.optim.Adam,
    "sgd": torch.optim.SGD,
    "rmsprop": torch.optim.RMSprop,
}


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
            for parameter, gradient in zip(network.parameters(), gradients, strict=True):
                parameter.sub_(0.5 * gradient * min(1.0, clip / norm))
    for weight, theirs in zip(weights(trainer), network.parameters(), strict=True):
        assert_allclose(weight, theirs.detach(), rtol=1e-4, atol=1e-5)
