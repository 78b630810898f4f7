"""Diagnostics over time as charts: the gradient's norm, update:weight by matrix, dead and saturated units, the rate."""

import math
from collections.abc import Sequence

import numpy as np
from rich.style import Style
from textual.strip import Strip

from rnn_tui.common.value import Value
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.chart import ChartAxes, ChartCurve, Level, Mark, compose_chart
from rnn_tui.draw.kit.numbers import compact
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.text_fit import first_that_fits
from rnn_tui.protocol.diagnostics import ChartKind, DiagnosticCurve, Diagnostics

__all__ = ["ABOUT", "NAMES", "DiagnosticAxes", "draw_diagnostics", "is_logarithmic", "sentences", "titles"]

NAMES: dict[ChartKind, str] = {
    "loss": "Loss",
    "gradient": "Gradient norm",
    "ratio": "Update:weight",
    "units": "Units",
    "rate": "Learning rate",
}
ABOUT: dict[ChartKind, str] = {
    "loss": "",
    "gradient": "‖∂L/∂W‖ over all weights, before clipping",
    "ratio": "‖ΔW‖ / ‖W‖ of each matrix, by the last update",
    "units": "shares of the units; dead: |h| < 0.01, saturated: |h| > 0.97, at all time steps",
    "rate": "of the next update",
}
_ROOMY = 9  # rows from which a legend and a sentence have one each
_NOT_YET = "not taken yet"
_MOVES = 0.01  # change of a rate that is one


class DiagnosticAxes(Value, frozen=True, kw_only=True):
    """What the axes of a chart are; `log_y` turns the scale that suits the numbers into the other one."""

    unit: str  # that the x axis counts
    end: float  # where it ends
    mark: float | None = None  # the pass on the screen, if that is not the newest
    log_x: bool = False
    log_y: bool = False


def is_logarithmic(kind: ChartKind, *, other: bool) -> bool:
    """Tell whether the y axis is logarithmic: norms and ratios are, unless the `other` scale is asked for."""
    return (kind in ("gradient", "ratio")) != other


def titles(facts: Diagnostics) -> tuple[str, ...]:
    """Return what the chart shows and the newest numbers, in ever fewer words."""
    name, now = NAMES[facts.kind], {each.name: each.now for each in facts.curves if each.now is not None}
    if not now:
        return (f"{name} · {_NOT_YET}", name)
    match facts.kind:
        case "gradient":
            short = f"{name} {compact(now['norm'])}"
            if not facts.clip:
                return (short, name)
            share = "" if facts.clipped is None else f", {_share(facts.clipped)} of the updates clipped"
            brief = "" if facts.clipped is None else f", {_share(facts.clipped)} clipped"
            return (f"{short} · limit {compact(facts.clip)}{share}", short + brief.replace(",", " ·"), short, name)
        case "ratio":
            largest = max(now, key=lambda each: now[each])
            return (f"{name} · largest {compact(now[largest])}, {largest}", f"{name} {compact(now[largest])}", name)
        case "units":
            shares = ", ".join(f"{_share(share)} {what}" for what, share in now.items())
            return (f"{name} · {shares}", shares, name)
    return (f"{name} {compact(next(iter(now.values())))}", name)


def sentences(facts: Diagnostics, unit: str) -> tuple[str, ...]:
    """Return what the curves say, in ever fewer words, from their numbers; empty: nothing."""
    known = [each for each in facts.curves if len(each.curve.x)]
    if not known:
        return ()
    match facts.kind:
        case "gradient":
            return _largest(known[0], unit)
        case "ratio":
            now = {each.name: each.now for each in known if each.now is not None}
            if not now:
                return ()
            most = max(now, key=lambda name: now[name])
            share = f"{compact(100 * now[most])} %"
            return (
                f"{most} moves most: the last update changed it by {share} of its norm",
                f"{most} moves most: {share}",
            )
        case "units":
            return _idle(known, unit)
    return _changed(known[0], unit)


def _largest(norm: DiagnosticCurve, unit: str) -> tuple[str, ...]:
    """Say how large a norm has been, and where."""
    place = int(np.argmax(norm.curve.high))
    largest, at = float(norm.curve.high[place]), f"{unit} {norm.curve.x[place]:,.0f}"
    if norm.now is None or place == len(norm.curve.x) - 1 or not largest > norm.now > 0:
        return (f"the largest that is known: {compact(largest)}, by {at}",)
    times = largest / norm.now
    said = f"the largest that is known: {compact(largest)}, by {at}"
    return (f"{said}, {compact(times, 2)} times as long as now", said) if times >= 2 else (said,)


