"""Two networks against each other: a generator of waves (LSTM) and a critic of waves (GRU), trained in turn."""

import argparse

import torch
import torch.nn as nn

LENGTH, NOISE = 16, 3


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(NOISE, 16, batch_first=True)
        self.to_value = nn.Linear(16, 1)

    def forward(self, z):
        return torch.tanh(self.to_value(self.lstm(z)[0]))


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(1, 12, batch_first=True)
        self.score = nn.Linear(12, 1)

    def forward(self, waves):
        _, h = self.gru(waves)
        return self.score(h[-1])


def real_waves(n):
    t = torch.arange(LENGTH).float()
    return torch.sin(t / 2 + 6.28 * torch.rand(n, 1)).unsqueeze(-1)


def main(updates, batch_size, seed):
    torch.manual_seed(seed)
    G, D = Generator(), Discriminator()
    opt_g = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.999))
    opt_d = torch.optim.Adam(D.parameters(), lr=2e-3, betas=(0.5, 0.999))
    bce = nn.BCEWithLogitsLoss()
    ones, zeros = torch.ones(batch_size, 1), torch.zeros(batch_size, 1)

    for step in range(1, updates // 2 + 1):  # two updates a step
        # the critic: real waves are 1, made ones are 0
        fake = G(torch.randn(batch_size, LENGTH, NOISE))
        loss_d = bce(D(real_waves(batch_size)), ones) + bce(D(fake.detach()), zeros)
        opt_d.zero_grad()
        loss_d.backward()
        opt_d.step()

        # the generator: the critic should take its waves for real
        loss_g = bce(D(fake), ones)
        opt_g.zero_grad()
        loss_g.backward()
        opt_g.step()
        if step % 5 == 0:
            print(f"{step:4d}  D {loss_d.item():.6f}  G {loss_g.item():.6f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--updates", type=int, default=40)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--seed", type=int, default=11)
    main(**vars(parser.parse_args()))
