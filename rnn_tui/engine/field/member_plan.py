"""The learning rate of each member at each update, and when its training ends."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rnn_tui.engine.training.early_stopping import BestLoss
from rnn_tui.engine.training.lr_schedule import Plateau, changes_rate, hears, learning_rate, span
from rnn_tui.experiment.spec import Experiment

__all__ = ["MemberPlans"]


class MemberPlans:
    """Schedules, epochs and patience of M members that make their passes together."""

    def __init__(self, experiments: Sequence[Experiment], batches: int) -> None:
        """Begin before the first pass; an epoch has so many `batches`."""
        self._experiments = list(experiments)
        self._batches = batches
        data, training = experiments[0].data, experiments[0].training
        self._per = experiments[0].length if data.text and training.reduction == "sum" else 1  # as `Patience` has it
        self._plateaus = [Plateau() for _ in experiments]
        self._next_plateaus: list[Plateau] | None = None  # once the update that is due has been made
        self._best = [BestLoss() for _ in experiments]
        self._earlier = np.zeros(len(experiments))  # losses of this epoch's passes, added up
        self._prepare()

    def _prepare(self) -> None:
        trainings = [each.training for each in self._experiments]
        self._constant = None if any(map(changes_rate, trainings)) else [each.lr for each in trainings]
        self._last = np.array([each.epochs * self._batches for each in trainings])  # passes; 0: it never ends
        self._watches = any(each.patience or each.schedule == "plateau" for each in trainings)

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these members alone, by their places."""
        self._experiments = [self._experiments[row] for row in rows]
        self._plateaus = [self._plateaus[row] for row in rows]
        if self._next_plateaus is not None:
            self._next_plateaus = [self._next_plateaus[row] for row in rows]
        self._best = [self._best[row] for row in rows]
        self._earlier = self._earlier[list(rows)]
        self._prepare()

    def rates(self, update: int) -> list[float]:
        """Return the learning rate of each member for an update, counted from 0."""
        if self._constant is not None:
            return self._constant
        return [
            learning_rate(each, update, plateau, batches=self._batches)
            for each, plateau in zip(self._experiments, self._plateaus, strict=True)
        ]

    def update_made(self) -> None:
        """Let the plateaus hear of the newest loss: a single run's do so after the update that it led to."""
        if self._next_plateaus is not None:
            self._plateaus, self._next_plateaus = self._next_plateaus, None

    def end_pass(self, number: int, losses: NDArray[np.float64], held_out: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Take note of a pass, counted from 1: losses (M,) as they are minimised; held_out (M,), or NaN.

        Return (M,) which members have come to their end: their epochs are over, or their patience.
        """
        over: NDArray[np.bool_] = (self._last > 0) & (number >= self._last)
        if not self._watches:
            return over
        self._earlier += losses
        if number % self._batches:
            return over
        means = self._earlier / self._batches
        self._earlier[:] = 0.0
        epoch = number // self._batches
        self._next_plateaus = list(self._plateaus)
        for row, experiment in enumerate(self._experiments):
            training = experiment.training
            if hears(training, number // training.accumulate):
                self._next_plateaus[row] = self._plateaus[row].after(float(means[row]), span(experiment))
            if training.patience:
                loss = means[row] / self._per if np.isnan(held_out[row]) else held_out[row]
                self._best[row] = self._best[row].after(float(loss), epoch)
                over[row] |= self._best[row].is_over(epoch, training.patience)
        return over
