"""Backpropagation written out, against autograd on single cells, in float64; and the spectral radius against NumPy."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from torch import Tensor

from rnn_tui.engine.inspect.bptt import adjoints
from rnn_tui.engine.inspect.spectral_radius import spectral_radius
from rnn_tui.engine.inspect.unrolled_pass import UnrolledLayer
from rnn_tui.experiment.cell_kinds import CELL_KINDS
from rnn_tui.experiment.spec import Experiment
from tests.engine.answers.test_probe import experiments, ticked
from tests.engine.passes import Pass
from tests.examples import examples

EXACT: dict[str, Any] = {"rtol": 1e-9, "atol": 1e-12}


def layers_of(found: Pass, cell: str, row: int) -> list[list[UnrolledLayer]]:
    """Return what the equations need to know of a pass, in float64."""

    def one(layer: int, way: int) -> UnrolledLayer:
        begin = found.begin[layer * len(found.h[layer]) + way]
        weights = dict(found.cells[layer][way].named_parameters())
        return UnrolledLayer(
            kind=CELL_KINDS[cell],
            direction=way,
            w_ih=weights["weight_ih"].detach(),
            w_hh=weights["weight_hh"].detach(),
            b_ih=weights["bias_ih"].detach(),
            b_hh=weights["bias_hh"].detach(),
            x=torch.stack(found.reads[layer])[:, row].detach(),
            h=torch.stack(found.h[layer][way])[:, row].detach(),
            h_0=begin[0][row],
            c_0=begin[1][row] if cell == "lstm" else None,
        )

    return [[one(layer, way) for way in range(len(both))] for layer, both in enumerate(found.h)]


def by(number: Tensor, nodes: list[Tensor], row: int) -> Tensor:
    """The derivatives of a number by the row of some nodes, (T, ...)."""
    grads = torch.autograd.grad(number, nodes, retain_graph=True, allow_unused=True)
    return torch.stack([torch.zeros_like(n) if g is None else g for n, g in zip(nodes, grads, strict=True)])[:, row]


@given(experiments(), st.integers(1, 8), st.integers(0, 99))
@settings(max_examples=examples(40))
def test_every_derivative_is_that_of_autograd(experiment: Experiment, ticks: int, seed: int) -> None:
    trainer, _ = ticked(experiment, ticks)
    found, cell = Pass(trainer), experiment.network.cell
    for row in range(trainer.dataset.rows):
        seeds = torch.randn(
            3, *found.output[:, row].shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)
        )
        seeds[2, :-1] = 0  # one that depends on the last step alone
        got, by_x = adjoints(layers_of(found, cell, row), seeds)
        assert [len(both) for both in got] == [len(both) for both in found.h]
        for number, own in enumerate(seeds):
            value = (found.output[:, row] * own).sum()
            assert_allclose(by_x[number], by(value, found.x, row), **EXACT)
            for layer, both in enumerate(got):
                for way, adjoint in enumerate(both):
                    assert_allclose(adjoint.h[number], by(value, found.h[layer][way], row), **EXACT)
                    assert (adjoint.c is None) == (cell != "lstm")
                    if adjoint.c is not None:
                        assert_allclose(adjoint.c[number], by(value, found.c[layer][way], row), **EXACT)


@pytest.mark.parametrize("size", [1, 2, 5, 40, 64, 128])
@pytest.mark.parametrize("gates", [1, 4])
def test_the_radius_is_that_of_the_largest_eigenvalue(size: int, gates: int) -> None:
    matrices = torch.randn(gates, size, size, generator=torch.Generator().manual_seed(size))
    expected = np.abs(np.linalg.eigvals(matrices.double().numpy())).max(-1)
    assert_allclose(spectral_radius(matrices), expected, rtol=1e-9)


@pytest.mark.parametrize("kind", ["uniform", "few stand out", "symmetric", "tiny", "huge"])
@pytest.mark.parametrize("size", [129, 200, 256, 512])
def test_a_large_radius_is_right_to_three_digits(size: int, kind: str) -> None:
    random = torch.Generator().manual_seed(size)
    matrix = (2 * torch.rand(size, size, generator=random) - 1) / size**0.5
    if kind == "few stand out":
        matrix += torch.randn(size, 2, generator=random) @ torch.randn(2, size, generator=random) / size
    matrix = {"symmetric": matrix + matrix.T, "tiny": 1e-30 * matrix, "huge": 1e30 * matrix}.get(kind, matrix)
    expected = np.abs(np.linalg.eigvals(matrix.double().numpy())).max()
    assert_allclose(spectral_radius(matrix[None]), [expected], rtol=1e-3)


@pytest.mark.parametrize("size", [3, 150])
def test_the_radius_of_matrices_that_are_hard(size: int) -> None:
    matrices = torch.zeros(5, size, size)
    matrices[1] = torch.eye(size) * 0.5
    matrices[2, 1, 0] = torch.nan
    matrices[3, 0, 1] = torch.inf
    matrices[4] = torch.eye(size) - 3 * torch.diag(torch.eye(size)[0])
    assert_allclose(spectral_radius(matrices), [0, 0.5, np.nan, np.nan, 2], rtol=1e-6)


@pytest.mark.parametrize("size", [3, 150])
def test_the_radius_of_what_vanishes_is_0(size: int) -> None:
    shift = torch.diag(torch.ones(size - 1), 1)  # its power of `size` is 0
    (found,) = spectral_radius(shift[None])
    assert found == 0


def test_looking_at_the_radius_draws_no_random_numbers() -> None:
    before = torch.get_rng_state()
    spectral_radius(torch.eye(200)[None])
    assert torch.equal(before, torch.get_rng_state())
