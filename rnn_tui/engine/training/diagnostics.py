"""What is known of a branch's training besides its losses: of every pass, and what is taken at some passes only."""

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rnn_tui.engine.training.loss_history import LossSeries
from rnn_tui.protocol.frame import Curve

__all__ = ["UNITS", "Diagnostics", "Samples", "clipped_norm"]

UNITS = ("dead", "saturated")  # shares of units, which are taken before the ratios of the matrices
_EPSILON = 1e-6  # torch's
_MOST = 4096  # passes that are kept; of more, every second of the older half is dropped


def clipped_norm(norm: float, limit: float) -> float:
    """Return what `clip_grad_norm_` leaves of a norm: ‖g‖ min(1, limit / (‖g‖ + 1e-6))."""
    return norm * min(1.0, limit / (norm + _EPSILON))


class Samples:
    """Numbers with names, taken at some passes, in the order of these; NaN where one is not known."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.passes = array("q")  # from 1
        self._values = {name: array("d") for name in self.names}

    def __len__(self) -> int:
        return len(self.passes)

    def add(self, number: int, values: Sequence[float]) -> None:
        """Add what was taken at a pass that is newer than all others, a number for each name."""
        self.passes.append(number)
        for name, value in zip(self.names, values, strict=True):
            self._values[name].append(value)
        if len(self) > _MOST:
            self._thin()

    def at(self, number: int) -> dict[str, float]:
        """Return the newest that was taken by the end of a pass; empty: nothing was."""
        place = bisect_right(self.passes, number) - 1
        return {} if place < 0 else {name: values[place] for name, values in self._values.items()}

    def taken_at(self, number: int) -> dict[str, float]:
        """Return what was taken at exactly that pass; empty: nothing was."""
        place = bisect_left(self.passes, number)
        return self.at(number) if place < len(self) and self.passes[place] == number else {}

    def head(self, count: int) -> "Samples":
        """Return a copy with what was taken in the first `count` passes."""
        copy, stop = Samples(self.names), bisect_right(self.passes, count)
        copy.passes = self.passes[:stop]
        copy._values = {name: values[:stop] for name, values in self._values.items()}
        return copy

    def curve(self, name: str, columns: int, *, log_x: bool = False) -> Curve:
        """Return at most `columns` points with their extremes, over the passes; what is not finite is left out."""
        x, values = np.array(self.passes, dtype=np.float64), np.array(self._values[name])
        finite = np.isfinite(values)
        x, values = x[finite], values[finite]
        if len(x) <= columns:
            return Curve(x=x, low=values, high=values)
        position = np.log(x) if log_x else x
        edges = np.linspace(position[0], position[-1], max(1, columns) + 1)[:-1]
        starts = np.unique(np.searchsorted(position, edges))
        stops = np.append(starts[1:], len(x))
        return Curve(x=x[stops - 1], low=np.minimum.reduceat(values, starts), high=np.maximum.reduceat(values, starts))

    def _thin(self) -> None:
        half = len(self) // 2
        self.passes = self.passes[:half:2] + self.passes[half:]
        self._values = {name: values[:half:2] + values[half:] for name, values in self._values.items()}


class Diagnostics:
    """The past of one branch: a place for each pass in `seconds`, `rates` and `norms`, and `samples`."""

    def __init__(self, matrices: Sequence[str] = ()) -> None:
        """Begin without a pass. `matrices`: the names of those whose ratios are taken."""
        self.matrices = tuple(matrices)
        self.elapsed = 0.0  # seconds of training on this branch: ticks, without pauses, pictures and slow motion
        self.seconds = LossSeries()  # those at the end of each pass
        self.rates = LossSeries()  # the learning rate of the update that comes after the pass
        self.norms = LossSeries()  # ‖∂L/∂W‖ over all weights, before clipping; NaN where it was not taken
        self.samples = Samples((*UNITS, *self.matrices))

    def add(self, seconds: float, rate: float, norm: float) -> None:
        """Add what is known of one more pass; NaN for what is not."""
        self.seconds.append(seconds)
        self.rates.append(rate)
        self.norms.append(norm)

    def head(self, count: int) -> "Diagnostics":
        """Return a copy of the first `count` passes, to go on from there."""
        copy = Diagnostics(self.matrices)
        copy.seconds, copy.rates, copy.norms = (each.head(count) for each in (self.seconds, self.rates, self.norms))
        copy.samples = self.samples.head(count)
        copy.elapsed = copy.seconds.last() or 0.0
        if math.isnan(copy.elapsed):
            copy.elapsed = 0.0
        return copy

    def clipped(self, limits: NDArray[np.float64]) -> float | None:
        """Return the share of the updates whose gradient was longer than its limit, of those with a known norm.

        `limits`: the limit of each pass, 0: none. None: no update had a limit.
        """
        norms = self.norms.numbers()
        known = (limits[: len(norms)] > 0) & ~np.isnan(norms)
        return float((norms > limits[: len(norms)])[known].mean()) if known.any() else None
