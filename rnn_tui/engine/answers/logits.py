"""From what the network says back to the states that it says it with."""

import torch
from torch import Tensor

from rnn_tui.engine.inspect.focus import Sight

__all__ = ["by_states", "logits"]


def logits(sight: Sight) -> Tensor:
    """What has been said at the steps fed, (T, C): as the pass has it. Only where something has been fed."""
    trainer = sight.trainer
    if trainer.logits:
        return torch.cat(trainer.logits)[: sight.fed, sight.row]
    return trainer.model.read_out(torch.cat([each.h for each in sight.layers[-1]], -1)[: sight.fed])


def by_states(sight: Sight, by_logits: Tensor) -> Tensor:
    """Derivatives by the logits (..., C) -> by the states of the top layer (..., D*H): with a direct head the same."""
    head = sight.trainer.model.head
    return by_logits if head is None else by_logits @ head.weight
