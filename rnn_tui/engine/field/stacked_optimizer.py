"""torch's optimisers for M networks at once: each with its own learning rate, weight decay, momentum and clipping.

Row by row it computes what torch.optim.Adam, AdamW, SGD and RMSprop do with their other defaults, and clip_grad_norm_.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from rnn_tui.experiment.sections.training import Optimizer
from rnn_tui.experiment.spec import Training

__all__ = ["StackedOptimizer"]

_BETA_1, _BETA_2 = 0.9, 0.999  # Adam: Kingma and Ba, 2014; arXiv:1412.6980
_ALPHA = 0.99  # RMSprop
_EPSILON = 1e-8
_NORM_EPSILON = 1e-6  # of clip_grad_norm_

_AVERAGES: dict[Optimizer, int] = {"adam": 2, "adamw": 2, "rmsprop": 1, "sgd": 0}


class StackedOptimizer:
    """Moves the weights (M, P) of networks that share the kind of optimiser."""

    def __init__(self, trainings: Sequence[Training], weights: Tensor) -> None:
        self.kind: Optimizer = trainings[0].optimizer
        self.updates = 0
        self._momentum = self._column([each.momentum for each in trainings], weights)
        averages = _AVERAGES[self.kind] + bool(self._momentum.any())
        self.averages = [torch.zeros_like(weights) for _ in range(averages)]  # (M, P) each
        self._decay = self._column([each.weight_decay for each in trainings], weights)
        self._clip = self._column([each.clip or torch.inf for each in trainings], weights)
        self._decays = bool(self._decay.any())
        self._clips = bool(self._clip.isfinite().any())

    @staticmethod
    def _column(values: Sequence[float], weights: Tensor) -> Tensor:
        return torch.tensor(values, dtype=weights.dtype)[:, None]

    def keep(self, rows: Tensor) -> None:
        """Go on with these rows alone, (k,) indices."""
        self.averages = [each[rows] for each in self.averages]
        self._decay, self._clip, self._momentum = self._decay[rows], self._clip[rows], self._momentum[rows]

    def step(self, weights: Tensor, gradients: Tensor, rates: Tensor) -> None:
        """Move the weights (M, P) in place by their gradients (M, P), which are spent; rates (M, 1)."""
        self.updates += 1
        if self._clips:
            norm = torch.linalg.vector_norm(gradients, dim=1, keepdim=True)
            gradients = gradients * (self._clip / (norm + _NORM_EPSILON)).clamp_(max=1.0)
        if self._decays and self.kind == "adamw":  # Loshchilov and Hutter, 2017; arXiv:1711.05101
            weights.mul_(1 - rates * self._decay)
        elif self._decays:
            gradients = gradients.addcmul(weights, self._decay)
        _MOVES[self.kind](self, weights, gradients, rates)

    def _adam(self, weights: Tensor, gradients: Tensor, rates: Tensor) -> None:
        mean, square = self.averages
        mean.lerp_(gradients, 1 - _BETA_1)
        square.mul_(_BETA_2).addcmul_(gradients, gradients, value=1 - _BETA_2)
        size = square.sqrt().div_((1 - _BETA_2**self.updates) ** 0.5).add_(_EPSILON)
        weights.addcdiv_(mean * (rates / -(1 - _BETA_1**self.updates)), size)

    def _rmsprop(self, weights: Tensor, gradients: Tensor, rates: Tensor) -> None:
        (square,) = self.averages
        square.mul_(_ALPHA).addcmul_(gradients, gradients, value=1 - _ALPHA)
        weights.addcdiv_(gradients * -rates, square.sqrt().add_(_EPSILON))

    def _sgd(self, weights: Tensor, gradients: Tensor, rates: Tensor) -> None:
        for moved in self.averages:  # with momentum; torch's first is the gradient itself, and so is this one
            gradients = moved.mul_(self._momentum).add_(gradients)
        weights.addcmul_(gradients, rates, value=-1)


_MOVES: dict[str, Callable[[StackedOptimizer, Tensor, Tensor, Tensor], None]] = {
    "adam": StackedOptimizer._adam,
    "adamw": StackedOptimizer._adam,
    "rmsprop": StackedOptimizer._rmsprop,
    "sgd": StackedOptimizer._sgd,
}
