"""What share of the networks has learnt it by each epoch, as steps, with the interval in which the true share lies."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.style import Style

from rnn_tui.draw.field.field_chart import FieldChart
from rnn_tui.draw.field.groups import Group, Groups, has_backgrounds
from rnn_tui.draw.field.legend import with_legend
from rnn_tui.draw.kit.chart import ChartAxes, ChartBand, ChartCurve, compose_chart
from rnn_tui.draw.kit.numbers import EPOCH_ENDS, count, nice_above
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.experiment.statistics import wilson_interval
from rnn_tui.protocol.field import FieldFacts, LearntSteps

__all__ = ["compose_learnt", "learnt_at", "learnt_by", "learnt_words"]


def compose_learnt(
    facts: FieldFacts,
    steps: Sequence[LearntSteps],
    groups: Groups,
    *,
    width: int,
    height: int,
    palette: Palette,
    newest: int,
    log_x: bool = False,
    legend: bool = True,
) -> FieldChart:
    """Draw the shares in `height` rows of `width` cells; `newest` is the epoch that the first networks have come to.

    Up to the epoch that the slowest network has come to, a share is final; after it, single points are the least that
    it will be. Without a `legend`, the numbers stand elsewhere.
    """
    looks = [(each, look) for each in steps if (look := groups.look(each.group)) is not None]
    entries = [(look, learnt_words(each, unit=facts.unit)) for each, look in looks]
    above = with_legend(entries, groups, width=width, height=height, palette=palette) if legend else []
    first = 1.0 if log_x else 0.0
    shares = [(_shares(each, first, newest), look) for each, look in looks]
    alone = len(looks) == 1
    bands = [
        ChartBand(x=share.x, low=share.low, high=share.high, style=look.tint)
        for share, look in shares
        if look.tint.bgcolor is not None and has_backgrounds(palette)
    ]
    chart = compose_chart(
        [curve for share, look in shares for curve in _curves(share, look, palette, alone=alone)],
        width=width,
        height=height - len(above),
        axes=ChartAxes(
            style=palette.dim,
            log_x=log_x,
            x_to=nice_above(max(float(newest), 1.0), EPOCH_ENDS),
            y_to=(0.0, 100.0),
            x_label=facts.unit,
        ),
        bands=bands,
        background=Style(),
        empty=f"no {facts.unit} yet",
    )
    return FieldChart(above, chart)


def learnt_at(steps: Sequence[LearntSteps], groups: Groups, at: float, unit: str) -> tuple[str, ...]:
    """Return how many of each group had learnt it by an epoch, in ever fewer words; none where there is none."""
    told = []
    for each in steps:
        look = groups.look(each.group)
        if look is not None and each.of and 0 <= at <= each.now + 0.5:
            forms = learnt_words(each, unit=unit, by=round(at))[2:]
            told.append(tuple(f"{look.mark} {look.name} {words}".strip() for words in forms))
    return tuple(f"by {unit} {at:,.0f}: {' · '.join(form)}" for form in zip(*told, strict=False))


def learnt_by(steps: LearntSteps, epoch: int) -> int:
    """Return how many members of a group had learnt it by an epoch."""
    place = int(np.searchsorted(steps.epochs, epoch, side="right"))
    return int(steps.counts[place - 1]) if place else 0


def learnt_words(steps: LearntSteps, *, unit: str = "epoch", by: int | None = None) -> tuple[str, ...]:
    """Return how many have learnt it, now or by an epoch, and between which shares the true one lies."""
    if not steps.of:
        return ("no network",)
    number = learnt_by(steps, steps.now if by is None else by)
    low, high = wilson_interval(number, steps.of)
    share, between = f"{_percent(number / steps.of)} %", f"({_percent(low)} … {_percent(high)} %)"
    many = f"{count(number)} of {count(steps.of)}"
    verb = "has" if number == 1 else "have"
    half = _half(steps)
    after = f" · half of all by {unit} {half:,}" if half is not None else ""
    return (
        f"{many} {verb} learnt it by {unit} {steps.now:,}: {share} {between}{after}",
        f"{many} {verb} learnt it by {unit} {steps.now:,}: {share} {between}",
        f"{many} {verb} learnt it: {share} {between}",
        f"{many}: {share} {between}",
        f"{many}: {share}",
        share,
    )


def _half(steps: LearntSteps) -> int | None:
    """Return the epoch by which half of the members had learnt it; None: so many have not."""
    reached = np.flatnonzero(2 * np.asarray(steps.counts) >= steps.of)
    if not len(reached) or steps.epochs[reached[0]] > steps.now:
        return None
    return int(steps.epochs[reached[0]])


def _percent(share: float) -> str:
    """Write a share in whole percents; 0 and 100 only where they are exact."""
    number = round(100 * share)
    if number == 0 and share > 0:
        return "0.1" if share < 0.0015 else f"{100 * share:.1f}"
    if number == 100 and share < 1:
        return f"{min(99.9, math.floor(1000 * share) / 10):.1f}"
    return f"{number}"


class _Share(NamedTuple):
    """A share in percent over epochs, each step as two points; `final` is how many of the points are final."""

    x: NDArray[np.float64]
    share: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    later_x: NDArray[np.float64]  # after the epoch that the slowest network has come to
    later: NDArray[np.float64]


def _shares(steps: LearntSteps, first: float, newest: int) -> _Share:
    epochs, counts = np.asarray(steps.epochs, np.float64), np.asarray(steps.counts, np.float64)
    until = epochs <= steps.now
    now = max(float(steps.now), first)
    before = np.r_[0.0, counts[:-1]]
    x = np.r_[first, np.repeat(epochs[until], 2), now]
    number = np.r_[
        0.0, np.stack([before[until], counts[until]], axis=1).ravel(), counts[until][-1:] if until.any() else 0.0
    ]
    x = np.maximum(x, first)
    bounds = np.array([wilson_interval(int(each), steps.of) for each in number]).reshape(-1, 2)
    scale = 100 / max(1, steps.of)
    ahead = (epochs > steps.now) & (epochs <= newest)
    return _Share(x, number * scale, 100 * bounds[:, 0], 100 * bounds[:, 1], epochs[ahead], counts[ahead] * scale)


def _curves(share: _Share, look: Group, palette: Palette, *, alone: bool) -> list[ChartCurve]:
    """Return the steps; where no background can lie behind them, also the ends of the interval of a single group."""
    others = [(share.later_x, share.later)] if len(share.later_x) else []
    if alone and not has_backgrounds(palette):
        others += [(share.x, share.low), (share.x, share.high)]
    thin = [ChartCurve(x=x, low=each, high=each, style=look.thin, quick=True) for x, each in others]
    steps = share.share
    mark = look.mark
    return [*thin, ChartCurve(x=share.x, low=steps, high=steps, style=look.line, newest=mark, marked=mark, quick=True)]
