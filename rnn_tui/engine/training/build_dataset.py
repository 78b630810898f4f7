"""The data of an experiment as tensors: rows, a text, pairs or a series, each in its own way."""

import torch

from rnn_tui.data.pairs import Pairs, pairs_of, read_pairs
from rnn_tui.data.series_columns import SeriesColumns, read_series
from rnn_tui.data.share import WHOLE, Share
from rnn_tui.data.text import Corpus
from rnn_tui.data.token_text import read_tokens
from rnn_tui.engine.training.batches_on_device import Dataset, PairsDataset, RowsDataset, Source, TextDataset
from rnn_tui.engine.training.series_on_device import SeriesDataset
from rnn_tui.experiment.spec import Experiment

__all__ = ["build_dataset"]


def build_dataset(
    experiment: Experiment, device: torch.device, source: Source | None = None, share: Share = WHOLE
) -> Dataset:
    """Build the data of an experiment, whose vocabulary is known; `source` where its file has been read already.

    `share` is which rows of each batch this process computes. Raises ExperimentError for a file that cannot be read,
    and for a text or a series that is too short.
    """
    data = experiment.data
    if data.padded:
        if not isinstance(source, Pairs):
            source = (
                read_pairs(data, experiment.training.seed) if data.pairs else pairs_of(data, data.inputs, data.targets)
            )
        return PairsDataset(experiment, device, source, share)
    if data.text:
        corpus = source if isinstance(source, Corpus) else read_tokens(data, experiment.training.seed)
        return TextDataset(experiment, device, corpus, share)
    if data.series:
        series = source if isinstance(source, SeriesColumns) else read_series(data, experiment.training.seed)
        return SeriesDataset(experiment, device, series, share)
    return RowsDataset(experiment, device, share)
