"""RNN, GRU and LSTM, written out: the equations of nn.RNN, nn.GRU and nn.LSTM, and nothing else. Made to be read.

Read it from top to bottom: one time step of each cell, then a row of steps through time, then layers on top of each
other. It has the parameters of torch's modules (names, shapes, order, first values) and computes what they compute.

T time steps, N rows, E features, H hidden units, L layers, D directions, G gates (RNN 1, GRU 3, LSTM 4). The rows of a
weight matrix are those of all gates, one gate below the other, so that one product serves them all. Which gates these
are, and where the equations come from: `experiment/cell_kinds.py`.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from rnn_tui.engine.network.layer_norm import add_norms, norm_above
from rnn_tui.experiment.cell_kinds import Squash
from rnn_tui.experiment.spec import Network

__all__ = [
    "SQUASH",
    "STEPS",
    "State",
    "Step",
    "StepStack",
    "WrittenOut",
    "by_layer",
    "gru_step",
    "hidden",
    "join_layers",
    "kept_where_padded",
    "lstm_step",
    "map_state",
    "parts",
    "relu_step",
    "rnn_step",
    "through_time",
    "with_weights",
]

State = Tensor | tuple[Tensor, Tensor]  # h, or for an LSTM (h, c)
Step = Callable[[Tensor, Any], Any]  # of x (N, E) and the state before it: the state after it


# ---- one time step --------------------------------------------------------------------------------------------------
#
# x (N, E) is x_t; h (N, H) and c (N, H) come in as those of t-1 and go out as those of t;
# w_ih (G*H, E), w_hh (G*H, H), b_ih (G*H,), b_hh (G*H,).


def rnn_step(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Tensor:
    """Return h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh)."""
    return torch.tanh(x @ w_ih.T + b_ih + h @ w_hh.T + b_hh)  # (N, H)


def relu_step(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Tensor:
    """Return h_t = max(0, W_ih x_t + b_ih + W_hh h_{t-1} + b_hh)."""
    return torch.relu(x @ w_ih.T + b_ih + h @ w_hh.T + b_hh)  # (N, H)


def gru_step(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Tensor:
    """Return h_t = (1 - z_t) n_t + z_t h_{t-1}: z decides how much stays, r how much of the old state n sees."""
    x_r, x_z, x_n = (x @ w_ih.T + b_ih).chunk(3, -1)  # (N, H) each
    h_r, h_z, h_n = (h @ w_hh.T + b_hh).chunk(3, -1)  # (N, H) each
    r = torch.sigmoid(x_r + h_r)  # reset, in (0, 1)
    z = torch.sigmoid(x_z + h_z)  # update, in (0, 1)
    n = torch.tanh(x_n + r * h_n)  # new, in (-1, 1)
    return (1 - z) * n + z * h  # (N, H)


def lstm_step(
    x: Tensor, state: tuple[Tensor, Tensor], w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor
) -> tuple[Tensor, Tensor]:
    """Return h_t = o_t tanh(c_t), what is shown, and c_t = f_t c_{t-1} + i_t g_t, the memory."""
    h, c = state
    i, f, g, o = (x @ w_ih.T + b_ih + h @ w_hh.T + b_hh).chunk(4, -1)  # (N, H) each
    i = torch.sigmoid(i)  # input, in (0, 1)
    f = torch.sigmoid(f)  # forget, in (0, 1)
    g = torch.tanh(g)  # what could be remembered, in (-1, 1)
    o = torch.sigmoid(o)  # output, in (0, 1)
    c = f * c + i * g  # (N, H)
    h = o * torch.tanh(c)  # (N, H)
    return h, c


SQUASH: dict[Squash, Callable[[Tensor], Tensor]] = {"tanh": torch.tanh, "relu": torch.relu, "σ": torch.sigmoid}
STEPS: dict[str, Callable[..., Any]] = {"rnn": rnn_step, "rnn-relu": relu_step, "gru": gru_step, "lstm": lstm_step}


# ---- many time steps ------------------------------------------------------------------------------------------------


def through_time(
    step: Step, xs: Sequence[Tensor], state: State, direction: int, own: Sequence[Tensor] | None = None
) -> list[Any]:
    """Return the state after each of T steps xs (N, E), in the order of the text: h (N, H), or (h, c).

    Direction 1 begins with the last step and goes to the first. `own`, T of (N, 1), tells the steps of a row from its
    padding, which is passed over: a row keeps its state there.
    """
    states = []
    for t in reversed(range(len(xs))) if direction else range(len(xs)):
        after = step(xs[t], state)
        state = after if own is None else kept_where_padded(after, state, own[t])
        states.append(state)
    return states[::-1] if direction else states


def kept_where_padded(after: State, before: State, own: Tensor) -> Any:
    """Return the state after a step in the rows that the step belongs to, own (N, 1), else the state before it."""
    if isinstance(after, tuple) and isinstance(before, tuple):
        return tuple(torch.where(own, new, old) for new, old in zip(after, before, strict=True))
    assert isinstance(after, Tensor)
    assert isinstance(before, Tensor)
    return torch.where(own, after, before)


def with_weights(cell: str, weights: Sequence[Tensor]) -> Step:
    """Return a time step of one of `STEPS` with W_ih, W_hh, b_ih and b_hh."""
    step, (w_ih, w_hh, b_ih, b_hh) = STEPS[cell], weights
    return lambda x, state: step(x, state, w_ih, w_hh, b_ih, b_hh)


def map_state(state: State, change: Callable[[Tensor], Tensor]) -> State:
    """Apply a function to h, and to the c of an LSTM."""
    return (change(state[0]), change(state[1])) if isinstance(state, tuple) else change(state)


def parts(state: State) -> tuple[Tensor, ...]:
    """Return h, or h and c."""
    return state if isinstance(state, tuple) else (state,)


def by_layer(state: State) -> list[Any]:
    """Split a state (L*D, N, H) into those of the layers and directions: (N, H), or two of them."""
    return list(zip(*state, strict=True)) if isinstance(state, tuple) else list(state)


def join_layers(states: Sequence[Any]) -> State:
    """Join the states of layers and directions, as `by_layer` has split them."""
    if isinstance(states[0], tuple):
        return torch.stack([h for h, _ in states]), torch.stack([c for _, c in states])
    return torch.stack(list(states))


def hidden(state: State) -> Tensor:
    """Return the h of a state: all that the layer above, and the output, read."""
    return state[0] if isinstance(state, tuple) else state


# ---- many layers ----------------------------------------------------------------------------------------------------


class StepStack(nn.Module):
    """Layers on top of each other, a time step after the other; what a step computes is said by `steps`."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.layers, self.directions, self.batch_first = network.layers, network.directions, network.batch_first

    def steps(self) -> list[Step]:
        """Return what computes a time step, for each layer and direction."""
        raise NotImplementedError

    def forward(
        self, x: Tensor, state: State, masks: Tensor | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """Turn x (T, N, E) and the state before it (L*D, N, H) into the top layer's h (T, N, D*H) and the state after.

        masks (L-1, T, N, D*H), time first, are those of dropout: 0 for what the layer above does not get to see.
        lengths (N,) are those of the rows where they are padded: what comes after is never read, and its output is 0.
        """
        time = 1 if self.batch_first else 0
        xs = list(x.unbind(time))  # T of (N, E)
        own = None if lengths is None else [(t < lengths.to(x.device))[:, None] for t in range(len(xs))]  # T of (N, 1)
        before, steps = by_layer(state), self.steps()
        after = []
        for layer in range(self.layers):
            both = []
            for direction in range(self.directions):
                at = layer * self.directions + direction
                states = through_time(steps[at], xs, before[at], direction, own)
                after.append(states[0 if direction else -1])  # what it has come to in the end
                both.append([hidden(each) for each in states])
            xs = [torch.cat(sides, -1) for sides in zip(*both, strict=True)]  # T of (N, D*H), for the layer above
            norm = norm_above(self, layer)
            if norm is not None:
                xs = [norm(h) for h in xs]
            if masks is not None and layer < len(masks):
                xs = [h * mask for h, mask in zip(xs, masks[layer], strict=True)]
        if own is not None:
            xs = [torch.where(mine, h, 0) for h, mine in zip(xs, own, strict=True)]
        return torch.stack(xs, time), join_layers(after)


class WrittenOut(StepStack):
    """nn.RNN, nn.GRU or nn.LSTM, written out: the same parameters, the same numbers."""

    def __init__(self, network: Network, input_size: int) -> None:
        super().__init__(network)
        self.cell = network.cell
        bound = 1 / math.sqrt(network.hidden_size)
        for layer in range(network.layers):
            for end in ("", "_reverse")[: network.directions]:
                for name, shape in network.cell_shapes(layer, input_size):
                    drawn = torch.empty(shape).uniform_(-bound, bound)
                    self.register_parameter(f"{name}_l{layer}{end}", nn.Parameter(drawn))
        add_norms(self, network)

    def steps(self) -> list[Step]:
        """Return the equations with the weights of each layer and direction."""
        weights = list(self.parameters())  # four for each layer and direction, then the norms
        return [with_weights(self.cell, weights[4 * at : 4 * at + 4]) for at in range(self.layers * self.directions)]
