"""The spectral radius: how much a matrix stretches what is multiplied by it again and again."""

import torch
from torch import Tensor

__all__ = ["spectral_radius"]

_EXACT = 128  # units up to which all eigenvalues of four matrices take about 20 ms; of 512 units they take a second
_LARGE = 512  # units above which fewer squarings must do
_SQUARINGS = (9, 7)  # up to there, and above


@torch.no_grad()
def spectral_radius(matrices: Tensor) -> list[float]:
    """Return the largest |λ| of the eigenvalues λ of each matrix, (G, H, H); NaN for one that is not finite.

    Up to 128 units from the eigenvalues themselves. Above, from how the norm of A^k grows with k (Gelfand's formula):
    within 0.1 % up to 512 units and within 1 % beyond, for matrices as they are drawn, and of a few large eigenvalues.
    """
    matrices = matrices.detach()
    finite = matrices.isfinite().flatten(1).all(1)
    matrices = torch.where(finite[:, None, None], matrices, 0)
    radii = _by_eigenvalues(matrices) if matrices.shape[-1] <= _EXACT else _by_powers(matrices)
    found: list[float] = torch.where(finite, radii.to(finite.device), torch.nan).tolist()
    return found


def _by_eigenvalues(matrices: Tensor) -> Tensor:
    values: Tensor = torch.linalg.eigvals(matrices.cpu().double())
    return values.abs().amax(-1)


def _by_powers(matrices: Tensor) -> Tensor:
    """Return (‖A^2k‖ / ‖A^k‖)^(1/k), with A^k by squaring; powers are scaled to norm 1, and `log` has their norms."""
    scale = matrices.abs().amax((1, 2), keepdim=True)
    power = matrices / torch.where(scale > 0, scale, 1)
    log = before = matrices.new_zeros(len(matrices))
    count = _SQUARINGS[matrices.shape[-1] > _LARGE]
    for number in range(count + 1):
        power = power @ power if number else power
        norm = torch.linalg.matrix_norm(power, keepdim=True)
        power = power / torch.where(norm > 0, norm, 1)
        log, before = 2 * log + norm[:, 0, 0].log(), log
    growth = ((log - before) / 2 ** (count - 1)).exp()
    return scale[:, 0, 0] * torch.where(norm[:, 0, 0] > 0, growth, 0)  # 0: it is nilpotent
