"""The minimal gated unit, from scratch. No nn.GRU, no optimizer: only linear layers, and weights moved by hand.

The task: copy the first symbol of the sequence to its end.
"""

import sys
from argparse import ArgumentParser

import torch
from torch import nn
from torch.nn.functional import cross_entropy, one_hot

SYMBOLS = 4


class MGUCell(nn.Module):
    """f = sigmoid(W_f [x, h]);  n = tanh(W_n [x, f * h]);  h' = (1 - f) * h + f * n"""

    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.forget = nn.Linear(input_size + hidden_size, hidden_size)
        self.candidate = nn.Linear(input_size + hidden_size, hidden_size)

    def forward(self, x, h):
        f = torch.sigmoid(self.forget(torch.cat([x, h], dim=1)))
        n = torch.tanh(self.candidate(torch.cat([x, f * h], dim=1)))
        return (1 - f) * h + f * n


class Memory(nn.Module):
    def __init__(self, hidden_size):
        super().__init__()
        self.hidden_size = hidden_size
        self.cell = MGUCell(SYMBOLS, hidden_size)
        self.readout = nn.Linear(hidden_size, SYMBOLS)

    def forward(self, symbols):  # (N, T)
        h = torch.zeros(symbols.shape[0], self.hidden_size)
        for x in one_hot(symbols, SYMBOLS).float().unbind(dim=1):
            h = self.cell(x, h)
        return self.readout(h)


def train(updates, lr, length, seed, out=sys.stdout):
    g = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    net = Memory(hidden_size=12)
    for step in range(updates):
        symbols = torch.randint(SYMBOLS, (16, length), generator=g)
        loss = cross_entropy(net(symbols), symbols[:, 0])
        loss.backward()
        with torch.no_grad():
            for w in net.parameters():
                w -= lr * w.grad
                w.grad = None
        if step % 10 == 9:
            print("%5d %.6f" % (step + 1, loss.item()), file=out)
    return net


if __name__ == "__main__":
    ap = ArgumentParser(description=__doc__)
    ap.add_argument("--updates", type=int, default=80)
    ap.add_argument("--lr", type=float, default=0.5)
    ap.add_argument("--length", type=int, default=8)
    ap.add_argument("--seed", type=int, default=2)
    a = ap.parse_args()
    train(a.updates, a.lr, a.length, a.seed)
