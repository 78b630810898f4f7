"""How fast a terminal takes bytes, estimated from the writes that block, and how many bytes are still on their way.

A pseudo-terminal buffers 16 KiB before a write blocks, and does not tell how full it is (`TIOCOUTQ` is 0 on Linux). So
the level is modelled: every byte written raises it, time lowers it at the estimated rate, and a write that blocks shows
that it is full. As in congestion control the estimate is cautious after a block, constant for a while, and then grows
until the next block; a very large one is dropped. Each time the growth was in vain, it stays constant twice as long.

Pure bookkeeping: the time is given.
"""

import math

__all__ = ["CAPACITY", "Drain"]

CAPACITY = 16384  # bytes that the kernel buffers for a pseudo-terminal
_BLOCKED = 0.005  # seconds after which a write counts as blocked
_STOPPED = 1.0  # and after which nothing was reading: that tells no rate
_LONG = 0.04  # seconds of blocked writes that make a measurement
_CARE = 0.8  # the share of the measured rate that is used
_PLATEAU = (30.0, 480.0)  # seconds until a faster rate is tried, at first and at most
_GROWTH = 2.0  # the factor a second, from then on
_FASTER = 1.5  # times the previous rate: then it is another link
_FAST = 4e6  # bytes/s from which on a full buffer is no visible delay
_NEAR = 0.15  # seconds of waiting bytes after which another picture may be written


class Drain:
    """The bytes between a write and the terminal."""

    def __init__(self) -> None:
        self.rate = math.inf  # bytes/s; infinite: nothing has blocked
        self._level = 0.0  # bytes
        self._now = 0.0
        self._measured_rate = math.inf
        self._plateau, self._plateau_until = _PLATEAU[0], 0.0
        self._measured: tuple[int, float] | None = None  # bytes and seconds of the blocked writes on end

    def took(self, size: int, seconds: float, now: float) -> None:
        """Note that a write of `size` bytes has returned after `seconds`."""
        if seconds >= _BLOCKED:
            self._advance(now - seconds)
            self._now = now  # while a write blocks, the estimate must not grow, and the level is full
        self._advance(now)
        self._level += size
        if seconds < _BLOCKED:
            self._measured = None
            return
        self._level = CAPACITY
        if seconds >= _STOPPED:
            self._measured = None
        elif self._measured is None:
            self._measured = (0, 0.0)  # part of the first write found room at once
        else:
            sizes, times = self._measured
            self._measured = sizes, times = sizes + size, times + seconds
            if times >= _LONG:
                self._found(sizes / times, now)

    def _found(self, rate: float, now: float) -> None:
        """Take in a measured rate."""
        if now > self._plateau_until:
            in_vain = rate < _FASTER * self._measured_rate < math.inf
            self._plateau = min(2 * self._plateau, _PLATEAU[1]) if in_vain else _PLATEAU[0]
        self._plateau_until = now + self._plateau
        self._measured_rate, self.rate = rate, _CARE * rate

    def wait(self, now: float) -> float:
        """Return the seconds until so few bytes are on their way that another picture is not late."""
        self._advance(now)
        return max(0.0, self._level / self.rate - _NEAR)

    def _advance(self, now: float) -> None:
        passed, self._now = max(0.0, now - self._now), now
        self._level = 0.0 if math.isinf(self.rate) else max(0.0, self._level - self.rate * passed)
        grows = min(passed, max(0.0, now - self._plateau_until))
        if grows and math.isfinite(self.rate):
            self.rate *= _GROWTH ** min(grows, 30.0)
            if self.rate > _FAST:
                self.rate = math.inf
