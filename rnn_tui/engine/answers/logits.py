"""The outputs of the row that is looked at."""

import torch
from torch import Tensor

from rnn_tui.engine.inspect.focus import Focus

__all__ = ["logits"]


def logits(focus: Focus) -> Tensor:
    """Return the outputs at the steps fed, (T, C), as the pass has them. Something must have been fed."""
    observed = focus.observed
    if observed.logits:
        return torch.cat(observed.logits)[: focus.fed, focus.row]
    return observed.model.read_out(torch.cat([each.h for each in focus.layers[-1]], -1)[: focus.fed])
