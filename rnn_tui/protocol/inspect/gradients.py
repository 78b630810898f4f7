"""Gradients through time: what a pane asks, and how the loss depends on the states.

How a gradient grows or shrinks on its way is summarised here, below both sides of the seam: the engine knows the whole
sequence and the view draws a part of it, and both call the same norms exploding or vanishing.
"""

import math
from collections.abc import Sequence

from rnn_tui.common.value import Value
from rnn_tui.protocol.arrays import Floats
from rnn_tui.protocol.inspect.base import Answer, Ask

__all__ = [
    "EXPLODED",
    "VANISHED",
    "GradientFlow",
    "GradientWay",
    "GradientsAsk",
    "GradientsFacts",
    "explodes",
    "gradient_way",
    "vanishes",
]

VANISHED = 1e-6  # of the largest norm that does not explode: what is smaller moves no weight
EXPLODED = 10.0  # times the norm with which the gradient starts


class GradientsAsk(Ask, frozen=True, kw_only=True, tag=True):
    """How the loss depends on the states, over the window of the frame."""

    at: int  # the time step whose loss is followed by itself as well; -1: the one that was fed last
    layer: int = 0  # whose W_hh is described
    direction: int = 0


class GradientWay(Value, frozen=True, kw_only=True):
    """The way of a gradient through a layer, over the whole sequence and not only the window; -1: no such step.

    "First" and "last" follow the gradient: the first step is the one nearest to the loss.
    """

    direction: int  # 0: back to earlier time steps, 1: on to later ones
    steps: int  # on the way
    start: int = -1  # the first step with a gradient; -1: none has one
    start_norm: float = 0.0
    end: int = -1  # the last such step
    end_norm: float = 0.0
    peak: float = 0.0  # the largest finite norm
    peak_step: int = -1
    largest: float = 0.0  # of the norms that do not explode; 0 if some are not finite
    exploding: int = 0  # steps with a norm above 1 and above ten times `start_norm`
    first_exploding: int = -1
    vanished: int = 0  # steps with a norm below a millionth of `largest`
    first_vanished: int = -1
    broken: int = 0  # steps whose norm is not finite
    first_broken: int = -1


class GradientFlow(Value, frozen=True, kw_only=True):
    """The norms for one layer in one direction, at the steps first .. first+f-1."""

    layer: int
    direction: int
    whole: Floats  # (f,) ‖∂L/∂h_t‖, L the loss of the steps fed so far
    alone: Floats  # (f,) ‖∂ℓ/∂h_t‖, ℓ the loss of the step `at` of this row alone
    whole_c: Floats | None = None  # (f,) the same for c_t of an LSTM
    alone_c: Floats | None = None
    saturated: float  # share of units and steps fed with |h_t| > 0.97 (|tanh'| < 0.06); for relu: h_t = 0; or NaN
    slope: float = math.nan  # of a plain RNN, the mean derivative of its non-linearity over units and steps fed
    whole_ways: tuple[GradientWay, ...] = ()  # of the arrays, over the whole sequence: one way, or two to either
    alone_ways: tuple[GradientWay, ...] = ()  # side of `at`, if a lower layer is read in both directions
    whole_c_ways: tuple[GradientWay, ...] = ()
    alone_c_ways: tuple[GradientWay, ...] = ()


class GradientsFacts(Answer, frozen=True, kw_only=True, tag=True):
    """How the gradient vanishes or explodes through time."""

    first: int = 0
    at: int = 0  # -1: the step has not been fed
    flows: tuple[GradientFlow, ...] = ()
    layer: int = 0
    direction: int = 0
    radius: tuple[tuple[str, float], ...] = ()  # spectral radius of each gate's W_hh, by the gate's name
    norm: float | None = None  # ‖∂L/∂θ‖ of all weights, once the pass is over
    may_be_clipped: bool = False  # whether somebody else's loop may clip it afterwards
    clipped: float | None = None  # the same after clipping; None: no clipping
    peak: float = 0.0  # the largest finite norm of the pass, also outside the window


def gradient_way(norms: Sequence[float], direction: int, at: int | None = None) -> GradientWay:
    """Summarise the norms (T,) of all time steps, in the order in which the gradient runs through them.

    direction 0: from the last step back to the first; 1: from the first to the last, in a layer that reads from the
    right. `at`: the only step that has a loss; the steps on its other side are left out.
    """
    pairs = list(enumerate(map(float, norms)))
    if direction == 0:
        pairs = [pair for pair in reversed(pairs) if at is None or pair[0] <= at]
    else:
        pairs = [pair for pair in pairs if at is None or pair[0] >= at]
    broken = [step for step, norm in pairs if not math.isfinite(norm)]
    flowing = [(step, norm) for step, norm in pairs if norm != 0 and math.isfinite(norm)]
    way = GradientWay(direction=direction, steps=len(pairs), broken=len(broken), first_broken=_first(broken))
    if not flowing:
        return way
    (start, size), (end, left) = flowing[0], flowing[-1]
    peak_step, peak = max(flowing, key=lambda pair: pair[1])
    growing = [step for step, norm in pairs if explodes(norm, size)]
    calm = [norm for _, norm in flowing if not explodes(norm, size)]
    largest = max(calm) if calm and not broken else 0.0
    gone = [step for step, norm in pairs if vanishes(norm, largest)]
    return GradientWay(
        direction=direction,
        steps=len(pairs),
        start=start,
        start_norm=size,
        end=end,
        end_norm=left,
        peak=peak,
        peak_step=peak_step,
        largest=largest,
        exploding=len(growing),
        first_exploding=_first(growing),
        vanished=len(gone),
        first_vanished=_first(gone),
        broken=len(broken),
        first_broken=_first(broken),
    )


def explodes(norm: float, start: float) -> bool:
    """Return whether a norm is above 1 and more than ten times the one with which the gradient starts."""
    return math.isfinite(norm) and norm > max(1.0, EXPLODED * start)


def vanishes(norm: float, largest: float) -> bool:
    """Return whether a norm is below a millionth of the largest that does not explode; never if that is 0."""
    return norm < VANISHED * largest


def _first(steps: Sequence[int]) -> int:
    return steps[0] if steps else -1
