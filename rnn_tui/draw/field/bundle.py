"""The bundle: the losses of all networks as bands from the lowest to the highest, and of the middle half."""

import math
from collections.abc import Sequence

import numpy as np
from rich.style import Style

from rnn_tui.draw.field.field_chart import FieldChart
from rnn_tui.draw.field.groups import Group, Groups, has_backgrounds
from rnn_tui.draw.field.legend import with_legend
from rnn_tui.draw.kit.chart import ChartAxes, ChartBand, ChartCurve, ChartLines, Level, compose_chart
from rnn_tui.draw.kit.numbers import EPOCH_ENDS, compact, nice_above, nice_below
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.protocol.arrays import Doubles, Floats
from rnn_tui.protocol.field import Bundle, FieldFacts, HeldOutBundle

__all__ = ["HELD_OUT", "bundle_words", "bundles_at", "compose_bundle", "shared_floor"]

HELD_OUT = "+"  # the mark of what is held out
_THIN = Style(bold=False)


def compose_bundle(
    facts: FieldFacts,
    bundles: Sequence[Bundle],
    groups: Groups,
    *,
    width: int,
    height: int,
    palette: Palette,
    log_x: bool = False,
    log_y: bool = True,
    legend: bool = True,
) -> FieldChart:
    """Draw the losses in `height` rows of `width` cells: a legend with the newest values, and the chart below it.

    Without a `legend`, the newest values stand elsewhere.
    """
    looks = [(each, look) for each in bundles if len(each.x) and (look := groups.look(each.group)) is not None]
    entries = [(look, bundle_words(each)) for each, look in looks]
    above = with_legend(entries, groups, width=width, height=height, palette=palette) if legend else []
    lines = [
        ChartLines(x=each.x, values=np.asarray(each.lines, np.float64), style=look.thin)
        for each, look in looks
        if each.lines.size
    ]
    newest = max((float(each.x[-1]) for each, _ in looks), default=1.0)
    held_out = [(each.held_out, look) for each, look in looks if each.held_out is not None and len(each.held_out.x)]
    lows = [each.low for each, _ in looks] + [each.quarter for each, _ in held_out]
    ends = [value for low in lows for value in low.tolist() if value > 0 and math.isfinite(value)]
    lowest = min(ends, default=1.0)
    alone = len(groups.shown) == 1
    curves = [curve for each, look in looks for curve in _curves(each, look, palette, alone=alone)]
    for evaluated, look in held_out:
        curves += _held_out_curves(evaluated, palette.right + _THIN if alone else look.line)
    chart = compose_chart(
        curves,
        width=width,
        height=height - len(above),
        axes=ChartAxes(
            style=palette.dim,
            log_x=log_x,
            log_y=log_y,
            x_to=nice_above(newest, EPOCH_ENDS),
            y_to=(nice_below(lowest),) if log_y else (0.0,),
            x_label=facts.unit,
        ),
        bands=_bands(looks, palette),
        thin=lines,
        levels=[
            Level(value=shared_floor(facts), name="floor", style=palette.right, near=True),
            Level(value=facts.guessing, name="guessing", style=palette.wrong + _THIN, sparse=True, near=True),
        ],
        background=Style(),
    )
    return FieldChart(above, chart)


def bundles_at(bundles: Sequence[Bundle], groups: Groups, at: float, unit: str) -> tuple[str, ...]:
    """Return the values of all groups at an epoch, in ever fewer words; none where there is none."""
    told: list[tuple[str, ...]] = []
    x = math.nan
    for each in bundles:
        look = groups.look(each.group)
        if look is None or not len(each.x) or math.isnan(at):
            continue
        place = int(np.abs(each.x - at).argmin())
        x = float(each.x[place])
        told.append(tuple(f"{look.mark} {look.name} {words}".strip() for words in bundle_words(each, place)))
    return tuple(f"{unit} {x:,.0f}: {' · '.join(form)}" for form in zip(*told, strict=True))


