"""A series of numbers: one column of a table, and its scale; no torch, no terminal."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rnn_tui.experiment.spec import SINE, ExperimentError

__all__ = ["Scale", "TimeSeries", "made_up_sine", "without_gaps"]

Doubles = NDArray[np.float64]

_LARGE, _SMALL = 1e150, 1e-150  # beyond which squares are no longer exact
_ROOM = 4  # times the range of a series, which must be finite, so that a chart has room for predictions
_SINE = 1000  # values of the made-up series


@dataclass(frozen=True, kw_only=True)
class Scale:
    """From the units of a series to what the network reads: values minus their mean, over their standard deviation."""

    mean: float
    deviation: float

    def standardised(self, values: Doubles) -> NDArray[np.float32]:
        """Return the values as the network reads them, rounded to float32 at the end."""
        return ((values - self.mean) / self.deviation).astype(np.float32)


@dataclass(frozen=True, kw_only=True)
class TimeSeries:
    """Numbers in their order, in their own units."""

    name: str
    values: Doubles  # (n,) all finite

    def __len__(self) -> int:
        """Count the values."""
        return len(self.values)

    def scale(self, learnt: int, *, told: str = "") -> Scale:
        """Return the scale of the first `learnt` values: what is held out has no part in it.

        Raises ExperimentError where they are all the same, or too large to be told apart from infinity; `told` says
        which column it is.
        """
        part = self.values[:learnt]
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            scale = Scale(mean=float(part.mean()), deviation=float(part.std()))
            size = max(abs(float(part.min())), abs(float(part.max())))
            if size > _LARGE or scale.deviation < _SMALL:  # squares of such numbers are infinite, or 0
                scale = _scale_of_extremes(part)
            too_large = not math.isfinite(scale.deviation) or not math.isfinite(float(np.ptp(self.values)) * _ROOM)
        if part.min() == part.max() or scale.deviation == 0:
            where = "" if learnt == len(self) else " that are not held out"
            raise ExperimentError(
                "data.series",
                f"is constant{told}: the {learnt:,} values{where} are all {part[0]:.15g}, "
                "and there is nothing to learn",
            )
        if too_large:
            problem = f"holds values{told} so large that they have no finite mean and standard deviation"
            raise ExperimentError("data.series", problem)
        return scale


def _scale_of_extremes(part: Doubles) -> Scale:
    """Compute mean and standard deviation by way of numbers near 1."""
    size = float(np.abs(part).max()) or 1.0
    mean = float((part / size).mean()) * size
    from_mean = part - mean
    most = float(np.abs(from_mean).max()) or 1.0
    return Scale(mean=mean, deviation=math.sqrt(float(((from_mean / most) ** 2).mean())) * most)


def made_up_sine(seed: int) -> TimeSeries:
    """Make one sine, or the sum of two, from the seed alone: periods of 15 to 40 steps, amplitudes of 0.5 to 1."""
    random = np.random.RandomState(np.random.MT19937(np.random.SeedSequence(seed)))  # the same in every version
    t = np.arange(_SINE)
    values = np.zeros(_SINE)
    for _ in range(1 + random.randint(2)):
        period, amplitude, phase = 15 + 25 * random.rand(), 0.5 + 0.5 * random.rand(), 2 * np.pi * random.rand()
        values += amplitude * np.sin(2 * np.pi * t / period + phase)
    return TimeSeries(name=SINE, values=values)


def without_gaps(values: Doubles, how: Literal["skip", "fill"]) -> Doubles:
    """Leave out the values that are NaN, or fill them.

    A filled one lies on the straight line from the nearest value before it to the nearest after it, by their places in
    the series; before the first value and after the last one it is that value.
    """
    there = np.flatnonzero(~np.isnan(values))
    if how == "skip":
        return values[there]
    return np.interp(np.arange(len(values)), there, values[there])
