"""The curve of a run among others, and how all of them are shown."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rnn_tui.common.value import Value

__all__ = [
    "MARKS",
    "MOST_RUNS",
    "CurvesView",
    "Floats",
    "RunCurve",
    "Unit",
    "YAxis",
    "diverged_since",
    "marks_of",
    "reading_at",
]

MARKS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@#"  # one for each run
MOST_RUNS = len(MARKS)

Floats = NDArray[np.float64]
Unit = Literal["update", "time", "characters"]
YAxis = Literal["loss", "held out"]

_NAMED = 6  # marks in a sentence


class RunCurve(Value, frozen=True, kw_only=True):
    """A run, and n points of its curve. All texts are safe to draw."""

    name: str
    values: tuple[str, ...] = ()  # of the settings in which the runs differ
    kind: str = ""  # what a loss of this run is: losses of two kinds cannot be compared
    x: Floats | None  # (n,) None: the run's files do not have it
    first: Floats  # (n,) the first update of each point
    last: Floats  # (n,) the last update of each point
    low: Floats  # (n,)
    high: Floats  # (n,)
    newest: Floats  # (n,) at the last update of each point
    tags: tuple[str, ...] = ()
    note: str = ""
    problem: str = ""  # why there are no points

    @property
    def has_points(self) -> bool:
        """Whether there is anything to draw."""
        return self.x is not None and bool(np.isfinite(self.newest).any())


class CurvesView(Value, frozen=True, kw_only=True):
    """What the axes are, and which settings the runs differ in."""

    settings: tuple[str, ...] = ()
    unit: Unit = "update"
    y: YAxis = "loss"
    log_x: bool = False
    log_y: bool = False
    reading: int = 0  # per cent of the files that have been read; 0: all


def reading_at(curve: RunCurve, at: float | None) -> int | None:
    """Return the point of a curve that is nearest to a position on the x axis; None: the last that is a number.

    None is returned where the curve has no point.
    """
    if curve.x is None or not curve.has_points:
        return None
    finite = np.flatnonzero(np.isfinite(curve.x) & np.isfinite(curve.newest))
    if not len(finite):
        return None
    if at is None:
        return int(finite[-1])
    return int(finite[np.abs(curve.x[finite] - at).argmin()])


def diverged_since(curve: RunCurve) -> int | None:
    """Return the first update of the end of a curve where no loss is a number; None: its newest is one."""
    finite = np.flatnonzero(np.isfinite(curve.newest))
    if not len(curve.newest) or not len(finite) or finite[-1] == len(curve.newest) - 1:
        return None
    return int(curve.first[finite[-1] + 1])


def marks_of(numbers: Sequence[int]) -> str:
    """Name some runs by their marks: `a, b and c`; the first of many."""
    marks = [MARKS[each] for each in numbers]
    if len(marks) > _NAMED:
        return f"{', '.join(marks[:_NAMED])} and {len(marks) - _NAMED} more"
    *head, last = marks
    return f"{', '.join(head)} and {last}" if head else last
