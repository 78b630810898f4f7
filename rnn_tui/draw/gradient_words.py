"""Gradients through time in plain words: how much is left at the far end, what vanished, what explodes, and why."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rnn_tui.draw.numbers import compact, count
from rnn_tui.draw.words import first_that_fits, place_name
from rnn_tui.inside import GradientsFacts
from rnn_tui.text import safe

__all__ = ["VANISHED", "Path", "causes", "extremes", "told"]

VANISHED = 1e-6  # of the peak: what is smaller moves no weight
_SAME = 2.0  # times larger or smaller: it keeps its size
_EXPLODED = 10.0  # times the norm where the gradient starts


@dataclass(frozen=True, kw_only=True)
class Path:
    """The norms of one layer in one direction, in the order in which a gradient runs through them."""

    steps: tuple[int, ...]  # away from the loss: backward in time, or forward where the layer reads from the right
    norms: tuple[float, ...]
    direction: int = 0

    @classmethod
    def of(cls, values: Sequence[float], first: int, direction: int, at: int | None = None) -> "Path":
        """From the window's values; `at`: the step of the loss, away from which the gradient runs."""
        pairs = list(enumerate(values, first))
        if direction == 0:
            pairs = [pair for pair in reversed(pairs) if at is None or pair[0] <= at]
        else:
            pairs = [pair for pair in pairs if at is None or pair[0] >= at]
        return cls(steps=tuple(step for step, _ in pairs), norms=tuple(norm for _, norm in pairs), direction=direction)

    @cached_property
    def exploding(self) -> frozenset[int]:
        """The steps with a norm above 1 that is more than ten times the one the gradient starts with."""
        start = next((norm for norm in self.norms if norm != 0), math.nan)
        return frozenset(
            step
            for step, norm in zip(self.steps, self.norms, strict=True)
            if math.isfinite(norm) and norm > max(1.0, _EXPLODED * start) and math.isfinite(start)
        )

    def vanished(self, peak: float) -> tuple[int, ...]:
        """The steps that less than a millionth of the peak has come to, in the order of the way."""
        return tuple(step for step, norm in zip(self.steps, self.norms, strict=True) if norm < VANISHED * peak)

    def ratio(self) -> tuple[int, int, float] | None:
        """The ends of the way, and how many times its first norm the last one is; None where nothing flows."""
        flowing = [(step, norm) for step, norm in zip(self.steps, self.norms, strict=True) if norm != 0]
        if not flowing:
            return None
        (start, large), (end, small) = flowing[0], flowing[-1]
        return start, end, small / large if math.isfinite(large) else math.nan


def told(who: str, room: int, ways: Sequence[Path], beside: Sequence[Path] = (), *, running: bool = False) -> str:
    """One sentence of at most `room` cells about the ways from one loss: one, or one to either side of its step.

    `beside`: the same ways along c_t of an LSTM. `running`: the pass is still under way.
    """
    broken = [step for way in ways for step, norm in zip(way.steps, way.norms, strict=True) if not math.isfinite(norm)]
    if broken:
        return first_that_fits((f"{who}: NaN or infinite from t={broken[0]} on its way", f"{who}: NaN"), room)
    ratios = [found for way in ways if (found := way.ratio()) is not None]
    if not ratios:
        return first_that_fits((f"{who}: no gradient flows in these steps", f"{who}: nothing flows"), room)
    gone = [ratio for ratio in ratios if ratio[0] != ratio[1]]
    if not gone:
        return first_that_fits(_stays(who, ratios[0][0], ways, running=running), room)
    if len(gone) > 1:
        return first_that_fits(_both_sides(who, gone), room)
    (start, end, ratio), how = gone[0], _how(gone[0][2])
    way = "back to" if end < start else "on to"
    along = next((found for each in beside if (found := each.ratio()) and found[0] != found[1]), None)
    size = " of its size" * (ratio < 1 / _SAME)
    if along is None:
        forms = [
            f"{who}: from t={start} {way} t={end} the gradient {how}{size}",
            f"{who}: from t={start} {way} t={end} it {how}",
            f"{who}: t={start} {way} t={end}: {how}",
        ]
    else:
        more, values = f"; along c {_how(along[2])}", f"h × {compact(ratio, 3)}, c × {compact(along[2], 3)}"
        forms = [
            f"{who}: from t={start} {way} t={end} the gradient {how}{size}{more}",
            f"{who}: from t={start} {way} t={end} it {how}{more}",
            f"{who}: t={start} → t={end}: {values}",
            f"{who}, to t={end}: {values}",
            f"t={start} → t={end}: {values}",
            values,
        ]
    return first_that_fits((*forms, f"{who}: {how}", f"× {compact(ratio, 3)}"), room)