def bundle_words(bundle: Bundle, place: int = -1) -> tuple[str, ...]:
    """Return the newest values of a group, or others, in ever fewer words."""
    low, quarter, median, three, high = (
        compact(float(each[place]), 3)
        for each in (bundle.low, bundle.quarter, bundle.median, bundle.three_quarters, bundle.high)
    )
    long, short = _held_out_words(bundle, float(bundle.x[place]))
    return (
        f"median {median} · half of them {quarter} … {three} · all {low} … {high}{long}",
        f"median {median} · half {quarter} … {three}{long}",
        f"{median} ({quarter} … {three}){long}",
        f"{median} ({quarter} … {three}){short}",
        f"{median}{short}",
        median,
    )


def _held_out_words(bundle: Bundle, at: float) -> tuple[str, str]:
    """Return the newest losses up to an epoch on what is held out, as a part of a sentence, and the median alone."""
    held_out = bundle.held_out
    place = -1 if held_out is None else int(np.searchsorted(held_out.x, at, side="right")) - 1
    if held_out is None or place < 0:
        return "", ""
    quarter, median, three = (
        compact(float(each[place]), 3) for each in (held_out.quarter, held_out.median, held_out.three_quarters)
    )
    short = f" · {HELD_OUT} held out {median}"
    return f"{short} ({quarter} … {three})", short


def shared_floor(facts: FieldFacts) -> float | None:
    """Return the lowest loss that all members can come to, if it is one and the same."""
    floors = facts.floors
    if floors is None or not len(floors) or not np.all(np.isfinite(floors)):
        return None
    return float(floors[0]) if np.ptp(floors) <= 1e-6 * abs(float(floors[0])) else None


def _held_out_curves(bundle: HeldOutBundle, style: Style) -> list[ChartCurve]:
    """Return what is held out: a mark at the median of each evaluation, and dots over its middle half."""
    low, median, high = (
        np.asarray(each, np.float64) for each in (bundle.quarter, bundle.median, bundle.three_quarters)
    )
    half = ChartCurve(x=bundle.x, low=low, high=high, style=style, dots=True)
    marks = ChartCurve(
        x=bundle.x, low=median, high=median, style=style, dots=True, newest=HELD_OUT, marked=HELD_OUT, apart=1
    )
    return [half, marks]


def _curves(bundle: Bundle, look: Group, palette: Palette, *, alone: bool) -> list[ChartCurve]:
    """Return the median, and where no background can lie behind it the edges of the bands too."""
    median = np.asarray(bundle.median, np.float64)
    curve = ChartCurve(
        x=bundle.x, low=median, high=median, style=look.line, newest=look.mark, marked=look.mark, quick=True
    )
    if has_backgrounds(palette):
        return [curve]
    edges = (bundle.low, bundle.high, bundle.quarter, bundle.three_quarters) if alone else (bundle.low, bundle.high)
    thin = [np.asarray(each, np.float64) for each in edges]
    return [*(ChartCurve(x=bundle.x, low=each, high=each, style=look.thin, quick=True) for each in thin), curve]


def _bands(looks: Sequence[tuple[Bundle, Group]], palette: Palette) -> list[ChartBand]:
    """Return the bands of all groups: the widest at the back, the middle halves before them."""
    if not has_backgrounds(palette):
        return []
    neutral = Style.from_color(None, palette.cell(0).bgcolor)
    wide = [_band(each.x, each.low, each.high, neutral, mixes=False) for each, _ in looks]
    tinted = [(each, look) for each, look in looks if look.tint.bgcolor is not None]
    return wide + [_band(each.x, each.quarter, each.three_quarters, look.tint) for each, look in tinted]


def _band(x: Doubles, low: Floats, high: Floats, style: Style, *, mixes: bool = True) -> ChartBand:
    lower, upper = (np.asarray(each, np.float64) for each in (low, high))
    return ChartBand(x=x, low=lower, high=upper, style=style, mixes=mixes)
