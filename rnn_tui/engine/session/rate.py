"""Ticks a second."""

from collections.abc import Callable

__all__ = ["Rate"]


class Rate:
    """Counts, and tells how many came in about the last second."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._ticks = 0
        self._marks: list[tuple[float, int]] = [(clock(), 0)]

    def count(self) -> None:
        """One more."""
        self._ticks += 1

    def per_second(self) -> float:
        """How many a second."""
        now = self._clock()
        self._marks.append((now, self._ticks))
        while len(self._marks) > 2 and self._marks[1][0] <= now - 1:
            self._marks.pop(0)
        then, ticks = self._marks[0]
        seconds = now - then
        return (self._ticks - ticks) / seconds if seconds > 0 else 0.0
