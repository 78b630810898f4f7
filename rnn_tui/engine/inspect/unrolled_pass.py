"""One layer of a pass in one direction, unrolled over time: everything that goes into each of its states.

The fused modules do not return their gates. The gates follow from what the modules do return: with the inputs and the
states of a layer, the sums of all time steps are two matrix products, and the gates are those sums, squashed.
"""

from dataclasses import dataclass, replace
from functools import cached_property, reduce
from operator import add

import torch
from torch import Tensor, nn

from rnn_tui.engine.network.cells import SQUASH, State, with_weights
from rnn_tui.engine.network.module_cells import call, parts_of_steps
from rnn_tui.engine.network.single_layers import cells
from rnn_tui.experiment.cell_kinds import CellKind, Product

__all__ = ["UnrolledLayer"]


@dataclass(frozen=True, kw_only=True)
class UnrolledLayer:
    """One layer in one direction over T time steps, in the order of the text; G gates of H units, E features.

    The shapes are those of one row; with several rows, time comes first and then the rows: (T, N, H), (N, H).
    """

    kind: CellKind
    direction: int  # 1: it reads from the right, so that "before" is the step after
    w_ih: Tensor  # (G*H, E)
    w_hh: Tensor  # (G*H, H)
    b_ih: Tensor  # (G*H,)
    b_hh: Tensor  # (G*H,)
    x: Tensor  # (T, E) what it reads
    h: Tensor  # (T, H)
    h_0: Tensor  # (H,)
    c_0: Tensor | None  # (H,), of an LSTM
    norm: nn.LayerNorm | None = None  # which has normalised the states below, before the mask
    mask: Tensor | None = None  # (T, E) by which dropout has multiplied them to give x
    own: Tensor | None = None  # (T, 1) of bool: False at the padding of a row; None: there is no padding
    free: Tensor | None = None  # (T, H) of bool: False where a state was held at a value; None: none was
    module: nn.Module | None = None  # a cell with weights of its own: the four matrices are empty then
    module_c: Tensor | None = None  # (T, S) its c, if it has one: `CellKind.c_size` numbers

    @cached_property
    def c(self) -> Tensor | None:
        """(T, H), of an LSTM; at the padding of a row the c that is handed on unchanged."""
        if self.c_0 is None or self.module_c is not None:
            return self.module_c
        kept = reduce(add, [self._factor(each) for each in self.kind.c if each.value == "c"])
        taken = reduce(add, [self._factor(each) * self.gates[each.value] for each in self.kind.c if each.value != "c"])
        if self.own is not None:
            kept, taken = kept.where(self.own, 1), taken.where(self.own, 0)
        return cells(kept, taken, self.c_0, from_right=self.direction == 1)

    @cached_property
    def h_before(self) -> Tensor:
        """(T, H) the state that each step begins with."""
        return self._before(self.h, self.h_0)

    @cached_property
    def c_before(self) -> Tensor | None:
        """(T, H) the cell that each step begins with."""
        return None if self.c is None or self.c_0 is None else self._before(self.c, self.c_0)

    @cached_property
    def from_input(self) -> Tensor:
        """(T, G*H) W_ih x_t, without its bias."""
        return self.x @ self.w_ih.T

    @cached_property
    def from_state(self) -> Tensor:
        """(T, G*H) W_hh h_{t-1}, without its bias."""
        return self.h_before @ self.w_hh.T

    @cached_property
    def totals(self) -> dict[str, Tensor]:
        """What goes into the non-linearity of each gate, (T, H) by its name."""
        gates = self.kind.gates
        inputs = (self.from_input + self.b_ih).chunk(len(gates), -1)
        states = (self.from_state + self.b_hh).chunk(len(gates), -1)
        totals: dict[str, Tensor] = {}
        for gate, x, h in zip(gates, inputs, states, strict=True):
            totals[gate.name] = x + (torch.sigmoid(totals[gate.reset]) * h if gate.reset else h)
        return totals

    @cached_property
    def gates(self) -> dict[str, Tensor]:
        """The value of each gate, (T, H) by its name; of a module each of its parts."""
        if self.module is not None:
            before = self.h_before if self.c_before is None else (self.h_before, self.c_before)
            return parts_of_steps(self.module, self.kind, self.x, before)
        return {gate.name: SQUASH[gate.squash](self.totals[gate.name]) for gate in self.kind.gates}

    def of_units(self, c: Tensor) -> Tensor:
        """Return the number of c that stands for each unit, (…, S) -> (…, H): the first of several, a row's length."""
        size = self.h.shape[-1]
        if self.kind.memory == "H":
            lengths: Tensor = torch.linalg.vector_norm(c.reshape(*c.shape[:-1], size, size), dim=-1)
            return lengths
        return c[..., :size]

    def step(self, x: Tensor, state: State) -> State:
        """Return the state after a time step: x (N, E), and the state before it (N, H)."""
        if self.module is not None:
            after: State = call(self.module, x, state)[0]
            return after
        written: State = with_weights(self.kind.name, (self.w_ih, self.w_hh, self.b_ih, self.b_hh))(x, state)
        return written

    @property
    def end(self) -> tuple[Tensor, Tensor | None]:
        """The h, and the c of an LSTM, after the step that is read last, (H,)."""
        last = 0 if self.direction else -1
        return self.h[last], None if self.c is None else self.c[last]

    def part(self, start: int, stop: int) -> "UnrolledLayer":
        """Return some of the time steps as a pass of their own, which begins with the state that they began with."""
        first = stop - 1 if self.direction else start
        return replace(
            self,
            x=self.x[start:stop],
            h=self.h[start:stop],
            mask=None if self.mask is None else self.mask[start:stop],
            own=None if self.own is None else self.own[start:stop],
            free=None if self.free is None else self.free[start:stop],
            module_c=None if self.module_c is None else self.module_c[start:stop],
            h_0=self.h_before[first],
            c_0=None if self.c_before is None else self.c_before[first],
        )

    def row(self, number: int) -> "UnrolledLayer":
        """Return one of several rows."""
        return replace(
            self,
            x=self.x[:, number],
            h=self.h[:, number],
            mask=None if self.mask is None else self.mask[:, number],
            own=None if self.own is None else self.own[:, number],
            free=None if self.free is None else self.free[:, number],
            module_c=None if self.module_c is None else self.module_c[:, number],
            h_0=self.h_0[number],
            c_0=None if self.c_0 is None else self.c_0[number],
        )

    def _factor(self, product: Product) -> Tensor:
        return 1 - self.gates[product.gate] if product.rest else self.gates[product.gate]

    def _before(self, states: Tensor, first: Tensor) -> Tensor:
        if self.own is not None:
            states = states.where(self.own, first)  # from the right, a row begins at its own end
        if self.direction:
            return torch.cat((states[1:], first[None]))
        return torch.cat((first[None], states[:-1]))
