"""Text into tensors."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from rnn_tui.experiment import Experiment

__all__ = ["Task"]


class Task:
    """The data of an experiment as tensors, time first: T time steps, N rows, C characters in the vocabulary."""

    def __init__(self, experiment: Experiment, device: torch.device) -> None:
        self.vocabulary = experiment.vocabulary
        self.length = experiment.length
        self.batch_first = experiment.network.batch_first
        index = {character: i for i, character in enumerate(self.vocabulary)}

        def indices(rows: Sequence[str]) -> Tensor:
            return torch.tensor(
                [[index[character] for character in row] for row in rows], dtype=torch.int64
            ).T.contiguous()

        self.inputs = indices(experiment.data.inputs)  # (T, N)
        self.rows = self.inputs.shape[1]
        self.targets = indices(experiment.data.targets) if experiment.data.targets else None  # (T, N)
        if experiment.network.embedding:
            x = self.inputs.to(device)  # (T, N)
        else:
            x = F.one_hot(self.inputs, len(self.vocabulary)).to(device, torch.float32)  # (T, N, C)
        self._x = x.transpose(0, 1).contiguous() if self.batch_first else x
        self._y = None if self.targets is None else self.targets.to(device)

    def x(self, start: int, stop: int) -> Tensor:
        """What the model reads at start..stop-1: (t, N, C) one-hot or (t, N) indices, batch first if so set."""
        if stop - start == self.length:
            return self._x
        return self._x[:, start:stop] if self.batch_first else self._x[start:stop]

    def y(self, start: int, stop: int) -> Tensor:
        """The right answers there, (t, N) indices, always time first."""
        assert self._y is not None
        return self._y[start:stop]

    def text(self, indices: Tensor) -> str:
        """Indices (T, N) as text, the rows apart by a space."""
        return " ".join("".join(map(self.vocabulary.__getitem__, row)) for row in indices.T.tolist())
