"""What many networks say together: a share with its interval, and quartiles."""

import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["NORMAL_95", "Quartiles", "quartiles", "share_text", "spread_text", "wilson_interval"]

NORMAL_95 = statistics.NormalDist().inv_cdf(0.975)  # 1.96: between minus and plus so many deviations lie 95 %


class Quartiles(NamedTuple):
    """A quarter of the values lies below the lower one, half of them below the median, a quarter above the upper."""

    lower: float
    median: float
    upper: float


def wilson_interval(successes: int, trials: int, deviations: float = NORMAL_95) -> tuple[float, float]:
    """Return the score interval of a share, from 0 to 1; (0, 1) where nothing was tried.

    It holds the shares p that a test would not reject: |successes/trials - p| <= deviations sqrt(p (1 - p) / trials).
    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
    Statistical Association 22 (1927), 209-212. Raises ValueError where successes are not from 0 to trials.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials}")
    if not trials:
        return 0.0, 1.0
    share, square = successes / trials, deviations**2
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    half = deviations * math.sqrt(share * (1 - share) / trials + square / (4 * trials**2)) / (1 + square / trials)
    low = 0.0 if not successes else max(0.0, middle - half)
    high = 1.0 if successes == trials else min(1.0, middle + half)
    return low, high


def quartiles(values: Sequence[float]) -> Quartiles | None:
    """Return the quartiles, on straight lines between neighbours (type 7, as NumPy has them); None: no values.

    Values that are not finite are left out.
    """
    finite = sorted(value for value in values if math.isfinite(value))
    if len(finite) < 2:
        return Quartiles(*finite * 3) if finite else None
    return Quartiles(*statistics.quantiles(finite, n=4, method="inclusive"))


def share_text(interval: tuple[float, float]) -> str:
    """Write an interval of shares in per cent: `55–77 %`; with more digits where it would be `0–0` or `100–100`."""
    low, high = (100 * each for each in interval)
    digits = next((each for each in range(5) if f"{low:.{each}f}" != f"{high:.{each}f}"), 0)
    return f"{low:.{digits}f}–{high:.{digits}f} %"


def spread_text(quartiles: Quartiles, *, whole: bool = False) -> str:
    """Write a median and the middle half, `0.433 (0.421–0.512)`; `whole`: of epochs, `21 (14–38)`."""
    lower, median, upper = (f"{value:,.0f}" if whole else f"{value:.3g}" for value in quartiles)
    return median if lower == upper else f"{median} ({lower}–{upper})"
