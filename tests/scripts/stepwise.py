"""torch's recurrent modules written out in float64, a time step at a time, so that autograd knows every state.

T time steps, N rows, I features read, H hidden units, L layers, D directions. Rows stand in the order in which the
module reads them, which of packed sequences is by length; `Call.padded` puts them back.
"""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout
from torch.nn.utils.rnn import PackedSequence

__all__ = ["CELLS", "FUSED", "Form", "Steps", "kind_of", "run_stepwise"]

CELLS: dict[type[nn.Module], str] = {nn.RNNCell: "rnn", nn.GRUCell: "gru", nn.LSTMCell: "lstm"}
FUSED: dict[type[nn.Module], str] = {nn.RNN: "rnn", nn.GRU: "gru", nn.LSTM: "lstm"}


def kind_of(module: Any) -> str:
    """Return "rnn", "rnn-relu", "gru" or "lstm"."""
    found = next(kind for each, kind in (CELLS | FUSED).items() if isinstance(module, each))
    return "rnn-relu" if found == "rnn" and module.nonlinearity == "relu" else found


class Form:
    """How a call gives its sequences and its first state, and how it returns them."""

    def __init__(self, module: Any, input: Any, hx: Any) -> None:
        self.module = module
        self.kind = kind_of(module)
        self.is_cell = isinstance(module, tuple(CELLS))
        self.layers = 1 if self.is_cell else module.num_layers
        self.directions = 1 if self.is_cell else 1 + module.bidirectional
        self.unsorted: Tensor | None = None
        if isinstance(input, PackedSequence):
            self.sizes = input.batch_sizes.tolist()  # rows that go on at each time step
            self.unsorted = input.unsorted_indices
            sorting = input.sorted_indices
        else:
            self.is_single = input.dim() == (1 if self.is_cell else 2)
            rows = self._time_first(input).shape[1]
            self.sizes, sorting = [rows] * self._time_first(input).shape[0], None
        self.data = self.data_of(input)  # (sum of sizes, I)
        parts = hx if isinstance(hx, tuple) else (hx, None)
        self.h_0 = self._state(parts[0], sorting)  # (L*D, N, H)
        self.c_0 = self._state(parts[1], sorting) if self.kind == "lstm" else None

    @property
    def lengths(self) -> list[int]:
        """Time steps of each row, in the script's order."""
        by_length = [sum(size > row for size in self.sizes) for row in range(self.sizes[0])]
        return by_length if self.unsorted is None else [by_length[row] for row in self.unsorted.tolist()]

    def data_of(self, sequence: Any) -> Tensor:
        """Return the steps of an input or an output one after the other, (sum of sizes, features)."""
        if isinstance(sequence, PackedSequence):
            return sequence.data
        return self._time_first(sequence).flatten(0, 1)

    def padded(self, data: Tensor | list[Tensor]) -> Tensor:
        """Return steps one after the other, or a list of them, as (T, N, features) in the script's order of rows."""
        parts = _split(data, self.sizes) if isinstance(data, Tensor) else data
        found = parts[0].new_zeros(len(self.sizes), *parts[0].shape)
        for t, part in enumerate(parts):
            found[t, : len(part)] = part
        return self.in_order(found)

    def in_order(self, rows: Tensor) -> Tensor:
        """Return (·, N, ·) with the rows in the script's order."""
        return rows if self.unsorted is None else rows[:, self.unsorted]

    def returned(self, real: Any, output: Tensor, h_n: Tensor, c_n: Tensor | None) -> Any:
        """Return an output (sum of sizes, D*H) and last states as the module does, in the types that it has."""
        if self.is_cell:
            if c_n is None:
                return h_n[0].to(real.dtype).view(real.shape)
            return tuple(each[0].to(old.dtype).view(old.shape) for each, old in zip((h_n, c_n), real, strict=True))
        real_output, real_state = real
        if isinstance(real_output, PackedSequence):
            given: Any = real_output._replace(data=output.to(real_output.data.dtype))
        else:
            given = output.to(real_output.dtype).view(len(self.sizes), self.sizes[0], -1)
            if not self.is_single and self.module.batch_first:
                given = given.transpose(0, 1)
            given = given.reshape(real_output.shape)
        if c_n is None:
            return given, self.in_order(h_n).to(real_state.dtype).reshape(real_state.shape)
        last = (
            self.in_order(each).to(old.dtype).reshape(old.shape)
            for each, old in zip((h_n, c_n), real_state, strict=True)
        )
        return given, tuple(last)

    def weights(self, layer: int, direction: int) -> list[Tensor]:
        """Return W_ih, W_hh, b_ih and b_hh in float64, as parts of the graph."""
        end = "" if self.is_cell else f"_l{layer}{'_reverse' if direction else ''}"
        w_ih, w_hh = (getattr(self.module, f"weight_{part}{end}").double() for part in ("ih", "hh"))
        nothing = w_hh.new_zeros(len(w_hh))
        if not self.module.bias:
            return [w_ih, w_hh, nothing, nothing]
        return [w_ih, w_hh, *(getattr(self.module, f"bias_{part}{end}").double() for part in ("ih", "hh"))]

    def _time_first(self, sequence: Tensor) -> Tensor:
        if self.is_cell:
            return sequence.unsqueeze(0).unsqueeze(0) if self.is_single else sequence.unsqueeze(0)
        if self.is_single:
            return sequence.unsqueeze(1)
        return sequence.transpose(0, 1) if self.module.batch_first else sequence

    def _state(self, state: Tensor | None, sorting: Tensor | None) -> Tensor:
        shape = self.layers * self.directions, self.sizes[0], self.module.hidden_size
        if state is None:
            return self.data.new_zeros(shape)
        return state.reshape(shape) if sorting is None else state[:, sorting]


