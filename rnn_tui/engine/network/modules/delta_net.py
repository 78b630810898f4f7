"""Gated DeltaNet (Yang, Kautz and Hatamizadeh, 2024, "Gated delta networks", equation 10; arXiv:2412.06464), one head.

Its state is a matrix S that maps keys to values. A step lets it fade by α, takes out what S has for the key k and puts
v in its place, as far as β says; what is read is S q.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["DeltaNet"]


class DeltaNet(nn.Module):
    """S_t = α_t S_{t-1} (I − β_t k_t k_tᵀ) + β_t v_t k_tᵀ, h_t = S_t q_t, where k and q have length 1."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        """Draw the weights as nn.Linear does; α is near 0.95 at first, so that S fades slowly."""
        super().__init__()
        self.to_q = nn.Linear(input_size, hidden_size, bias=False)
        self.to_k = nn.Linear(input_size, hidden_size, bias=False)
        self.to_v = nn.Linear(input_size, hidden_size, bias=False)
        self.to_alpha = nn.Linear(input_size, 1)
        self.to_beta = nn.Linear(input_size, 1)
        with torch.no_grad():
            self.to_alpha.bias.fill_(3.0)

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[tuple[Tensor, Tensor], dict[str, Tensor]]:
        """Compute a time step: x (N, E), h (N, H) and S (N, H*H), row after row -> the same after it."""
        h, memory = state
        size = h.shape[-1]
        s = memory.reshape(-1, size, size)  # (N, H, H)
        q = F.normalize(self.to_q(x), dim=-1)  # (N, H)
        k = F.normalize(self.to_k(x), dim=-1)  # (N, H)
        v = self.to_v(x)  # (N, H)
        alpha, beta = torch.sigmoid(self.to_alpha(x)), torch.sigmoid(self.to_beta(x))  # (N, 1) each
        s = alpha[..., None] * s  # (N, H, H)
        there = (s @ k[..., None])[..., 0]  # (N, H), what S has for k
        s = s + (beta * (v - there))[..., None] * k[:, None]  # (N, H, H)
        h = (s @ q[..., None])[..., 0]  # (N, H)
        parts = {"α": alpha.expand(-1, size), "β": beta.expand(-1, size), "v": v, "k": k, "q": q}
        return (h, s.flatten(1)), parts
