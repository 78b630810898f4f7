"""The ladder of paces that + and - climb."""

__all__ = ["next_speed"]

_SPEEDS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 125.0, 250.0, 500.0, 1000.0, 0.0)  # ticks/s; 0: as fast as it can


def next_speed(speed: float, by: int) -> float:
    """The next pace up or down, in ticks a second; 0: as fast as it can."""
    rungs = [each or float("inf") for each in _SPEEDS]
    now = speed or float("inf")
    if by > 0:
        place = next((at for at, each in enumerate(rungs) if each > now), len(rungs) - 1)
    else:
        place = max((at for at, each in enumerate(rungs) if each < now), default=0)
    return _SPEEDS[place]
