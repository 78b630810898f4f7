"""How a network continues a series by itself: each output is the next input."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnn_tui.data.data_card import ColumnCard, SeriesCard
from rnn_tui.engine.network.model import Model, State, drawn_state
from rnn_tui.experiment.spec import Experiment

__all__ = ["cannot_run_freely", "forecast_from", "free_run", "predict"]


def predict(model: Model, numbers: Tensor, state: State) -> tuple[Tensor, State]:
    """Return the outputs (T, K) for standardised numbers (T, E), and the state after them, in one row."""
    x = numbers[None] if model.batch_first else numbers[:, None]
    outputs, state = model(x, state)
    return outputs.reshape(len(numbers), -1), state


def free_run(model: Model, last: Tensor, state: State, reads: Sequence[int]) -> Iterator[Tensor]:
    """Yield the last output, (1, K), and then, without end, what the network predicts from its own outputs.

    `reads` has the place of each number that it reads among those that it predicts.
    """
    while True:
        yield last
        last, state = predict(model, last[:, list(reads)], state)


@torch.no_grad()
def forecast_from(
    model: Model, experiment: Experiment, series: SeriesCard, values: Sequence[Sequence[float]], steps: int
) -> Iterator[list[float]]:
    """Yield the next numbers after `values`, in the units of their columns: K that are predicted, after rows of E read.

    As in the chart of the view: the network begins as at the start of a sequence, reads the values, and goes on alone.
    Raises ValueError where it cannot read what it predicts.
    """
    reads = series.own_outputs
    if reads is None:
        raise ValueError(f"it cannot go on alone: {cannot_run_freely(series.ahead)}")
    device = next(model.parameters()).device
    mean, deviation = _scales(series.read)
    numbers = (np.array(values) - mean) / deviation
    state = drawn_state(experiment, 1, device)
    outputs, state = predict(model, torch.from_numpy(numbers.astype(np.float32)).to(device), state)
    mean, deviation = _scales(series.said)
    for _, each in zip(range(steps), free_run(model, outputs[-1:], state, reads), strict=False):
        yield (each[0].cpu().double().numpy() * deviation + mean).tolist()


def cannot_run_freely(ahead: int) -> str:
    """Say why a network cannot read its own predictions."""
    if ahead != 1:
        steps = f"{ahead:,} time steps ahead" if ahead else "of the same time step"
        return f"it predicts values {steps}, not of the next one"
    return "it does not predict all the columns that it reads"


def _scales(columns: Sequence[ColumnCard]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.array([each.mean for each in columns]), np.array([each.deviation for each in columns])
