"""What is looked at inside a network: one row of the pass under way, as far as it has been fed."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from torch import Tensor

from rnn_tui.common.wording import step_name
from rnn_tui.engine.inspect.observed_pass import ObservedPass
from rnn_tui.engine.inspect.recompute import unroll
from rnn_tui.engine.inspect.slow_motion import PhasedTick
from rnn_tui.engine.inspect.unrolled_pass import UnrolledLayer
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.protocol.arrays import Floats, Integers

__all__ = ["NOT_FED", "Focus", "floats", "sampled"]

NOT_FED = "Nothing has been fed yet: → feeds the first character."
_NO_OUTPUT = "The first step is being computed: n goes on to its output."


@dataclass(frozen=True, kw_only=True)
class Focus:
    """One row, a window of time steps, and how far the pass has come; what is computed for one pane serves them all.

    A tick that slow motion holds has read further than it has answered: the pass is computed over all that it reads,
    and what has not happened yet is cut off afterwards. A network that also reads from the right has other states if it
    is given fewer steps.
    """

    observed: ObservedPass
    row: int
    first: int  # of the window
    stop: int
    fed: int  # time steps of this pass whose output is there
    motion: PhasedTick | None = None  # where a tick is held
    memory: dict[str, Any] = field(default_factory=dict)  # what answers keep from frame to frame, by their name

    @property
    def read(self) -> int:
        """Time steps that the pass is computed over: those fed, and in slow motion all that the tick will have fed.

        A row that is shorter than its batch has no more than its own.
        """
        return self.fed if self.motion is None else min(self.motion.stop, self.observed.dataset.steps(self.row))

    @property
    def reached(self) -> int:
        """Time steps that the outputs depend on: all that are read, where a direction reads from the right."""
        return self.read if self.fed and self.observed.experiment.network.bidirectional else self.fed

    @property
    def whole_read(self) -> int:
        """As `read`, of the longest row of the pass."""
        return self.observed.fed if self.motion is None else self.motion.stop

    @property
    def whole_reached(self) -> int:
        """As `reached`, of the longest row of the pass."""
        answered = self.observed.fed if self.motion is None else self.motion.answered
        return self.whole_read if answered and self.observed.experiment.network.bidirectional else answered

    def known(self, layer: int, direction: int) -> tuple[int, int]:
        """Return from which time step to which (exclusive) the states of a layer are there."""
        if self.motion is None:
            return 0, self.fed
        begin, end = self.motion.known(layer, direction)
        return min(begin, self.read), min(end, self.read)

    def newest(self, layer: int, direction: int) -> int:
        """Return the step of the cell to show where none was asked for: the one of the phase, else the last known."""
        begin, end = self.known(layer, direction)
        if self.motion is not None and (end == 0 or begin <= self.motion.now.step < end):
            return self.motion.now.step
        return max(0, end - 1)

    def place(self, layer: int, direction: int) -> tuple[int, int]:
        """Return the layer and direction asked for, or the nearest that exist."""
        network = self.observed.experiment.network
        return min(max(layer, 0), network.layers - 1), min(max(direction, 0), network.directions - 1)

    @property
    def own(self) -> Trainer | None:
        """The trainer, where the pass is one of rnn-tui's own loop; None: somebody else's."""
        return self.observed if isinstance(self.observed, Trainer) else None

    @cached_property
    def layers(self) -> list[list[UnrolledLayer]]:
        """Each layer and direction over the steps read; [] before the first."""
        return unroll(self.observed, self.row, self.read)

    def cell(self, layer: int, direction: int) -> UnrolledLayer:
        """Return the layer and direction asked for, or the nearest that exist. Something must have been read."""
        layer, direction = self.place(layer, direction)
        return self.layers[layer][direction]

    @property
    def nothing(self) -> str:
        """Why no step has an output."""
        return _NO_OUTPUT if self.motion is not None and self.motion.now.kind != "update" else NOT_FED

    def no_output(self, step: int) -> str:
        """Explain why a step has no output: not fed yet, held before its output, or past the end of the row."""
        if step < 0:
            return "That time step has not been fed yet."
        if self.observed.dataset.steps(self.row) <= step < self.observed.length:
            return f"This row has ended before {step_name(step)}."
        if self.motion is not None and self.motion.now.kind != "update" and step < self.motion.stop:
            return f"{step_name(step)} has no output yet in this tick."
        return f"{step_name(step)} has not been fed yet." if self.fed else NOT_FED

    def window(self, values: Tensor) -> Tensor:
        """Cut (T, ...) over the steps read to those in the window that the outputs depend on."""
        return values[self.first : max(self.first, min(self.stop, self.reached))]


def sampled(size: int, room: int, wanted: int = 0) -> Integers:
    """Return all of `size` indices, or as many as there is room for, evenly spread; `wanted` is one of them."""
    chosen = np.unique(np.linspace(0, size - 1, max(1, min(size, room))).round().astype(np.int32))
    wanted = min(max(wanted, 0), size - 1)  # before it meets an array: it may be beyond an int32
    if size > 0 and wanted not in chosen:
        chosen[np.abs(chosen - wanted).argmin()] = wanted
    return chosen


def floats(tensor: Tensor) -> Floats:
    """Return a tensor as a float32 array, as a message carries it."""
    return np.ascontiguousarray(tensor.detach().float().cpu().numpy())
