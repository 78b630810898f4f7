"""The cost of guessing: the loss of predicting how often each answer comes, and nothing else.

Of characters that is the entropy of their frequencies in what is learnt, H = −Σ f ln f, in nats: ln k where k answers
come equally often. Of numbers it is their variance, the squared error of always predicting the mean, averaged over the
columns that are predicted. Steps that are not scored cost nothing, as if they were known. A loss that has come no lower
has learnt nothing of what it is asked.
"""

import math

import numpy as np
from numpy.typing import NDArray

from rnn_tui.data.pairs import NONE
from rnn_tui.engine.training.batches_on_device import Dataset, PairsDataset, TextDataset
from rnn_tui.engine.training.series_on_device import SeriesDataset
from rnn_tui.engine.training.trainer import Trainer

__all__ = ["entropy", "guessing"]

_MOST = 1 << 22  # characters of a text that are counted: of a longer one, as many evenly spread


def entropy(counts: NDArray[np.int64]) -> float:
    """Return the entropy of the frequencies that these counts (C,) are of, in nats."""
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum()) + 0.0  # never −0


def guessing(trainer: Trainer) -> float | None:
    """Return the loss of guessing, in the unit of the losses of this run; None where nothing is learnt.

    Per character it is H; as the sum over a row, H for each of its scored steps; as the mean over all steps of a
    row, H times the share of them that is scored.
    """
    if not trainer.learns or trainer.dataset.targets is None:
        return None
    each, share, steps = _known(trainer.dataset)
    experiment = trainer.experiment
    loss = each * share
    return loss * steps if experiment.training.reduction == "sum" and not experiment.data.per_character else loss


def _known(dataset: Dataset) -> tuple[float, float, float]:
    """Return the loss of one scored step, the share of the targets that are scored, and the targets of a row."""
    if dataset.guessing is None:
        dataset.guessing = _computed(dataset)
    return dataset.guessing


def _computed(dataset: Dataset) -> tuple[float, float, float]:
    if isinstance(dataset, SeriesDataset):
        return _variance(dataset), 1.0, dataset.steps_by(dataset.length)
    classes = len(dataset.vocabulary)
    if isinstance(dataset, TextDataset):
        end = dataset.plan.learnt
        found = np.bincount(dataset.corpus.codes[1 : end : math.ceil(end / _MOST)])
        counts = np.zeros(classes, np.int64)
        np.add.at(counts, dataset.corpus.table[np.flatnonzero(found)], found[found > 0])
        return entropy(counts), 1.0, dataset.length
    if isinstance(dataset, PairsDataset):
        return *_of_pairs(dataset, classes), dataset.length
    assert dataset.targets is not None
    scored = dataset.only_scored(dataset.targets).numpy()
    counts = np.bincount(scored[scored != NONE], minlength=classes)
    return entropy(counts), float(counts.sum()) / dataset.targets.numel(), dataset.length


def _variance(dataset: SeriesDataset) -> float:
    """Return the mean squared error of always predicting the mean of what is learnt, averaged over the columns."""
    series, learnt, errors = dataset.series, dataset.plan.learnt, []
    for at in series.says:
        values, scale = series.columns[at].values[:learnt], dataset.scales[at]
        targets = values[series.ahead :]
        if dataset.at_end_alone:
            values = targets = targets[dataset.length - 1 :: dataset.length]
        mean = scale.mean if series.standardise and not dataset.at_end_alone else values.mean()
        errors.append(np.square((targets - mean) / scale.deviation).mean())
    return float(np.mean(errors))


def _of_pairs(dataset: PairsDataset, classes: int) -> tuple[float, float]:
    """Return the loss of one scored step of pairs, and the share of the targets that are scored."""
    pairs, learnt = dataset.pairs, dataset.plan.learnt
    steps = np.arange(len(pairs.targets)) - np.repeat(pairs.starts, pairs.lengths)
    there = pairs.targets != NONE
    there[pairs.lengths[:learnt].sum() :] = False
    scored = there & (steps >= dataset.first_scored)
    return entropy(np.bincount(pairs.targets[scored], minlength=classes)), float(scored.sum()) / float(there.sum())
