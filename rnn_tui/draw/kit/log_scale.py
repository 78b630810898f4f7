"""A logarithmic scale from one power of ten to another, for the norms of gradients."""

import math

from rnn_tui.common.value import Value
from rnn_tui.draw.kit.numbers import with_minus

__all__ = ["Decades", "decades"]

_STEP = 3  # both ends are multiples of so many decades, so that they hold still from frame to frame
_LOW = -9  # the low end, if not all is smaller


class Decades(Value, frozen=True, kw_only=True):
    """From 10^low to 10^high."""

    low: int
    high: int

    def part(self, value: float) -> float:
        """Return where a positive value lies, 0 to 1; the nearest end for values outside."""
        return max(0.0, min(1.0, (math.log10(value) - self.low) / (self.high - self.low)))

    @staticmethod
    def name(power: int) -> str:
        """Write a power of ten: 1e−9, and 1 for 1e0."""
        return with_minus(f"1e{power}") if power else "1"


def decades(peak: float) -> Decades:
    """Return the scale for norms of which `peak` is the largest: mostly 1 to 1e-9, so that networks can be compared.

    For larger norms, three decades at a time are added above; where all are tiny, three below the largest are kept.
    Smaller values are drawn at the low end.
    """
    size = math.log10(peak) if 0 < peak < math.inf else 0.0
    high = max(0, _STEP * math.ceil(size / _STEP - 1e-9))
    return Decades(low=min(_LOW, _STEP * math.floor(size / _STEP + 1e-9) - _STEP), high=high)
