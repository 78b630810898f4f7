"""The outputs of the row that is looked at."""

import torch
from torch import Tensor

from rnn_tui.engine.inspect.focus import Sight

__all__ = ["logits"]


def logits(sight: Sight) -> Tensor:
    """What has been said at the steps fed, (T, C): as the pass has it. Only where something has been fed."""
    trainer = sight.trainer
    if trainer.logits:
        return torch.cat(trainer.logits)[: sight.fed, sight.row]
    return trainer.model.read_out(torch.cat([each.h for each in sight.layers[-1]], -1)[: sight.fed])
