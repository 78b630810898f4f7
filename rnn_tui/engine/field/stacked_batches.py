"""What M networks read and must predict in a pass: one batch for all, where they share it, or each its own."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from rnn_tui.engine.training.batches_on_device import Dataset, RowsDataset
from rnn_tui.experiment.spec import Experiment

__all__ = ["StackedBatches", "own_steps", "read_by_all"]


class StackedBatches:
    """The batches of M members; T time steps, N rows, C characters.

    What is the same for all members has no dimension M.
    """

    def __init__(self, experiments: Sequence[Experiment], datasets: Sequence[Dataset], dtype: torch.dtype) -> None:
        self._seeds = [each.training.seed for each in experiments]
        self._datasets = list(datasets)
        self._dtype = dtype
        self._embeds = experiments[0].network.embedding > 0
        self._is_shared = all(each is datasets[0] for each in datasets)
        self._never_changes = self._is_shared and isinstance(datasets[0], RowsDataset)
        self._pass = 0
        self.x: Tensor  # (T, N, C) or (M, T, N, C)
        self.y: Tensor  # (1, T, N) or (M, T, N)
        self.scored: Tensor  # likewise; NONE where no prediction is scored
        self.own: Tensor | None  # (1 or M, T, N, 1) which steps belong to a row; None: all
        self.targets: Tensor  # (1 or M,) how many there are on the average of the rows

    @property
    def first(self) -> Dataset:
        """The data of any member."""
        return self._datasets[0]

    @property
    def rows(self) -> int:
        """Rows in a batch."""
        return self.first.rows

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these members alone, by their places."""
        self._seeds = [self._seeds[row] for row in rows]
        self._datasets = [self._datasets[row] for row in rows]
        if not self._is_shared and self._pass:
            self._hold()

    def begin(self, number: int) -> None:
        """Hold the batches of a pass, counted from 1."""
        if self._never_changes and self._pass:
            return
        self._pass = number
        distinct = {id(each): (each, seed) for each, seed in zip(self._datasets, self._seeds, strict=True)}
        for dataset, seed in distinct.values():
            dataset.begin(number, seed)
        self._hold()

    def carries_into(self, number: int) -> bool:
        """Tell whether the state of the pass before may be kept in that one."""
        return self.first.carries_into(number)

    def _hold(self) -> None:
        sets = [self.first] if self._is_shared else self._datasets
        length = self.first.length
        x = torch.stack([read_by_all(each.x(0, length), each, self._dtype, embeds=self._embeds) for each in sets])
        self.x = x[0] if self._is_shared else x
        self.y = torch.stack([each.y(0, length) for each in sets]).to(self._dtype if self._is_numbers else torch.int64)
        scored = [each.scored for each in sets]
        assert all(each is not None for each in scored)
        self.scored = torch.stack([each for each in scored if each is not None])
        self.targets = torch.tensor([each.targets_by(length) for each in sets], dtype=self._dtype)
        lengths = [each.lengths for each in sets]
        owns = [own_steps(each, length, self.first.rows) for each in lengths]
        self.own = torch.stack(owns) if any(each is not None for each in lengths) else None

    @property
    def _is_numbers(self) -> bool:
        return self.first.inputs.is_floating_point()


def read_by_all(x: Tensor, dataset: Dataset, dtype: torch.dtype, *, embeds: bool) -> Tensor:
    """Return what a batch is read as, (T, N, C), time first: one-hot, also where an embedding reads it, or numbers."""
    x = x.transpose(0, 1) if dataset.batch_first else x
    return (F.one_hot(x, len(dataset.vocabulary)) if embeds else x).to(dtype)


def own_steps(lengths: Tensor | None, steps: int, rows: int) -> Tensor:
    """Return which steps belong to a row, (T, N, 1); lengths (N,), or None: all of them."""
    if lengths is None:
        return torch.ones(steps, rows, 1, dtype=torch.bool)
    return (torch.arange(steps)[:, None] < lengths)[..., None]
