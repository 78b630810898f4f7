"""Gradients through time in words: how much is left at the far end, what vanishes, what explodes, and why.

All of it is about the whole sequence, not only the columns of a window.
"""

import math
from collections.abc import Sequence

from rnn_tui.common.glyphs import safe
from rnn_tui.common.wording import step_name
from rnn_tui.draw.kit.numbers import compact, count, percent
from rnn_tui.draw.kit.text_fit import first_that_fits, place_name
from rnn_tui.protocol.inspect.gradients import GradientsFacts, GradientWay

__all__ = ["arrives", "causes", "extremes", "told"]

_SAME = 2.0  # times larger or smaller: it keeps its size
_HARDLY, _GONE = 1e-3, 1e-6  # of its size, below which next to nothing, or nothing, arrives


def told(
    loss: str, room: int, ways: Sequence[GradientWay], beside: Sequence[GradientWay] = (), *, running: bool = False
) -> str:
    """Return a sentence of at most `room` cells about the ways from one loss, one or two.

    `beside`: the same ways along c_t of an LSTM. `running`: the pass is still under way.
    """
    broken = [way for way in ways if way.broken]
    if broken:
        steps = _steps(broken[0].broken, broken[0].steps, broken[0].first_broken)
        return first_that_fits(
            (f"{loss}: NaN or infinite at {steps}", f"{loss}: NaN or infinite", f"{loss}: NaN"), room
        )
    flowing = [way for way in ways if way.start >= 0]
    if not flowing:
        return first_that_fits((f"{loss}: no gradient flows", f"{loss}: nothing flows"), room)
    gone = [way for way in flowing if way.start != way.end]
    if not gone:
        return first_that_fits(_stays(loss, flowing[0].start, ways, running=running), room)
    if len(gone) > 1:
        return first_that_fits(_both_sides(loss, gone), room)
    way, ratio = gone[0], _ratio(gone[0])
    if way.exploding:
        size, peak = f"{_times(way.peak / way.start_norm)} its size", step_name(way.peak_step)
        forms = [
            f"{loss}: from {step_name(way.start)} {_toward(way)} the gradient explodes, up to {size} at {peak}",
            f"{loss}: it explodes, up to {size} at {peak}",
            f"{loss}: explodes, up to {size}",
        ]
        return first_that_fits((*forms, f"{loss}: explodes", "explodes"), room)
    how = _how(ratio)
    along = next((each for each in beside if each.broken or (each.start >= 0 and each.start != each.end)), None)
    to = f"{_toward(way)} to {step_name(way.end)}"
    if along is None:
        forms = [
            f"{loss}: from {step_name(way.start)} {to} the gradient {how}",
            f"{loss}: from {step_name(way.start)} {to} it {how}",
            f"{loss}: {how} at {step_name(way.end)}",
        ]
    else:
        c = _ratio(along)
        values = f"h × {compact(ratio, 3)}, c × {compact(c, 3)}"
        verdict = _verdict(max(ratio, c) if math.isfinite(ratio + c) else math.nan)
        forms = [
            f"{loss}: from {step_name(way.start)} {to} the gradient {verdict}: {values}",
            f"{loss}: from {step_name(way.start)} {to} it {verdict}: {values}",
            f"{loss}: at {step_name(way.end)} it {verdict}: {values}",
            f"{loss}: {step_name(way.start)} → {step_name(way.end)}: {values}",
            f"{loss}, to {step_name(way.end)}: {values}",
            f"{step_name(way.start)} → {step_name(way.end)}: {values}",
            values,
        ]
    return first_that_fits((*forms, f"{loss}: {how}", f"{loss}: {_briefly(how)}", f"× {compact(ratio, 3)}"), room)


def arrives(ways: Sequence[GradientWay], beside: Sequence[GradientWay] = ()) -> str:
    """Return in a few words whether the gradient of a loss arrives at the far end; empty where there are two ends."""
    gone = [way for way in ways if way.start >= 0 and way.start != way.end]
    if len(gone) != 1 or any(way.broken for way in (*ways, *beside)):
        return ""
    (way,) = gone
    if way.exploding:
        return f"explodes on its way to {step_name(way.end)}"
    ratios = [_ratio(way), *(_ratio(each) for each in beside if each.start >= 0 and each.start != each.end)]
    verdict = _verdict(max(ratios)) if all(map(math.isfinite, ratios)) else ""
    return f"{verdict} {'at' if verdict == 'arrives' else 'before'} {step_name(way.end)}" if verdict else ""


def _verdict(ratio: float) -> str:
    if math.isnan(ratio):
        return "is NaN or infinite"
    return "vanishes" if ratio < _GONE else "all but vanishes" if ratio < _HARDLY else "arrives"


def _ratio(way: GradientWay) -> float:
    """Return the last norm as a multiple of the first; NaN where that is no number."""
    return way.end_norm / way.start_norm if way.start_norm and not way.broken else math.nan


