"""Cells whose equations are not those of torch's: a file each, to be read.

Each is an nn.Module of one time step: `Cell(input_size, hidden_size)`, and `forward(x, state)` with x (N, E) and the
state before it, which returns the state after it and its parts. The entry in `experiment/cell_kinds.py` has the name,
the parts, the weights and the paper.
"""

from collections.abc import Callable

from torch import nn

from rnn_tui.engine.network.own_cell import build_own
from rnn_tui.experiment.cell_kinds import OWN

__all__ = ["MODULES", "cell_builder"]

MODULES: dict[str, Callable[[int, int], nn.Module]] = {}


def cell_builder(cell: str) -> Callable[[int, int], nn.Module]:
    """Return what builds one cell of a kind that is a module, of E and H."""
    return build_own if cell == OWN else MODULES[cell]
