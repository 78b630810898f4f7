"""The learning rate of every update: constant, in steps, along a cosine, or down where the loss no longer falls.

A warm-up comes before all of these: the rate rises in a line from 0 to where they begin.

All but the last follow from the number of the update alone, so that nothing needs to be kept to go back in time.
"""

import math
from dataclasses import dataclass, replace

from rnn_tui.experiment.spec import Experiment, Training

__all__ = ["Plateau", "changes_rate", "hears", "learning_rate", "span"]

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
    updates = max(1, updates - training.warmup)
    return {"step": -(-updates // 3), "plateau": _WAITS}.get(training.schedule, updates)


def changes_rate(training: Training) -> bool:
    """Tell whether the learning rate changes from update to update."""
    return training.schedule != "constant" or training.warmup > 0


def hears(training: Training, updates: int) -> bool:
    """Tell whether a plateau hears of an epoch after which so many updates have been made: not in the warm-up."""
    return training.schedule == "plateau" and (not training.warmup or updates > training.warmup)


def learning_rate(experiment: Experiment, update: int, plateau: Plateau, *, batches: int = 1) -> float:
    """Return the learning rate of an update, counted from 0.

    In a warm-up of N updates it is η (n + 1) / (N + 1); after it n counts from 0 again.

    step: η_n = η γ^⌊n / every⌋, StepLR. cosine: η_n = γη + (η - γη)(1 + cos(π n / every)) / 2, CosineAnnealingLR with
    eta_min = γη, which stays there after its end. plateau: η γ^cuts. η is `lr`, γ is `schedule_factor`.
    """
    training = experiment.training
    lr, factor = training.lr, training.schedule_factor
    if update < training.warmup:
        return lr * ((update + 1) / (training.warmup + 1))
    update -= training.warmup
    match training.schedule:
        case "step":
            return lr * factor ** (update // span(experiment, batches))
        case "cosine":
            lowest = lr * factor
            return lowest + (lr - lowest) * (1 + math.cos(math.pi * min(1.0, update / span(experiment, batches)))) / 2
        case "plateau":
            return lr * factor**plateau.cuts
    return lr