def _toward(way: GradientWay) -> str:
    return "on" if way.direction else "back"


def _stays(loss: str, start: int, ways: Sequence[GradientWay], *, running: bool) -> tuple[str, ...]:
    """Return the forms for a gradient at one step alone: there are no other steps, or nothing flows to them."""
    if any(way.steps > 1 for way in ways):
        return (f"{loss}: nothing flows {_toward(ways[0])} from {step_name(start)}", f"{loss}: only {step_name(start)}")
    only = f"{loss}: only {step_name(start)} has a gradient"
    return (f"{only} so far" if running else only, f"{loss}: only {step_name(start)}")


def _both_sides(loss: str, ways: Sequence[GradientWay]) -> tuple[str, ...]:
    """Return the forms for a lower layer read in both directions: gradients reach it from either side of the loss."""
    long = ", ".join(
        f"{_toward(way)} it explodes, up to {_times(way.peak / way.start_norm)} its size at {step_name(way.peak_step)}"
        if way.exploding
        else f"{_toward(way)} to {step_name(way.end)} it {_briefly(_how(_ratio(way)))}"
        for way in ways
    )
    return (
        f"{loss}: from {step_name(ways[0].start)} {long}",
        f"{loss}: {long}",
        f"{loss}: " + ", ".join(f"→ {step_name(way.end)} × {compact(_ratio(way), 3)}" for way in ways),
        ", ".join(f"→ {step_name(way.end)} × {compact(_ratio(way), 3)}" for way in ways),
    )


def extremes(ways: Sequence[GradientWay], loss: str = "") -> list[tuple[str, bool]]:
    """Return a sentence about the steps that explode and one about those that vanished; True for the former."""
    said = []
    steps = sum(way.steps for way in ways) - (len(ways) - 1)  # two ways share the step of the loss
    growing = [way for way in ways if way.exploding]
    if growing:
        where = _steps(sum(way.exploding for way in growing), steps, growing[0].first_exploding)
        said.append((f"{loss}explodes (above 1 and over 10 times {step_name(growing[0].start)}) at {where}", True))
    gone = [way for way in ways if way.vanished]
    if gone:
        largest = "the largest that does not explode" if growing else "its largest"
        where = _steps(sum(way.vanished for way in gone), steps, gone[0].first_vanished)
        said.append((f"{loss}vanished (under a millionth of {largest}) at {where}", False))
    return said


def _steps(some: int, of: int, nearest: int) -> str:
    return f"{count(some)} of {count(of)} step{'s' * (of > 1)}, the nearest {step_name(nearest)}"


def _times(ratio: float) -> str:
    return f"{count(ratio) if 1000 <= ratio < 1e6 else compact(ratio, 3)} times"


def _how(ratio: float) -> str:
    if math.isnan(ratio):
        return "is NaN or infinite"
    if ratio < 1 / _SAME:
        size = f"{compact(ratio, 3)} of its size"
        return f"{_verdict(ratio)}: {size} is left" if ratio < _HARDLY else f"shrinks to {size}"
    if ratio > _SAME:
        return f"grows {_times(ratio)}"
    return f"keeps its size (× {compact(ratio, 3)})"


def _briefly(how: str) -> str:
    return how.removesuffix(" is left").removesuffix(" of its size")


def causes(facts: GradientsFacts, *, layers: int, both: bool) -> list[str]:
    """Return the items of a line: spectral radii, shares of saturated units, the norm of all weights' gradients."""
    items = []
    if facts.radius:
        where = place_name(facts.layer, facts.direction, layers=layers, both=both)
        values = "  ".join(
            f"{safe(name)} {compact(value, 3)}" if len(facts.radius) > 1 else compact(value, 3)
            for name, value in facts.radius
        )
        items.append(f"ρ(W_hh{where}) {values}")
    if any(math.isfinite(flow.saturated) for flow in facts.flows) or facts.radius:
        shares = "  ".join(
            f"h{place_name(flow.layer, flow.direction, layers=layers, both=both)} {percent(flow.saturated)}"
            for flow in facts.flows
        )
        items.append(f"saturated: {shares}")
    if facts.norm is None:
        items.append("‖∂L/∂θ‖ is known at the end of the pass")
    elif not math.isfinite(facts.norm):
        items.append(
            f"‖∂L/∂θ‖ {compact(facts.norm)}" + ("" if facts.clipped is None else ", which clipping cannot repair")
        )
    elif facts.may_be_clipped:
        items.append(f"‖∂L/∂θ‖ {compact(facts.norm)}, before any clipping")
    elif facts.clipped is None:
        items.append(f"‖∂L/∂θ‖ {compact(facts.norm)}, not clipped")
    elif facts.clipped >= facts.norm:
        items.append(f"‖∂L/∂θ‖ {compact(facts.norm)}, too small to be clipped")
    else:
        items.append(f"‖∂L/∂θ‖ {compact(facts.norm)} → {compact(facts.clipped)} clipped")
    return items
