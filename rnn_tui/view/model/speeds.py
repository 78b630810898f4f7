"""The two ladders that + and - climb: ticks a second, and in slow motion phases a second."""

import math

__all__ = ["FIRST_PACE", "next_pace", "next_speed"]

_SPEEDS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 125.0, 250.0, 500.0, 1000.0, math.inf)
FIRST_PACE = 1.5  # phases a second
_PACES = (0.5, 1.0, FIRST_PACE, 2.0, 3.0, 5.0, 8.0, 15.0)


def next_speed(speed: float, by: int) -> float:
    """Return the next speed up or down, in ticks a second; 0 stands for as fast as possible, here and there."""
    found = _next(_SPEEDS, speed or math.inf, by)
    return 0.0 if math.isinf(found) else found


def next_pace(pace: float, by: int) -> float:
    """Return the next pace of slow motion up or down, in phases a second."""
    return _next(_PACES, pace, by)


def _next(ladder: tuple[float, ...], now: float, by: int) -> float:
    if by > 0:
        return next((each for each in ladder if each > now), ladder[-1])
    return next((each for each in reversed(ladder) if each < now), ladder[0])
