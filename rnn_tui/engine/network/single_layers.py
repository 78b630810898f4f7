"""Each recurrent layer by itself: what the fused modules compute inside and do not show.

A layer's module shares its parameters with the network, so that it computes with the weights of this very tick.
"""

from typing import Any, cast

import torch
from torch import Tensor, nn

from rnn_tui.engine.network.dropout import dropped
from rnn_tui.engine.network.fused import run_rows, steps_of_rows
from rnn_tui.engine.network.model import CellStack, Model, State
from rnn_tui.experiment.spec import Network

__all__ = ["cells", "largest_finite", "layer_cells", "layer_modules", "layer_states"]


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


def layer_states(
    modules: list[nn.RNNBase], x: Tensor, state: State, masks: Tensor | None = None, lengths: Tensor | None = None
) -> list[tuple[Tensor, Tensor | None]]:
    """h_t and, for an LSTM, c_t of every layer: (T, N, D*H) each, from x (T, N, E) and the state before it.

    masks (L-1, T, N, D*H) of dropout, where the pass had some. lengths (N,), on the CPU, of rows that are padded and
    also read from the right; what is found at their padding means nothing.
    """
    lstm = isinstance(state, tuple)
    states: list[tuple[Tensor, Tensor | None]] = []
    for number, module in enumerate(modules):
        directions = 2 if module.bidirectional else 1
        rows = slice(number * directions, (number + 1) * directions)
        before = tuple(part[rows] for part in state) if lstm else cast(Tensor, state)[rows]
        h, _ = run_rows(module, x, before, lengths)
        states.append((h, _cells(module, x, h, *cast("tuple[Tensor, Tensor]", before), lengths) if lstm else None))
        x = dropped(h, masks, number)
    return states


def _cells(module: nn.RNNBase, x: Tensor, h: Tensor, h_0: Tensor, c_0: Tensor, lengths: Tensor | None = None) -> Tensor:
    """c_t of an LSTM layer (T, N, D*H), from its inputs x (T, N, E) and its states h (T, N, D*H).

    c_t = sigmoid(f_t) c_{t-1} + sigmoid(i_t) tanh(g_t), where (i, f, g, o)_t = W_ih x_t + b_ih + W_hh h_{t-1} + b_hh.
    """
    size = module.hidden_size
    own = None if lengths is None else steps_of_rows(lengths, len(x), x.device)[..., None]  # (T, N, 1)
    both = []
    for direction, end in enumerate(("", "_reverse") if module.bidirectional else ("",)):
        w_ih, w_hh, b_ih, b_hh = (
            getattr(module, f"{name}_l0{end}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        steps, states, mine = x, h[..., direction * size : (direction + 1) * size], own
        if mine is not None:
            states = states.where(mine, h_0[direction])  # what a row begins with at its own end
        if end:
            steps, states, mine = steps.flip(0), states.flip(0), None if mine is None else mine.flip(0)
        before = torch.cat((h_0[direction][None], states[:-1]))  # h_{t-1}
        i, f, g, _ = (steps @ w_ih.T + b_ih + before @ w_hh.T + b_hh).chunk(4, -1)  # (T, N, H) each
        kept, taken = torch.sigmoid(f), torch.sigmoid(i) * torch.tanh(g)
        if mine is not None:
            kept, taken = kept.where(mine, 1), taken.where(mine, 0)
        c = cells(kept, taken, c_0[direction])
        both.append(c.flip(0) if end else c)
    return torch.cat(both, -1)


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
