"""Each recurrent layer by itself: what the fused modules compute inside and do not show.

A layer's module shares its parameters with the network, so that it computes with the weights of this very tick.
"""

from typing import Any

import torch
from torch import Tensor, nn

from rnn_tui.engine.network.model import CellStack, Model
from rnn_tui.experiment.spec import Network

__all__ = ["cells", "largest_finite", "layer_cells", "layer_modules"]


def layer_modules(model: Model, network: Network) -> list[nn.RNNBase]:
    """One nn.RNN, nn.GRU or nn.LSTM of a single layer for each recurrent layer, time first, on shared parameters."""
    kind = {"gru": nn.GRU, "lstm": nn.LSTM}.get(network.cell, nn.RNN)
    relu = {"nonlinearity": "relu"} if network.cell == "rnn-relu" else {}
    modules = []
    for number in range(network.layers):
        weights = _weights(model.recurrent, number)
        width = weights["weight_ih_l0"].shape[1]
        with torch.device("meta"):  # no memory and no random numbers for weights that are replaced at once
            module = kind(width, network.hidden_size, bidirectional=network.bidirectional, **relu)
        for name, weight in weights.items():
            setattr(module, name, weight)
        modules.append(module)
    return modules


def layer_cells(model: Model, network: Network) -> list[nn.RNNCellBase]:
    """One nn.RNNCell, nn.GRUCell or nn.LSTMCell for each recurrent layer that reads from the left, as `layer_modules`.

    For single time steps: there the fused modules take up to three times as long.
    """
    kind = {"gru": nn.GRUCell, "lstm": nn.LSTMCell}.get(network.cell, nn.RNNCell)
    relu: dict[str, Any] = {"nonlinearity": "relu"} if network.cell == "rnn-relu" else {}
    found = []
    for number in range(network.layers):
        weights = _weights(model.recurrent, number)
        with torch.device("meta"):
            cell = kind(weights["weight_ih_l0"].shape[1], network.hidden_size, **relu)
        for name, weight in weights.items():
            if not name.endswith("_reverse"):
                setattr(cell, name.removesuffix("_l0"), weight)
        found.append(cell)
    return found


def _weights(recurrent: nn.Module, layer: int) -> dict[str, nn.Parameter]:
    if isinstance(recurrent, CellStack):
        return {f"{name}_l0": weight for name, weight in recurrent.cells[layer].named_parameters()}
    mark = f"_l{layer}"
    return {
        name.replace(mark, "_l0"): weight
        for name, weight in recurrent.named_parameters()
        if name.removesuffix("_reverse").endswith(mark)
    }


def cells(kept: Tensor, taken: Tensor, c_0: Tensor, *, from_right: bool = False) -> Tensor:
    """c_t = kept_t c_{t-1} + taken_t of every step, (T, ...); or from c_{t+1}, where it reads from the right."""
    steps = list(zip(kept.unbind(0), taken.unbind(0), strict=True))
    c, found = c_0, []
    for keep, take in reversed(steps) if from_right else steps:
        c = torch.addcmul(take, keep, c)
        found.append(c)
    return torch.stack(found[::-1] if from_right else found)


def largest_finite(*tensors: Tensor) -> float:
    """Return the largest finite |value| in all of the tensors; 0.0 where there is none."""
    sizes = [each.abs()[each.isfinite()] for each in tensors]
    return max((float(each.max()) for each in sizes if each.numel()), default=0.0)
