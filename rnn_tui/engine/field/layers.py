"""Recurrent layers of M networks with their derivatives written out: one product with W_hh for each time step each way.

autograd would note every operation of every step, and add up ∂L/∂W_hh step by step; here that is one product over all
steps, as in cuDNN. The derivatives are those of the equations in `engine/network/cells.py`; the tests compare them with
autograd's.

T time steps, M networks, N rows, H hidden units, G gates. Time comes first, so that a step is one piece of memory.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from rnn_tui.engine.network.cells import State

__all__ = ["LAYERS"]

_tanh_backward = torch.ops.aten.tanh_backward  # (∂L/∂y, y) -> ∂L/∂x, in one operation
_sigmoid_backward = torch.ops.aten.sigmoid_backward
_relu_backward = torch.ops.aten.threshold_backward


def _by_weights(gates: Tensor, states: Tensor) -> Tensor:
    """Return ∂L/∂W_hh (M, G*H, H), from ∂L/∂(W_hh h) of all steps (T, M, N, G*H) and the h (T, M, N, H) before them."""
    left = gates.permute(1, 3, 0, 2).flatten(2)  # (M, G*H, T*N)
    right = states.transpose(0, 1).flatten(1, 2)  # (M, T*N, H)
    return torch.bmm(left, right)


class _Plain(torch.autograd.Function):
    """h_t = squash(x_t + W_hh h_{t-1} + b_hh); a subclass says how it squashes."""

    squash: Callable[[Tensor], Tensor]
    derivative: Callable[..., Tensor]

    @classmethod
    def forward(cls, ctx: Any, x: Tensor, w: Tensor, b: Tensor, h_0: Tensor) -> Tensor:
        """Return h (T, M, N, H) of x (T, M, N, H), which is W_ih x + b_ih; w (M, H, H), b (M, H), h_0 (M, N, H)."""
        x = x + b[:, None]
        states = torch.empty((len(x) + 1, *x.shape[1:3], w.shape[-1]), dtype=x.dtype)
        states[0] = h_0
        turned = w.mT
        for t in range(len(x)):
            torch.baddbmm(x[t], states[t], turned, out=states[t + 1])
            cls.squash(states[t + 1])
        ctx.save_for_backward(w, states)
        return states[1:]

    @classmethod
    def backward(cls, ctx: Any, by_states: Tensor) -> tuple[Tensor, ...]:
        """Return ∂L/∂x, ∂L/∂W_hh, ∂L/∂b_hh and ∂L/∂h_0."""
        w, states = ctx.saved_tensors
        by_gates = torch.empty_like(by_states)
        by_h = torch.zeros_like(states[0])
        for t in reversed(range(len(by_states))):
            by_h += by_states[t]
            by_gates[t] = cls.derivative(by_h, states[t + 1])
            by_h = torch.bmm(by_gates[t], w)
        return by_gates, _by_weights(by_gates, states[:-1]), by_gates.sum((0, 2)), by_h


class _Tanh(_Plain):
    squash = staticmethod(torch.Tensor.tanh_)
    derivative = staticmethod(_tanh_backward)


class _Relu(_Plain):
    squash = staticmethod(torch.Tensor.relu_)

    @staticmethod
    def derivative(by_h: Tensor, h: Tensor) -> Tensor:
        """Return what passes where h is above 0."""
        passed: Tensor = _relu_backward(by_h, h, 0)
        return passed


class _Gru(torch.autograd.Function):
    """r, z = σ(x_t + W_hh h + b_hh), n = tanh(x_n + r (W_hn h + b_hn)), h_t = n + z (h_{t-1} − n)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor, b: Tensor, h_0: Tensor) -> Tensor:
        """Return h (T, M, N, H) of x (T, M, N, 3H); w (M, 3H, H), b (M, 3H), h_0 (M, N, H)."""
        size = w.shape[-1]
        states = torch.empty((len(x) + 1, *x.shape[1:3], size), dtype=x.dtype)
        states[0] = h_0
        gates = torch.empty_like(x)  # r, z, n
        seen = torch.empty_like(states[1:])  # what n sees of the state, before r
        turned, offset = w.mT, b[:, None]
        for t in range(len(x)):
            from_h = torch.baddbmm(offset, states[t], turned)
            seen[t] = from_h[..., 2 * size :]
            torch.add(x[t], from_h, out=gates[t])
            r_z = gates[t, ..., : 2 * size].sigmoid_()
            n = gates[t, ..., 2 * size :]
            torch.addcmul(x[t, ..., 2 * size :], r_z[..., :size], seen[t], out=n).tanh_()
            torch.lerp(n, states[t], r_z[..., size:], out=states[t + 1])
        ctx.save_for_backward(w, states, gates, seen)
        return states[1:]

    @staticmethod
    def backward(ctx: Any, by_states: Tensor) -> tuple[Tensor, ...]:
        """Return ∂L/∂x, ∂L/∂W_hh, ∂L/∂b_hh and ∂L/∂h_0."""
        w, states, gates, seen = ctx.saved_tensors
        size = w.shape[-1]
        by_x = torch.empty_like(gates)
        by_from_h = torch.empty_like(gates)
        by_h = torch.zeros_like(states[0])
        for t in reversed(range(len(by_states))):
            by_h += by_states[t]
            r, z, n = gates[t].chunk(3, -1)
            by_z = by_h * (states[t] - n)
            by_n = _tanh_backward(by_h * (1 - z), n)
            by_x[t, ..., 2 * size :] = by_n
            by_x[t, ..., size : 2 * size] = _sigmoid_backward(by_z, z)
            by_x[t, ..., :size] = _sigmoid_backward(by_n * seen[t], r)
            by_from_h[t] = by_x[t]
            by_from_h[t, ..., 2 * size :] *= r
            by_h = torch.baddbmm(by_h * z, by_from_h[t], w)
        return by_x, _by_weights(by_from_h, states[:-1]), by_from_h.sum((0, 2)), by_h


