"""The norm of all gradients of a model together, as `clip_grad_norm_` has it."""

from collections.abc import Iterable

import torch
from torch import Tensor

__all__ = ["gradient_norm"]


@torch.no_grad()
def gradient_norm(gradients: Iterable[Tensor | None]) -> Tensor | None:
    """Return ‖∂L/∂W‖ over all weights, (), on the device of the first; None where no weight has a gradient.

    NaN and infinities in a gradient make it NaN or infinite; half precision alone does not.
    """
    norms = [_norm(each) for each in gradients if each is not None]
    return torch.linalg.vector_norm(torch.stack([each.to(norms[0]) for each in norms])) if norms else None


def _norm(gradient: Tensor) -> Tensor:
    values = gradient.coalesce().values() if gradient.is_sparse else gradient
    norm: Tensor = torch.linalg.vector_norm(values, dtype=torch.promote_types(values.dtype, torch.float32))
    return norm
