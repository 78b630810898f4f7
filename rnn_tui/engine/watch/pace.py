"""How fast the passes of a script follow one another."""

import time
from collections import deque

__all__ = ["Pace"]

_OVER = 64  # passes that a speed is measured over


class Pace:
    """The moments at which the newest passes were over."""

    def __init__(self) -> None:
        self._passes: deque[float] = deque(maxlen=_OVER)

    def count(self, now: float) -> None:
        """Note that a pass is over."""
        self._passes.append(now)

    @property
    def seconds_a_pass(self) -> float:
        """How long the newest pass took; 0: unknown."""
        return self._passes[-1] - self._passes[-2] if len(self._passes) > 1 else 0.0

    @property
    def passes_a_second(self) -> float:
        """The mean over the newest passes, up to now; 0: unknown."""
        passes = self._passes
        seconds = time.perf_counter() - passes[0] if len(passes) > 1 else 0.0
        return (len(passes) - 1) / seconds if seconds > 0 else 0.0
