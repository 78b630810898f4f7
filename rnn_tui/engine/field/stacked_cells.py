"""The recurrent layers of M networks of one shape, in one pass: the equations of `engine/network/cells.py`.

The input's part of all time steps is one product, which the equations of a single network do step by step; what is
computed is the same. A kind of cell that has no such form here runs through `torch.func.vmap`, as it is written there.

M networks, T time steps, N rows, E features, H hidden units, G gates.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from rnn_tui.engine.network.cells import STEPS, State, hidden, kept_where_padded

__all__ = ["run_direction"]

# What comes from x and from h, W_ih x_t + b_ih and W_hh h_{t-1} + b_hh, is (M, N, G*H); h and c are (M, N, H).


def _rnn(x: Tensor, h: Tensor, _: State) -> Tensor:
    return torch.tanh(x + h)


def _relu(x: Tensor, h: Tensor, _: State) -> Tensor:
    return torch.relu(x + h)


def _gru(x: Tensor, h: Tensor, before: State) -> Tensor:
    x_r, x_z, x_n = x.chunk(3, -1)
    h_r, h_z, h_n = h.chunk(3, -1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + r * h_n)
    return n + z * (hidden(before) - n)


def _lstm(x: Tensor, h: Tensor, before: State) -> tuple[Tensor, Tensor]:
    i, f, g, o = (x + h).chunk(4, -1)
    c = torch.sigmoid(f) * before[1] + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


_FROM_PARTS: dict[str, Callable[[Tensor, Tensor, State], State]] = {
    "rnn": _rnn,
    "rnn-relu": _relu,
    "gru": _gru,
    "lstm": _lstm,
}


def run_direction(
    cell: str, x: Tensor, state: State, weights: Sequence[Tensor], direction: int, own: Tensor | None
) -> tuple[Tensor, State]:
    """Return the h of one layer and direction, (M, T, N, H), and the state after its last step.

    x (M, T, N, E), or (T, N, E) that all networks read; state (M, N, H), one or two of them; weights w_ih (M, G*H, E),
    w_hh (M, G*H, H), b_ih and b_hh (M, G*H). Direction 1 begins with the last step. own (M, T, N, 1), or None, is true
    at the steps that belong to a row: at the others it keeps its state.
    """
    step = _from_parts if cell in _FROM_PARTS else _through_vmap
    advance = step(cell, x, weights)
    times = range(x.shape[-3])
    found = []
    for t in reversed(times) if direction else times:
        after = advance(t, state)
        state = after if own is None else kept_where_padded(after, state, own[:, t])
        found.append(hidden(state))
    return torch.stack(found[::-1] if direction else found, 1), state


_Advance = Callable[[int, Any], Any]


def _from_parts(cell: str, x: Tensor, weights: Sequence[Tensor]) -> _Advance:
    """Return what makes the state after time step t of the one before it; the input's part is there at once."""
    w_ih, w_hh, b_ih, b_hh = weights
    steps, rows, features = x.shape[-3:]
    flat = x.reshape(*x.shape[:-3], steps * rows, features)  # (M, T*N, E), or (T*N, E)
    if x.dim() == 3:
        flat = flat.expand(len(w_ih), -1, -1)
    product = torch.baddbmm(b_ih[:, None], flat, w_ih.mT)  # (M, T*N, G*H)
    from_x = product.view(len(w_ih), steps, rows, -1).unbind(1)  # T of (M, N, G*H)
    w, b, combine = w_hh.mT, b_hh[:, None], _FROM_PARTS[cell]

    def advance(t: int, state: Any) -> Any:
        return combine(from_x[t], torch.baddbmm(b, hidden(state), w), state)

    return advance


def _through_vmap(cell: str, x: Tensor, weights: Sequence[Tensor]) -> _Advance:
    shared = x.dim() == 3
    step = torch.func.vmap(STEPS[cell], in_dims=(None if shared else 0, 0, *(0 for _ in weights)))

    def advance(t: int, state: Any) -> Any:
        return step(x[t] if shared else x[:, t], state, *weights)

    return advance
