"""What the network predicts in the last whole pass, as classes, and in how many rows it is right."""

import torch
from torch import Tensor

from rnn_tui.data.pairs import NONE
from rnn_tui.engine.training.trainer import Trainer

__all__ = ["predicted_text", "right_rows", "said", "scored", "scored_rows"]


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


def predicted_text(trainer: Trainer) -> str:
    """Return what the last whole pass predicts, filler too, the rows apart by a space; "" for numbers."""
    return trainer.task.text(said(trainer)) if _is_text(trainer) else ""


def scored_rows(trainer: Trainer) -> list[tuple[str, str]]:
    """Return what the last whole pass predicts in each row and what is right, at the steps that are scored."""
    target = trainer.task.scored
    if target is None or not _is_text(trainer):
        return []
    predicted, text = scored(trainer), trainer.task.text
    return [(text(predicted[:, row : row + 1]), text(target[:, row : row + 1])) for row in range(target.shape[1])]


def _is_text(trainer: Trainer) -> bool:
    """Whether a whole pass is there, and its outputs are characters."""
    return trainer.at_end_of_pass and bool(trainer.logits) and not trainer.experiment.is_numbers
