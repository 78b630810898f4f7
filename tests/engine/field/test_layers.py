"""Derivatives that are written out, against those that autograd finds for the equations of a single network."""

import pytest
import torch
from torch import Tensor

from rnn_tui.engine.field import stacked_cells
from rnn_tui.engine.field.layers import LAYERS
from rnn_tui.engine.field.stacked_cells import run_direction
from rnn_tui.engine.network.cells import STEPS
from rnn_tui.experiment.cell_kinds import CELL_KINDS


def _tensors(cell: str, shared: bool) -> list[Tensor]:
    """Draw x, the weights and the states of M=3 networks: T=5, N=2, E=4, H=6, in double precision."""
    generator = torch.Generator().manual_seed(4)
    gates = len(CELL_KINDS[cell].gates)
    shapes = [
        (5, 2, 4) if shared else (3, 5, 2, 4),
        (3, gates * 6, 4),
        (3, gates * 6, 6),
        (3, gates * 6),
        (3, gates * 6),
    ]
    shapes += [(3, 2, 6)] * (2 if CELL_KINDS[cell].has_c else 1)
    return [torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_() for shape in shapes]


def _loss(cell: str, tensors: list[Tensor], direction: int) -> tuple[Tensor, Tensor]:
    x, *weights = tensors[:5]
    state = (tensors[5], tensors[6]) if CELL_KINDS[cell].has_c else tensors[5]
    h, after = run_direction(cell, x, state, weights, direction, None)
    parts = after if isinstance(after, tuple) else (after,)
    return h, (h * torch.arange(h.numel()).view(h.shape).sin()).sum() + sum(each.square().sum() for each in parts)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("direction", [0, 1])
@pytest.mark.parametrize("cell", list(STEPS))
def test_as_autograd_has_them(cell: str, direction: int, shared: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cell in LAYERS, "a new kind needs none: it runs through vmap, and this test is not for it"
    tensors = _tensors(cell, shared)
    h, loss = _loss(cell, tensors, direction)
    found = torch.autograd.grad(loss, tensors)
    monkeypatch.setattr(stacked_cells, "LAYERS", {})
    expected_h, loss = _loss(cell, tensors, direction)
    torch.testing.assert_close(h, expected_h)
    for each, right in zip(found, torch.autograd.grad(loss, tensors), strict=True):
        torch.testing.assert_close(each, right)
