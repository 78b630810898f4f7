"""In how many pairs of each length all is right: what a network does beyond the lengths that it has learnt."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from rnn_tui.data.pairs import NONE, Pairs
from rnn_tui.engine.network.model import drawn_state
from rnn_tui.engine.training.batches_on_device import PairsDataset
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.spec import Task

__all__ = ["AtLength", "accuracy_by_length", "input_lengths"]

_ROWS = 256  # that are read at once


@dataclass(frozen=True, kw_only=True)
class AtLength:
    """What was found at one length of the input, in time steps."""

    length: int
    right: int  # rows in which every target is predicted
    rows: int
    learnt: bool  # whether any of this length are learnt; the others are held out


def accuracy_by_length(trainer: Trainer, most: int = 0) -> list[AtLength]:
    """Read pairs of every length and count those that are right, in the order of the lengths.

    `most`: so many pairs of a length at most, evenly chosen; 0: all. Of lengths of which some are held out, these are
    counted. Neither the weights nor the state and the random numbers of the run are touched.
    """
    dataset = trainer.dataset
    assert isinstance(dataset, PairsDataset)
    lengths = input_lengths(dataset.pairs, trainer.experiment.data.task)
    kept = np.arange(len(lengths)) >= dataset.plan.learnt
    known = set(lengths[~kept].tolist())
    of_length = {}
    for length in np.unique(lengths).tolist():
        there = lengths == length
        chosen = np.flatnonzero(there & kept) if (there & kept).any() else np.flatnonzero(there)
        if most and len(chosen) > most:
            chosen = chosen[np.linspace(0, len(chosen) - 1, most).astype(int)]
        of_length[length] = chosen
    is_right = np.zeros(len(lengths), bool)
    for part in _parts(np.concatenate([*of_length.values()])):  # the short first, so that little is padding
        is_right[part] = _right(trainer, dataset, part)
    return [
        AtLength(length=length, right=int(is_right[chosen].sum()), rows=len(chosen), learnt=length in known)
        for length, chosen in of_length.items()
    ]


def input_lengths(pairs: Pairs, task: Task) -> NDArray[np.int64]:
    """Return (pairs,) the time steps of the input of each: of one-to-many those before its answer is read as well."""
    if task != "one-to-many":
        return pairs.lengths
    steps = np.arange(len(pairs.targets)) - np.repeat(pairs.starts, pairs.lengths)
    first: NDArray[np.int64] = np.minimum.reduceat(np.where(pairs.targets == NONE, len(steps), steps), pairs.starts)
    return first + 1


def _parts(chosen: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(chosen), _ROWS):
        yield chosen[start : start + _ROWS]


@torch.no_grad()
def _right(trainer: Trainer, dataset: PairsDataset, chosen: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return (n,) in which of these pairs every target is predicted."""
    x, y, lengths = dataset.piece(chosen)
    model = trainer.model
    training = model.training
    model.eval()
    try:
        logits, _ = model(x, drawn_state(trainer.experiment, len(chosen), trainer.device), lengths)
    finally:
        model.train(training)
    logits = logits.transpose(0, 1) if dataset.batch_first else logits
    right: NDArray[np.bool_] = ((logits.argmax(-1) == y) | (y == NONE)).all(0).cpu().numpy()
    return right
