"""Adds up bits, until a record of the data turns out to be broken: the script fails at its seventh update."""

import argparse

import torch
from torch import nn


class Adder(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(1, 10, batch_first=True)
        self.out = nn.Linear(10, 1)

    def forward(self, bits):
        return self.out(self.rnn(bits)[0][:, -1])


def records(broken_at):
    for number in range(1, 10**6):
        bits = torch.randint(2, (8, 6, 1)).float()
        if number == broken_at:
            bits = bits[:, :, :0]
        yield bits


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--updates", type=int, default=20)
    parser.add_argument("--broken-at", type=int, default=7)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    model = Adder()
    optimizer = torch.optim.Adam(model.parameters())
    for update, bits in enumerate(records(args.broken_at), 1):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(bits), bits.sum(1))
        loss.backward()
        optimizer.step()
        print(f"update {update} loss {loss.item():.6f}", flush=True)
        if update == args.updates:
            break


if __name__ == "__main__":
    main()