@dataclass
class Steps:
    """A layer in one direction: what it reads, and its states at each time step; their gradients are retained."""

    read: Tensor  # (sum of sizes, I)
    h: list[Tensor] = field(default_factory=list)  # (rows that go on, H)
    c: list[Tensor] = field(default_factory=list)


def run_stepwise(form: Form, real: Any) -> tuple[Any, list[list[Steps]]]:
    """Return what the module would return (`real` is what it did), and the steps of each layer and direction."""
    read, layers = form.data.double(), []
    h_n, c_n = [], []
    for layer in range(form.layers):
        both = []
        for direction in range(form.directions):
            steps, h, c = _run_layer(form, read, layer, direction)
            both.append(steps)
            h_n.append(h)
            c_n.append(c)
        layers.append(both)
        read = torch.cat([torch.cat(steps.h) for steps in both], -1)
        if layer < form.layers - 1 and form.module.dropout and form.module.training:
            read = read * dropout(torch.ones_like(read, dtype=form.data.dtype), form.module.dropout).double()
    return form.returned(real, read, torch.stack(h_n), torch.stack(c_n) if form.kind == "lstm" else None), layers


def _run_layer(form: Form, read: Tensor, layer: int, direction: int) -> tuple[Steps, Tensor, Tensor]:
    w_ih, w_hh, b_ih, b_hh = form.weights(layer, direction)
    number = layer * form.directions + direction
    h = form.h_0[number].double()
    c = h if form.c_0 is None else form.c_0[number].double()
    steps, parts = Steps(read), _split(read, form.sizes)
    for t in reversed(range(len(parts))) if direction else range(len(parts)):
        rows = form.sizes[t]
        a, b = parts[t] @ w_ih.T + b_ih, h[:rows] @ w_hh.T + b_hh
        if form.kind == "lstm":
            i, f, g, o = (a + b).chunk(4, -1)
            new_c = torch.sigmoid(f) * c[:rows] + torch.sigmoid(i) * torch.tanh(g)
            new_h = torch.sigmoid(o) * torch.tanh(new_c)
            steps.c.append(new_c)
            c = torch.cat([new_c, c[rows:]])
        elif form.kind == "gru":
            (a_r, a_z, a_n), (b_r, b_z, b_n) = a.chunk(3, -1), b.chunk(3, -1)
            z, n = torch.sigmoid(a_z + b_z), torch.tanh(a_n + torch.sigmoid(a_r + b_r) * b_n)
            new_h = (1 - z) * n + z * h[:rows]
        else:
            new_h = torch.relu(a + b) if form.kind == "rnn-relu" else torch.tanh(a + b)
        steps.h.append(new_h)
        h = torch.cat([new_h, h[rows:]])
    if direction:
        steps.h.reverse()
        steps.c.reverse()
    for state in (*steps.h, *steps.c):
        if state.requires_grad:
            state.retain_grad()
    return steps, h, c


def _split(data: Tensor, sizes: list[int]) -> list[Tensor]:
    return list(torch.split(data, sizes))
