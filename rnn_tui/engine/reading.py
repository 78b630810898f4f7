"""What only the data can tell: the vocabulary that a text turns out to have, the values of a series."""

import os
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from rnn_tui.corpus import Corpus, read_corpus
from rnn_tui.experiment import Data, Experiment
from rnn_tui.memory import check_memory
from rnn_tui.rules import from_dict, to_dict
from rnn_tui.series import TimeSeries, read_series

__all__ = ["Reading", "read"]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """An experiment before and after its data were read; only a text makes a difference."""

    given: Experiment  # with no vocabulary where that is the text's own
    experiment: Experiment  # that can run
    source: Corpus | TimeSeries | None = None


def read(experiment: Experiment) -> Reading:
    """Read what there is to read. Raises ExperimentError for an unsound experiment, or unreadable data."""
    experiment = from_dict(to_dict(experiment))  # it may come over a wire, where the rules are not checked
    data = experiment.data
    if data.series:
        series = read_series(data, experiment.training.seed)
        return Reading(given=experiment, experiment=experiment, source=series)
    if not data.text:
        return Reading(given=experiment, experiment=experiment)
    corpus = _corpus(data.text, data.encoding, data.vocabulary, _version(data.text))
    given = _with_vocabulary(experiment, "" if corpus.is_sorted else corpus.vocabulary)
    experiment = from_dict(to_dict(_with_vocabulary(experiment, corpus.vocabulary)))
    check_memory(experiment)
    return Reading(given=given, experiment=experiment, source=corpus)


@lru_cache(maxsize=1)  # so that beginning again does not read it again, nor hold it twice
def _corpus(text: str, encoding: str, vocabulary: str, version: tuple[int, int]) -> Corpus:
    del version
    return read_corpus(Data(inputs=(), text=text, encoding=encoding, vocabulary=vocabulary))


def _version(text: str) -> tuple[int, int]:
    """What changes with a file: its time and its size."""
    try:
        found = os.stat(text)
    except (OSError, ValueError):
        return 0, 0  # reading it will say why
    return found.st_mtime_ns, found.st_size


def _with_vocabulary(experiment: Experiment, vocabulary: str) -> Experiment:
    return msgspec.structs.replace(experiment, data=msgspec.structs.replace(experiment.data, vocabulary=vocabulary))
