"""How fast a run goes, and how long it will take until its epochs are over."""

import math
from collections.abc import Callable

__all__ = ["Throughput"]

_MEMORY = 10.0  # seconds after which a measurement has lost most of its weight
_ENOUGH = 1.0  # seconds of playing before an estimate is given


class Throughput:
    """Counts ticks, and estimates the time left from the passes done so far.

    Older measurements count less, so that the estimate neither jumps nor lags.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._ticks = 0
        self._marks: list[tuple[float, int]] = [(clock(), 0)]
        self.rest()

    def count(self) -> None:
        """Count one tick."""
        self._ticks += 1

    def per_second(self) -> float:
        """Return the ticks a second over about the last second."""
        now = self._clock()
        self._marks.append((now, self._ticks))
        while len(self._marks) > 2 and self._marks[1][0] <= now - 1:
            self._marks.pop(0)
        then, ticks = self._marks[0]
        seconds = now - then
        return (self._ticks - ticks) / seconds if seconds > 0 else 0.0

    def rest(self) -> None:
        """Forget the measured passes, because the run is not playing."""
        self._last: tuple[float, float] | None = None  # when, and passes done then
        self._seconds = 0.0  # both fade
        self._passes = 0.0

    def seconds_left(self, done: float, total: float, pace: float = 0.0) -> float | None:
        """Return the seconds until `total` passes are done, of which `done` are; None before that can be known.

        `pace` is the requested one, in passes a second; 0: none. It counts as long as it is roughly kept.
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
