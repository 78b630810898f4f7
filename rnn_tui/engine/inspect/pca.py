"""Two principal components of a cloud of points, as axes that stay still while the cloud moves."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from rnn_tui.engine.inspect.focus import floats
from rnn_tui.protocol.arrays import Floats

__all__ = ["Axes", "principal"]

_NEAR = 0.8  # two variances of at least this ratio are not clearly apart
_CANDIDATES = 4  # components among which an axis looks for the one that continues it
_ROUNDING = 1e-12  # of the mean square: float32 rounds more than what varies less


@dataclass(frozen=True, kw_only=True)
class Axes:
    """A centre and two directions, float64."""

    centre: Tensor  # (H,)
    directions: Tensor  # (2, H) orthonormal; zeros where nothing varies
    shares: tuple[float, float]  # of the variance of the cloud along each of them; the second may be the larger one
    remembered: Tensor  # (2, H) `directions`, but where there is none the one that was there before

    def project(self, points: Tensor) -> Floats:
        """Return where points (..., H) are in the plane, (..., 2)."""
        return floats((points - self.centre) @ self.directions.T)


def principal(cloud: Tensor, last: Tensor | None) -> Axes:
    """Return the axes of a cloud (n, H) in float64, n > 0, as near to the last ones (2, H) as its components allow.

    Sign: each axis points to the same side as the last one; the first time its largest component is positive. Order:
    by variance, but components whose variances are within a fifth of each other go where the last axes were, so that
    two that cross swap only once they are clearly apart. What varies less than float32 rounds has no axis: zeros.
    """
    centre = cloud.mean(0)
    variances, components = _components(cloud - centre)
    total = float((cloud - centre).square().sum()) / len(cloud)
    least = _ROUNDING * float(cloud.square().sum()) / len(cloud)
    left = [number for number, variance in enumerate(variances) if variance > least]
    directions = cloud.new_zeros(2, cloud.shape[1])
    remembered = directions.clone() if last is None else last.clone()
    shares = [0.0, 0.0]
    for number in range(min(2, len(left))):
        overlaps = components @ remembered[number]
        near = [each for each in left if variances[each] >= _NEAR * variances[left[0]]]
        chosen = max(near, key=lambda each: abs(overlaps[each].item()))  # of equals the first
        left.remove(chosen)
        axis = components[chosen]
        side = overlaps[chosen].item() or axis[axis.abs().argmax()].item()
        directions[number] = remembered[number] = axis if side > 0 else -axis
        shares[number] = variances[chosen] / total
    return Axes(centre=centre, directions=directions, shares=(shares[0], shares[1]), remembered=remembered)


def _components(centred: Tensor) -> tuple[list[float], Tensor]:
    """Return the largest variances, falling, and their directions (k, H), from centred points (n, H).

    The eigenvectors of XᵀX; where there are fewer points than dimensions, of XXᵀ, which is smaller.
    """
    count, size = centred.shape
    few = count < size
    squares, vectors = torch.linalg.eigh(centred @ centred.T if few else centred.T @ centred)
    directions = vectors.T.flip(0)[:_CANDIDATES]
    if few:
        directions = F.normalize(directions @ centred, dim=1)
    return (squares.flip(0)[:_CANDIDATES] / count).tolist(), directions
