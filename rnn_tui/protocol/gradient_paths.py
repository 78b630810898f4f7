"""What a gradient does on its way through a whole sequence: how it grows or shrinks, where it explodes or vanishes.

Here, below both sides of the seam, since the engine knows the whole sequence and the view draws a part of it: what is
told in words and what is coloured go by the same limits.
"""

import math
from collections.abc import Sequence

from rnn_tui.protocol.inspect import GradientWay

__all__ = ["EXPLODED", "VANISHED", "explodes", "gradient_way", "vanishes"]

VANISHED = 1e-6  # of the largest norm on the way that does not explode: what is smaller moves no weight
EXPLODED = 10.0  # times the norm with which the gradient starts


def gradient_way(norms: Sequence[float], direction: int, at: int | None = None) -> GradientWay:
    """Summarise the norms (T,) of all time steps, in the order in which the gradient runs through them.

    direction 0: from the last step back to the first; 1: from the first to the last, in a layer that reads from the
    right. `at`: the only step that has a loss; steps on the other side of it do not belong to the way.
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
    """Whether a norm is above 1 and more than ten times the one with which the gradient starts."""
    return math.isfinite(norm) and norm > max(1.0, EXPLODED * start)


def vanishes(norm: float, largest: float) -> bool:
    """Whether a norm is less than a millionth of the largest that does not explode (0: nothing is called vanished)."""
    return norm < VANISHED * largest


def _first(steps: Sequence[int]) -> int:
    return steps[0] if steps else -1
