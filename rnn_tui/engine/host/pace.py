"""When the next tick is, or the next phase of one. Pure bookkeeping, no session: seconds of `time.perf_counter`."""

import time

__all__ = ["Pace"]

_FAST = 30.0  # ticks a second from which single characters cannot be followed: frames then wait for the end of a pass
_BEHIND = 0.1  # seconds that are made up for at most
_LONGEST = 3600.0  # seconds: of a longer wait the rest is waited for again, since poll takes no years


class Pace:
    """So many ticks a second, or in slow motion phases; or as fast as it can, for a while or for good."""

    def __init__(self) -> None:
        self.speed = 0.0  # ticks a second; 0: as fast as it can
        self.slow = 0.0  # phases a second; 0: whole ticks
        self.to_end_of_stretch = False  # as fast as it can until then, and hold there
        self.to_tick = False  # as fast as it can until a breakpoint
        self._due = 0.0  # when the next tick is; 0: at once

    def begin(self, *, to_tick: bool = False, to_end_of_stretch: bool = False) -> None:
        """From here on, in this way."""
        self.to_tick, self.to_end_of_stretch = to_tick, to_end_of_stretch
        self.count()

    def count(self) -> None:
        """Count the time to the next tick, or phase, from now."""
        rate = self.slow or self.speed
        hurries = not rate or self.to_end_of_stretch or self.to_tick
        self._due = 0.0 if hurries else time.perf_counter() + 1 / rate

    def ticked(self) -> None:
        """The next one; what is late is made up for, but not much of it."""
        if self._due:
            self._due = max(self._due + 1 / (self.slow or self.speed), time.perf_counter() - _BEHIND)

    @property
    def is_due(self) -> bool:
        """Whether it is time for the next."""
        return time.perf_counter() >= self._due

    def wait(self) -> float:
        """Seconds to the next, or an hour where that is more; 0: at once."""
        return min(max(0.0, self._due - time.perf_counter()), _LONGEST) if self._due else 0.0

    @property
    def is_too_fast_for_characters(self) -> bool:
        """Whether an eye can follow whole passes only."""
        return not self.slow and (self.to_end_of_stretch or self.to_tick or not 0 < self.speed <= _FAST)