class _Lstm(torch.autograd.Function):
    """i, f, o = σ(x_t + W_hh h + b_hh), g = tanh(likewise), c_t = f c_{t-1} + i g, h_t = o tanh(c_t)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor, b: Tensor, h_0: Tensor, c_0: Tensor) -> tuple[Tensor, Tensor]:
        """Return h and c (T, M, N, H) of x (T, M, N, 4H); w (M, 4H, H), b (M, 4H), h_0 and c_0 (M, N, H)."""
        size = w.shape[-1]
        x = x + b[:, None]
        shape = (len(x) + 1, *x.shape[1:3], size)
        states, cells = torch.empty(shape, dtype=x.dtype), torch.empty(shape, dtype=x.dtype)
        states[0], cells[0] = h_0, c_0
        gates = torch.empty_like(x)  # i, f, g, o
        shown = torch.empty_like(states[1:])  # tanh(c)
        turned = w.mT
        for t in range(len(x)):
            torch.baddbmm(x[t], states[t], turned, out=gates[t])
            i_f, o = gates[t, ..., : 2 * size].sigmoid_(), gates[t, ..., 3 * size :].sigmoid_()
            g = gates[t, ..., 2 * size : 3 * size].tanh_()
            torch.mul(i_f[..., :size], g, out=cells[t + 1]).addcmul_(i_f[..., size:], cells[t])
            torch.tanh(cells[t + 1], out=shown[t])
            torch.mul(o, shown[t], out=states[t + 1])
        ctx.save_for_backward(w, states, cells, gates, shown)
        return states[1:], cells[1:]

    @staticmethod
    def backward(ctx: Any, by_states: Tensor, by_cells: Tensor) -> tuple[Tensor, ...]:
        """Return ∂L/∂x, ∂L/∂W_hh, ∂L/∂b_hh, ∂L/∂h_0 and ∂L/∂c_0. Of c only the last step reaches a later pass."""
        w, states, cells, gates, shown = ctx.saved_tensors
        size = w.shape[-1]
        by_gates = torch.empty_like(gates)
        by_h, by_c = torch.zeros_like(states[0]), torch.zeros_like(states[0])
        for t in reversed(range(len(by_states))):
            by_h += by_states[t]
            by_c += by_cells[t]
            i, f, g, o = gates[t].chunk(4, -1)
            by_c += _tanh_backward(by_h * o, shown[t])
            part = by_gates[t]
            torch.mul(by_c, g, out=part[..., :size])
            torch.mul(by_c, cells[t], out=part[..., size : 2 * size])
            torch.mul(by_h, shown[t], out=part[..., 3 * size :])
            part[..., : 2 * size] = _sigmoid_backward(part[..., : 2 * size], gates[t, ..., : 2 * size])
            part[..., 3 * size :] = _sigmoid_backward(part[..., 3 * size :], o)
            part[..., 2 * size : 3 * size] = _tanh_backward(by_c * i, g)
            by_c = by_c * f
            by_h = torch.bmm(part, w)
        return by_gates, _by_weights(by_gates, states[:-1]), by_gates.sum((0, 2)), by_h, by_c


def _with_h(kind: type[torch.autograd.Function]) -> Callable[..., tuple[Tensor, State]]:
    apply: Callable[..., Tensor] = kind.apply

    def run(x: Tensor, w: Tensor, b: Tensor, state: Tensor) -> tuple[Tensor, State]:
        h = apply(x, w, b, state)
        return h, h[-1]

    return run


def _with_c(kind: type[torch.autograd.Function]) -> Callable[..., tuple[Tensor, State]]:
    apply: Callable[..., tuple[Tensor, Tensor]] = kind.apply

    def run(x: Tensor, w: Tensor, b: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, State]:
        h, c = apply(x, w, b, *state)
        return h, (h[-1], c[-1])

    return run


LAYERS: dict[str, Callable[..., tuple[Tensor, State]]] = {
    # W_ih x + b_ih (T, M, N, G*H), W_hh (M, G*H, H), b_hh (M, G*H), state (M, N, H) -> h (T, M, N, H), the last state
    "rnn": _with_h(_Tanh),
    "rnn-relu": _with_h(_Relu),
    "gru": _with_h(_Gru),
    "lstm": _with_c(_Lstm),
}
