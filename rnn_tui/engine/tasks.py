"""Texts and series into tensors."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from rnn_tui.batches import Batches
from rnn_tui.corpus import Corpus, read_corpus
from rnn_tui.experiment import Experiment
from rnn_tui.series import TimeSeries, read_series

__all__ = ["LongTask", "RowsTask", "SeriesTask", "Source", "Task", "TextTask", "build_task"]

Source = Corpus | TimeSeries


class Task:
    """What a pass reads and must say, time first: T time steps, N rows, C characters in the vocabulary.

    For a series C is 1, and indices are numbers in float32.
    """

    batches = 1  # passes in an epoch
    inputs: Tensor  # (T, N) indices, on the CPU
    targets: Tensor | None  # (T, N), where something is learnt
    _x: Tensor  # what the model reads, on its device
    _y: Tensor | None

    def __init__(self, experiment: Experiment, device: torch.device) -> None:
        self.vocabulary = experiment.vocabulary
        self.length = experiment.length
        self.rows = experiment.rows
        self.batch_first = experiment.network.batch_first
        self._device = device

    def begin(self, number: int, seed: int) -> None:
        """Hold the batch of a pass, counted from 1. It depends on the number and the seed alone."""

    def carries_into(self, number: int) -> bool:
        """Whether the rows of that pass go on where those of the pass before have ended, so that the state may too."""
        del number
        return False

    def x(self, start: int, stop: int) -> Tensor:
        """What the model reads at start..stop-1: (t, N, C) one-hot or (t, N) indices, batch first if so set."""
        if stop - start == self.length:
            return self._x
        return self._x[:, start:stop] if self.batch_first else self._x[start:stop]

    def y(self, start: int, stop: int) -> Tensor:
        """The right answers there, (t, N) indices, always time first."""
        assert self._y is not None
        return self._y[start:stop]

    @property
    def characters(self) -> Tensor:
        """(T, N) what is read, as indices into the vocabulary; zeros where it is numbers, which are no characters."""
        return torch.zeros_like(self.inputs, dtype=torch.int64) if self.inputs.is_floating_point() else self.inputs

    def text(self, indices: Tensor) -> str:
        """Indices (T, N) as text, the rows apart by a space."""
        return " ".join("".join(map(self.vocabulary.__getitem__, row)) for row in indices.T.tolist())


class RowsTask(Task):
    """A few rows of one length: one batch, the same in every pass."""

    def __init__(self, experiment: Experiment, device: torch.device) -> None:
        super().__init__(experiment, device)
        index = {character: i for i, character in enumerate(self.vocabulary)}

        def indices(rows: Sequence[str]) -> Tensor:
            return torch.tensor(
                [[index[character] for character in row] for row in rows], dtype=torch.int64
            ).T.contiguous()

        self.inputs = indices(experiment.data.inputs)
        self.targets = indices(experiment.data.targets) if experiment.data.targets else None
        if experiment.network.embedding:
            x = self.inputs.to(device)  # (T, N)
        else:
            x = F.one_hot(self.inputs, len(self.vocabulary)).to(device, torch.float32)  # (T, N, C)
        self._x = x.transpose(0, 1).contiguous() if self.batch_first else x
        self._y = None if self.targets is None else self.targets.to(device)


class LongTask(Task):
    """A text or a series: another batch of it in every pass."""

    def __init__(self, experiment: Experiment, device: torch.device, source: Source) -> None:
        """Raises ExperimentError where it is too short. Whoever inherits begins the first pass."""
        super().__init__(experiment, device)
        self.plan = Batches(len(source), experiment.data)
        self.batches = self.plan.count
        self._learns = experiment.training.learn
        self._steps = torch.arange(self.length + 1)[:, None].numpy()  # (T+1, 1)

    def begin(self, number: int, seed: int) -> None:
        """Hold the batch of a pass: N sequences, and as targets the same one step later."""
        both = self.at(self.plan.starts(number, seed) + self._steps)
        self.inputs, self.targets = both[:-1], both[1:] if self._learns else None
        self._x, self._y = self.tensors(both)

    def at(self, places: NDArray[np.int64]) -> Tensor:
        """What stands at those places, (...), on the CPU."""
        raise NotImplementedError

    def tensors(self, both: Tensor) -> tuple[Tensor, Tensor]:
        """What stands at the places of some rows (T+1, N), as what the model reads, and the right answers."""
        there = both.to(self._device)
        x = there[:-1].T.contiguous() if self.batch_first else there[:-1]
        return self.read(x), there[1:]

    def read(self, x: Tensor) -> Tensor:
        """Indices or numbers (T, N) as what the model reads, in that order of the dimensions."""
        raise NotImplementedError

    def carries_into(self, number: int) -> bool:
        """Within an epoch, where it is stateful."""
        return self.plan.stateful and not self.plan.begins_epoch(number)


class TextTask(LongTask):
    """A text."""

    def __init__(self, experiment: Experiment, device: torch.device, corpus: Corpus) -> None:
        """Raises ExperimentError where the text is too short."""
        super().__init__(experiment, device, corpus)
        self.corpus = corpus
        one_hot = not experiment.network.embedding
        self._vectors = torch.eye(len(self.vocabulary), device=device) if one_hot else None  # (C, C)
        self.begin(1, experiment.training.seed)

    def at(self, places: NDArray[np.int64]) -> Tensor:
        """The characters at those places, as indices into the vocabulary."""
        return torch.from_numpy(self.corpus.indices(places))

    def read(self, x: Tensor) -> Tensor:
        """(T, N, C) one-hot, or (T, N) as they are."""
        return x if self._vectors is None else F.embedding(x, self._vectors)


class SeriesTask(LongTask):
    """A series of numbers, standardised by the mean and the deviation of what is learnt."""

    def __init__(self, experiment: Experiment, device: torch.device, series: TimeSeries) -> None:
        """Raises ExperimentError where the series is too short, or constant."""
        super().__init__(experiment, device, series)
        self.series = series
        self.scale = series.scale(self.plan.learnt)
        self._numbers = torch.from_numpy(self.scale.standardised(series.values))  # (n,)
        self.begin(1, experiment.training.seed)

    def at(self, places: NDArray[np.int64]) -> Tensor:
        """The numbers at those places."""
        return self._numbers[torch.from_numpy(places)]

    def read(self, x: Tensor) -> Tensor:
        """(T, N, 1)."""
        return x[..., None]

    def in_units(self, numbers: Tensor) -> NDArray[np.float32]:
        """Standardised numbers in the units of the series."""
        values = numbers.detach().cpu().double().numpy() * self.scale.deviation + self.scale.mean
        return values.astype(np.float32)


def build_task(experiment: Experiment, device: torch.device, source: Source | None = None) -> Task:
    """The data of an experiment, whose vocabulary is known; `source` where it has been read already.

    Raises ExperimentError for a text or a series that cannot be read, or is too short.
    """
    data = experiment.data
    if data.text:
        return TextTask(experiment, device, source if isinstance(source, Corpus) else read_corpus(data))
    if data.series:
        series = source if isinstance(source, TimeSeries) else read_series(data, experiment.training.seed)
        return SeriesTask(experiment, device, series)
    return RowsTask(experiment, device)
