"""A share of the time for what is not training. Pure bookkeeping: seconds of the given clock."""

import time
from collections.abc import Callable

__all__ = ["Budget"]


class Budget:
    """Earns `share` seconds in each second that passes; what is spent beyond that has to be earned first.

    At most `most` seconds are saved up, so that a long rest does not pay for a long burst.
    """

    def __init__(self, share: float, *, most: float = 0.1, clock: Callable[[], float] = time.perf_counter) -> None:
        self.share = share
        self._most = most
        self._clock = clock
        self._left = most
        self._earned_at = clock()

    @property
    def left(self) -> float:
        """Seconds that may be spent; negative: a debt."""
        now = self._clock()
        self._left = min(self._most, self._left + self.share * (now - self._earned_at))
        self._earned_at = now
        return self._left

    def spend(self, seconds: float) -> None:
        """Take so many seconds, which may leave a debt."""
        self._left = self.left - seconds

    def wait(self) -> float:
        """Return the seconds until no debt is left."""
        return max(0.0, -self.left / self.share)
