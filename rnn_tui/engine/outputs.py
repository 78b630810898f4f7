"""The states of each recurrent layer, computed once more with the weights of this very tick."""

import torch
from torch import Tensor

from rnn_tui.engine.dropout import dropped
from rnn_tui.engine.layers import layer_modules
from rnn_tui.engine.model import State
from rnn_tui.engine.trainer import Trainer

__all__ = ["layer_outputs", "some_rows", "steps_there"]


def steps_there(trainer: Trainer) -> int:
    """Time steps of the pass that can be computed again: none once its update has been made, for W is another then."""
    moved = trainer.learns and trainer.at_end_of_pass and not trainer.has_update
    return trainer.fed if trainer.logits and not moved else 0


def some_rows(state: State, rows: Tensor) -> State:
    """The states of some rows of the batch, (L*D, n, H)."""
    return (state[0][:, rows], state[1][:, rows]) if isinstance(state, tuple) else state[:, rows]


@torch.no_grad()
def layer_outputs(trainer: Trainer, steps: int, rows: Tensor, layers: int | None = None) -> list[Tensor]:
    """What the first layer reads (T, n, E), and the h_t of each layer (T, n, D*H), up to a layer, of the first steps.

    A network that reads both ways must be given all steps. `rows` are indices (n,) into the batch.
    """
    task, network = trainer.task, trainer.experiment.network
    x = task.x(0, steps)
    found = [trainer.model.embed((x.transpose(0, 1) if task.batch_first else x)[:, rows])]
    reads, masks = found[0], None if trainer.masks is None else trainer.masks[:, :steps, rows]
    state = some_rows(trainer.h_0, rows)
    for number, module in enumerate(layer_modules(trainer.model, network)[:layers]):
        mine = slice(number * network.directions, (number + 1) * network.directions)
        before = (state[0][mine], state[1][mine]) if isinstance(state, tuple) else state[mine]
        with trainer.cast():
            h = module(reads, before)[0].float()
        found.append(h)
        reads = dropped(h, masks, number)
    return found
