"""The weights of M networks of one shape as one tensor, and the pass of all of them at once."""

from collections.abc import Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from rnn_tui.engine.field.stacked_cells import run_direction
from rnn_tui.engine.network.cells import State
from rnn_tui.experiment.parameter_shapes import parameter_shapes
from rnn_tui.experiment.spec import Experiment

__all__ = ["StackedModel"]


class StackedModel:
    """M networks. Their weights are the rows of `flat` (M, P), and `weights` are views of it, in the model's order."""

    def __init__(self, experiment: Experiment, flat: Tensor) -> None:
        """Take the shape of any of them, and the weights of all: row m is `parameters_to_vector` of network m."""
        self._network = experiment.network
        self.flat = flat
        shapes = [shape for _, shape in parameter_shapes(experiment)]
        sizes = [prod(shape) for shape in shapes]
        parts = zip(torch.split(flat, sizes, 1), shapes, strict=True)
        self.weights = [part.view(len(flat), *shape).detach().requires_grad_() for part, shape in parts]

    def logits(self, x: Tensor, state: State, masks: Tensor | None, own: Tensor | None) -> tuple[Tensor, State]:
        """Return the logits (M, T, N, C) of all networks, and their states (M, L*D, N, H) after the last time step.

        x (M, T, N, C), or (T, N, C) that all read: one-hot or numbers; with an embedding too. masks (M, L-1, T, N,
        D*H) of dropout. own (M, T, N, 1) is true at the steps of a row, where rows are padded.
        """
        network, weights = self._network, list(self.weights)
        table = weights.pop(0) if network.embedding else None  # (M, C, E)
        if table is not None:
            steps, rows = x.shape[-3:-1]
            x = torch.matmul(x.flatten(-3, -2), table).view(-1, steps, rows, network.embedding)  # (M, T, N, E)
        recurrent = 4 * network.layers * network.directions
        norms = weights[recurrent : recurrent + 2 * (network.layers - 1)] if network.layer_norm else []
        head = weights[recurrent + len(norms) :]
        before = _by_layer(state)
        after: list[Any] = []
        for layer in range(network.layers):
            sides = []
            for direction in range(network.directions):
                each = [weights.pop(0) for _ in range(4)]
                h, last = run_direction(network.cell, x, before[len(after)], each, direction, own)
                sides.append(h)
                after.append(last)
            x = torch.cat(sides, -1) if len(sides) > 1 else sides[0]  # (M, T, N, D*H)
            if norms and layer < network.layers - 1:
                scale, shift = (each[:, None, None] for each in norms[2 * layer : 2 * layer + 2])
                x = torch.addcmul(shift, F.layer_norm(x, x.shape[-1:]), scale)
            if masks is not None and layer < network.layers - 1:
                x = x * masks[:, layer]
        if own is not None:
            x = torch.where(own, x, 0)
        if head:
            w, b = (table, *head) if network.tied and table is not None else head
            x = torch.baddbmm(b[:, None], x.flatten(1, 2), w.mT).view(*x.shape[:3], -1)
        return x, _joined(after)

    def gradients(self, losses: Tensor) -> Tensor:
        """Return ∂L_m/∂W of each network's own loss, losses (M,), as rows like those of `flat`."""
        found = torch.autograd.grad(losses.sum(), self.weights, materialize_grads=True)
        return torch.cat([each.flatten(1) for each in found], 1)


def _by_layer(state: State) -> Sequence[Any]:
    """Split a state (M, L*D, N, H) into those of the layers and directions."""
    if isinstance(state, tuple):
        return list(zip(state[0].unbind(1), state[1].unbind(1), strict=True))
    return state.unbind(1)


def _joined(states: Sequence[Any]) -> State:
    if isinstance(states[0], tuple):
        return torch.stack([h for h, _ in states], 1), torch.stack([c for _, c in states], 1)
    return torch.stack(list(states), 1)
