"""A pass, unfolded: everything that went into each state of one row, layer by layer, direction by direction.

The fused modules keep their gates to themselves. They follow from what the modules do tell: with the inputs and the
states of a layer, the sums of all time steps are two matrix products, and the gates are those sums, squashed.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from rnn_tui.engine.inspect.recompute import some_rows
from rnn_tui.engine.network.dropout import dropped
from rnn_tui.engine.network.model import State
from rnn_tui.engine.network.single_layers import cells, layer_modules
from rnn_tui.engine.training.trainer import Trainer

__all__ = ["GATE_NAMES", "Unfolded", "unfold", "unfold_from"]

GATE_NAMES = {"rnn": ("h",), "rnn-relu": ("h",), "gru": ("r", "z", "n"), "lstm": ("i", "f", "g", "o")}


@dataclass(frozen=True, kw_only=True)
class Unfolded:
    """One layer in one direction over T time steps, in the order of the text; G gates of H units, E features."""

    cell: str
    direction: int  # 1: it reads from the right, so that "before" is the step after
    w_ih: Tensor  # (G*H, E)
    w_hh: Tensor  # (G*H, H)
    b_ih: Tensor  # (G*H,)
    b_hh: Tensor  # (G*H,)
    x: Tensor  # (T, E) what it reads
    h: Tensor  # (T, H)
    h_0: Tensor  # (H,)
    c_0: Tensor | None  # (H,), of an LSTM
    mask: Tensor | None = None  # (T, E) that dropout has multiplied the states below by, to give x

    @cached_property
    def c(self) -> Tensor | None:
        """(T, H), of an LSTM."""
        if self.c_0 is None:
            return None
        return cells(self.gates["f"], self.gates["i"] * self.gates["g"], self.c_0, from_right=self.direction == 1)

    @cached_property
    def h_before(self) -> Tensor:
        """(T, H) the state that each step began with."""
        return self._before(self.h, self.h_0)

    @cached_property
    def c_before(self) -> Tensor | None:
        """(T, H) the cell that each step began with."""
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
        names = GATE_NAMES[self.cell]
        inputs = (self.from_input + self.b_ih).chunk(len(names), -1)
        states = (self.from_state + self.b_hh).chunk(len(names), -1)
        totals = {name: x + h for name, x, h in zip(names, inputs, states, strict=True)}
        if self.cell == "gru":
            totals["n"] = inputs[2] + torch.sigmoid(totals["r"]) * states[2]
        return totals

    @cached_property
    def gates(self) -> dict[str, Tensor]:
        """The value of each gate, (T, H) by its name."""
        squash = {"h": torch.relu if self.cell == "rnn-relu" else torch.tanh, "g": torch.tanh, "n": torch.tanh}
        return {name: squash.get(name, torch.sigmoid)(total) for name, total in self.totals.items()}

    def part(self, start: int, stop: int) -> "Unfolded":
        """Some of the time steps, as a pass of their own: it begins with the state that they began with."""
        first = stop - 1 if self.direction else start
        return replace(
            self,
            x=self.x[start:stop],
            h=self.h[start:stop],
            mask=None if self.mask is None else self.mask[start:stop],
            h_0=self.h_before[first],
            c_0=None if self.c_before is None else self.c_before[first],
        )

    def _before(self, states: Tensor, first: Tensor) -> Tensor:
        if self.direction:
            return torch.cat((states[1:], first[None]))
        return torch.cat((first[None], states[:-1]))


@torch.no_grad()
def unfold(trainer: Trainer, row: int, read: int) -> list[list[Unfolded]]:
    """The first `read` time steps of a row of the pass under way, for each layer and direction; [] for none.

    A network that reads both ways must be given all that it reads, also in the middle of a tick.
    """
    if not read:
        return []
    task = trainer.task
    x = trainer.model.embed(task.x(0, read))
    x = (x.transpose(0, 1) if task.batch_first else x)[:, row : row + 1]  # (T, 1, E)
    chosen = torch.tensor([row], device=x.device)
    masks = None if trainer.masks is None else trainer.masks[:, :read, row : row + 1]  # (L-1, T, 1, D*H)
    return unfold_from(trainer, x, some_rows(trainer.h_0, chosen), masks=masks)


@torch.no_grad()
def unfold_from(
    trainer: Trainer, x: Tensor, state: State, layers: int | None = None, *, masks: Tensor | None = None
) -> list[list[Unfolded]]:
    """Any text x (T, 1, E), T > 0, from the state before it (L*D, 1, H); each layer, or only some from below.

    With the `masks` of dropout (L-1, T, 1, D*H), or without dropout.
    """
    network = trainer.experiment.network
    h_0, c_0 = state if isinstance(state, tuple) else (state, None)
    found = []
    for number, module in enumerate(layer_modules(trainer.model, network)[:layers]):
        rows = slice(number * network.directions, (number + 1) * network.directions)
        with trainer.cast():
            h, _ = module(x, h_0[rows] if c_0 is None else (h_0[rows], c_0[rows]))
        h = h.float()
        both = []
        for direction in range(network.directions):
            mine = slice(direction * network.hidden_size, (direction + 1) * network.hidden_size)
            at = number * network.directions + direction
            weights = {
                short: getattr(module, f"{name}_l0{'_reverse' if direction else ''}").detach()
                for short, name in (
                    ("w_ih", "weight_ih"),
                    ("w_hh", "weight_hh"),
                    ("b_ih", "bias_ih"),
                    ("b_hh", "bias_hh"),
                )
            }
            both.append(
                Unfolded(
                    cell=network.cell,
                    direction=direction,
                    **weights,
                    x=x[:, 0],
                    h=h[:, 0, mine],
                    h_0=h_0[at, 0],
                    c_0=None if c_0 is None else c_0[at, 0],
                    mask=None if masks is None or not number else masks[number - 1, :, 0],
                )
            )
        found.append(both)
        x = dropped(h, masks, number)
    return found
