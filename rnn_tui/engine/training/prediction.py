"""What the network predicts in the last whole pass, as classes, and in how many rows it is right."""

import torch
from torch import Tensor

from rnn_tui.data.pairs import NONE
from rnn_tui.engine.training.trainer import Trainer

__all__ = ["right_rows", "said", "scored"]


def said(trainer: Trainer) -> Tensor:
    """The likeliest characters of the last whole pass (T, N), on the CPU; NONE where nothing is to be said."""
    targets = trainer.task.targets
    likeliest = torch.cat(trainer.logits).argmax(-1).cpu()
    return likeliest if targets is None else likeliest.where(targets != NONE, NONE)


def scored(trainer: Trainer) -> Tensor:
    """Return the same where a prediction is judged, (T, N); NONE where it is not."""
    return trainer.task.only_scored(said(trainer))


def right_rows(trainer: Trainer) -> int:
    """Return in how many rows the last whole pass says everything that is scored."""
    target = trainer.task.scored
    return 0 if target is None else int((scored(trainer) == target).all(0).sum())
