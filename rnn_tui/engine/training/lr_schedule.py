"""The learning rate of every update: constant, in steps, along a cosine, or down where the loss no longer falls.

All but the last follow from the number of the update alone, so that nothing needs to be kept to go back in time.
"""

import math
from dataclasses import dataclass, replace

from rnn_tui.experiment.spec import Experiment

__all__ = ["Plateau", "learning_rate", "span"]

_DIGITS = 1e-4  # part of the best loss that a better one must be below it: as torch's ReduceLROnPlateau has it
_WAITS = 10  # epochs, by default: torch's too


@dataclass(frozen=True, kw_only=True, slots=True)
class Plateau:
    """What a plateau schedule remembers: `torch.optim.lr_scheduler.ReduceLROnPlateau(patience=waits)`."""

    best: float = math.inf
    bad: int = 0  # epochs since then that were no better
    cuts: int = 0  # how often the rate has been multiplied

    def after(self, loss: float, waits: int) -> "Plateau":
        """Return it with the loss of one more epoch: the rate is cut once more than `waits` in a row were no better."""
        if loss < self.best * (1 - _DIGITS):
            return replace(self, best=loss, bad=0)
        if self.bad < waits:
            return replace(self, bad=self.bad + 1)
        return replace(self, bad=0, cuts=self.cuts + 1)


def span(experiment: Experiment, batches: int = 1) -> int:
    """Return what `schedule_every` counts; where it is 0, what suits the schedule. An epoch has so many batches."""
    training = experiment.training
    if training.schedule_every:
        return training.schedule_every
    updates = -(-training.epochs * batches // training.accumulate)  # all that the epochs hold
    return {"step": max(1, -(-updates // 3)), "plateau": _WAITS}.get(training.schedule, updates)


def learning_rate(experiment: Experiment, update: int, plateau: Plateau, *, batches: int = 1) -> float:
    """Return the learning rate of an update, counted from 0.

    step: η_n = η γ^⌊n / every⌋, StepLR. cosine: η_n = γη + (η - γη)(1 + cos(π n / every)) / 2, CosineAnnealingLR with
    eta_min = γη, which stays there after its end. plateau: η γ^cuts. η is `lr`, γ is `schedule_factor`.
    """
    training = experiment.training
    lr, factor = training.lr, training.schedule_factor
    match training.schedule:
        case "step":
            return lr * factor ** (update // span(experiment, batches))
        case "cosine":
            lowest = lr * factor
            return lowest + (lr - lowest) * (1 + math.cos(math.pi * min(1.0, update / span(experiment, batches)))) / 2
        case "plateau":
            return lr * factor**plateau.cuts
    return lr
