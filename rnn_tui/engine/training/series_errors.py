"""The squared error of each column that is predicted: in the last whole pass, and of what is held out."""

import torch
from torch import Tensor

from rnn_tui.engine.network.model import State, drawn_state
from rnn_tui.engine.training.held_out_eval import HeldOutPieces
from rnn_tui.engine.training.series_on_device import SeriesDataset
from rnn_tui.engine.training.trainer import Trainer

__all__ = ["held_out_squared_errors", "squared_errors"]


def squared_errors(trainer: Trainer) -> list[float]:
    """Return the mean of (output − target)² of each of K columns, of standardised values.

    Empty where no pass is whole, or other processes have a part in it.
    """
    dataset = trainer.dataset
    if not isinstance(dataset, SeriesDataset) or dataset.targets is None or dataset.rows != dataset.all_rows:
        return []
    if not trainer.at_end_of_pass or not trainer.logits:
        return []
    wrong = torch.cat(trainer.logits).cpu().double() - dataset.targets.double()  # (T, N, K)
    found: list[float] = wrong.square().nanmean((0, 1)).tolist()
    return found


@torch.no_grad()
def held_out_squared_errors(trainer: Trainer) -> list[float]:
    """Return the same of all that is held out, with the weights as they are; empty where nothing is."""
    dataset = trainer.dataset
    if not isinstance(dataset, SeriesDataset) or not dataset.plan.held_out:
        return []
    pieces = HeldOutPieces(trainer.experiment, dataset, trainer.device)
    model, state = trainer.model, None
    training = model.training
    total, count = torch.zeros(len(dataset.series.says), dtype=torch.float64), 0
    model.eval()
    try:
        for piece in pieces.all:
            x, y, _ = piece()
            state = _first(trainer, y) if state is None or not pieces.goes_on else state
            outputs, state = model(x, state)
            outputs = outputs.transpose(0, 1) if dataset.batch_first else outputs
            squares = (outputs.double() - y.double()).square()  # (T, N, K)
            total += squares.nansum((0, 1)).cpu()
            count += int((~y[..., 0].isnan()).sum())
    finally:
        model.train(training)
    found: list[float] = (total / count).tolist()
    return found


def _first(trainer: Trainer, y: Tensor) -> State:
    return drawn_state(trainer.experiment, y.shape[1], trainer.device)
