"""The states of each recurrent layer, computed once more with the weights of this very tick."""

import torch
from torch import Tensor

from rnn_tui.engine.network.dropout import dropped
from rnn_tui.engine.network.fused import run_rows
from rnn_tui.engine.network.model import State
from rnn_tui.engine.network.single_layers import layer_modules, layer_states
from rnn_tui.engine.training.trainer import Trainer

__all__ = ["layer_outputs", "own_end", "some_rows", "steps_there"]


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

    A network that reads both ways must be given all steps, of a row that is padded its own at least. `rows` are indices
    (n,) into the batch.
    """
    task, network = trainer.task, trainer.experiment.network
    lengths = None if task.lengths is None else task.lengths[rows.cpu()]
    asked = steps
    if lengths is not None:
        steps = int(lengths.max())
    x = task.x(0, steps)
    found = [trainer.model.embed((x.transpose(0, 1) if task.batch_first else x)[:, rows])]
    reads, masks = found[0], None if trainer.masks is None else trainer.masks[:, :steps, rows]
    state = some_rows(trainer.h_0, rows)
    for number, module in enumerate(layer_modules(trainer.model, network)[:layers]):
        mine = slice(number * network.directions, (number + 1) * network.directions)
        before = (state[0][mine], state[1][mine]) if isinstance(state, tuple) else state[mine]
        with trainer.cast():
            h = run_rows(module, reads, before, lengths)[0].float()
        found.append(h)
        reads = dropped(h, masks, number)
    return [_padded(each, asked) for each in found] if lengths is not None else found


def _padded(values: Tensor, steps: int) -> Tensor:
    """(T, ...) with so many steps: cut off, or zeros."""
    missing = steps - len(values)
    return torch.cat((values, values.new_zeros(missing, *values.shape[1:]))) if missing > 0 else values[:steps]


@torch.no_grad()
def own_end(trainer: Trainer, row: int) -> State:
    """The state after a row's own last character (L*D, 1, H), computed from that row alone, without its padding.

    From the right it is the one after its first character.
    """
    task = trainer.task
    rows, steps = torch.tensor([row], device=trainer.device), task.steps(row)
    x = trainer.model.embed(task.x(0, steps))
    x = (x.transpose(0, 1) if task.batch_first else x)[:, rows]
    modules = layer_modules(trainer.model, trainer.experiment.network)
    masks = None if trainer.masks is None else trainer.masks[:, :steps, rows]
    states = layer_states(modules, x, some_rows(trainer.h_0, rows), masks)
    h = [end for each, _ in states for end in _ends(trainer, each)]
    c = [end for _, each in states if each is not None for end in _ends(trainer, each)]
    return (torch.stack(h), torch.stack(c)) if c else torch.stack(h)


def _ends(trainer: Trainer, states: Tensor) -> list[Tensor]:
    """The last state (n, H) of each direction, from those of a layer (T, n, D*H)."""
    left, *right = states.chunk(trainer.experiment.network.directions, -1)
    return [left[-1], *(each[0] for each in right)]
