"""A network's continuation of a series: one step ahead over what is learnt, and then from its own outputs."""

from itertools import islice

import numpy as np
import torch
from torch import Tensor

from rnn_tui.engine.inspect.free_run import cannot_run_freely, free_run, predict
from rnn_tui.engine.network.model import drawn_state
from rnn_tui.engine.training.series_on_device import SeriesDataset
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.protocol.frame import Forecast

__all__ = ["forecast"]

_PRODUCTS = 2e7  # of weights with numbers: what a free run may take, since it is drawn many times a second
_MOST = 400  # steps of it
_BOTH_WAYS = "No free run: a network that also reads from the right needs what is still to come."


@torch.no_grad()
def forecast(trainer: Trainer, dataset: SeriesDataset, room: int, column: int = 0) -> Forecast:
    """Return `room` time steps for a chart: the end of what is learnt in at most half of them, then the free run.

    The network begins as at the start of a sequence, reads the last T learnt values, and goes on with its own outputs,
    where it predicts the next value of all that it reads. `column`: which of the predicted ones is shown. The run
    itself is not touched.
    """
    if dataset.at_end_alone:
        return _last_pass(trainer, dataset, column)
    series, length = dataset.series, dataset.length
    column = trainer.experiment.places(column)[1]
    end, reads = dataset.plan.learnt, series.own_outputs
    shown = min(length, max(1, room // 2))
    truth = dataset.at(np.arange(end - length, end))
    model, free = trainer.model, list[Tensor]()
    training = model.training
    model.eval()
    try:
        state = drawn_state(trainer.experiment, 1, trainer.device)
        outputs, state = predict(model, truth.to(trainer.device), state)
        if not trainer.experiment.network.bidirectional and reads is not None:
            most = min(_MOST, max(1, int(_PRODUCTS / trainer.experiment.weights)), max(1, room - shown))
            free = list(islice(free_run(model, outputs[-1:], state, reads), most))
    finally:
        model.train(training)
    first = end - shown
    values = series.columns[series.says[column]].values
    note = "" if free else f"No free run: {cannot_run_freely(series.ahead)}." if reads is None else _BOTH_WAYS
    return Forecast(
        first=first,
        end=end,
        truth=values[first : end + len(free)],
        predicted=dataset.in_units(outputs[max(0, length - shown) : max(0, length - series.ahead)], column),
        free=dataset.in_units(torch.cat(free), column) if free else np.zeros(0),
        note=note,
    )


def _last_pass(trainer: Trainer, dataset: SeriesDataset, column: int) -> Forecast:
    """Return the targets of the rows of the last pass, in ascending order, and what is predicted of them."""
    column = trainer.experiment.places(column)[1]
    assert dataset.targets is not None
    truth, predicted = dataset.in_units(dataset.targets[-1], column), np.zeros(0)
    order = truth.argsort()
    if trainer.at_end_of_pass and trainer.logits:
        predicted = dataset.in_units(trainer.logits[-1][-1], column)[order]
    return Forecast(
        first=0, end=len(truth), truth=truth[order], predicted=predicted, free=np.zeros(0), over="sequences"
    )
