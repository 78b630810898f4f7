"""A logarithmic scale from one power of ten to another, for the norms of gradients."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Decades", "decades"]

_STEP = 3  # the low end is a multiple of so many decades, so that it holds still from frame to frame
_MOST = 12  # decades; what is smaller is drawn at the low end


@dataclass(frozen=True, kw_only=True)
class Decades:
    """From 10^low to 10^high."""

    low: int
    high: int

    def part(self, value: float) -> float:
        """Where a positive value lies, 0 to 1; the nearest end for those outside."""
        return max(0.0, min(1.0, (math.log10(value) - self.low) / (self.high - self.low)))

    @staticmethod
    def name(power: int) -> str:
        """1e-9; 1 for 1e0."""
        return f"1e{power}" if power else "1"


def decades(values: Iterable[float], peak: float) -> Decades:
    """A scale that holds the positive finite values and `peak`, as far as it has room."""
    sizes = [value for value in values if 0 < value < math.inf]
    least = min(sizes, default=1.0)
    largest = max([*sizes, peak] if 0 < peak < math.inf else sizes, default=1.0)
    high = math.ceil(math.log10(largest) - 1e-9)
    low = max(high - _MOST, min(high - _STEP, _STEP * math.floor(math.log10(least) / _STEP + 1e-9)))
    return Decades(low=low, high=high)
