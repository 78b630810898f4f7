"""Text into tensors."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from rnn_tui.batches import Batches
from rnn_tui.corpus import Corpus, read_corpus
from rnn_tui.experiment import Experiment

__all__ = ["RowsTask", "Task", "TextTask", "build_task"]


class Task:
    """What a pass reads and must say, time first: T time steps, N rows, C characters in the vocabulary."""

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


class TextTask(Task):
    """A text: another batch of it in every pass."""

    def __init__(self, experiment: Experiment, device: torch.device, corpus: Corpus) -> None:
        """Raises ExperimentError where the text is too short."""
        super().__init__(experiment, device)
        self.corpus = corpus
        self.plan = Batches(len(corpus), experiment.data)
        self.batches = self.plan.count
        self._learns = experiment.training.learn
        self._steps = torch.arange(self.length + 1)[:, None].numpy()  # (T+1, 1)
        one_hot = not experiment.network.embedding
        self._vectors = torch.eye(len(self.vocabulary), device=device) if one_hot else None  # (C, C)
        self.begin(1, experiment.training.seed)

    def begin(self, number: int, seed: int) -> None:
        """Hold the batch of a pass: N sequences, and as targets the same one character later."""
        places = self.plan.starts(number, seed) + self._steps  # (T+1, N)
        both = torch.from_numpy(self.corpus.indices(places))
        self.inputs, self.targets = both[:-1], both[1:] if self._learns else None
        self._x, self._y = self.tensors(both)

    def tensors(self, both: Tensor) -> tuple[Tensor, Tensor]:
        """Indices (T+1, N) as what the model reads, and the right answers."""
        there = both.to(self._device)
        x = there[:-1].T.contiguous() if self.batch_first else there[:-1]
        return (x if self._vectors is None else F.embedding(x, self._vectors)), there[1:]

    def carries_into(self, number: int) -> bool:
        """Within an epoch, where it is stateful."""
        return self.plan.stateful and not self.plan.begins_epoch(number)


def build_task(experiment: Experiment, device: torch.device, corpus: Corpus | None = None) -> Task:
    """The data of an experiment, whose vocabulary is known; `corpus` where its text has been read already.

    Raises ExperimentError for a text that cannot be read, or is too short.
    """
    if experiment.data.text:
        return TextTask(experiment, device, corpus or read_corpus(experiment.data))
    return RowsTask(experiment, device)