def _idle(shares: Sequence[DiagnosticCurve], unit: str) -> tuple[str, ...]:
    """Say how many units do nothing at all, now or at most."""
    idle = [(each.name, each.now) for each in shares if each.now]
    if idle:
        return ("at all time steps: " + ", ".join(f"{_share(share)} of the units {name}" for name, share in idle),)
    most = max(shares, key=lambda each: float(each.curve.high.max()))
    largest = float(most.curve.high.max())
    if not largest:
        return ("no unit has been dead or saturated when it was looked at", "none dead, none saturated")
    at = float(most.curve.x[int(np.argmax(most.curve.high))])
    return (f"none is dead or saturated now; {_share(largest)} were {most.name} by {unit} {at:,.0f}", "none now")


def _changed(rate: DiagnosticCurve, unit: str) -> tuple[str, ...]:
    """Say where a rate comes from."""
    first, last = float(rate.curve.low[0]), float(rate.curve.high[-1])
    if rate.curve.high.max() <= (1 + _MOVES) * rate.curve.low.min():
        return ("the same since the beginning",)
    if not first > 0 or abs(last / first - 1) < _MOVES:
        return ()
    verb = "fallen" if last < first else "risen"
    return (f"has {verb} from {compact(first)} to {compact(last)} since {unit} {rate.curve.x[0]:,.0f}", f"has {verb}")


def _share(share: float) -> str:
    """Write a share in whole percents; 0 and 100 only where they are exact."""
    whole = round(100 * share)
    if whole == 0 < share:
        return "under 1 %"
    return "over 99 %" if whole == 100 and share < 1 else f"{whole} %"


def draw_diagnostics(
    facts: Diagnostics | None, kind: ChartKind, axes: DiagnosticAxes, *, palette: Palette, width: int, height: int
) -> list[Strip]:
    """Draw the curves, with a sentence and a legend above where there is room; those of more than one have colours."""
    facts = facts if facts is not None and facts.kind == kind else Diagnostics(kind=kind, curves=())
    words = first_that_fits(sentences(facts, axes.unit), width - 2)
    several = len(facts.curves) > 1
    above = Canvas(width, (1 + several) if height >= _ROOMY + several else 0)
    above.put(1, 0, words, palette.text)
    if several:
        _put_legend(above, facts, palette)
    log_y = is_logarithmic(kind, other=axes.log_y)
    curves = [_curve(each, _style(place, facts, palette)) for place, each in enumerate(facts.curves)]
    lows = [value for each in curves for value in each.low[np.isfinite(each.low) & (each.low > 0)]]
    bottom = 10.0 ** math.floor(math.log10(min(lows))) if lows else 1.0
    chart = compose_chart(
        curves,
        width=width,
        height=height - above.height,
        axes=ChartAxes(
            style=palette.dim,
            log_x=axes.log_x,
            log_y=log_y,
            x_to=axes.end,
            y_to=(bottom,) if log_y else (0.0, 1.0) if kind == "units" else (0.0,),
            x_label=axes.unit,
        ),
        levels=[
            Level(
                value=facts.clip or None, name="clip", style=palette.wrong + Style(bold=False), sparse=True, near=True
            )
        ],
        mark=Mark(x=axes.mark, style=palette.accent),
        background=Style(),
        empty=_NOT_YET,
    )
    return [*above.strips(), *chart.strips()]


def _style(place: int, facts: Diagnostics, palette: Palette) -> Style:
    if len(facts.curves) == 1:
        return palette.accent
    return palette.curves[place] if place < len(palette.curves) and not palette.monochrome else palette.faint


def _curve(curve: DiagnosticCurve, style: Style) -> ChartCurve:
    return ChartCurve(x=curve.curve.x, low=curve.curve.low, high=curve.curve.high, style=style)


def _put_legend(canvas: Canvas, facts: Diagnostics, palette: Palette) -> None:
    """Write the name of each curve and its newest value in the colour of the curve, as many as fit."""
    x, y, left = 1, canvas.height - 1, len(facts.curves)
    for place, each in enumerate(facts.curves):
        value = "–" if each.now is None else _share(each.now) if facts.kind == "units" else compact(each.now, 3)
        text = f"━ {each.name} {value}"
        more = f"… {left} more" if left > 1 else ""
        if x + len(text) + (len(more) + 3 if more else 0) > canvas.width:
            canvas.put(x, y, first_that_fits([f"… {left} more", "…"], canvas.width - x), palette.dim)
            return
        x = canvas.put(x, y, text, _style(place, facts, palette)) + 2
        left -= 1
