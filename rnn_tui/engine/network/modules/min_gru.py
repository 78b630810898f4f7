"""minGRU (Feng et al., 2024, "Were RNNs all we needed?", section 3.1; arXiv:2410.01201).

A GRU whose gate and candidate do not read the state: then h is a weighted mean of candidates, and all steps could be
computed at once. Here they are computed one by one, as its equations say.
"""

import torch
from torch import Tensor, nn

__all__ = ["MinGRU"]


class MinGRU(nn.Module):
    """h_t = (1 − z_t) ∘ h_{t-1} + z_t ∘ h̃_t."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        """Draw the weights as nn.Linear does, uniform in ±1/√E."""
        super().__init__()
        self.to_z = nn.Linear(input_size, hidden_size)
        self.to_n = nn.Linear(input_size, hidden_size)

    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Compute a time step: x (N, E) and h (N, H) -> h (N, H)."""
        z = torch.sigmoid(self.to_z(x))  # (N, H), how much is replaced
        n = self.to_n(x)  # (N, H), by what
        return (1 - z) * h + z * n, {"z": z, "n": n}
