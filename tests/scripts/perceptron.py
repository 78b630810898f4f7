"""A small perceptron, without any recurrence, learns two spirals."""

import argparse
import math

import torch
from torch import nn


def spirals(n):
    angle = torch.rand(n) * 3 * math.pi
    label = torch.randint(2, (n,))
    radius = angle / (3 * math.pi)
    turn = angle + math.pi * label
    return torch.stack([radius * turn.cos(), radius * turn.sin()], 1), label


parser = argparse.ArgumentParser()
parser.add_argument("--updates", type=int, default=60)
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()
torch.manual_seed(args.seed)

net = nn.Sequential(nn.Linear(2, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
for update in range(1, args.updates + 1):
    x, y = spirals(64)
    loss = nn.functional.cross_entropy(net(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if update % 10 == 0:
        print(f"{update}: {loss.item():.6f}")
