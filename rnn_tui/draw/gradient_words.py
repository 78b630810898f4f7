"""Gradients through time in plain words: how much is left at the far end, what vanished, what explodes, and why."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rnn_tui.draw.numbers import compact, count
from rnn_tui.draw.words import first_that_fits, place_name
from rnn_tui.inside import GradientsFacts
from rnn_tui.text import safe

__all__ = ["VANISHED", "Path", "causes"]

VANISHED = 1e-6  # of the peak: what is smaller moves no weight
_SAME = 2.0  # times larger or smaller: it keeps its size


@dataclass(frozen=True, kw_only=True)
class Path:
    """The norms of one layer in one direction, in the order in which a gradient runs through them."""

    steps: tuple[int, ...]  # away from the loss: backward in time, or forward where the layer reads from the right
    norms: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float], first: int, direction: int, at: int | None = None) -> "Path":
        """From the window's values; `at`: the step of the loss, whose gradient runs only away from it."""
        pairs = list(enumerate(values, first))
        if direction == 0:
            pairs = [pair for pair in reversed(pairs) if at is None or pair[0] <= at]
        else:
            pairs = [pair for pair in pairs if at is None or pair[0] >= at]
        return cls(steps=tuple(step for step, _ in pairs), norms=tuple(norm for _, norm in pairs))

    @cached_property
    def exploding(self) -> frozenset[int]:
        """The steps with a norm above 1 that has grown since the step before, on its way."""
        return frozenset(
            step
            for step, norm, before in zip(self.steps[1:], self.norms[1:], self.norms, strict=False)
            if math.isfinite(norm) and norm > max(1.0, before)
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

    def told(self, who: str, room: int, beside: "Path | None" = None) -> str:
        """One sentence of at most `room` cells; `beside`: the way along c_t of an LSTM."""
        broken = [step for step, norm in zip(self.steps, self.norms, strict=True) if not math.isfinite(norm)]
        if broken:
            return first_that_fits((f"{who}: NaN or infinite from t={broken[0]} on its way", f"{who}: NaN"), room)
        ends = self.ratio()
        if ends is None:
            return first_that_fits((f"{who}: no gradient flows in these steps", f"{who}: nothing flows"), room)
        start, end, ratio = ends
        if start == end:
            return first_that_fits((f"{who}: only t={start} has a gradient so far", f"{who}: only t={start}"), room)
        way = "back to" if end < start else "on to"
        how = _how(ratio)
        along = beside.ratio() if beside else None
        more = f"; along c {_how(along[2])}" if along else ""
        forms = (
            f"{who}: from t={start} {way} t={end} the gradient {how}{' of its size' * (ratio < 1 / _SAME)}{more}",
            f"{who}: from t={start} {way} t={end} it {how}{more}",
            f"{who}: t={start} {way} t={end}: {how}",
            f"{who}: {how}",
            f"× {compact(ratio, 3)}",
        )
        return first_that_fits(forms, room)

    def extremes(self, peak: float) -> list[tuple[str, bool]]:
        """What vanished and what explodes, each with whether it is the latter."""
        said = []
        growing = [step for step in self.steps if step in self.exploding]
        if growing:
            ends = f"t={growing[0]}" if len(growing) == 1 else f"t={growing[0]} … {growing[-1]}"
            said.append((f"explodes: above 1 and growing at {ends}", True))
        gone = self.vanished(peak)
        if gone:
            many = f"{len(gone)} step{'s' * (len(gone) > 1)}, the nearest t={gone[0]}"
            said.append((f"vanished (under a millionth of the peak) at {many}", False))
        return said


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
    else:
        items.append(f"‖∂L/∂θ‖ {compact(facts.norm)} → {compact(facts.clipped)} clipped")
    return items


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if math.isfinite(share) else "NaN"
