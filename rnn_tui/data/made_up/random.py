"""The random numbers of a seed, the same in every version of NumPy."""

import numpy as np

__all__ = ["numbers_of"]


def numbers_of(seed: int) -> np.random.RandomState:
    """Return a source of random numbers that depends on the seed alone."""
    return np.random.RandomState(np.random.MT19937(np.random.SeedSequence(seed)))
