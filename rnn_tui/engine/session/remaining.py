"""How long it will take until the epochs are over."""

import math
from collections.abc import Callable

__all__ = ["Remaining"]

_MEMORY = 10.0  # seconds after which a measurement has lost most of its weight
_ENOUGH = 1.0  # seconds of playing before anything is said


class Remaining:
    """Estimates from the pace so far. What lies longer back counts less, so that it neither jumps nor lags."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.rest()

    def rest(self) -> None:
        """It is not playing: what comes next is measured anew."""
        self._last: tuple[float, float] | None = None  # when, and passes done then
        self._seconds = 0.0  # both fade
        self._passes = 0.0

    def seconds(self, done: float, total: float, pace: float = 0.0) -> float | None:
        """Until `total` passes are done, where `done` are; None before that can be known.

        `pace` is that asked for, in passes a second; 0: none. It counts as long as it is about kept.
        """
        now = self._clock()
        if self._last is not None:
            then, before = self._last
            fade = math.exp((then - now) / _MEMORY)
            self._seconds = self._seconds * fade + (now - then)
            self._passes = self._passes * fade + max(0.0, done - before)
        self._last = now, done
        measured = self._passes / self._seconds if self._seconds >= _ENOUGH else 0.0
        kept = not measured or 0.5 * pace <= measured <= 2 * pace
        rate = pace if pace and kept else measured
        return max(0.0, total - done) / rate if rate else None
