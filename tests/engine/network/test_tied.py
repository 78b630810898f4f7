"""A head that has the matrix of the embedding: against a plain loop, kept, exported, touched and refused."""

import json
import runpy
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from numpy.testing import assert_allclose
from torch import nn

from rnn_tui.cli.main import main
from rnn_tui.draw.status import describe_network
from rnn_tui.engine.inspect.touched import touched
from rnn_tui.engine.store.load_network import load_network
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.parameter_shapes import parameter_shapes
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.touch import Touch

CPU = torch.device("cpu")
TIED = {"head": "linear", "embedding": 6, "hidden_size": 6, "tied": True}


def experiment(**network: Any) -> Experiment:
    training = {"seed": 4, "lr": 0.03, "tick": "sequence"}
    return from_dict({"data": {"inputs": ["hihello"]}, "network": TIED | network, "training": training})


def losses(trainer: Trainer, updates: int) -> list[float]:
    found = []
    for _ in range(updates):
        trainer.tick()
        assert trainer.total is not None
        found.append(trainer.total.item())
    return found


def test_it_learns_as_a_plain_loop_does() -> None:
    torch.manual_seed(4)
    embedding, recurrent, head = nn.Embedding(5, 6), nn.LSTM(6, 6), nn.Linear(6, 5)
    embedding.weight = head.weight
    weights = [head.weight, *recurrent.parameters(), head.bias]
    optimizer = torch.optim.Adam(weights, lr=0.03)
    inputs, targets = (torch.tensor(["ehilo".index(each) for each in text]) for text in ("hihell", "ihello"))
    expected = []
    for _ in range(20):
        loss = nn.functional.cross_entropy(head(recurrent(embedding(inputs))[0]), targets, reduction="sum")
        expected.append(loss.item())
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    trainer = Trainer(experiment(cell="lstm"), CPU)
    assert_allclose(losses(trainer, 20), expected, rtol=1e-5)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_its_weights_are_known_beforehand(bidirectional: bool) -> None:
    what = experiment(bidirectional=bidirectional, embedding=12 if bidirectional else 6)
    model = Trainer(what, CPU).model
    there = [(name.removeprefix("recurrent."), tuple(each.shape)) for name, each in model.named_parameters()]
    assert list(parameter_shapes(what)) == there
    assert what.weights == sum(each.numel() for each in model.parameters())
    assert describe_network(what).endswith("→ tied linear 5")


def test_it_goes_on_and_is_exported(tmp_path: Path) -> None:
    options = ["--head", "linear", "--embedding", "6", "--hidden", "6", "--tied", "--seed", "4", "--json"]
    lines: list[list[float]] = []
    for folder, epochs in (("whole", "9"), ("parts", "5"), ("parts", "9")):
        more = ["--resume", str(tmp_path / folder)] if lines and epochs == "9" else ["hihello-sequence", *options]
        where = [] if more[0] == "--resume" else ["--run", str(tmp_path / folder)]
        result = CliRunner().invoke(
            main, ["train", *more, *where, "--epochs", epochs, *(["--json"] if where == [] else [])]
        )
        assert result.exit_code == 0, result.output
        lines.append([json.loads(line)["loss"] for line in result.stdout.splitlines() if '"loss"' in line])
    assert lines[0][5:] == lines[2][-4:]

    result = CliRunner().invoke(main, ["export", str(tmp_path / "parts"), "--to", str(tmp_path / "out")])
    exported = runpy.run_path(result.stdout.split()[1])["load"]()
    assert exported.head.weight is exported.embedding.weight
    model, indices = load_network(tmp_path / "parts").model(), torch.tensor([[1], [2], [0]])
    with torch.no_grad():
        assert torch.equal(exported(indices)[0], model(indices, torch.zeros(1, 1, 6))[0])


def test_who_touches_it_touches_both() -> None:
    trainer = Trainer(experiment(), CPU)
    trainer.tick()
    made, _ = touched(trainer, (Touch(kind="weight", name="embedding.weight", at=(1, 2), value=0.75),))
    assert made.model.head is not None
    assert made.model.head.weight[1, 2] == 0.75
    assert trainer.model.head is not None
    assert trainer.model.head.weight[1, 2] != 0.75


@pytest.mark.parametrize(
    ("network", "line"),
    [
        ({"embedding": 4}, "4 does not fit a head that is tied to it: it must be 6, as many as the layer below"),
        ({"embedding": 0}, "0 does not fit a head that is tied to it: it must be 6"),
        ({"bidirectional": True}, "it must be 12, as many as both directions together has units"),
        ({"head": "direct", "hidden_size": 5}, "true does not fit a direct head, which has no matrix"),
    ],
)
def test_what_does_not_fit_is_told(network: dict[str, Any], line: str) -> None:
    with pytest.raises(ExperimentError) as told:
        experiment(**network)
    assert line in str(told.value)
