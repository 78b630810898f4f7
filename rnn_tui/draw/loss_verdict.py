"""A loss curve in words: over-fitting, at the floor, guessing, still falling; computed from the curve.

Noise is averaged away: what is compared are the means over the newest tenth of the curve and over the tenth before, of
a short curve over fifths.
"""

import math
from collections.abc import Sequence

import numpy as np

from rnn_tui.common.value import Value
from rnn_tui.draw.kit.numbers import compact, percent
from rnn_tui.protocol.frame import Curve

__all__ = ["Course", "course_of", "told"]

_AT_FLOOR = 0.03  # of the way from guessing down to the floor that is still left
_LIKE_GUESSING = 0.05  # of the loss of guessing, more or less
_NEAR_NOTHING = 0.02  # of the loss of guessing
_FALLS, _RISES = -0.01, 0.02  # changes between the two parts that are worth a word
_PART, _LARGE_PART = 0.1, 0.2  # of the x axis, which are compared
_SHORT, _FEWEST = 40, 3  # points below which a curve is short, and that a part needs


class Course(Value, frozen=True, kw_only=True):
    """Where a curve is, and where it comes from."""

    now: float  # the mean over its newest part, or its last value
    change: float | None = None  # of the mean since the part before, as a share; None: there is too little
    since: float = 0.0  # the middle of the part before


def course_of(curve: Curve) -> Course | None:
    """Return the course of a curve; None where it has no finite point at its end."""
    finite = np.isfinite(curve.low) & np.isfinite(curve.high)
    if not len(finite) or not finite[-1]:
        return None
    x, middle = curve.x[finite], (curve.low / 2 + curve.high / 2)[finite]
    part = (_PART if len(x) >= _SHORT else _LARGE_PART) * (x[-1] - x[0])
    newest, before = x > x[-1] - part, (x > x[-1] - 2 * part) & (x <= x[-1] - part)
    if min(newest.sum(), before.sum()) < _FEWEST:
        return Course(now=float(middle[-1]))
    now, then = float(middle[newest].mean()), float(middle[before].mean())
    change = now / then - 1 if then > 0 else None
    return Course(now=now, change=change, since=float(x[before].mean()))


def told(
    curve: Curve | None,
    *,
    unit: str,
    floor: float | None = None,
    guessing: float | None = None,
    over_fits_since: int | None = None,
    over_fits_unit: str = "update",
    numbers: bool = False,
    held_out: float | None = None,
    counting: tuple[int, float] | None = None,
) -> Sequence[str]:
    """Return a sentence in ever fewer words; empty where there is nothing to say.

    `unit`: what the x axis counts. `numbers`: the answers are numbers, and guessing is always to say their mean.
    `held_out` is the loss there, and `counting` the n of the best n-gram model and what it achieves there.
    """
    if over_fits_since is not None:
        since = f"over-fits since {over_fits_unit} {over_fits_since:,}"
        return (f"{since}: the loss held out rises while the other falls", f"{since}: held out rises", since)
    course = None if curve is None else course_of(curve)
    if course is None:
        return ()
    trend = _trend(course, unit)
    if floor is not None and guessing is not None and course.now - floor <= _AT_FLOOR * (guessing - floor):
        why = "a state between −1 and 1 cannot be surer"
        return (f"at the floor: {why}", "at the floor")
    if guessing is None or not guessing > 0:
        return trend
    if course.now > (1 + _LIKE_GUESSING) * guessing:
        return _both("worse than guessing", trend)
    if course.now >= (1 - _LIKE_GUESSING) * guessing:
        known = "always saying the mean" if numbers else "knowing how often each answer comes"
        what = f"guessing: no better than {known}"
        return (what, *_both("no better than guessing", trend))
    if floor is None and course.now <= _NEAR_NOTHING * guessing:
        return (f"nearly 0: {100 * course.now / guessing:.1g} % of the loss of guessing", "nearly 0")
    if counting is not None and held_out is not None and math.isfinite(held_out):
        return _against(counting, held_out, trend)
    return trend


def _against(counting: tuple[int, float], held_out: float, trend: Sequence[str]) -> tuple[str, ...]:
    """Say whether what is held out is predicted better than an n-gram model does."""
    n, loss = counting
    if held_out < loss:
        return _both(f"has beaten counting ({n}-grams: {compact(loss)})", trend)
    return _both(f"counting is better so far ({n}-grams: {compact(loss)})", trend)


def _trend(course: Course, unit: str) -> tuple[str, ...]:
    if course.change is None or not math.isfinite(course.change):
        return ()
    since = f"around {unit} {course.since:,.0f}"
    if course.change <= _FALLS:
        return (f"still falling: {percent(-course.change)} lower than {since}", "still falling")
    if course.change >= _RISES:
        return (f"rising: {percent(course.change)} higher than {since}", "rising")
    return (f"hardly changes any more since {since}", "hardly changes")


def _both(what: str, trend: Sequence[str]) -> tuple[str, ...]:
    return (*(f"{what}, {each}" for each in trend), what)
