"""The optimisers are torch's own, to the bit: 20 updates of each with its options, from plain PyTorch."""

from typing import Any

import pytest
import torch
from msgspec.structs import replace
from torch import Tensor, nn

from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict

CPU = torch.device("cpu")


def experiment(**training: Any) -> Experiment:
    return from_dict({"data": {"inputs": ["hihello"]}, "training": {"seed": 4, "tick": "sequence", **training}})


ADAMW = (torch.optim.AdamW, "adamw")
SGD = (torch.optim.SGD, "sgd")


def plain(kind: Any, options: dict[str, Any], momenta: dict[int, float]) -> tuple[list[float], list[Tensor]]:
    """`hihell -> ihello`: the losses and the weights; `momenta` begin with those updates, counted from 0."""
    torch.manual_seed(4)
    network = nn.RNN(5, 5)
    optimizer = kind(network.parameters(), fused=True, **options)
    x, y = torch.eye(5)[[1, 2, 1, 0, 3, 3]][:, None], torch.tensor([2, 1, 0, 3, 3, 4])
    losses = []
    for update in range(20):
        if update in momenta:
            optimizer.param_groups[0]["momentum"] = momenta[update]
        loss = nn.functional.cross_entropy(network(x)[0][:, 0], y, reduction="sum")
        losses.append(loss.item())
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    return losses, [each.detach() for each in network.parameters()]


@pytest.mark.parametrize(
    ("which", "options"),
    [
        (ADAMW, {"lr": 0.05, "weight_decay": 0.3}),
        (ADAMW, {"lr": 0.05, "weight_decay": 0.0}),
        (SGD, {"lr": 0.05, "momentum": 0.9}),
        (SGD, {"lr": 0.05, "momentum": 0.5, "weight_decay": 0.1}),
    ],
)
def test_it_is_torchs_own_to_the_bit(which: Any, options: dict[str, Any]) -> None:
    kind, name = which
    losses, weights = plain(kind, options, {})
    trainer = Trainer(experiment(optimizer=name, **options), CPU)
    found = []
    for _ in range(20):
        trainer.tick()
        assert trainer.total is not None
        found.append(trainer.total.item())
    trainer.finish_update()
    assert found == losses
    assert all(map(torch.equal, (each.detach() for each in trainer.model.parameters()), weights))


@pytest.mark.parametrize("ways", [(0.0, 0.9, 0.0), (0.9, 0.0, 0.5)])
def test_momentum_changes_on_the_way_and_back_as_torchs_own(ways: tuple[float, float, float]) -> None:
    """A fork at tick 5 prepares update 5, counted from 1: the first that is made in the new way."""
    first, second, third = ways
    losses, weights = plain(torch.optim.SGD, {"lr": 0.05, "momentum": first}, {4: second, 11: third})
    what = experiment(optimizer="sgd", lr=0.05, momentum=first, epochs=20)
    changes = tuple(
        Change(tick=tick, training=replace(what.training, momentum=each)) for tick, each in ((5, second), (12, third))
    )
    session = Session(what, changes=changes)
    for _ in range(20):
        session.tick()
    session.go_to(9)
    for _ in range(11):
        session.tick()
    session.trainer.finish_update()
    assert list(session.losses) == losses
    assert all(map(torch.equal, (each.detach() for each in session.trainer.model.parameters()), weights))
