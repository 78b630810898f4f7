"""Numbers to calculate with."""

import numpy as np

from rnn_tui.data.made_up.random import numbers_of

__all__ = ["sums"]

_BELOW = 100  # the numbers that are added


def sums(seed: int) -> tuple[list[str], list[str]]:
    """Return all sums of two numbers from 0 to 99 as inputs `27+68=` and targets `95`, in an order set by the seed.

    First those of a number with itself; then a+b and b+a stand beside each other, so that with a hold-out of an even
    number of sums neither is kept away while the other is learnt.
    """
    random = numbers_of(seed)
    twice = random.permutation(_BELOW)
    a, b = np.triu_indices(_BELOW, 1)
    order = random.permutation(len(a))
    both = np.stack([np.stack([a, b]), np.stack([b, a])], -1)[:, order].reshape(2, -1)
    first, second = np.concatenate([np.stack([twice, twice]), both], 1).tolist()
    pairs = list(zip(first, second, strict=True))
    return [f"{x}+{y}=" for x, y in pairs], [str(x + y) for x, y in pairs]