def _stays(who: str, start: int, ways: Sequence[Path], *, running: bool) -> tuple[str, ...]:
    """Only one step has a gradient: there are no others, or nothing comes to them."""
    if any(len(way.steps) > 1 for way in ways):
        where = "back" if ways[0].direction == 0 else "on"
        return (f"{who}: nothing flows {where} from t={start}", f"{who}: only t={start}")
    only = f"{who}: only t={start} has a gradient"
    return (f"{only} so far" if running else f"{only} of these steps", f"{who}: only t={start}")


def _both_sides(who: str, ratios: Sequence[tuple[int, int, float]]) -> tuple[str, ...]:
    """A lower layer that is read in both directions: its gradients come from either side of the loss."""
    parts = [("back to" if end < start else "on to", end, ratio) for start, end, ratio in ratios]
    return (
        f"{who}: from t={ratios[0][0]} " + ", ".join(f"{way} t={end} it {_how(ratio)}" for way, end, ratio in parts),
        f"{who}: " + ", ".join(f"{way} t={end} it {_how(ratio)}" for way, end, ratio in parts),
        f"{who}: " + ", ".join(f"→ t={end} × {compact(ratio, 3)}" for _, end, ratio in parts),
        ", ".join(f"→ t={end} × {compact(ratio, 3)}" for _, end, ratio in parts),
    )


def extremes(ways: Sequence[Path], peak: float, who: str = "") -> list[tuple[str, bool]]:
    """What explodes and what vanished, each with whether it is the former: as the colours have it."""
    said = []
    growing = list(dict.fromkeys(step for way in ways for step in way.steps if step in way.exploding))
    if growing:
        way = next(way for way in ways if way.exploding)
        start = next(step for step, norm in zip(way.steps, way.norms, strict=True) if norm != 0)
        said.append((f"{who}explodes (above 1 and over 10 times t={start}) at {_steps(growing)}", True))
    gone = list(dict.fromkeys(step for way in ways for step in way.vanished(peak)))
    if gone:
        said.append((f"{who}vanished (under a millionth of the peak) at {_steps(gone)}", False))
    return said


def _steps(steps: Sequence[int]) -> str:
    return f"{len(steps)} step{'s' * (len(steps) > 1)}, the nearest t={steps[0]}"


def _how(ratio: float) -> str:
    if math.isnan(ratio):
        return "is NaN"
    if ratio < 1 / _SAME:
        return f"shrinks to {compact(ratio, 3)}"
    if ratio > _SAME:
        return f"grows {count(ratio) if 1000 <= ratio < 1e6 else compact(ratio, 3)} times"
    return f"keeps its size (× {compact(ratio, 3)})"


def causes(facts: GradientsFacts, *, layers: int, both: bool) -> list[str]:
    """Items for a line: the spectral radii, the share of saturated units, the norm of all weights' gradients."""
    items = []
    if facts.radius:
        where = place_name(facts.layer, facts.direction, layers=layers, both=both)
        values = "  ".join(
            f"{safe(name)} {compact(value, 3)}" if len(facts.radius) > 1 else compact(value, 3)
            for name, value in facts.radius
        )
        items.append(f"ρ(W_hh{where}) {values}")
    if facts.flows:
        shares = "  ".join(
            f"h{place_name(flow.layer, flow.direction, layers=layers, both=both)} {_percent(flow.saturated)}"
            for flow in facts.flows
        )
        items.append(f"saturated {shares}")
    if facts.norm is None:
        items.append("‖∂L/∂θ‖ comes at the end of the pass")
    elif facts.clipped is None:
        items.append(f"‖∂L/∂θ‖ {compact(facts.norm)}, not clipped")
    elif facts.clipped >= facts.norm:
        items.append(f"‖∂L/∂θ‖ {compact(facts.norm)}, too small to be clipped")
    else:
        items.append(f"‖∂L/∂θ‖ {compact(facts.norm)} → {compact(facts.clipped)} clipped")
    return items


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if math.isfinite(share) else "NaN"
