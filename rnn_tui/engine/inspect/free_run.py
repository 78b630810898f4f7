"""How a network continues a series by itself: each output is the next input."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from rnn_tui.data.data_card import SeriesCard
from rnn_tui.engine.network.model import Model, State, drawn_state
from rnn_tui.experiment.spec import Experiment

__all__ = ["forecast_from", "free_run", "predict"]


def predict(model: Model, numbers: Tensor, state: State) -> tuple[Tensor, State]:
    """Return the outputs for standardised numbers (T,), as (T,), and the state after them, in one row."""
    x = numbers[None, :, None] if model.batch_first else numbers[:, None, None]
    outputs, state = model(x, state)
    return outputs.reshape(-1), state


def free_run(model: Model, last: Tensor, state: State) -> Iterator[Tensor]:
    """Yield the last output, (1,), and then, without end, what the network predicts from its own outputs."""
    while True:
        yield last
        last, state = predict(model, last, state)


@torch.no_grad()
def forecast_from(
    model: Model, experiment: Experiment, scale: SeriesCard, values: Sequence[float], steps: int
) -> Iterator[float]:
    """Yield the next numbers after `values`, in the units of the series.

    As in the chart of the view: the network begins as at the start of a sequence, reads the values, and goes on alone.
    """
    device = next(model.parameters()).device
    numbers = (np.array(values) - scale.mean) / scale.deviation
    state = drawn_state(experiment, 1, device)
    outputs, state = predict(model, torch.from_numpy(numbers.astype(np.float32)).to(device), state)
    for _, each in zip(range(steps), free_run(model, outputs[-1:], state), strict=False):
        yield each.item() * scale.deviation + scale.mean
