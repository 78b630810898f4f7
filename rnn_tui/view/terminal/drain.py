"""How fast a terminal takes bytes, told from the writes that block, and what of them is still on its way.

A pseudo-terminal keeps 16 KiB before a write blocks, and does not tell how much of it is waiting (`TIOCOUTQ` is 0 on
Linux). So the level is modelled: every byte taken raises it, time at the estimated rate lowers it, and a write that
blocks says that it is full. As in congestion control the estimate is careful after a block, stays for a while, and
grows until the next one; a large one is forgotten. Every time that the growth was in vain it stays twice as long.

Pure bookkeeping: the time is given.
"""

import math

__all__ = ["CAPACITY", "Drain"]

CAPACITY = 16384  # bytes that the kernel keeps for a pseudo-terminal
_BLOCKED = 0.005  # seconds after which a write of a portion has blocked
_STOPPED = 1.0  # and after which nobody was reading: that is no rate
_LONG = 0.04  # seconds of blocked writes that make a measurement
_CARE = 0.8  # part of the measured rate that is used
_PLATEAU = (30.0, 480.0)  # seconds until a faster rate is tried, at first and at most
_GROWTH = 2.0  # times a second, from then on
_FASTER = 1.5  # times the rate before that make it another link
_FAST = 4e6  # bytes/s from which on a full buffer is no delay that anybody sees
_NEAR = 0.15  # seconds of waiting bytes that another picture may come behind


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
        """A write of `size` bytes has come back after `seconds`."""
        if seconds >= _BLOCKED:
            self._advance(now - seconds)
            self._now = now  # nobody read: that time makes no link faster, and what it drained is behind the level
        self._advance(now)
        self._level += size
        if seconds < _BLOCKED:
            self._measured = None
            return
        self._level = CAPACITY
        if seconds >= _STOPPED:
            self._measured = None
        elif self._measured is None:
            self._measured = (0, 0.0)  # a part of the first one found room at once
        else:
            sizes, times = self._measured
            self._measured = sizes, times = sizes + size, times + seconds
            if times >= _LONG:
                self._found(sizes / times, now)

    def _found(self, rate: float, now: float) -> None:
        """The link has shown its rate."""
        if now > self._plateau_until:
            in_vain = rate < _FASTER * self._measured_rate < math.inf
            self._plateau = min(2 * self._plateau, _PLATEAU[1]) if in_vain else _PLATEAU[0]
        self._plateau_until = now + self._plateau
        self._measured_rate, self.rate = rate, _CARE * rate

    def wait(self, now: float) -> float:
        """Seconds until so little is on its way that another picture is not late."""
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
