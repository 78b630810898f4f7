"""The recurrent layers of M networks of one shape, in one pass: the equations of `engine/network/cells.py`.

Those of any cell run through `torch.func.vmap`, step by step, as they are written there. Of cells whose derivatives are
written out, see `engine/field/layers.py`, the input's part of all time steps is one product.

M networks, T time steps, N rows, E features, H hidden units, G gates.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from rnn_tui.engine.field.layers import LAYERS
from rnn_tui.engine.network.cells import STEPS, State, hidden, kept_where_padded

__all__ = ["run_direction"]


def run_direction(
    cell: str, x: Tensor, state: State, weights: Sequence[Tensor], direction: int, own: Tensor | None
) -> tuple[Tensor, State]:
    """Return the h of one layer and direction, (M, T, N, H), and the state after its last step.

    x (M, T, N, E), or (T, N, E) that all networks read; state (M, N, H), one or two of them; weights w_ih (M, G*H, E),
    w_hh (M, G*H, H), b_ih and b_hh (M, G*H). Direction 1 begins with the last step. own (M, T, N, 1), or None, is true
    at the steps that belong to a row: at the others it keeps its state.
    """
    if own is None and cell in LAYERS:
        return _at_once(cell, x, state, weights, direction)
    shared = x.dim() == 3
    step = torch.func.vmap(STEPS[cell], in_dims=(None if shared else 0, 0, *(0 for _ in weights)))
    times = range(x.shape[-3])
    found = []
    for t in reversed(times) if direction else times:
        after = step(x[t] if shared else x[:, t], state, *weights)
        state = after if own is None else kept_where_padded(after, state, own[:, t])
        found.append(hidden(state))
    return torch.stack(found[::-1] if direction else found, 1), state


def _at_once(cell: str, x: Tensor, state: State, weights: Sequence[Tensor], direction: int) -> tuple[Tensor, State]:
    """Return the same of a cell whose derivatives are written out; the input's part of all steps is one product."""
    w_ih, w_hh, b_ih, b_hh = weights
    steps, rows, features = x.shape[-3:]
    flat = x.reshape(*x.shape[:-3], steps * rows, features)  # (M, T*N, E), or (T*N, E)
    if x.dim() == 3:
        flat = flat.expand(len(w_ih), -1, -1)
    product = torch.baddbmm(b_ih[:, None], flat, w_ih.mT)  # (M, T*N, G*H)
    from_x = product.view(len(w_ih), steps, rows, -1).transpose(0, 1)  # (T, M, N, G*H)
    if direction:
        from_x = from_x.flip(0)
    h, after = LAYERS[cell](from_x, w_hh, b_hh, state)
    return (h.flip(0) if direction else h).transpose(0, 1), after
