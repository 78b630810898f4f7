"""The masks of dropout between the layers of a fused module, which it draws inside and does not return."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from rnn_tui.engine.watch.capture import RecurrentCall

__all__ = ["draws_masks", "masks_of"]


def draws_masks(module: nn.Module) -> bool:
    """Tell whether a module drops states between its layers."""
    return isinstance(module, nn.RNNBase) and module.dropout > 0 and module.training and module.num_layers > 1


def masks_of(call: RecurrentCall) -> Tensor | None:
    """Draw the masks of a call again, (L-1, T, N, D*H) time first; None where that cannot be done.

    On a CPU they come from torch's generator, one layer after the other; its state was kept before the call, and is
    left as it is. Those of packed rows lie one time step after the other, without padding. On a GPU cuDNN draws them.
    """
    module, x = call.module, call.x
    data = x.data if isinstance(x, PackedSequence) else x
    if not isinstance(module, nn.RNNBase) or data.device.type != "cpu" or call.random is None:
        return None
    width = (module.proj_size or module.hidden_size) * (2 if module.bidirectional else 1)
    if isinstance(x, PackedSequence):
        shape: tuple[int, ...] = (len(data), width)
    elif x.dim() == 3:
        shape = (x.shape[1], x.shape[0], width) if module.batch_first else (*x.shape[:2], width)
    else:
        return None
    with torch.random.fork_rng(devices=[]):
        torch.set_rng_state(call.random)
        ones = torch.ones(shape, dtype=data.dtype)
        masks = [F.dropout(ones, module.dropout) for _ in range(module.num_layers - 1)]
    if isinstance(x, PackedSequence):
        masks = [pad_packed_sequence(x._replace(data=each))[0] for each in masks]
    return torch.stack(masks)
