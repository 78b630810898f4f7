"""Two principal components of a cloud of points, as axes that keep still while the cloud moves."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnn_tui.inside import Floats

__all__ = ["Axes", "principal"]

_NEAR = 0.8  # two variances of at least this ratio are not clearly apart
_CANDIDATES = 4  # components among which an axis looks for the one that continues it
_ROUNDING = 1e-12  # of the mean square: float32 rounds more than what varies less

Doubles = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Axes:
    """A centre and two directions."""

    centre: Doubles  # (H,)
    directions: Doubles  # (2, H) orthonormal; zeros where nothing varies
    shares: tuple[float, float]  # of the variance of the cloud along each of them; the second may be the larger one
    remembered: Doubles  # (2, H) `directions`, where one is zeros the one that was there before

    def project(self, points: Doubles) -> Floats:
        """(..., H) -> (..., 2)."""
        found: Floats = ((points - self.centre) @ self.directions.T).astype(np.float32)
        return found


def principal(cloud: Doubles, last: Doubles | None) -> Axes:
    """The axes of a cloud (n, H), n > 0, as near to the last ones (2, H) as its principal components allow.

    Sign: each axis points to the same side as the last one; the first time its largest component is positive. Order:
    by variance, but components whose variances are within a fifth of each other go where the last axes were, so that
    two that cross swap only once they are clearly apart. What varies less than float32 rounds has no axis: zeros.
    """
    centre = cloud.mean(0)
    variances, components = _components(cloud - centre)
    total = float(((cloud - centre) ** 2).sum()) / len(cloud)
    left = np.flatnonzero(variances > _ROUNDING * float((cloud**2).sum()) / len(cloud)).tolist()
    directions = np.zeros((2, cloud.shape[1]))
    remembered = np.zeros_like(directions) if last is None else last.copy()
    shares = [0.0, 0.0]
    for number in range(min(2, len(left))):
        near = [each for each in left if variances[each] >= _NEAR * variances[left[0]]]
        before = remembered[number]
        chosen = max(near, key=lambda each: abs(float(components[each] @ before))) if before.any() else near[0]
        left.remove(chosen)
        axis = components[chosen]
        side = float(axis @ before) or float(axis[np.abs(axis).argmax()])
        directions[number] = remembered[number] = axis if side > 0 else -axis
        shares[number] = float(variances[chosen]) / total
    return Axes(centre=centre, directions=directions, shares=(shares[0], shares[1]), remembered=remembered)


def _components(centred: Doubles) -> tuple[Doubles, Doubles]:
    """The largest variances (k,), falling, and their directions (k, H), from centred points (n, H).

    The eigenvectors of XᵀX; where there are fewer points than dimensions, of XXᵀ, which is smaller.
    """
    count, size = centred.shape
    few = count < size
    squares, vectors = np.linalg.eigh(centred @ centred.T if few else centred.T @ centred)
    squares = np.maximum(squares[::-1][:_CANDIDATES], 0.0)
    directions = vectors.T[::-1][:_CANDIDATES]
    if few:
        directions = directions @ centred
        directions = directions / np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), np.finfo(float).tiny)
    return squares / count, directions
