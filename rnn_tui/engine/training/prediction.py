"""What the network predicts in the last whole pass, as classes, and in how many rows it is right."""

import torch
from torch import Tensor

from rnn_tui.data.pairs import NONE
from rnn_tui.engine.training.trainer import Trainer

__all__ = ["predicted", "predicted_text", "right_everywhere", "right_rows", "scored_predictions", "scored_rows"]


def predicted(trainer: Trainer) -> Tensor:
    """Return the likeliest characters of the last whole pass (T, N), on the CPU; NONE where there is no target."""
    targets = trainer.dataset.targets
    likeliest = torch.cat(trainer.logits).argmax(-1).cpu()
    return likeliest if targets is None else likeliest.where(targets != NONE, NONE)


def scored_predictions(trainer: Trainer) -> Tensor:
    """Return the same where a prediction is scored, (T, N); NONE where it is not."""
    return trainer.dataset.only_scored(predicted(trainer))


def right_rows(trainer: Trainer) -> int:
    """Return in how many rows the last whole pass predicts all that is scored."""
    target = trainer.dataset.scored
    return 0 if target is None else int((scored_predictions(trainer) == target).all(0).sum())


def right_everywhere(trainer: Trainer) -> int:
    """Return the same of the rows of all processes."""
    return right_rows(trainer) + trainer.right_elsewhere


def predicted_text(trainer: Trainer) -> str:
    """Return what the last whole pass predicts, filler too, the rows apart by a space; "" for numbers."""
    return trainer.dataset.text(predicted(trainer)) if _is_text(trainer) else ""


def scored_rows(trainer: Trainer) -> list[tuple[str, str]]:
    """Return what the last whole pass predicts in each row and what is right, at the steps that are scored."""
    target = trainer.dataset.scored
    if target is None or not _is_text(trainer):
        return []
    found, text = scored_predictions(trainer), trainer.dataset.text
    return [(text(found[:, row : row + 1]), text(target[:, row : row + 1])) for row in range(target.shape[1])]


def _is_text(trainer: Trainer) -> bool:
    """Tell whether a whole pass is there, and its outputs are characters."""
    return trainer.at_end_of_pass and bool(trainer.logits) and not trainer.experiment.is_numbers
