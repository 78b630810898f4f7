"""What a snapshot of a run holds: weights, optimiser, random numbers and position, to the bit."""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from rnn_tui.engine.network.cells import State, map_state, parts
from rnn_tui.engine.training.lr_schedule import Plateau

__all__ = ["GRADIENT", "Slot", "Snapshot"]

GRADIENT = "grad"  # the key of a gradient that waits for those of other passes


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """One tensor of the optimiser's state, or a gradient."""

    parameter: int  # its place among the parameters
    key: str  # "exp_avg"
    shape: torch.Size
    device: torch.device


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """Everything that the next tick depends on; it never changes."""

    ticks: int
    epoch: int
    updates: int
    collected: int  # passes whose gradients wait for an update
    plateau: Plateau
    earlier: float  # losses of this epoch so far
    scaling: dict[str, Any] | None  # of the losses, in float16
    values: Tensor  # (n,) weights, the optimiser's tensors, what is collected; float32 or as wide as the weights
    slots: tuple[Slot, ...]
    random: Tensor | None  # of torch's generator, where the run draws numbers
    state: State | None = None  # that the last pass left, where the next goes on from it

    @property
    def nbytes(self) -> int:
        """Memory that it takes."""
        state = () if self.state is None else parts(self.state)
        return self.values.nbytes + (0 if self.random is None else self.random.nbytes) + sum(s.nbytes for s in state)

    def part_of(self, rows: slice, *, waits: bool) -> "Snapshot":
        """Return it for a process that has these rows of the batch alone.

        `waits`: the gradients that wait for those of other passes are left to it. They are added up over all processes,
        so in the others they are 0.
        """
        state = None if self.state is None else map_state(self.state, lambda each: each[:, rows].contiguous())
        if waits or not self.collected:
            return replace(self, state=state)
        weights = self.values.numel() - sum(slot.shape.numel() for slot in self.slots)
        sizes = [weights, *(slot.shape.numel() for slot in self.slots)]
        parts = list(torch.split(self.values, sizes))
        for number, slot in enumerate(self.slots, 1):
            if slot.key == GRADIENT:
                parts[number] = torch.zeros_like(parts[number])
        return replace(self, state=state, values=torch.cat(parts))
