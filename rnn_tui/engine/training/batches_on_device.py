"""Rows, texts and pairs as tensors, batch by batch.

Where rows are of different lengths, -1 fills them up, and also stands for the target of a step that has none: it is no
character, its one-hot is all zeros, and no loss counts it.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from rnn_tui.data.batches import Batches, PairBatches, Piece, Places
from rnn_tui.data.pairs import NONE, Pairs
from rnn_tui.data.series_columns import SeriesColumns
from rnn_tui.data.share import WHOLE, Share
from rnn_tui.data.text import Corpus
from rnn_tui.experiment.scored_steps import first_scored
from rnn_tui.experiment.spec import Experiment

__all__ = [
    "Dataset",
    "LongDataset",
    "PairsDataset",
    "RowsDataset",
    "Source",
    "TextDataset",
]

Source = Corpus | Pairs | SeriesColumns


class Dataset:
    """What a pass reads and must predict, time first: T time steps, N rows, C characters in the vocabulary.

    For a series indices are numbers in float32, (T, N, E). Of several processes each holds its own rows alone.
    """

    batches = 1  # passes in an epoch
    source: Source | None = None  # what has been read
    numbers: None = None  # of a script: see `engine/inspect/observed_pass.py`
    guessing: tuple[float, float, float] | None = None  # see `engine/training/guessing.py`, which computes it once
    inputs: Tensor  # (T, N) indices, on the CPU; NONE after the end of a row
    targets: Tensor | None  # (T, N), where something is learnt; NONE where there is none
    lengths: Tensor | None = None  # (N,) of the rows, on the CPU, where they are padded and also read from the right
    _x: Tensor  # what the model reads, on its device
    _y: Tensor | None

    def __init__(self, experiment: Experiment, device: torch.device, share: Share = WHOLE) -> None:
        self.tokenizer = experiment.tokenizer
        self._text_of = experiment.text_of
        self.vocabulary = experiment.vocabulary
        self.length = experiment.length
        self.all_rows = experiment.rows  # of all processes
        self.own_rows = share.rows(self.all_rows)
        self.rows = len(range(self.all_rows)[self.own_rows])
        self.batch_first = experiment.network.batch_first
        self.first_scored = first_scored(experiment.data)
        self._device = device

    def begin(self, number: int, seed: int) -> None:
        """Hold the batch of a pass, counted from 1. It depends on the number and the seed alone."""

    def carries_into(self, number: int) -> bool:
        """Tell whether the rows of that pass continue those of the pass before, so that the state may be kept."""
        del number
        return False

    def steps(self, row: int) -> int:
        """Return the time steps of a row, without its padding."""
        del row
        return self.length

    def targets_by(self, stop: int) -> float:
        """Return how many targets the first `stop` time steps have, on the average of the rows of all processes."""
        return stop

    def x(self, start: int, stop: int) -> Tensor:
        """Return what the model reads at start..stop-1: (t, N, C) one-hot or (t, N) indices, batch first if so set."""
        if stop - start == self.length:
            return self._x
        return self._x[:, start:stop] if self.batch_first else self._x[start:stop]

    def y(self, start: int, stop: int) -> Tensor:
        """Return the targets there, (t, N) indices, always time first; NONE where there are none."""
        assert self._y is not None
        return self._y[start:stop]

    @property
    def tells_learnt(self) -> bool:
        """Whether every pass predicts the same rows, so that it can be told when all of them are right."""
        return self.batches == 1

    @property
    def scored(self) -> Tensor | None:
        """(T, N) the targets that a prediction is scored by; NONE elsewhere, see `rnn_tui.experiment.scored_steps`."""
        return None if self.targets is None else self.only_scored(self.targets)

    def only_scored(self, indices: Tensor) -> Tensor:
        """Return indices (T, N), with NONE at the steps that are not scored."""
        if not self.first_scored:
            return indices
        return torch.cat((torch.full_like(indices[: self.first_scored], NONE), indices[self.first_scored :]))

    @property
    def characters(self) -> Tensor:
        """(T, N) what is read, as indices into the vocabulary; zeros for numbers, which are not characters."""
        return torch.zeros_like(self.inputs, dtype=torch.int64) if self.inputs.is_floating_point() else self.inputs

    def text(self, indices: Tensor) -> str:
        """Turn indices (T, N) into text, a space between the rows; NONE is left out."""
        return " ".join(self._text_of(index for index in row if index >= 0) for row in indices.T.tolist())


class RowsDataset(Dataset):
    """A few rows of one length: one batch, the same in every pass."""

    def __init__(self, experiment: Experiment, device: torch.device, share: Share = WHOLE) -> None:
        super().__init__(experiment, device, share)
        index = {character: i for i, character in enumerate(self.vocabulary)}

        def indices(rows: Sequence[str]) -> Tensor:
            return torch.tensor(
                [[index[character] for character in row] for row in rows[self.own_rows]], dtype=torch.int64
            ).T.contiguous()

        self.inputs = indices(experiment.data.inputs)
        self.targets = indices(experiment.data.targets) if experiment.data.targets else None
        if experiment.network.embedding:
            x = self.inputs.to(device)  # (T, N)
        else:
            x = F.one_hot(self.inputs, len(self.vocabulary)).to(device, torch.float32)  # (T, N, C)
        self._x = x.transpose(0, 1).contiguous() if self.batch_first else x
        self._y = None if self.targets is None else self.targets.to(device)


class LongDataset(Dataset):
    """A text or a series: another batch of it in every pass."""

    def __init__(
        self, experiment: Experiment, device: torch.device, source: Corpus | SeriesColumns, share: Share = WHOLE
    ) -> None:
        """Raise ExperimentError where the source is too short. A subclass begins the first pass."""
        super().__init__(experiment, device, share)
        self.source = source
        self.plan = Batches(len(source), experiment.data)
        self.batches = self.plan.count
        self._learns = experiment.training.learn
        self._steps = torch.arange(self.length + 1)[:, None].numpy()  # (T+1, 1)

    def begin(self, number: int, seed: int) -> None:
        """Hold the batch of a pass: N sequences, and as targets the same one step later."""
        both = self.at(self.plan.starts(number, seed)[self.own_rows] + self._steps)
        self.inputs, self.targets = both[:-1], both[1:] if self._learns else None
        self._x, self._y = self.tensors(both)

    def at(self, places: Places) -> Tensor:
        """Return what stands at those places, (...), on the CPU."""
        raise NotImplementedError

    def tensors(self, both: Tensor) -> tuple[Tensor, Tensor]:
        """Turn what stands at the places of some rows (T+1, N) into what the model reads, and the targets."""
        there = both.to(self._device)
        x = there[:-1].T.contiguous() if self.batch_first else there[:-1]
        return self.read(x), there[1:]

    def read(self, x: Tensor) -> Tensor:
        """Turn indices or numbers (T, N) into what the model reads, in the same order of the dimensions."""
        raise NotImplementedError

    @property
    def tells_learnt(self) -> bool:
        """Never: a text or a series is not predicted as a whole."""
        return False

    def carries_into(self, number: int) -> bool:
        """Tell it within an epoch, where the data are stateful."""
        return self.plan.stateful and not self.plan.begins_epoch(number)

    def held_out_parts(self, most: int) -> list[Piece]:
        """Return what is held out, in pieces; where it is stateful, of at most so many time steps each."""
        return self.plan.held_out_parts(most)

    def piece(self, piece: Piece) -> tuple[Tensor, Tensor, None]:
        """Return what the model reads of a piece, and the targets; no row of it is padded."""
        return *self.tensors(self.at(piece.places)), None


class TextDataset(LongDataset):
    """A text."""

    def __init__(self, experiment: Experiment, device: torch.device, corpus: Corpus, share: Share = WHOLE) -> None:
        """Raise ExperimentError where the text is too short."""
        super().__init__(experiment, device, corpus, share)
        self.corpus = corpus
        one_hot = not experiment.network.embedding
        self._vectors = torch.eye(len(self.vocabulary), device=device) if one_hot else None  # (C, C)
        self.begin(1, experiment.training.seed)

    def at(self, places: Places) -> Tensor:
        """Return the characters at those places, as indices into the vocabulary."""
        return torch.from_numpy(self.corpus.indices(places))

    def read(self, x: Tensor) -> Tensor:
        """Return (T, N, C) one-hot, or (T, N) as they are."""
        return x if self._vectors is None else F.embedding(x, self._vectors)


class PairsDataset(Dataset):
    """Pairs, padded to one length: all of them in every pass, or another batch."""

    def __init__(self, experiment: Experiment, device: torch.device, pairs: Pairs, share: Share = WHOLE) -> None:
        """Raise ExperimentError where there are too few."""
        super().__init__(experiment, device, share)
        self.source = self.pairs = pairs
        data = experiment.data
        self.plan = PairBatches(len(pairs), data if data.pairs else msgspec.structs.replace(data, batch=0))
        self.all_rows, self.batches = self.plan.rows, self.plan.count
        self.own_rows = share.rows(self.all_rows)
        self.rows = len(range(self.all_rows)[self.own_rows])
        vectors = torch.eye(len(self.vocabulary) + 1, len(self.vocabulary), device=device)  # (C+1, C): the last is 0
        self._vectors = None if experiment.network.embedding else vectors
        self._chosen: Places | None = None
        self._both_ways = experiment.network.bidirectional
        self.begin(1, experiment.training.seed)

    def begin(self, number: int, seed: int) -> None:
        """Hold the pairs of a pass."""
        everywhere = self.plan.chosen(number, seed)
        if self._chosen is not None and np.array_equal(everywhere, self._chosen):
            return
        self._chosen = everywhere
        inputs, targets = map(torch.from_numpy, self.pairs.batch(everywhere, self.length))
        counts = (targets != NONE).sum(1).cumsum(0)  # (T,) targets by then
        self._targets_by: list[float] = [0.0, *(counts / self.all_rows).tolist()]
        self.inputs, self.targets = inputs[:, self.own_rows], targets[:, self.own_rows]
        self._x, self._y = self._tensors(self.inputs, self.targets)
        chosen = everywhere[self.own_rows]
        self._steps: list[int] = self.pairs.lengths[chosen].tolist()
        self.lengths = self._lengths(chosen, self.length)

    def steps(self, row: int) -> int:
        """Return them without the padding."""
        return self._steps[row]

    def targets_by(self, stop: int) -> float:
        """Count them without the steps that have no target."""
        return self._targets_by[stop]

    def held_out_parts(self) -> list[Places]:
        """Return what is held out, batch by batch."""
        return self.plan.held_out_parts()

    def piece(self, chosen: Places) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return what the model reads of some pairs, the targets, and the lengths of the rows as `lengths` has them."""
        steps = int(self.pairs.lengths[chosen].max())
        inputs, targets = self.pairs.batch(chosen, steps)
        x, y = self._tensors(torch.from_numpy(inputs), torch.from_numpy(targets))
        return x, y, self._lengths(chosen, steps)

    def _lengths(self, chosen: Places, steps: int) -> Tensor | None:
        lengths = torch.from_numpy(self.pairs.lengths[chosen])
        return lengths if self._both_ways and int(lengths.min()) < steps else None

    def _tensors(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        x = inputs.to(self._device)
        x = x.T.contiguous() if self.batch_first else x
        none = 0 if self._vectors is None else len(self.vocabulary)  # any embedding will do: nothing comes of it
        x = x.where(x != NONE, none)
        return (x if self._vectors is None else F.embedding(x, self._vectors)), targets.to(self._device)
