"""∂L/∂h_t of every layer by autograd: what `engine/inspect/bptt.py` writes out is held to it.

The pass is computed once more, with the same weights, one cell and one time step at a time, so that every h_t is a
node of its own in the graph.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from rnn_tui.engine.network.cells import kept_where_padded
from rnn_tui.engine.network.dropout import dropped
from rnn_tui.engine.network.fused import steps_of_rows
from rnn_tui.engine.network.layer_norm import norm_above
from rnn_tui.engine.network.single_layers import layer_modules
from rnn_tui.engine.training.losses import loss_of
from rnn_tui.engine.training.trainer import Trainer

__all__ = ["Nodes", "pass_by_steps", "state_gradients"]

Nodes = list[list[list[Tensor]]]  # h_t (N, H) of each layer, direction and time step
_CELLS: dict[str, Callable[..., Any]] = {
    "rnn": torch.rnn_tanh_cell,
    "rnn-relu": torch.rnn_relu_cell,
    "gru": torch.gru_cell,
    "lstm": torch.lstm_cell,
}


def state_gradients(trainer: Trainer) -> list[list[Tensor]]:
    """∂L/∂h_t (T, N, H) of each layer and direction, L as the pass that has just ended has it."""
    loss, nodes = pass_by_steps(trainer)
    states = [h for layer in nodes for direction in layer for h in direction]
    found = iter(torch.autograd.grad(loss, states))
    return [[torch.stack([next(found) for _ in direction]) for direction in layer] for layer in nodes]


@torch.enable_grad()
def pass_by_steps(trainer: Trainer) -> tuple[Tensor, Nodes]:
    """The loss of the pass, and every state that it came from, in one graph."""
    network, task, model = trainer.experiment.network, trainer.dataset, trainer.model
    x = model.embed(task.x(0, trainer.length))
    reads = list((x.transpose(0, 1) if task.batch_first else x).unbind(0))  # (N, E) at each time step
    lstm = isinstance(trainer.h_0, tuple)
    first = list(zip(*trainer.h_0, strict=True)) if isinstance(trainer.h_0, tuple) else list(trainer.h_0)
    own = None if task.lengths is None else steps_of_rows(task.lengths, len(reads), trainer.device)[..., None]
    nodes: Nodes = []
    for module in layer_modules(model.recurrent, network):
        both = []
        for direction in range(network.directions):
            weights = _weights(module, direction)
            state: Any = first[len(nodes) * network.directions + direction]
            states = []
            for step in reversed(range(len(reads))) if direction else range(len(reads)):
                after = _CELLS[network.cell](reads[step], state, *weights)
                states.append(after[0] if lstm else after)  # where a row is padded, nothing hangs on it
                state = after if own is None else kept_where_padded(after, state, own[step])
            both.append(states[::-1] if direction else states)
        nodes.append(both)
        below = torch.stack([torch.cat(parts, -1) for parts in zip(*both, strict=True)])  # (T, N, D*H)
        if (norm := norm_above(model.recurrent, len(nodes) - 1)) is not None:
            below = nn.functional.layer_norm(below, below.shape[-1:], norm.weight, norm.bias)
        reads = list(dropped(below, trainer.masks, len(nodes) - 1).unbind(0))
    logits = model.read_out(torch.stack(reads))  # (T, N, C)
    smoothing = trainer.experiment.training.label_smoothing
    loss = loss_of(logits, task.y(0, trainer.length), "sum", smoothing) / task.rows
    return loss / (task.targets_by(trainer.length) if trainer.experiment.training.reduction == "mean" else 1), nodes


def _weights(module: nn.Module, direction: int) -> list[Tensor]:
    end = "_reverse" if direction else ""
    return [getattr(module, f"{name}_l0{end}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
