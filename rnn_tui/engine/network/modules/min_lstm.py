"""minLSTM (Feng et al., 2024, "Were RNNs all we needed?", section 3.2; arXiv:2410.01201)."""

import torch
from torch import Tensor, nn

__all__ = ["MinLSTM"]


class MinLSTM(nn.Module):
    """h_t = f'_t ∘ h_{t-1} + i'_t ∘ h̃_t, where f' and i' are f and i divided by their sum."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        """Draw the weights as nn.Linear does, uniform in ±1/√E."""
        super().__init__()
        self.to_f = nn.Linear(input_size, hidden_size)
        self.to_i = nn.Linear(input_size, hidden_size)
        self.to_n = nn.Linear(input_size, hidden_size)

    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Compute a time step: x (N, E) and h (N, H) -> h (N, H)."""
        f = torch.sigmoid(self.to_f(x))  # (N, H)
        i = torch.sigmoid(self.to_i(x))  # (N, H)
        f, i = f / (f + i), i / (f + i)  # together 1
        n = self.to_n(x)  # (N, H), what there is to take in
        return f * h + i * n, {"f": f, "i": i, "n": n}
