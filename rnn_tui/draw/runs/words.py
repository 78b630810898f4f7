"""What curves of runs say in words: what is drawn, what cannot be compared, the best, and what the cursor is on."""

from collections.abc import Sequence

import numpy as np

from rnn_tui.draw.kit.numbers import compact
from rnn_tui.draw.runs.curve import MARKS, CurvesView, RunCurve, Unit, diverged_since, marks_of, reading_at

__all__ = ["AXIS_LABELS", "cursor_words", "title", "why_empty", "words"]

AXIS_LABELS: dict[Unit, str] = {"update": "update", "time": "seconds", "characters": "characters"}
_MOST_NAMED = 4  # runs that have diverged
_MISSING: dict[Unit, str] = {
    "update": "no losses",
    "time": "no seconds of training in the files, as older versions kept none",
    "characters": "no number of characters in the files, since pairs differ in length",
}


def title(curves: Sequence[RunCurve], view: CurvesView) -> str:
    """Return what is drawn, and on which scales."""
    scales = [name for name, on in (("x", view.log_x), ("y", view.log_y)) if on]
    parts = [f"{view.y} by {view.unit}", f"{len(curves)} runs"]
    parts += [f"{' and '.join(scales)} logarithmic"] if scales else []
    parts += [f"reading: {view.reading} %"] if view.reading else []
    return " · ".join(parts)


def words(curves: Sequence[RunCurve], view: CurvesView) -> list[str]:
    """Return sentences, the most important first: which runs are not drawn and why, else what the curves say."""
    found = []
    for problem in dict.fromkeys(each.problem for each in curves if each.problem):
        found.append(f"{marks_of([at for at, each in enumerate(curves) if each.problem == problem])}: {problem}")
    missing = [at for at, each in enumerate(curves) if each.x is None and not each.problem]
    if missing and any(each.x is not None for each in curves):  # else the chart says so
        found.append(f"not drawn: {marks_of(missing)}: {_MISSING[view.unit]}")
    nothing = [at for at, each in enumerate(curves) if each.x is not None and not each.has_points and not each.problem]
    if nothing and len(nothing) < len(curves):
        why = "nothing is held out, or it has not been evaluated yet" if view.y == "held out" else "no loss yet"
        found.append(f"not drawn: {marks_of(nothing)}: {why}")
    diverged = [(at, since) for at, each in enumerate(curves) if (since := diverged_since(each)) is not None]
    if diverged:
        which = [f"{MARKS[at]} since update {since:,}" for at, since in diverged[:_MOST_NAMED]]
        more = f" and {len(diverged) - _MOST_NAMED} more" if len(diverged) > _MOST_NAMED else ""
        found.append(f"no number any more: {', '.join(which)}{more}")
    kinds = dict.fromkeys(each.kind for each in curves if each.has_points)
    if len(kinds) > 1:
        of_each = [
            f"{marks_of([at for at, each in enumerate(curves) if each.has_points and each.kind == kind])} {kind}"
            for kind in kinds
        ]
        found.append(f"not the same loss: {'; '.join(of_each)}")
    elif (best := _best(curves)) is not None:
        run, at = best
        curve = curves[run]
        found.append(f"best of all: {MARKS[run]}, {compact(float(curve.low[at]))} {_where(curve, at)}")
    return found


def _best(curves: Sequence[RunCurve]) -> tuple[int, int] | None:
    """Return the run with the smallest loss, and the point with it."""
    found = [
        (float(np.nanmin(each.low)), number, int(np.nanargmin(each.low)))
        for number, each in enumerate(curves)
        if each.has_points
    ]
    return min(found)[1:] if found else None


def _where(curve: RunCurve, at: int) -> str:
    """Name the updates of a point."""
    first, last = int(curve.first[at]), int(curve.last[at])
    return f"at update {last:,}" if first == last else f"in updates {first:,} to {last:,}"


def cursor_words(curves: Sequence[RunCurve], view: CurvesView, selected: int, at: float | None) -> str:
    """Return the run and its value at the cursor; `at` None: at its end."""
    curve = curves[selected]
    name = f"{MARKS[selected]} {curve.name}"
    point = reading_at(curve, at)
    if point is None or curve.x is None:
        return f"{name}: not drawn"
    where = _where(curve, point)
    if view.unit != "update":
        unit = "s" if view.unit == "time" else view.unit
        where += f", {curve.x[point]:,.6g} {unit}"
    low, high = float(curve.low[point]), float(curve.high[point])
    value = compact(float(curve.newest[point])) if low == high else f"{compact(low)} to {compact(high)}"
    ended = at is not None and at > float(curve.x[-1]) * 1.02 and point == len(curve.x) - 1
    return f"{name}: {view.y} {value} {where}" + (", where it ends" if ended else "")


def why_empty(curves: Sequence[RunCurve], view: CurvesView) -> str:
    """Return what stands in place of the chart where no curve can be drawn."""
    if view.reading:
        return "reading"
    if all(each.x is None for each in curves):
        return _MISSING[view.unit]
    return "nothing is held out" if view.y == "held out" else "no loss yet"
