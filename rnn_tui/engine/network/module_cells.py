"""Layers of cells that are modules: a time step is `cell(x, state)`, with weights and parts of the cell's own.

Two kinds of cells are such: those of `engine/network/modules/`, and the one that somebody names on the command line
(`own_cell.py`). A cell returns its state, h (N, H) or (h, c), and may return its parts with it: `state, {"z": z}`; or
it leaves them on itself, as `self.z = z`. A part is (N, H), and is looked at as a gate.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from rnn_tui.engine.network.cell_error import told
from rnn_tui.engine.network.cells import State, Step, StepStack, by_layer, hidden, map_state, through_time
from rnn_tui.engine.network.layer_norm import add_norms
from rnn_tui.engine.network.out_of_memory import out_of_memory
from rnn_tui.experiment.cell_kinds import CellKind
from rnn_tui.experiment.named_cell import named_cell
from rnn_tui.experiment.spec import Network

__all__ = ["Left", "ModuleCells", "ModuleLayer", "Parts", "call", "parts_of_steps", "step_alone"]

Parts = dict[str, Tensor]


def call(cell: nn.Module, x: Tensor, state: Any) -> tuple[Any, Parts]:
    """Compute one time step: x (N, E) and the state before it -> the state after it, and the parts of the cell.

    What the cell has left on itself is taken off again: it belongs to this step, and holds a graph. Raises CellError
    for whatever its author's code raises, but for a lack of memory.
    """
    with Left(cell) as left:
        try:
            found = cell.forward(x, state)
        except (Exception, SystemExit) as error:
            named = named_cell()
            if named is None or out_of_memory(error):
                raise
            raise told(named, error) from error
    if isinstance(found, tuple) and len(found) == 2 and isinstance(found[1], dict):
        return found[0], left.parts | found[1]
    return found, left.parts


class Left:
    """The tensors that a piece of code leaves on an object; they are taken off again, in their order."""

    def __init__(self, owner: object) -> None:
        self._attributes = owner.__dict__
        self.parts: Parts = {}

    def __enter__(self) -> "Left":
        self._before = {**self._attributes}
        return self

    def __exit__(self, *_: object) -> None:
        attributes, before = self._attributes, self._before
        for name in [*attributes]:
            value = attributes[name]
            if isinstance(value, Tensor) and before.get(name) is not value:
                self.parts[name] = value
                if name in before:
                    attributes[name] = before[name]
                else:
                    del attributes[name]


def step_alone(cell: nn.Module) -> Step:
    """Return one time step of a cell, without its parts."""
    return lambda x, state: call(cell, x, state)[0]


class ModuleCells(StepStack):
    """The cells of all layers and directions, `cells.0` reading from the left in the lowest."""

    def __init__(self, network: Network, input_size: int, build: Callable[[int, int], nn.Module]) -> None:
        """Build a cell for each layer and direction: `build(E, H)`, in the order of the layers."""
        super().__init__(network)
        size = network.hidden_size
        widths = [size * network.directions if layer else input_size for layer in range(network.layers)]
        self.cells = nn.ModuleList(build(width, size) for width in widths for _ in range(network.directions))
        add_norms(self, network)

    def steps(self) -> list[Step]:
        """Return the cells, without their parts."""
        return [step_alone(cell) for cell in self.cells]

    def layer(self, number: int) -> "ModuleLayer":
        """Return one layer, by itself, time first."""
        cells = self.cells[number * self.directions : (number + 1) * self.directions]
        assert isinstance(cells, nn.ModuleList)
        return ModuleLayer([*cells])


class ModuleLayer(nn.Module):
    """One layer of cells that are modules, with the states of all its time steps."""

    def __init__(self, cells: list[nn.Module]) -> None:
        super().__init__()
        self.cells = cells  # a list: they are the network's, and not this layer's to move or to name

    def forward(self, x: Tensor, state: State, lengths: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Turn x (T, N, E) and the state before it (D, N, H) into all h (T, N, D*H), and all c if there is one.

        lengths (N,) are those of padded rows, whose h is 0 after their end.
        """
        own = None if lengths is None else [(t < lengths.to(x.device))[:, None] for t in range(len(x))]
        both = [
            through_time(step_alone(cell), x.unbind(0), before, direction, own)
            for direction, (cell, before) in enumerate(zip(self.cells, by_layer(state), strict=True))
        ]
        h = torch.cat([torch.stack([hidden(each) for each in states]) for states in both], -1)
        h = h if own is None else torch.where(torch.stack(own), h, 0)
        if not isinstance(both[0][0], tuple):
            return h, None
        return h, torch.cat([torch.stack([c for _, c in states]) for states in both], -1)


def parts_of_steps(cell: nn.Module, kind: CellKind, x: Tensor, before: State) -> Parts:
    """Return the parts of many steps at once, each like h; x (..., E) and the states (..., H) before them.

    A step knows of no other, so that all are rows of one batch.
    """
    _, parts = call(cell, x.flatten(0, -2), map_state(before, lambda part: part.flatten(0, -2)))
    return {gate.name: parts[gate.name].reshape(*x.shape[:-1], -1) for gate in kind.gates if gate.name in parts}
