"""Learn to go on with sine waves, in float64 with LBFGS; after the fit, write the continuation of the first wave."""

from __future__ import print_function

import argparse

import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim


class Sequence(nn.Module):
    def __init__(self, size):
        super(Sequence, self).__init__()
        self.size = size
        self.lstm1 = nn.LSTMCell(1, size)
        self.lstm2 = nn.LSTMCell(size, size)
        self.linear = nn.Linear(size, 1)

    def forward(self, input, future=0):
        outputs = []
        n = input.size(0)
        h1 = torch.zeros(n, self.size, dtype=torch.double)
        c1 = torch.zeros(n, self.size, dtype=torch.double)
        h2 = torch.zeros(n, self.size, dtype=torch.double)
        c2 = torch.zeros(n, self.size, dtype=torch.double)

        for value in input.split(1, dim=1):
            h1, c1 = self.lstm1(value, (h1, c1))
            h2, c2 = self.lstm2(h1, (h2, c2))
            output = self.linear(h2)
            outputs += [output]
        for _ in range(future):  # its own predictions from here on
            h1, c1 = self.lstm1(output, (h1, c1))
            h2, c2 = self.lstm2(h1, (h2, c2))
            output = self.linear(h2)
            outputs += [output]
        return torch.cat(outputs, dim=1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--updates", type=int, default=3, help="steps of LBFGS")
    parser.add_argument("--closures", type=int, default=4, help="evaluations of the loss in each step, at most")
    parser.add_argument("--length", type=int, default=25)
    parser.add_argument("--seed", type=int, default=0)
    opt = parser.parse_args()

    np.random.seed(opt.seed)
    torch.manual_seed(opt.seed)
    shift = np.random.randint(-80, 80, (12, 1))
    waves = np.sin((np.arange(opt.length + 1) + shift) / 5.0)
    input, target = torch.from_numpy(waves[3:, :-1]), torch.from_numpy(waves[3:, 1:])
    test_input, test_target = torch.from_numpy(waves[:3, :-1]), torch.from_numpy(waves[:3, 1:])

    seq = Sequence(12).double()
    criterion = nn.MSELoss()
    optimizer = optim.LBFGS(seq.parameters(), lr=0.8, max_iter=opt.closures, max_eval=opt.closures)
    for i in range(opt.updates):
        print("STEP:", i)

        def closure():
            optimizer.zero_grad()
            out = seq(input)
            loss = criterion(out, target)
            print("loss:", loss.item())
            loss.backward()
            return loss

        optimizer.step(closure)
        with torch.no_grad():
            pred = seq(test_input, future=10)
            loss = criterion(pred[:, :-10], test_target)
            print("test loss:", loss.item())
    print("wave:", " ".join("%.3f" % value for value in pred[0, -10:]))
