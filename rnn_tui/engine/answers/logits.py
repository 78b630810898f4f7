"""The outputs of the row that is looked at."""

import torch
from torch import Tensor

from rnn_tui.engine.inspect.focus import Focus

__all__ = ["logits"]


def logits(focus: Focus) -> Tensor:
    """Return the outputs at the steps fed, (T, C), as the pass has them. Something must have been fed."""
    trainer = focus.trainer
    if trainer.logits:
        return torch.cat(trainer.logits)[: focus.fed, focus.row]
    return trainer.model.read_out(torch.cat([each.h for each in focus.layers[-1]], -1)[: focus.fed])
