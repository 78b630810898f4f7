"""The loss: cross-entropy of characters, the squared error of numbers.

The targets tell which: indices (...) belong to logits (..., C), numbers (..., K) to outputs (..., K), or (...) to
(..., 1); the error of a step is the mean over its K numbers. Where an index is NONE, or the numbers are NaN, there is
no target: nothing is added there, nor counted by a mean.

With a smoothing ε the target of a step is a distribution: ε of it is spread evenly over all C classes, and the rest is
the target's. That is `label_smoothing` of torch's cross-entropy; only what is learnt from has it. Of labels, which come
after all that can be read, the C classes are those from `first` on; the logits before them are −∞.
"""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from rnn_tui.data.pairs import NONE

__all__ = ["by_logits", "loss_of", "step_losses", "there"]


def there(targets: Tensor) -> Tensor:
    """Return which steps have a target: of indices (...), or of numbers (..., K), (...)."""
    return ~targets.isnan().any(-1) if targets.is_floating_point() else targets != NONE


def loss_of(
    logits: Tensor, targets: Tensor, reduction: Literal["sum", "mean"], smoothing: float = 0.0, *, first: int = 0
) -> Tensor:
    """Return −log of the probability of the target, in nats, or (output − target)²: summed over all, or averaged."""
    if targets.is_floating_point():
        return _squared_error(logits, targets, reduction)
    logits, targets = _of_classes(logits, targets, first)
    classes = logits.shape[-1]
    return F.cross_entropy(
        logits.reshape(-1, classes),
        targets.reshape(-1),
        reduction=reduction,
        ignore_index=NONE,
        label_smoothing=smoothing,
    )


def step_losses(logits: Tensor, targets: Tensor, smoothing: float | Tensor = 0.0, *, first: int = 0) -> Tensor:
    """Return the same for each step, (...); 0 where there is no target. A smoothing may be of each step, (...)."""
    if targets.is_floating_point():
        targets = _like(targets, logits)
        return (logits - targets).masked_fill(targets.isnan(), 0).square().mean(-1)
    logits, targets = _of_classes(logits, targets, first)
    log_p = logits.log_softmax(-1)
    losses = -log_p.gather(-1, targets.clamp(min=0)[..., None])[..., 0]
    if isinstance(smoothing, Tensor) or smoothing:
        losses = (1 - smoothing) * losses - smoothing * log_p.mean(-1)
    return losses.masked_fill(targets == NONE, 0)


def by_logits(logits: Tensor, targets: Tensor, smoothing: float = 0.0, *, first: int = 0) -> Tensor:
    """Return the derivative of each step's loss by its output, (..., C).

    softmax − one-hot for characters, which a smoothing makes (1 − ε) one-hot + ε/C; 0 where there is no target.
    2 (output − target) / K for numbers.
    """
    if targets.is_floating_point():
        targets = _like(targets, logits)
        return (2 / logits.shape[-1] * (logits - targets)).masked_fill(targets.isnan(), 0)
    logits, targets = _of_classes(logits, targets, first)
    classes = logits.shape[-1]
    right = (1 - smoothing) * F.one_hot(targets.clamp(min=0), classes).to(logits.dtype) + smoothing / classes
    wrong = torch.softmax(logits, -1) - right
    return F.pad(wrong.masked_fill((targets == NONE)[..., None], 0), (first, 0))


def _squared_error(outputs: Tensor, targets: Tensor, reduction: Literal["sum", "mean"]) -> Tensor:
    """Return (output − target)² of outputs (..., K), averaged over K, and summed or averaged over the steps."""
    targets = _like(targets, outputs)
    missing = targets.isnan()
    if targets.is_cpu and not missing.any():  # a GPU would have to be waited for
        error = F.mse_loss(outputs, targets, reduction=reduction)
        return error if reduction == "mean" else error / outputs.shape[-1]
    total = (outputs - targets).masked_fill(missing, 0).square().sum()
    return total / ((~missing).sum() if reduction == "mean" else outputs.shape[-1])


def _like(targets: Tensor, outputs: Tensor) -> Tensor:
    """Return targets (..., K): where each step has but one, they may come as (...)."""
    return targets if targets.dim() == outputs.dim() else targets[..., None]


def _of_classes(logits: Tensor, targets: Tensor, first: int) -> tuple[Tensor, Tensor]:
    """Return the logits of the classes alone, and the targets as their numbers."""
    if not first:
        return logits, targets
    return logits[..., first:], targets.where(targets == NONE, targets - first)
