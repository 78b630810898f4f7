"""The loss with smoothed targets: against torch's own cross-entropy, and only what is learnt from has it."""

import re
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from numpy.testing import assert_allclose
from torch import nn
from torch.nn import functional as F

from rnn_tui.cli.main import main
from rnn_tui.data.pairs import NONE
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.guessing import guessing
from rnn_tui.engine.training.losses import by_logits, loss_of, step_losses
from rnn_tui.experiment.validate import from_dict

SMOOTHINGS = (0.0, 0.1, 1.0)


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_losses_and_derivatives_are_those_of_torch(smoothing: float) -> None:
    logits = torch.randn(4, 3, 7, generator=torch.Generator().manual_seed(2), dtype=torch.float64).requires_grad_()
    targets = torch.tensor([[0, 6, NONE], [3, NONE, 2], [1, 1, 1], [5, 4, 0]])
    expected = F.cross_entropy(
        logits.reshape(-1, 7), targets.reshape(-1), reduction="none", ignore_index=NONE, label_smoothing=smoothing
    )
    assert_allclose(step_losses(logits, targets, smoothing).detach(), expected.detach().view(4, 3), rtol=1e-12)
    several = torch.full((4, 1), smoothing, dtype=torch.float64)
    assert_allclose(step_losses(logits, targets, several).detach(), expected.detach().view(4, 3), rtol=1e-12)
    assert loss_of(logits, targets, "sum", smoothing).item() == pytest.approx(expected.sum().item(), rel=1e-12)
    assert loss_of(logits, targets, "mean", smoothing).item() == pytest.approx(expected.sum().item() / 10, rel=1e-12)
    (gradient,) = torch.autograd.grad(expected.sum(), logits)
    assert_allclose(by_logits(logits.detach(), targets, smoothing), gradient, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("tick", ["character", "sequence"])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_it_learns_as_a_plain_loop_does(tick: str, reduction: str) -> None:
    training = {"seed": 4, "lr": 0.05, "label_smoothing": 0.2, "tick": tick, "reduction": reduction, "epochs": 20}
    session = Session(from_dict({"data": {"inputs": ["hihello"]}, "training": training}))
    while not session.has_ended:
        session.tick()
    torch.manual_seed(4)
    network = nn.RNN(5, 5)
    loss_function = nn.CrossEntropyLoss(label_smoothing=0.2, reduction=reduction)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.05)
    inputs, targets = (torch.tensor(["ehilo".index(each) for each in text]) for text in ("hihell", "ihello"))
    expected = []
    for _ in range(20):
        loss = loss_function(network(torch.eye(5)[inputs])[0], targets)
        expected.append(loss.item())
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    assert_allclose(list(session.losses), expected, rtol=1e-5)


def test_what_is_held_out_and_guessing_are_without_it(tmp_path: Path) -> None:
    (file := tmp_path / "a.txt").write_text("the cat sat on the mat and the rat sat on the cat " * 12)
    data = {"text": str(file), "holdout": 0.2, "batch": 4, "length": 10}
    scores, guesses, losses = [], [], []
    for smoothing in (0.0, 0.3):
        training = {"label_smoothing": smoothing, "lr": 1e-9, "tick": "sequence", "epochs": 1}
        session = Session(from_dict({"data": data, "network": {"head": "linear"}, "training": training}), history=0)
        while not session.has_ended:
            session.tick()
        session.recording.evaluate()
        newest = session.branch.held_out.newest()
        assert newest is not None
        scores.append(newest.loss)
        guesses.append(guessing(session.trainer))
        losses.append(session.losses.last())
    assert scores[0] == pytest.approx(scores[1], rel=1e-5)
    assert guesses[0] == guesses[1]
    assert losses[0] != pytest.approx(losses[1], rel=1e-4)


def test_numbers_have_no_use_for_it() -> None:
    with pytest.raises(ValueError, match="no use for numbers: it must be 0"):
        from_dict({"data": {"series": "sine"}, "training": {"label_smoothing": 0.1}})


def test_the_last_line_says_of_which_loss_guessing_is() -> None:
    lines = []
    for smoothing in ("0", "0.1"):
        options = ["--no-save", "--epochs", "2", "--label-smoothing", smoothing]
        lines.append(CliRunner().invoke(main, ["train", "hihello-sequence", *options]).stdout)
    assert re.search(r"guessing 1\.5607 ·", lines[0])
    assert re.search(r"guessing 1\.5607 not smoothed ·", lines[1])
