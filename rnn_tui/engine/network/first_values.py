"""What the recurrent weights are before anything is learnt: torch's own draw, or one that a paper has found better.

Each gate has H rows of W_ih (…, E), W_hh (…, H) and of both biases; each of its blocks is set by itself.
"""

import torch
from torch import Tensor, nn

from rnn_tui.experiment.spec import Network

__all__ = ["set_first_values"]


@torch.no_grad()
def set_first_values(recurrent: nn.Module, network: Network) -> None:
    """Set the weights of recurrent layers as `network.init` and `network.forget_bias` say, with torch's generator.

    default: as torch draws them, uniform in ±1/√H. orthogonal: W_hh is a random rotation (Saxe, McClelland and Ganguli,
    2013; arXiv:1312.6120), so that a gradient keeps its length where the activation lets it. identity: W_hh is 1 on the
    diagonal and the biases are 0, so that the state is copied (Le, Jaitly and Hinton, 2015; arXiv:1504.00941). xavier:
    both matrices are uniform in ±√(6 / (rows + columns)) and the biases are 0 (Glorot and Bengio, 2010).
    """
    if network.kind.is_module:  # it has first values of its own
        return
    gates = len(network.kind.gates)
    for name, weight in recurrent.named_parameters():
        if "norm" in name:
            continue
        for block in weight.chunk(gates):
            _set(name.rpartition(".")[2], block, network.init)
    if network.forget_bias:
        at = network.kind.gate_names.index("f")
        for name, weight in recurrent.named_parameters():
            if "bias_ih" in name:
                weight.chunk(gates)[at].add_(network.forget_bias)


def _set(name: str, block: Tensor, init: str) -> None:
    """Set the rows of one gate."""
    is_bias, is_recurrent = name.startswith("bias"), name.startswith("weight_hh")
    if is_bias and init in ("identity", "xavier"):
        block.zero_()
    elif is_recurrent and init == "orthogonal":
        nn.init.orthogonal_(block)
    elif is_recurrent and init == "identity":
        nn.init.eye_(block)
    elif not is_bias and init == "xavier":
        nn.init.xavier_uniform_(block)
