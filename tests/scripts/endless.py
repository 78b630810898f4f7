"""Trains until Ctrl-C, with a progress bar on one line; then it saves what it has, if it was told where."""

import argparse
import itertools
import sys

import torch
from torch import nn

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--updates", type=int, default=0, help="0: until Ctrl-C")
parser.add_argument("--save", metavar="FILE")
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()

torch.manual_seed(args.seed)
rnn = nn.GRU(1, 8)
head = nn.Linear(8, 1)
optimizer = torch.optim.Adam([*rnn.parameters(), *head.parameters()], lr=0.003)

done = 0
try:
    for done in itertools.count(1):
        phase = 6.28 * torch.rand(1, 4, 1)
        wave = torch.sin(torch.arange(13).view(-1, 1, 1) / 2 + phase)
        loss = ((head(rnn(wave[:-1])[0]) - wave[1:]) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        bar = "#" * (done // 5 % 20)
        sys.stdout.write(f"\r[{bar:<20}] {done:6d}  loss {loss.item():.4f}")
        sys.stdout.flush()
        if done == args.updates:
            break
except KeyboardInterrupt:
    print("\ninterrupted", end="")
if args.save:
    torch.save({"rnn": rnn.state_dict(), "head": head.state_dict(), "update": done}, args.save)
print(f"\nstopped after {done} updates")
