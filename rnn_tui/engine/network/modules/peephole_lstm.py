"""The LSTM with peepholes (Gers and Schmidhuber, 2000; Gers, Schraudolph and Schmidhuber, 2002, JMLR 3:115).

The gates read c as well, unit by unit: i and f the one before, o the new one. So it can count and time exactly.
"""

import torch
from torch import Tensor, nn

__all__ = ["PeepholeLSTM"]


class PeepholeLSTM(nn.Module):
    """c_t = f_t ∘ c_{t-1} + i_t ∘ g_t, h_t = o_t ∘ tanh(c_t)."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        """Draw all weights uniform in ±1/√H, as nn.LSTM does."""
        super().__init__()
        bound = hidden_size**-0.5

        def drawn(*shape: int) -> nn.Parameter:
            return nn.Parameter(torch.empty(shape).uniform_(-bound, bound))

        self.w = drawn(4 * hidden_size, input_size)
        self.u = drawn(4 * hidden_size, hidden_size)
        self.b = drawn(4 * hidden_size)
        self.p = drawn(3, hidden_size)  # the peepholes of i, f and o

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[tuple[Tensor, Tensor], dict[str, Tensor]]:
        """Compute a time step: x (N, E), h and c (N, H) -> h and c (N, H)."""
        h, c = state
        i, f, g, o = (x @ self.w.T + h @ self.u.T + self.b).chunk(4, -1)  # (N, H) each
        i = torch.sigmoid(i + self.p[0] * c)
        f = torch.sigmoid(f + self.p[1] * c)
        g = torch.tanh(g)
        c = f * c + i * g  # (N, H)
        o = torch.sigmoid(o + self.p[2] * c)  # of the new c
        return (o * torch.tanh(c), c), {"i": i, "f": f, "g": g, "o": o}
