"""When the next tick or phase is due, in seconds of `time.perf_counter`. Pure bookkeeping, without a session."""

import time

__all__ = ["Pace"]

_FAST = 30.0  # ticks a second from which single characters cannot be followed: frames then wait for the end of a pass
_BEHIND = 0.1  # seconds that are made up for at most
_LONGEST = 3600.0  # seconds: of a longer wait the rest is waited for again, since poll takes no years


class Pace:
    """A number of ticks a second, or of phases in slow motion; or full speed, for a while or for good."""

    def __init__(self) -> None:
        self.speed = 0.0  # ticks a second; 0: as fast as it can
        self.slow = 0.0  # phases a second; 0: whole ticks
        self.to_end_of_stretch = False  # as fast as it can until then, and hold there
        self.to_tick = False  # as fast as it can until a breakpoint
        self._due = 0.0  # when the next tick is; 0: at once

    def begin(self, *, to_tick: bool = False, to_end_of_stretch: bool = False) -> None:
        """Play in this way from here on."""
        self.to_tick, self.to_end_of_stretch = to_tick, to_end_of_stretch
        self.count()

    def count(self) -> None:
        """Count the time to the next tick, or phase, from now."""
        rate = self.slow or self.speed
        hurries = not rate or self.to_end_of_stretch or self.to_tick
        self._due = 0.0 if hurries else time.perf_counter() + 1 / rate

    def ticked(self) -> None:
        """Set when the next one is due; a delay is made up for, up to a limit."""
        if self._due:
            self._due = max(self._due + 1 / (self.slow or self.speed), time.perf_counter() - _BEHIND)

    @property
    def is_due(self) -> bool:
        """Whether it is time for the next."""
        return time.perf_counter() >= self._due

    def wait(self) -> float:
        """Return the seconds to the next one, at most an hour; 0: it is due."""
        return min(max(0.0, self._due - time.perf_counter()), _LONGEST) if self._due else 0.0

    @property
    def is_too_fast_for_characters(self) -> bool:
        """Whether single characters go too fast for an eye."""
        return not self.slow and (self.to_end_of_stretch or self.to_tick or not 0 < self.speed <= _FAST)
