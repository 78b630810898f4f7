"""Layer norm between layers: against single layers of torch with nn.LayerNorm between them."""

from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from numpy.testing import assert_allclose
from torch import nn

from rnn_tui.cli.main import main
from rnn_tui.draw.status import describe_network
from rnn_tui.engine.inspect.generate import generate
from rnn_tui.engine.inspect.text_reader import read_whole
from rnn_tui.engine.network.layer_norm import back_through
from rnn_tui.engine.network.model import Model
from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.parameter_shapes import parameter_shapes
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.experiment.validate import from_dict


def experiment(training: dict[str, Any] | None = None, **network: Any) -> Experiment:
    network = {"cell": "lstm", "layers": 3, "hidden_size": 6, "head": "linear", "layer_norm": True} | network
    training = {"seed": 4, "lr": 0.03, "tick": "sequence", "epochs": 20} | (training or {})
    return from_dict({"data": {"inputs": ["hihello"]}, "network": network, "training": training})


def plain_losses(updates: int) -> list[float]:
    torch.manual_seed(4)
    layers, head = [nn.LSTM(5 if number == 0 else 6, 6) for number in range(3)], nn.Linear(6, 5)
    norms = [nn.LayerNorm(6) for _ in range(2)]
    parts = nn.ModuleList([*layers, *norms, head])
    optimizer = torch.optim.Adam(parts.parameters(), lr=0.03)
    inputs, targets = (torch.tensor(["ehilo".index(each) for each in text]) for text in ("hihell", "ihello"))
    found = []
    for _ in range(updates):
        x = torch.eye(5)[inputs]
        for layer, norm in zip(layers, [*norms, nn.Identity()], strict=True):
            x = norm(layer(x)[0])
        loss = nn.functional.cross_entropy(head(x), targets, reduction="sum")
        found.append(loss.item())
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    return found


@pytest.mark.parametrize("implementation", ["fused", "cell", "written-out"])
@pytest.mark.parametrize("tick", ["character", "sequence"])
def test_losses_are_those_of_a_plain_loop(implementation: str, tick: str) -> None:
    session = Session(experiment({"tick": tick}, implementation=implementation), history=0)
    while not session.has_ended:
        session.tick()
    assert_allclose(list(session.losses), plain_losses(20), rtol=1e-4)


def test_it_is_gone_back_through_as_autograd_does() -> None:
    random = torch.Generator().manual_seed(1)
    norm = nn.LayerNorm(7).double()
    with torch.no_grad():
        norm.weight.copy_(torch.randn(7, generator=random))
    h = torch.randn(3, 4, 7, generator=random, dtype=torch.float64).requires_grad_()
    by_y = torch.randn(3, 4, 7, generator=random, dtype=torch.float64)
    (expected,) = torch.autograd.grad(norm(h), h, by_y)
    assert_allclose(back_through(norm, h.detach(), by_y).detach(), expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("network", [{}, {"bidirectional": True}, {"implementation": "cell"}, {"dropout": 0.3}])
def test_its_weights_are_known_beforehand(network: dict[str, Any]) -> None:
    what = experiment(**network)
    model = Model(what)
    there = [(name.removeprefix("recurrent."), tuple(each.shape)) for name, each in model.named_parameters()]
    assert list(parameter_shapes(what)) == there
    assert what.weights == sum(each.numel() for each in model.parameters())
    assert " norm" in describe_network(what)


def test_a_character_at_a_time_writes_what_the_whole_text_says() -> None:
    what = experiment()
    torch.manual_seed(1)
    model = Model(what).eval()
    for norm in model.recurrent.norms:  # type: ignore[union-attr]
        nn.init.normal_(norm.weight)
        nn.init.normal_(norm.bias)
    said = generate(model, what, "hi", temperature=0.0, length=9)
    places = ["ehilo".index(each) for each in "hi" + said]
    with torch.no_grad():
        logits = read_whole(model, what, places)
    assert logits.argmax(-1)[1:-1].tolist() == places[2:]


def test_it_goes_on_and_is_not_exported(tmp_path: Path) -> None:
    options = ["--layers", "2", "--head", "linear", "--layer-norm", "--seed", "4"]
    for folder, epochs in (("whole", "9"), ("parts", "5")):
        told = ["train", "hihello-sequence", *options, "--run", str(tmp_path / folder), "--epochs", epochs]
        assert CliRunner().invoke(main, told).exit_code == 0
    assert CliRunner().invoke(main, ["train", "--resume", str(tmp_path / "parts"), "--epochs", "9"]).exit_code == 0
    whole, parts = ([line.split(",")[2] for line in (tmp_path / each / "losses.csv").read_text().splitlines()]
                    for each in ("whole", "parts"))  # fmt: skip
    assert whole == parts
    assert len(whole) == 10


def test_one_layer_has_none() -> None:
    with pytest.raises(ExperimentError, match="does not fit one layer, since it works between two"):
        experiment(layers=1)
