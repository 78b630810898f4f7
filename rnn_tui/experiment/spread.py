"""Values spread over a range, evenly or by a factor, and written with as few digits as that takes."""

import math

__all__ = ["spread"]

_OFF = 0.05  # of the distance to the next value, that a value may be off for the sake of fewer digits
_MOST_DIGITS = 17  # of a float64


def spread(low: float, high: float, count: int, *, logarithmic: bool) -> tuple[float, ...]:
    """Return `count` values that ascend from `low` to `high`: whole ones where both ends are.

    Between the ends, which are kept as they are, numbers are rounded to the fewest digits that leave the spacing even:
    0.001, 0.00135, 0.00182 … Needs low < high, above 0 if logarithmic, and room for as many whole numbers.
    """
    steps = count - 1
    if logarithmic:
        ratio = math.log(high) - math.log(low)
        exact = [low * math.exp(ratio * step / steps) for step in range(1, steps)]
    else:
        exact = [low + (high - low) * (step / steps) for step in range(1, steps)]
    if isinstance(low, int) and isinstance(high, int):
        return _whole(low, high, exact)
    return (low, *_rounded(low, high, exact, logarithmic=logarithmic), high)


def _whole(low: int, high: int, exact: list[float]) -> tuple[int, ...]:
    """Round, and move apart what has become the same."""
    values = [low, *(min(high, max(low, round(value))) for value in exact), high]
    for place in range(1, len(values)):
        values[place] = max(values[place], values[place - 1] + 1)
    values[-1] = high
    for place in range(len(values) - 2, -1, -1):
        values[place] = min(values[place], values[place + 1] - 1)
    return tuple(values)


def _rounded(low: float, high: float, exact: list[float], *, logarithmic: bool) -> list[float]:
    steps = len(exact) + 1
    for digits in range(1, _MOST_DIGITS):
        values = [float(f"{value:.{digits}g}") for value in exact]
        if logarithmic:
            near = math.expm1(_OFF * (math.log(high) - math.log(low)) / steps)
            fits = all(abs(value - right) <= near * right for value, right in zip(values, exact, strict=True))
        else:
            near = _OFF * (high - low) / steps
            fits = all(abs(value - right) <= near for value, right in zip(values, exact, strict=True))
        if fits:
            return values
    return exact
