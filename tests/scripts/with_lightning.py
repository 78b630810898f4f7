"""A LightningModule and its Trainer: a GRU says whether a walk has come home."""

import argparse

import lightning as L
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Walks(L.LightningModule):
    def __init__(self, hidden_size=12, lr=0.01):
        super().__init__()
        self.save_hyperparameters()
        self.gru = nn.GRU(1, hidden_size, batch_first=True)
        self.fc = nn.Linear(hidden_size, 2)

    def forward(self, x):
        return self.fc(self.gru(x)[1][-1])

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = nn.functional.cross_entropy(self(x), y)
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch, batch_idx):
        x, y = batch
        self.log("val_loss", nn.functional.cross_entropy(self(x), y))

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=self.hparams.lr)


def walks(n):
    steps = 2.0 * torch.randint(2, (n, 10, 1)) - 1
    return TensorDataset(steps, (steps.sum((1, 2)) == 0).long())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--updates", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    L.seed_everything(args.seed)
    model = Walks()
    trainer = L.Trainer(
        max_steps=args.updates,
        accelerator="cpu",
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
    )
    trainer.fit(model, DataLoader(walks(400), batch_size=16, shuffle=True), DataLoader(walks(64), batch_size=16))
    print("loss", f"{trainer.callback_metrics['train_loss'].item():.6f}")
