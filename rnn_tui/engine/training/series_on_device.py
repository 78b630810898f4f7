"""The columns of a series as tensors, batch by batch."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnn_tui.common.wording import unit_text
from rnn_tui.data.batches import Piece, Places
from rnn_tui.data.series_columns import SeriesColumns
from rnn_tui.data.share import WHOLE, Share
from rnn_tui.engine.training.batches_on_device import LongDataset
from rnn_tui.experiment.spec import Experiment

__all__ = ["SeriesDataset"]


class SeriesDataset(LongDataset):
    """Columns of numbers, standardised by the mean and the standard deviation of what is learnt of each.

    E of them are read, K are predicted: inputs (T, N, E), targets (T, N, K); NaN at a step without a target.
    """

    def __init__(
        self, experiment: Experiment, device: torch.device, series: SeriesColumns, share: Share = WHOLE
    ) -> None:
        """Raise ExperimentError where the series is too short, or constant."""
        super().__init__(experiment, device, series, share)
        self.series = series
        self.scales = series.scales(self.plan.learnt)
        self.reads = range(series.reads)
        self.at_end_alone = experiment.data.task == "many-to-one"
        numbers = [scale.standardised(each.values) for scale, each in zip(self.scales, series.columns, strict=True)]
        self._read = torch.from_numpy(np.stack(numbers[: series.reads], -1))  # (n, E)
        self._said = torch.from_numpy(np.stack([numbers[at] for at in series.says], -1))  # (n, K)
        self._steps = np.arange(self.length + series.ahead)[:, None]
        self.begin(1, experiment.training.seed)

    def begin(self, number: int, seed: int) -> None:
        """Hold the batch of a pass: N sequences, and their targets."""
        self.inputs, targets = self._cut(self.plan.starts(number, seed)[self.own_rows] + self._steps)
        self.targets = targets if self._learns else None
        self._x, self._y = self._on_device(self.inputs, targets)

    def piece(self, piece: Piece) -> tuple[Tensor, Tensor, None]:
        """Return what the model reads of a piece, and the targets; no row of it is padded."""
        return *self._on_device(*self._cut(piece.places)), None

    def at(self, places: Places) -> Tensor:
        """Return the numbers that are read at those places, (..., E)."""
        return self._read[torch.from_numpy(places)]

    def read(self, x: Tensor) -> Tensor:
        """Return them as they are."""
        return x

    def steps_by(self, stop: int) -> int:
        """Return how many of the first `stop` time steps have a target."""
        return int(stop == self.length) if self.at_end_alone else stop

    def targets_by(self, stop: int) -> float:
        """Count the steps that have a target."""
        return float(self.steps_by(stop))

    @property
    def characters(self) -> Tensor:
        """(T, N) zeros: numbers are no characters."""
        return torch.zeros(self.inputs.shape[:2], dtype=torch.int64)

    def inputs_in_units(self, numbers: Tensor, column: int = 0) -> NDArray[np.float64]:
        """Return standardised numbers (..., E) of a column that is read, (...), in its units."""
        return self._in_units(numbers[..., column], self.reads[column])

    def in_units(self, numbers: Tensor, column: int = 0) -> NDArray[np.float64]:
        """Return standardised numbers (..., K) of a column that is predicted, (...), in its units."""
        return self._in_units(numbers[..., column], self.series.says[column])

    def _in_units(self, numbers: Tensor, at: int) -> NDArray[np.float64]:
        """Return them in float64: a large mean needs its digits."""
        scale = self.scales[at]
        values: NDArray[np.float64] = numbers.detach().cpu().double().numpy() * scale.deviation + scale.mean
        return values

    def value_text(self, value: float, at: int = 0) -> str:
        """Write a value in the units of a column, with enough digits to tell it from the others."""
        return unit_text(value, self.scales[at].deviation, 5)

    def _cut(self, places: Places) -> tuple[Tensor, Tensor]:
        """Return what is read at all but the last A of the places (T+A, N), and the targets of those steps."""
        ahead, steps = self.series.ahead, len(places) - self.series.ahead
        inputs = self.at(places[:steps])
        if not self.at_end_alone:
            return inputs, self._said[torch.from_numpy(places[ahead:])]
        targets = torch.full((steps, places.shape[1], self._said.shape[1]), torch.nan)
        targets[-1] = self._said[torch.from_numpy(places[-1])]
        return inputs, targets

    def _on_device(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        x = inputs.to(self._device)
        return (x.transpose(0, 1).contiguous() if self.batch_first else x), targets.to(self._device)
