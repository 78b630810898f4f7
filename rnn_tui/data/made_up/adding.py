"""The adding problem: two of many numbers are marked, and their sum is asked for at the end."""

import numpy as np
from numpy.typing import NDArray

from rnn_tui.data.made_up.random import numbers_of

__all__ = ["adding"]

_SEQUENCES = 5000


def adding(seed: int, length: int) -> dict[str, NDArray[np.float64]]:
    """Return 5,000 sequences of `length` time steps, one after the other: columns value, marker and sum, (n,) each.

    Values are uniform in [0, 1); the marker is 1 at one step of each half of a sequence, and 0 at all others; sum adds
    up the marked values so far, at the last step both. As Le, Jaitly and Hinton (2015) have it, "A simple way to
    initialize recurrent networks of rectified linear units", arXiv:1504.00941; first in Hochreiter and Schmidhuber
    (1997). Always saying the mean, 1, costs 2/12 = 0.167, the variance of the sum of two such values.
    """
    random, half = numbers_of(seed), max(1, length // 2)
    values = random.random_sample((_SEQUENCES, length))
    markers = np.zeros_like(values)
    rows = np.arange(_SEQUENCES)
    markers[rows, random.randint(0, half, _SEQUENCES)] = 1.0
    markers[rows, random.randint(min(half, length - 1), length, _SEQUENCES)] = 1.0
    return {
        "value": values.flatten(),
        "marker": markers.flatten(),
        "sum": (values * markers).cumsum(1).flatten(),
    }
