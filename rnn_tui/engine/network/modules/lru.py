"""The linear recurrent unit (Orvieto et al., 2023, "Resurrecting recurrent neural networks"; arXiv:2303.06349).

The recurrence is linear and diagonal, with complex eigenvalues λ inside the unit disk: each unit turns by arg λ and
shrinks by |λ| at every step. |λ| < 1 holds whatever is learnt, since λ = exp(−exp(ν) + i·exp(θ)).
"""

import math

import torch
from torch import Tensor, nn

__all__ = ["LRU"]

_SMALLEST, _LARGEST = 0.4, 0.99  # |λ| at first
_TURN = math.pi / 2  # the largest arg λ at first


class LRU(nn.Module):
    """s_t = λ ∘ s_{t-1} + γ ∘ (B x_t), h_t = Re(C s_t) + D x_t, where s is complex."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        """Draw λ uniform in a ring of the unit disk, B and C normal, as in the paper; γ = √(1 − |λ|²) at first."""
        super().__init__()
        size = torch.rand(hidden_size) * (_LARGEST**2 - _SMALLEST**2) + _SMALLEST**2  # |λ|²
        self.nu = nn.Parameter(torch.log(-0.5 * torch.log(size)))
        self.theta = nn.Parameter(torch.log(_TURN * (1 - torch.rand(hidden_size))))
        self.gamma = nn.Parameter(0.5 * torch.log1p(-size))
        self.b_re = nn.Parameter(torch.randn(hidden_size, input_size) / math.sqrt(2 * input_size))
        self.b_im = nn.Parameter(torch.randn(hidden_size, input_size) / math.sqrt(2 * input_size))
        self.c_re = nn.Parameter(torch.randn(hidden_size, hidden_size) / math.sqrt(hidden_size))
        self.c_im = nn.Parameter(torch.randn(hidden_size, hidden_size) / math.sqrt(hidden_size))
        self.d = nn.Parameter(torch.randn(hidden_size, input_size) / math.sqrt(input_size))

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[tuple[Tensor, Tensor], dict[str, Tensor]]:
        """Compute a time step: x (N, E), h (N, H) and (Re s, Im s) (N, 2H) -> the same after it."""
        _, memory = state
        re, im = memory.chunk(2, -1)  # (N, H) each
        size, turn, gamma = torch.exp(-torch.exp(self.nu)), torch.exp(self.theta), torch.exp(self.gamma)
        cos, sin = size * torch.cos(turn), size * torch.sin(turn)  # Re λ, Im λ
        re, im = (
            cos * re - sin * im + gamma * (x @ self.b_re.T),
            sin * re + cos * im + gamma * (x @ self.b_im.T),
        )
        h = re @ self.c_re.T - im @ self.c_im.T + x @ self.d.T  # (N, H)
        return (h, torch.cat((re, im), -1)), {"re": re, "im": im}
