"""Layer norm between layers: what a layer hands up is normalised for the layer above, before dropout.

Each time step by itself: y = (h − mean(h)) / sqrt(var(h) + 1e-5) · weight + bias over all D*H units, as nn.LayerNorm
has it. The state that a layer hands to its own next step, and the output of the top layer, are as they are.
(Ba, Kiros and Hinton, 2016; arXiv:1607.06450.)
"""

import torch
from torch import Tensor, nn

from rnn_tui.experiment.spec import Network

__all__ = ["add_norms", "back_through", "norm_above"]


def add_norms(recurrent: nn.Module, network: Network) -> None:
    """Give recurrent layers a norm above each but the top one, where the network has any."""
    if network.layer_norm:
        width = network.hidden_size * network.directions
        recurrent.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(network.layers - 1))


def norm_above(recurrent: nn.Module, layer: int) -> nn.LayerNorm | None:
    """Return what normalises the states of a layer for the layer above; None where nothing does."""
    norms = recurrent._modules.get("norms")
    if not isinstance(norms, nn.ModuleList) or layer >= len(norms):
        return None
    norm = norms[layer]
    assert isinstance(norm, nn.LayerNorm)
    return norm


def back_through(norm: nn.LayerNorm, h: Tensor, by_y: Tensor) -> Tensor:
    """Turn derivatives by what a norm has made of states h (..., D*H) into those by the states.

    ∂h = (g − mean(g) − x mean(g x)) / σ, where x = (h − mean(h)) / σ and g = weight ∂y.
    """
    variance, mean = torch.var_mean(h, -1, correction=0, keepdim=True)
    sigma = (variance + norm.eps).sqrt()
    x, g = (h - mean) / sigma, by_y * norm.weight
    return (g - g.mean(-1, keepdim=True) - x * (g * x).mean(-1, keepdim=True)) / sigma
