"""The arrays that cross the seam, by the type of their numbers."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["Doubles", "Floats", "Integers"]

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]  # values in the units of a series: float32 would round away what lies far from 0
Integers = NDArray[np.int32]
