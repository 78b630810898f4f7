"""Numbers in few cells, never misleading: sign, digits, and NaN as NaN."""

import math
from collections.abc import Sequence

__all__ = [
    "EPOCH_ENDS",
    "compact",
    "count",
    "duration",
    "exact",
    "nice_above",
    "nice_below",
    "percent",
    "probability",
    "shape_text",
    "signed",
    "with_minus",
]

EPOCH_ENDS = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)  # where an axis of epochs may end, times a power of ten


def with_minus(number: str) -> str:
    """Return a number as Python writes it with the minus sign of the screen, as wide as a plus."""
    return number.replace("-", "−")


def signed(value: float, width: int) -> str:
    """Write a signed value in at most `width` cells, with as many digits as fit, or 1e9; empty where nothing fits."""
    return with_minus(_signed(value, width))


def _signed(value: float, width: int) -> str:
    if not math.isfinite(value):
        text = "NaN" if math.isnan(value) else "+∞" if value > 0 else "-∞"
        return text if len(text) <= width else "!"[:width]
    for digits in (4, 3, 2, 1):
        text = f"{value:+.{digits}f}"
        if len(text) <= width:
            return text
        bare = text.replace("+0.", "+.").replace("-0.", "-.")
        if digits <= 2 and len(bare) <= width:
            return bare
    text = f"{value:+.0f}"
    if abs(value) < 1 or len(text) <= width:
        return text if len(text) <= width and abs(value) >= 1 else ""
    large = [f"{value:+.{digits}e}".replace("e+0", "e").replace("e+", "e") for digits in (2, 1, 0)]
    return next((text for text in (*large, large[-1].removeprefix("+")) if len(text) <= width), "")


def probability(value: float, width: int = 4) -> str:
    """Write a probability as .82, 1.0 or 0; with more digits where there is room."""
    if math.isnan(value):
        return "NaN"
    digits = max(1, width - 1)
    text = f"{value:.{digits}f}"
    return text[1:] if text.startswith("0.") else f"{value:.{max(0, digits - 1)}f}"


def compact(value: float | None, digits: int = 4) -> str:
    """Write a loss or a rate: 4 significant digits, 3 below 1, no noise; an en dash where there is none yet."""
    if value is None:
        return "–"
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "−∞"
    value += 0.0  # -0.0 is 0
    if value != 0 and not 1e-4 <= abs(value) < 1e6:
        return with_minus(f"{value:.{digits - 2}e}")
    power = math.floor(math.log10(abs(value))) if value else 0
    return with_minus(f"{value:.{max(0, digits - 1 - power - (power < 0))}f}")


def exact(value: float, digits: int) -> str:
    """Write a value with so many digits after the point; NaN as NaN."""
    return with_minus(f"{value:.{digits}f}") if math.isfinite(value) else compact(value)


def percent(share: float) -> str:
    """Write a share in whole percents."""
    return f"{100 * share:.0f} %" if math.isfinite(share) else "NaN"


def shape_text(shape: Sequence[int]) -> str:
    """Write a shape as torch does: (6, 1, 5), (5,)."""
    return "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"


def count(value: float) -> str:
    """Write a count with commas between thousands, or in millions where it is long."""
    if value < 1e6:
        return f"{value:,.0f}"
    for size, name in ((1e12, "T"), (1e9, "G"), (1e6, "M")):
        if value >= size:
            return f"{value / size:.4g}{name}"
    return f"{value:,.0f}"


def duration(seconds: float) -> str:
    """Write a time to wait in the unit that needs at most three digits: 95 s, 12 min, 30 h, 3 days."""
    for size, most, name in ((1, 120, "s"), (60, 120, "min"), (3600, 48, "h")):
        if seconds < most * size:
            return f"{seconds / size:.0f} {name}"
    return f"{count(seconds / 86400)} days"


def nice_below(value: float) -> float:
    """Return the next of ..., 0.5, 1, 2, 5, 10, ... that is not above a positive `value`."""
    power = 10.0 ** math.floor(math.log10(value))
    return max(step * power for step in (1, 2, 5) if step * power <= value * (1 + 1e-9))


def nice_above(value: float, steps: tuple[float, ...] = (1, 2, 5, 10)) -> float:
    """Return the next of 1, 2, 5, 10, 20, ... not below `value`, at least 1: a scale that is steady between frames."""
    if not math.isfinite(value) or value <= 1:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * step for step in steps if power * step >= value * (1 - 1e-9))
