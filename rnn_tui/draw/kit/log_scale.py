"""A logarithmic scale from one power of ten to another, for the norms of gradients."""

import math
from dataclasses import dataclass

__all__ = ["Decades", "decades"]

_STEP = 3  # both ends are multiples of so many decades, so that they hold still from frame to frame
_LOW = -9  # the low end, if not all is smaller


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


def decades(peak: float) -> Decades:
    """The scale for norms of which `peak` is the largest: 1 to 1e-9 for nearly all, so that networks can be compared.

    Larger norms add three decades at a time above; where all are tiny, there are three below the largest. What is
    smaller than the low end is drawn there.
    """
    size = math.log10(peak) if 0 < peak < math.inf else 0.0
    high = max(0, _STEP * math.ceil(size / _STEP - 1e-9))
    return Decades(low=min(_LOW, _STEP * math.floor(size / _STEP + 1e-9) - _STEP), high=high)
