"""The colours of the map: which level a measured value has, and the numbers of the scale."""

import math

import numpy as np

from rnn_tui.common.value import Value
from rnn_tui.draw.kit.numbers import EPOCH_ENDS, compact, count, nice_above, nice_below
from rnn_tui.draw.kit.palette import LEVELS
from rnn_tui.protocol.arrays import Floats
from rnn_tui.protocol.field import Measure

__all__ = ["MEASURES", "MapScale", "scale_of"]

MEASURES: dict[Measure, str] = {
    "learnt": "learnt at",
    "loss": "loss now",
    "held_out": "loss held out",
    "norm": "‖gradient‖ at the first step",
}
_WEAKEST = 3  # the level of the value that is farthest from the best: still a colour


class MapScale(Value, frozen=True, kw_only=True):
    """From the value with the weakest colour to that with the strongest."""

    measure: Measure
    weak: float
    strong: float
    log: bool

    def levels(self, values: Floats) -> list[int | None]:
        """Return the level of each value, 3 to 20; None for what is not known."""
        numbers = np.asarray(values, np.float64)
        known = np.isfinite(numbers) & ((numbers > 0) | (not self.log))
        safe = np.where(known, numbers, self.strong)
        weak, strong = (math.log(self.weak), math.log(self.strong)) if self.log else (self.weak, self.strong)
        places = np.log(safe) if self.log else safe
        part = (places - weak) / (strong - weak) if strong != weak else np.ones_like(places)
        levels = np.rint(_WEAKEST + part.clip(0, 1) * (LEVELS - _WEAKEST)).astype(int).tolist()
        return [level if each else None for level, each in zip(levels, known.tolist(), strict=True)]

    def write(self, value: float) -> str:
        """Write a value of the measure."""
        return count(value) if self.measure == "learnt" else compact(value, 3)


def scale_of(measure: Measure, values: Floats | None, newest: int) -> MapScale:
    """Return the scale for what has been measured: early, or low, is strong; of gradients high is.

    Its ends are round, so that it holds still from frame to frame.
    """
    numbers = np.asarray([] if values is None else values, np.float64)
    known = numbers[np.isfinite(numbers)]
    if measure == "learnt":
        end = max([float(newest), *known.tolist()])
        return MapScale(measure=measure, weak=nice_above(end, EPOCH_ENDS), strong=0.0, log=False)
    positive = known[known > 0]
    low, high = (float(positive.min()), float(positive.max())) if len(positive) else (0.1, 1.0)
    low, high = nice_below(low), _round_above(high)
    if measure == "norm":
        return MapScale(measure=measure, weak=low, strong=high, log=True)
    return MapScale(measure=measure, weak=high, strong=low, log=True)


def _round_above(value: float) -> float:
    """Return the next of 1, 2, 5, 10 times a power of ten that is above a value."""
    power = 10.0 ** math.floor(math.log10(value))
    return min(step * power for step in (1, 2, 5, 10) if step * power > value * (1 - 1e-9))
