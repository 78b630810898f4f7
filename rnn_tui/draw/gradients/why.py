"""Why a gradient shrinks or grows on its way through a plain RNN: the stretch by W_hh times the slope of what follows.

At each step back ∂L/∂h is multiplied by the slope of the non-linearity, unit by unit, and by W_hhᵀ.
"""

import math
from collections.abc import Sequence

from rnn_tui.draw.kit.numbers import compact, percent
from rnn_tui.protocol.inspect.gradients import GradientsFacts

__all__ = ["why"]

_SHRINKS, _GROWS = 0.5, 2.0  # of its size at the other end
_CLOSE = 1.25  # times what is measured: so far off may a step be as it is explained
_FLAT = 0.1  # share of saturated states that is worth a word


def why(facts: GradientsFacts, *, layers: int) -> Sequence[str]:
    """Return a sentence in ever fewer words; empty where the numbers do not explain what is seen.

    It is about the loss of one step in the uppermost layer: only there does all of the gradient come through time.
    """
    flow = next((each for each in facts.flows if (each.layer, each.direction) == (facts.layer, facts.direction)), None)
    if flow is None or facts.layer != layers - 1 or len(facts.radius) != 1 or len(flow.alone_ways) != 1:
        return ()
    (_, radius), way, slope = facts.radius[0], flow.alone_ways[0], flow.slope
    if not (math.isfinite(radius) and math.isfinite(slope)) or way.broken or way.start < 0 or way.start == way.end:
        return ()
    ratio = way.end_norm / way.start_norm if way.start_norm else math.nan
    product = radius * slope
    if not 1 / _CLOSE < ratio ** (1 / abs(way.start - way.end)) / (product or math.nan) < _CLOSE:
        return ()  # ρ is what W_hh does in the long run; over a few steps it may do something else
    sum_up = f"{compact(radius, 3)} × {compact(slope, 3)} = {compact(product, 3)} a step"
    found = f" (measured: {compact(ratio ** (1 / abs(way.start - way.end)), 3)})"
    if ratio < _SHRINKS and product < 1:
        if radius <= 1:
            return (
                f"It shrinks because ρ(W_hh) = {compact(radius, 3)} is below 1, times the slope: {sum_up}{found}",
                f"ρ(W_hh) × slope: {sum_up}{found}",
                f"ρ(W_hh) × slope: {sum_up}",
            )
        many = f"{percent(flow.saturated)} of h is saturated" if flow.saturated >= _FLAT else "the slope is small"
        mean = f"{compact(radius, 3)} × slope {compact(slope, 3)} = {compact(product, 3)} a step"
        return (
            f"ρ(W_hh) = {compact(radius, 3)} is above 1, yet it shrinks, because {many}: on average {mean}{found}",
            f"ρ(W_hh) is above 1, but {many}: {mean}{found}",
            f"ρ(W_hh) is above 1, but {many}: {mean}",
            f"ρ > 1, but {many}: {mean}{found}",
            f"ρ > 1, but {many}: {mean}",
            f"ρ × slope: {sum_up}",
        )
    if ratio > _GROWS and product > 1:
        return (
            f"It grows: ρ(W_hh) times the slope of the non-linearity is above 1, {sum_up}",
            f"ρ(W_hh) × slope: {sum_up}",
        )
    return ()
