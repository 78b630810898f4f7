"""A selective state space model (Gu and Dao, 2023, "Mamba", algorithm 2; arXiv:2312.00752): S6 alone, no convolution.

Each unit u has P numbers s that decay at P rates. How far a step goes, Δ, and what is written and read, B and C, depend
on the input: where Δ is near 0, the input is passed over and the state stays.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["P", "SelectiveSSM"]

P = 4  # numbers of a unit
_FIRST_STEP = (0.001, 0.1)  # Δ of an input of 0, at first


class SelectiveSSM(nn.Module):
    """s_t = exp(Δ_t A) ∘ s_{t-1} + Δ_t B_t u_t, h_t = C_t · s_t + D ∘ u_t, where u = W x."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        """Begin with A = −1 … −P, D = 1, and biases of Δ for steps of 0.001 to 0.1, as in the paper."""
        super().__init__()
        self.to_u = nn.Linear(input_size, hidden_size, bias=False)
        self.to_delta = nn.Linear(input_size, hidden_size)
        self.to_b = nn.Linear(input_size, P, bias=False)
        self.to_c = nn.Linear(input_size, P, bias=False)
        self.log_a = nn.Parameter(torch.log(torch.arange(1.0, P + 1))[:, None].repeat(1, hidden_size))  # (P, H)
        self.d = nn.Parameter(torch.ones(hidden_size))
        low, high = torch.tensor(_FIRST_STEP).log()
        first = torch.exp(torch.rand(hidden_size) * (high - low) + low)
        with torch.no_grad():
            self.to_delta.bias.copy_(first + torch.log(-torch.expm1(-first)))  # softplus of it is the step

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[tuple[Tensor, Tensor], dict[str, Tensor]]:
        """Compute a time step: x (N, E), h (N, H) and s (N, P*H) -> the same after it."""
        _, memory = state
        s = memory.reshape(len(memory), P, -1)  # (N, P, H)
        u = self.to_u(x)[:, None]  # (N, 1, H)
        delta = F.softplus(self.to_delta(x))[:, None]  # (N, 1, H)
        b, c = self.to_b(x)[..., None], self.to_c(x)[..., None]  # (N, P, 1)
        s = torch.exp(-delta * torch.exp(self.log_a)) * s + delta * b * u  # (N, P, H)
        h = (c * s).sum(1) + self.d * u[:, 0]  # (N, H)
        return (h, s.flatten(1)), {"Δ": delta[:, 0], "u": u[:, 0]}
