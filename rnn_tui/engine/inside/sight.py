"""What is looked at inside a network: one row of the pass under way, as far as it has been fed."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from torch import Tensor

from rnn_tui.engine.trainer import Trainer
from rnn_tui.engine.unfolded import Unfolded, unfold
from rnn_tui.inside import Floats, Integers

__all__ = ["NOT_FED", "Sight", "floats", "sampled"]

NOT_FED = "Nothing has been fed yet: → feeds the first character."


@dataclass(frozen=True, kw_only=True)
class Sight:
    """One row, a window of time steps, and how many have been fed. What is computed for one pane serves them all."""

    trainer: Trainer
    row: int
    first: int  # of the window
    stop: int
    fed: int  # time steps of this pass whose output is there

    @cached_property
    def layers(self) -> list[list[Unfolded]]:
        """Each layer and direction over the steps fed; [] before the first."""
        return unfold(self.trainer, self.row, self.fed)

    def cell(self, layer: int, direction: int) -> Unfolded:
        """The layer and direction asked for, or the nearest that there is. Only where something has been fed."""
        both = self.layers[min(max(layer, 0), len(self.layers) - 1)]
        return both[min(max(direction, 0), len(both) - 1)]

    def window(self, values: Tensor) -> Tensor:
        """(T, ...) over the steps fed -> those of them in the window."""
        return values[self.first : max(self.first, min(self.stop, self.fed))]


def sampled(size: int, room: int, wanted: int = 0) -> Integers:
    """All of `size` indices, or as many as there is room for, evenly spread; `wanted` is one of them."""
    chosen = np.unique(np.linspace(0, size - 1, max(1, min(size, room))).round().astype(np.int32))
    if size > 0 and wanted not in chosen:
        chosen[np.abs(chosen - wanted).argmin()] = min(max(wanted, 0), size - 1)
    return chosen


def floats(tensor: Tensor) -> Floats:
    """As it crosses the seam."""
    return np.ascontiguousarray(tensor.detach().float().cpu().numpy())
