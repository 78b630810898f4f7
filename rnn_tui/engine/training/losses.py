"""The loss: cross-entropy of characters, the squared error of numbers.

The targets tell which: indices (...) belong to logits (..., C), numbers (...) to outputs (..., 1). Where an index is
NONE there is no target: nothing is added there, nor counted by a mean.
"""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from rnn_tui.data.pairs import NONE

__all__ = ["by_logits", "loss_of", "step_losses"]


def loss_of(logits: Tensor, targets: Tensor, reduction: Literal["sum", "mean"]) -> Tensor:
    """Return −log of the probability of the target, in nats, or (output − target)²: summed over all, or averaged."""
    if targets.is_floating_point():
        return F.mse_loss(logits.squeeze(-1), targets, reduction=reduction)
    classes = logits.shape[-1]
    return F.cross_entropy(logits.reshape(-1, classes), targets.reshape(-1), reduction=reduction, ignore_index=NONE)


def step_losses(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the same for each step, (...); 0 where there is no target."""
    if targets.is_floating_point():
        return F.mse_loss(logits.squeeze(-1), targets, reduction="none")
    losses = -logits.log_softmax(-1).gather(-1, targets.clamp(min=0)[..., None])[..., 0]
    return losses.masked_fill(targets == NONE, 0)


def by_logits(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the derivative of each step's loss by its output, (..., C).

    softmax − one-hot for characters, or 0 where there is no target; 2 (output − target) for numbers.
    """
    if targets.is_floating_point():
        return 2 * (logits - targets[..., None])
    wrong = torch.softmax(logits, -1) - F.one_hot(targets.clamp(min=0), logits.shape[-1])
    return wrong.masked_fill((targets == NONE)[..., None], 0)
