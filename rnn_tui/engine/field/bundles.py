"""The losses of many members as a few curves, and how many had learnt it by when."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rnn_tui.engine.field.results import Results
from rnn_tui.experiment.comparison import Comparison
from rnn_tui.protocol.field import DIVERGED, DONE, LEARNING, Bundle, FieldWanted, HeldOutBundle, LearntSteps
from rnn_tui.protocol.frame import Curve, HeldOut

__all__ = ["bundles", "groups", "learnt_steps", "member_curve", "member_held_out"]

_APART = 3  # columns of a chart for an evaluation
_Members = NDArray[np.intp]


def groups(comparison: Comparison, path: str) -> Iterator[tuple[int, _Members]]:
    """Yield the members with each value of a varied setting, and its index; all of them where none is of that path."""
    numbers = np.arange(comparison.members)
    at = next((each for each, varied in enumerate(comparison.varied) if varied.path == path), None)
    if at is None:
        yield 0, numbers
        return
    own = np.unravel_index(numbers, comparison.shape)[at]
    for index in range(comparison.shape[at]):
        yield index, numbers[own == index]


def bundles(comparison: Comparison, results: Results, wanted: FieldWanted) -> tuple[Bundle, ...]:
    """Return the losses of each group over the updates: quartiles, extremes, and a few single members.

    One that has come to its end keeps its last loss, and one that has diverged is left out from there on.
    """
    kept = results.losses
    rows = _columns(len(kept.updates), wanted.columns, log=wanted.log_x)
    if not len(rows):
        return ()
    updates = kept.updates[rows]
    all_groups = list(groups(comparison, wanted.grouped_by))
    lines = max(1, wanted.lines // len(all_groups)) if wanted.lines else 0
    held_out = results.evaluations.newest()
    found = []
    for index, members in all_groups:
        losses = kept.values[rows][:, members].astype(np.float64)  # (n, k)
        over = results.states[members] == DONE
        ended = over & (updates[:, None] > results.passes[members])
        losses[ended] = np.broadcast_to(results.loss[members], losses.shape)[ended]
        losses[~np.isfinite(losses)] = np.nan
        low, quarter, median, three_quarters, high = _quantiles(losses)
        known = np.isfinite(median)
        chosen = members[_columns(len(members), lines, log=False)]
        picked = np.searchsorted(members, chosen)
        found.append(
            Bundle(
                group=index,
                x=updates[known].astype(np.float64),
                low=_floats(low[known]),
                quarter=_floats(quarter[known]),
                median=_floats(median[known]),
                three_quarters=_floats(three_quarters[known]),
                high=_floats(high[known]),
                lines=_floats(losses[known][:, picked].T),
                members=chosen.astype(np.int32),
                held_out=_held_out(results, *held_out, members, wanted),
            )
        )
    return tuple(found)


def _held_out(
    results: Results, newest: NDArray[np.float32], are_new: NDArray[np.bool_], members: _Members, wanted: FieldWanted
) -> HeldOutBundle | None:
    """Return the quartiles of what some members come to on what is held out; None: nothing is.

    `newest`, `are_new`: as `Evaluations.newest` returns them, since members are evaluated at other updates than others.
    One that has diverged is left out from there on.
    """
    (mine,) = np.nonzero(are_new[:, members].any(1))
    if not len(mine):
        return None
    rows = mine[_columns(len(mine), max(1, wanted.columns // _APART), log=wanted.log_x)]
    updates, losses = results.evaluations.updates[rows], newest[rows][:, members].astype(np.float64)
    losses[(results.states[members] == DIVERGED) & (updates[:, None] >= results.passes[members])] = np.nan
    _, quarter, median, three_quarters, _ = _quantiles(losses)
    there = np.isfinite(median)
    return HeldOutBundle(
        x=updates[there].astype(np.float64),
        quarter=_floats(quarter[there]),
        median=_floats(median[there]),
        three_quarters=_floats(three_quarters[there]),
    )


def member_held_out(results: Results, member: int) -> HeldOut | None:
    """Return how one member does on what is held out; None: nothing is, or it has not been evaluated yet.

    As in a single run, the evaluation of all of it at the end is not on the curve, which is of the same part all along.
    """
    updates, losses = results.evaluations.of(member)
    if not len(updates):
        return None
    whole = bool(results.states[member] == DONE and updates[-1] == results.passes[member])
    values = losses.astype(np.float64)
    count = len(values) - (whole and len(values) > 1)
    x, curve = updates[:count].astype(np.float64), values[:count]
    return HeldOut(
        update=int(updates[-1]),
        loss=float(values[-1]),
        accuracy=math.nan,
        characters=0,
        whole=whole,
        curve=Curve(x=x, low=curve, high=curve),
    )


def learnt_steps(comparison: Comparison, results: Results, path: str) -> tuple[LearntSteps, ...]:
    """Return for each group how many of its members had learnt it by each epoch at which one has."""
    found = []
    for index, members in groups(comparison, path):
        learnt = results.learnt[members]
        epochs, counts = np.unique(learnt[learnt > 0], return_counts=True)
        going = members[results.states[members] <= LEARNING]
        behind = results.passes[going] if len(going) else results.passes[members]
        now = (behind.min() if len(going) else behind.max()) if len(behind) else 0
        found.append(
            LearntSteps(
                group=index,
                epochs=epochs.astype(np.int32),
                counts=counts.cumsum().astype(np.int32),
                of=len(members),
                now=int(now),
            )
        )
    return tuple(found)


def member_curve(results: Results, member: int, columns: int, *, log_x: bool) -> Curve:
    """Return the losses of one member, thinned to the columns of a chart; each keeps its extremes."""
    updates, losses = results.losses.of(member)
    finite = np.isfinite(losses)
    updates, values = updates[finite], losses[finite].astype(np.float64)
    if not len(values):
        return Curve(x=np.zeros(0), low=np.zeros(0), high=np.zeros(0))
    ends = _columns(len(values), columns, log=log_x)
    starts = np.concatenate(([0], ends[:-1] + 1))
    return Curve(
        x=updates[ends].astype(np.float64),
        low=np.minimum.reduceat(values, starts),
        high=np.maximum.reduceat(values, starts),
    )


def _columns(count: int, most: int, *, log: bool) -> NDArray[np.intp]:
    """Return at most `most` of the indices 0 .. count-1, evenly spaced, the last among them."""
    if count <= most:
        return np.arange(count)
    if most <= 0:
        return np.zeros(0, np.intp)
    ends = np.geomspace(1, count, most) if log and most > 1 else np.linspace(count / most, count, most)
    return np.unique(np.rint(ends).astype(np.intp)) - 1


def _quantiles(losses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the quartiles (5, n) of each row of losses (n, k), extremes included, without its NaNs."""
    ordered = np.sort(losses, axis=1)  # NaNs go last
    counts = np.isfinite(losses).sum(1)
    last = np.maximum(counts - 1, 0)
    found = np.full((5, len(losses)), np.nan)
    rows = np.arange(len(losses))
    for number, share in enumerate((0.0, 0.25, 0.5, 0.75, 1.0)):
        place = share * last
        below = np.floor(place).astype(np.intp)
        above = np.minimum(below + 1, last)
        low = ordered[rows, below]
        found[number] = low + (ordered[rows, above] - low) * (place - below)
    found[:, counts == 0] = np.nan
    return found


def _floats(values: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.ascontiguousarray(values, np.float32)
