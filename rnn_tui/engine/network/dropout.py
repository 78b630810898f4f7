"""Dropout between layers, as nn.RNN, nn.GRU and nn.LSTM have it, with masks that can be drawn again.

torch draws its masks inside the modules and does not keep them, so that a pass that is computed again would get other
ones. Here they are drawn for each pass, from the seed of the run and the number of the pass alone. Going back therefore
gives the same losses to the bit, and the panes that look inside compute with the masks of the pass itself.

A mask is what the states of a layer are multiplied by before the layer above reads them: 0 with probability p, else
1 / (1 - p), so that the expected value stays the same. The state that a layer hands to its own next step is not masked.
(Zaremba, Sutskever and Vinyals, 2014; arXiv:1409.2329.)
"""

import hashlib

import torch
from torch import Tensor

from rnn_tui.experiment.spec import Experiment

__all__ = ["draw_masks", "dropped"]


def draw_masks(experiment: Experiment, number: int, device: torch.device) -> Tensor | None:
    """Draw the masks of a pass, (L-1, T, N, D*H); None without dropout. Torch's own generator is not touched."""
    network = experiment.network
    if not network.dropout or not experiment.training.learn:
        return None
    shape = (
        network.layers - 1,
        experiment.length,
        experiment.rows,
        network.hidden_size * network.directions,
    )
    name = f"dropout {experiment.training.seed} {number}".encode()
    seed = int.from_bytes(hashlib.blake2b(name, digest_size=4).digest())  # torch takes no more than 32 bits of it
    drawn = torch.rand(shape, generator=torch.Generator().manual_seed(seed))  # on the CPU: the same on every device
    return drawn.ge_(network.dropout).div_(1 - network.dropout).to(device)


def dropped(h: Tensor, masks: Tensor | None, layer: int) -> Tensor:
    """Return what the layer above reads of the states h (T, N, D*H) of a layer; masks (L-1, T, N, D*H).

    There is no mask for the top layer, whose states are the output.
    """
    return h if masks is None or layer >= len(masks) else h * masks[layer]
