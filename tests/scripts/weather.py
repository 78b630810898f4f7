"""Tomorrow's temperature from two weeks of numbers: a batch_first GRU, MSE, no tokens anywhere."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class Config:
    updates: int = 40
    batch_size: int = 16
    hidden_size: int = 20
    lr: float = 0.01
    days: int = 14
    seed: int = 7


class Forecaster(nn.Module):
    def __init__(self, features: int, hidden_size: int) -> None:
        super().__init__()
        self.gru = nn.GRU(features, hidden_size, num_layers=2, batch_first=True)
        self.norm = nn.LayerNorm(hidden_size)
        self.linear = nn.Linear(hidden_size, 1)

    def forward(self, x: Tensor) -> Tensor:
        output, _ = self.gru(x)  # (N, T, H)
        return self.linear(self.norm(output[:, -1])).squeeze(-1)


def synthetic_weather(days: int) -> Tensor:
    """Temperature, pressure and wind, standardised: (days, 3)."""
    t = torch.arange(days, dtype=torch.float32)
    season = torch.sin(2 * torch.pi * t / 365)
    pressure = torch.cumsum(torch.randn(days) * 0.3, 0) * 0.1
    temperature = season + 0.5 * torch.sin(t / 3) - 0.3 * pressure + 0.1 * torch.randn(days)
    wind = torch.randn(days).abs() - pressure
    table = torch.stack([temperature, pressure, wind], dim=1)
    return (table - table.mean(0)) / table.std(0)


def windows(table: Tensor, length: int) -> TensorDataset:
    x = table.unfold(0, length, 1)[:-1].transpose(1, 2)  # (n, T, 3)
    return TensorDataset(x, table[length:, 0])


def run(config: Config) -> None:
    torch.manual_seed(config.seed)
    table = synthetic_weather(500)
    train = DataLoader(windows(table[:400], config.days), batch_size=config.batch_size, shuffle=True, drop_last=True)
    test = DataLoader(windows(table[400:], config.days), batch_size=64)
    model = Forecaster(table.shape[1], config.hidden_size)
    loss_fn = nn.MSELoss()
    optimizer = torch.optim.AdamW(
        [
            {"params": model.gru.parameters()},
            {
                "params": [*model.norm.parameters(), *model.linear.parameters()],
                "lr": config.lr / 2,
                "weight_decay": 0.0,
            },
        ],
        lr=config.lr,
    )
    update = 0
    while update < config.updates:
        model.train()
        for x, y in train:
            optimizer.zero_grad(set_to_none=True)
            loss = loss_fn(model(x), y)
            loss.backward()
            optimizer.step()
            update += 1
            if update % 10 == 0:
                print(f"update={update} mse={loss.item():.6f}")
            if update >= config.updates:
                break
        model.eval()
        with torch.inference_mode():
            errors = [loss_fn(model(x), y).item() * len(x) for x, y in test]
        print(f"test mse={sum(errors) / len(test.dataset):.6f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name, value in vars(Config()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    run(Config(**vars(parser.parse_args())))
