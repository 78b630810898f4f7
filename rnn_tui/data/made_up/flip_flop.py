"""Three bits that are set by pulses and must be held: the flip-flop of Sussillo and Barak."""

import numpy as np
from numpy.typing import NDArray

from rnn_tui.data.made_up.random import numbers_of

__all__ = ["flip_flop"]

_SEQUENCES = 500
_PULSE = 0.1  # of each bit at each time step
_BITS = 3


def flip_flop(seed: int, length: int) -> dict[str, NDArray[np.float64]]:
    """Return 500 sequences of `length` time steps, one after the other: columns in1 .. in3 and bit1 .. bit3, (n,) each.

    An input is 0, or with probability 0.1 a pulse of −1 or +1; its bit has the sign of the last pulse. Every sequence
    begins with a pulse of each, so that all there is to know stands in it. See Sussillo and Barak (2013), "Opening the
    black box", Neural Computation 25:626.
    """
    random = numbers_of(seed)
    shape = (_SEQUENCES, length, _BITS)
    comes = random.random_sample(shape) < _PULSE
    comes[:, 0] = True
    pulses = np.where(comes, 2.0 * random.randint(0, 2, shape) - 1, 0.0)
    last = np.maximum.accumulate(np.where(comes, np.arange(length)[:, None], 0), axis=1)
    bits = np.take_along_axis(pulses, last, axis=1)
    inputs = {f"in{at + 1}": pulses[..., at].flatten() for at in range(_BITS)}
    return inputs | {f"bit{at + 1}": bits[..., at].flatten() for at in range(_BITS)}
