"""IndRNN (Li et al., 2018, "Independently recurrent neural network"; arXiv:1803.04831).

Each unit reads its own state alone, so that W_hh is a vector u, and a gradient through T steps is uᵀ where the
non-linearity lets it pass.
"""

import torch
from torch import Tensor, nn

__all__ = ["IndRNN"]


class IndRNN(nn.Module):
    """h_t = max(0, W x_t + b + u ∘ h_{t-1})."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        """Draw W as nn.Linear does, and u uniform in [0, 1), as in the paper."""
        super().__init__()
        self.to_a = nn.Linear(input_size, hidden_size)
        self.u = nn.Parameter(torch.rand(hidden_size))

    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Compute a time step: x (N, E) and h (N, H) -> h (N, H)."""
        a = self.to_a(x)  # (N, H), from the input
        k = self.u * h  # (N, H), what is kept
        return torch.relu(a + k), {"a": a, "k": k}
