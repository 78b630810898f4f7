"""Norms in few cells: all those in one row are written in one format."""

import math
from collections.abc import Callable, Iterable
from functools import partial

from rnn_tui.draw.kit.numbers import with_minus

__all__ = ["norm_format"]

_FAIR = 0.03  # what rounding may change


def norm_format(values: Iterable[float], width: int) -> Callable[[float], str]:
    """Return how to write these norms in at most `width` cells each: the first format that fits them all.

    Where there is no room for a digit, only the powers of ten are written; where not even those fit, nothing.
    """
    norms = [value for value in values if 0 < value < math.inf]
    for write in (*_FORMATS, _power):
        if all((text := write(norm)) and len(text) <= width for norm in norms):
            return write
    return lambda _: ""


def _fixed(value: float, *, digits: int, zero: bool) -> str:
    """Write it with so many digits after the point; empty where that would be far from the truth."""
    text = f"{value:.{digits}f}"
    if abs(float(text) - value) > _FAIR * value:
        return ""
    return text if zero else text.removeprefix("0")


def _scientific(value: float, *, digits: int) -> str:
    return with_minus(f"{value:.{digits}e}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e"))


def _power(value: float) -> str:
    return with_minus(f"e{math.floor(math.log10(value))}")


_FORMATS: list[Callable[[float], str]] = [
    *(partial(_fixed, digits=digits, zero=zero) for digits in (3, 2, 1) for zero in (True, False)),
    *(partial(_scientific, digits=digits) for digits in (1, 0)),
]
