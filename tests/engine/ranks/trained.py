"""Experiments on small files, and their trainers: in this process alone, or shared with others."""

from pathlib import Path
from typing import Any

import torch

from rnn_tui.data.load import load
from rnn_tui.engine.ranks.ranks import Ranks
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict

__all__ = ["CPU", "ROWS", "alone", "experiment", "losses", "shared"]

CPU = torch.device("cpu")
ROWS = {
    "data": {"inputs": ["ab", "ba"], "targets": ["ba", "ab"]},
    "training": {"tick": "sequence"},
    "network": {"hidden_size": 2},
}


def experiment(
    files: Path, kind: str = "text", data: dict[str, Any] | None = None, **sections: dict[str, Any]
) -> Experiment:
    name = {"text": "text.txt", "pairs": "pairs.tsv", "series": "series.csv"}[kind]
    sizes = {"batch": 5} if kind == "pairs" else {"batch": 5, "length": 12}
    given = {"data": {kind: str(files / name), **sizes, **(data or {})}, **sections}
    given["network"] = {"hidden_size": 8, "head": "linear", **given.get("network", {})}
    given["training"] = {"tick": "sequence", "lr": 0.01, **given.get("training", {})}
    return from_dict(given)


def losses(trainer: Trainer, updates: int = 50) -> list[float]:
    found = []
    for _ in range(updates):
        trainer.tick()
        assert trainer.total is not None
        found.append(trainer.total.item())
    return found


def alone(trained: Experiment) -> Trainer:
    data = load(trained)
    return Trainer(data.experiment, CPU, data.source)


def shared(trained: Experiment, ranks: Ranks) -> Trainer:
    return ranks.build_trainer(load(trained), CPU)
