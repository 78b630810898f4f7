"""Clipping of gradients, whose norm is computed once, whoever asks for it: to show it, or to clip with it."""

from collections.abc import Iterable

from torch import Tensor, nn

__all__ = ["Clipping"]


class Clipping:
    """Clips the gradients of some weights, to the bit as `clip_grad_norm_` does."""

    def __init__(self, weights: Iterable[nn.Parameter]) -> None:
        self._weights = list(weights)
        self._norm: Tensor | None = None  # of the gradients as they are, where it has been asked for

    def norm(self) -> Tensor:
        """Return ‖∂L/∂W‖ over all weights, (). Until it is forgotten, the gradients must stay what they are."""
        if self._norm is None:
            self._norm = nn.utils.get_total_norm([weight.grad for weight in self._weights if weight.grad is not None])
        return self._norm

    def clip(self, limit: float) -> None:
        """Scale the gradients down to the norm `limit`, if theirs is larger."""
        nn.utils.clip_grads_with_norm_(self._weights, limit, self.norm())

    def forget(self) -> None:
        """Forget the norm, because the gradients become others."""
        self._norm = None
