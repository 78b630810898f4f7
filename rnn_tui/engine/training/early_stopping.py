"""Early stopping: whether the loss has become better in the last epochs."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

__all__ = ["BestLoss", "best_of"]


@dataclass(frozen=True, kw_only=True, slots=True)
class BestLoss:
    """The smallest loss so far, and the epoch from which patience is counted."""

    loss: float = math.inf
    epoch: int = 0
    since: int = 0  # that epoch, or a later one at which the run was played on

    def after(self, loss: float, epoch: int) -> "BestLoss":
        """Return it with the loss of one more epoch. Any smaller loss is a better one; NaN is not."""
        return BestLoss(loss=loss, epoch=epoch, since=epoch) if loss < self.loss else self

    def anew(self, epoch: int) -> "BestLoss":
        """Return it with patience counted from that epoch on."""
        return replace(self, since=epoch)

    def is_over(self, epoch: int, patience: int) -> bool:
        """Tell whether so many epochs have been no better."""
        return epoch - self.since >= patience

    def told(self, patience: int) -> str:
        """Say what has happened."""
        epochs = f"{patience:,} epochs" if patience > 1 else "an epoch"
        best = f"the best was {self.loss:.4g} in epoch {self.epoch:,}" if self.epoch else "there was none"
        return f"no better loss for {epochs}; {best}"


def best_of(losses: Iterable[float]) -> BestLoss:
    """Return the best of the losses of the first epochs."""
    best = BestLoss()
    for epoch, loss in enumerate(losses, 1):
        best = best.after(loss, epoch)
    return best
