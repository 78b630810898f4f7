"""First weights: what each kind of draw must look like, and that torch's own stays torch's own."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.utils import parameters_to_vector

from rnn_tui.engine.field.first_weights import draw_first
from rnn_tui.engine.network.model import Model
from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.spec import ExperimentError
from rnn_tui.experiment.validate import from_dict

SIZE = 12
CELLS = [("rnn", 1), ("gru", 3), ("lstm", 4)]


def recurrent(seed: int = 0, **network: Any) -> dict[str, Tensor]:
    """The weights of two recurrent layers over five characters, drawn from that seed."""
    experiment = from_dict(
        {
            "data": {"inputs": ["hello"]},
            "network": {"hidden_size": SIZE, "layers": 2, "head": "linear"} | network,
            "training": {"tick": "sequence"},
        }
    )
    torch.manual_seed(seed)
    return {name: weight.detach() for name, weight in Model(experiment).recurrent.named_parameters()}


@pytest.mark.parametrize("implementation", ["fused", "cell", "written-out"])
@pytest.mark.parametrize(("cell", "gates"), CELLS)
def test_a_rotation_keeps_lengths(cell: str, gates: int, implementation: str) -> None:
    plain = recurrent(cell=cell, implementation=implementation)
    found = recurrent(cell=cell, implementation=implementation, init="orthogonal")
    for name, weight in found.items():
        if "weight_hh" not in name:
            torch.testing.assert_close(weight, plain[name], rtol=0, atol=0)
            continue
        blocks = weight.view(gates, SIZE, SIZE)
        torch.testing.assert_close(blocks @ blocks.mT, torch.eye(SIZE).expand_as(blocks), atol=1e-5, rtol=0)
        assert gates == 1 or not torch.equal(blocks[0], blocks[1])
    other = recurrent(1, cell=cell, implementation=implementation, init="orthogonal")
    assert not any(torch.equal(found[name], other[name]) for name in found)


@pytest.mark.parametrize(("cell", "gates"), CELLS)
def test_the_identity_copies_the_state(cell: str, gates: int) -> None:
    for name, weight in recurrent(cell=cell, init="identity").items():
        if "weight_hh" in name:
            torch.testing.assert_close(weight, torch.eye(SIZE).repeat(gates, 1), rtol=0, atol=0)
        elif "bias" in name:
            assert not weight.any()
        else:
            assert weight.abs().max() <= 1 / math.sqrt(SIZE)


@pytest.mark.parametrize(("cell", "gates"), CELLS)
def test_xavier_is_uniform_by_the_sizes_of_each_gate(cell: str, gates: int) -> None:
    for name, weight in recurrent(cell=cell, init="xavier").items():
        if "bias" in name:
            assert not weight.any()
            continue
        limit = math.sqrt(6 / (SIZE + weight.shape[1]))
        assert weight.abs().max() <= limit
        assert weight.std().item() == pytest.approx(limit / math.sqrt(3), rel=0.3 if gates == 1 else 0.15)


@pytest.mark.parametrize("implementation", ["fused", "cell", "written-out"])
def test_a_forget_bias_is_added_to_that_gate_alone(implementation: str) -> None:
    plain = recurrent(cell="lstm", implementation=implementation)
    found = recurrent(cell="lstm", implementation=implementation, forget_bias=2.5)
    for name, weight in found.items():
        added = torch.zeros_like(weight)
        if "bias_ih" in name:
            added[SIZE : 2 * SIZE] = 2.5  # torch's order: i, f, g, o
        torch.testing.assert_close(weight - plain[name], added, rtol=0, atol=1e-6)


def test_members_of_a_field_begin_as_single_runs_do() -> None:
    network = {"cell": "lstm", "forget_bias": 1.0, "init": "orthogonal", "head": "linear"}
    training = {"tick": "sequence", "seed": 3}
    experiment = from_dict({"data": {"inputs": ["hello"]}, "network": network, "training": training})
    single = parameters_to_vector(Session(experiment).trainer.model.parameters())
    torch.testing.assert_close(draw_first(experiment, {}).weights, single.detach(), rtol=0, atol=0)


@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_without_a_forget_gate_it_is_refused(cell: str) -> None:
    with pytest.raises(ExperimentError, match="no use without a forget gate"):
        recurrent(cell=cell, forget_bias=1.0)
