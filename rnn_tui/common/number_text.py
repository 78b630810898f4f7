"""Values of a series as text: as many digits as tell its values apart."""

import math

__all__ = ["unit_text"]

_MOST = 17  # digits of a float64


def unit_text(value: float, deviation: float, digits: int = 6) -> str:
    """Write a value to `digits` digits of the standard deviation of its series, at least, or all that it has.

    1600000020.386 of a deviation of 3.5 is 1600000020.386 rather than 1.6e+09.
    """
    if not math.isfinite(value) or not value or not deviation > 0:
        return f"{value:.{digits}g}"
    more = math.log10(abs(value)) - math.log10(deviation)
    return f"{value:.{min(_MOST, digits + max(0, math.ceil(more)))}g}"
