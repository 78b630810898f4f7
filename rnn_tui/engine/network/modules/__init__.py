"""Cells whose equations are not those of torch's: a file each, to be read.

Each is an nn.Module of one time step: `Cell(input_size, hidden_size)`, and `forward(x, state)` with x (N, E) and the
state before it, which returns the state after it and its parts. The entry in `experiment/cell_kinds.py` has the name,
the parts, the weights and the paper.
"""

from collections.abc import Callable

from torch import nn

from rnn_tui.engine.network.modules.delta_net import DeltaNet
from rnn_tui.engine.network.modules.ind_rnn import IndRNN
from rnn_tui.engine.network.modules.lru import LRU
from rnn_tui.engine.network.modules.min_gru import MinGRU
from rnn_tui.engine.network.modules.min_lstm import MinLSTM
from rnn_tui.engine.network.modules.peephole_lstm import PeepholeLSTM
from rnn_tui.engine.network.modules.s_lstm import SLSTM
from rnn_tui.engine.network.modules.selective_ssm import SelectiveSSM
from rnn_tui.engine.network.own_cell import build_own
from rnn_tui.experiment.cell_kinds import OWN

__all__ = ["MODULES", "cell_builder"]

MODULES: dict[str, Callable[[int, int], nn.Module]] = {
    "ind-rnn": IndRNN,
    "min-gru": MinGRU,
    "min-lstm": MinLSTM,
    "peephole-lstm": PeepholeLSTM,
    "slstm": SLSTM,
    "lru": LRU,
    "ssm": SelectiveSSM,
    "delta-net": DeltaNet,
}


def cell_builder(cell: str) -> Callable[[int, int], nn.Module]:
    """Return what builds one cell of a kind that is a module, of E and H."""
    return build_own if cell == OWN else MODULES[cell]
