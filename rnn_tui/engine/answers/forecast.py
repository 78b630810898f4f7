"""A network's continuation of a series: one step ahead over what is learnt, and then from its own outputs."""

from itertools import islice

import numpy as np
import torch
from torch import Tensor

from rnn_tui.engine.inspect.free_run import free_run, predict
from rnn_tui.engine.network.model import drawn_state
from rnn_tui.engine.training.batches_on_device import SeriesDataset
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.protocol.frame import Forecast

__all__ = ["forecast"]

_PRODUCTS = 2e7  # of weights with numbers: what a free run may take, since it is drawn many times a second
_MOST = 400  # steps of it
_BOTH_WAYS = "No free run: a network that also reads from the right needs what is still to come."


@torch.no_grad()
def forecast(trainer: Trainer, dataset: SeriesDataset, room: int) -> Forecast:
    """Return `room` time steps for a chart: the end of what is learnt in at most half of them, then the free run.

    The network begins as at the start of a sequence, reads the last T learnt values, and goes on with its own outputs.
    The run itself is not touched.
    """
    end, length = dataset.plan.learnt, dataset.length
    shown = min(length, max(1, room // 2))
    truth = dataset.at(np.arange(end - length, end))
    model, free = trainer.model, list[Tensor]()
    training = model.training
    model.eval()
    try:
        state = drawn_state(trainer.experiment, 1, trainer.device)
        outputs, state = predict(model, truth.to(trainer.device), state)
        if not trainer.experiment.network.bidirectional:
            most = min(_MOST, max(1, int(_PRODUCTS / trainer.experiment.weights)), max(1, room - shown))
            free = list(islice(free_run(model, outputs[-1:], state), most))
    finally:
        model.train(training)
    first = end - shown
    return Forecast(
        first=first,
        end=end,
        truth=dataset.series.values[first : end + len(free)],
        predicted=dataset.in_units(outputs[-shown:-1]),
        free=dataset.in_units(torch.cat(free)) if free else np.zeros(0),
        note="" if free else _BOTH_WAYS,
    )
