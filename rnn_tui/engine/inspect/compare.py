"""One row of a pass, computed again from the written-out equations, to compare with what torch's modules compute."""

from collections.abc import Sequence

import torch
from torch import Tensor

from rnn_tui.engine.inspect.unrolled_pass import UnrolledLayer
from rnn_tui.engine.network.cells import State, hidden, through_time, with_weights

__all__ = ["compare"]


@torch.no_grad()
def compare(layers: Sequence[Sequence[UnrolledLayer]]) -> list[list[tuple[Tensor, Tensor | None]]]:
    """Return h (T, H), and c (T, H) of an LSTM, of each layer and direction, in the order of the text; [] for none.

    Only the weights, the norms, the masks of dropout, the first layer's inputs and the states before the first step are
    taken from `layers`: each layer reads the states that the equations gave for the layer below. It costs about a plain
    forward pass of the row.
    """
    found: list[list[tuple[Tensor, Tensor | None]]] = []
    xs: Sequence[Tensor] = layers[0][0].x.unbind(0) if layers else ()  # T of (E,)
    for directions in layers:
        if (norm := directions[0].norm) is not None:
            xs = [norm(x) for x in xs]
        if (mask := directions[0].mask) is not None:
            xs = [x * each for x, each in zip(xs, mask, strict=True)]
        both: list[tuple[Tensor, Tensor | None]] = []
        for each in directions:
            first: State = each.h_0 if each.c_0 is None else (each.h_0, each.c_0)
            step = with_weights(each.kind.name, (each.w_ih, each.w_hh, each.b_ih, each.b_hh))
            states = through_time(step, xs, first, each.direction)
            h = torch.stack([hidden(state) for state in states])
            both.append((h, None if each.c_0 is None else torch.stack([c for _, c in states])))
        found.append(both)
        xs = torch.cat([h for h, _ in both], -1).unbind(0)  # T of (D*H,)
    return found
