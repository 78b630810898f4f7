"""sLSTM (Beck et al., 2024, "xLSTM", equations 8 to 17; arXiv:2405.04517), with one head.

The input gate is exp, so that what comes later can outweigh what is there. n is the sum of the weights by which c is
divided; m is the largest logarithm so far, taken out of both, so that no exp overflows.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["SLSTM"]


class SLSTM(nn.Module):
    """h_t = o_t ∘ c_t / n_t, c_t = f_t ∘ c_{t-1} + i_t ∘ z_t, n_t = f_t ∘ n_{t-1} + i_t."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        """Draw all weights uniform in ±1/√H, as nn.LSTM does; 3 is added to the bias of f: it keeps at first."""
        super().__init__()
        bound = hidden_size**-0.5
        self.w = nn.Parameter(torch.empty(4 * hidden_size, input_size).uniform_(-bound, bound))
        self.u = nn.Parameter(torch.empty(4 * hidden_size, hidden_size).uniform_(-bound, bound))
        self.b = nn.Parameter(torch.empty(4 * hidden_size).uniform_(-bound, bound))
        with torch.no_grad():
            self.b[hidden_size : 2 * hidden_size] += 3

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[tuple[Tensor, Tensor], dict[str, Tensor]]:
        """Compute a time step: x (N, E), h (N, H) and (c, n, m) (N, 3H) -> the same after it."""
        h, memory = state
        c, n, m = memory.chunk(3, -1)  # (N, H) each; all are 0 at first
        i, f, z, o = (x @ self.w.T + h @ self.u.T + self.b).chunk(4, -1)  # (N, H) each
        log_f = F.logsigmoid(f)
        highest = torch.maximum(log_f + m, i)
        i = torch.exp(i - highest)  # how much of z is taken in, over e^m
        f = torch.exp(log_f + m - highest)  # how much of c and n is kept, over the same
        z = torch.tanh(z)
        o = torch.sigmoid(o)
        c = f * c + i * z
        n = f * n + i
        return (o * c / n, torch.cat((c, n, highest), -1)), {"i": i, "f": f, "z": z, "o": o}
