"""An experiment together with its data: on a file, with the vocabulary and the sizes found there."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from rnn_tui.data.batches import Batches, PairBatches
from rnn_tui.data.builtin import seed_of
from rnn_tui.data.made_up.python_source import origin, python_source
from rnn_tui.data.pairs import Pairs, read_pairs
from rnn_tui.data.series_columns import SeriesColumns, forget_series, read_series
from rnn_tui.data.text import Corpus, file_version
from rnn_tui.data.token_text import read_tokens
from rnn_tui.experiment.memory import check_memory
from rnn_tui.experiment.rules.data import NEVER_LEARNT
from rnn_tui.experiment.settings import as_read
from rnn_tui.experiment.spec import PYTHON_SOURCE, Data, Experiment, ExperimentError
from rnn_tui.experiment.validate import from_dict, to_dict

__all__ = ["LoadedData", "check_file", "load"]


@dataclass(frozen=True, kw_only=True)
class LoadedData:
    """An experiment before and after its data were read; without a file they are one."""

    given: Experiment  # with no vocabulary where that is the file's own, and so for the sizes of pairs
    experiment: Experiment  # that can run
    source: Corpus | Pairs | SeriesColumns | None = None
    origin: str = ""  # what identifies the data, where they differ from machine to machine


def load(experiment: Experiment) -> LoadedData:
    """Read what there is to read. Raises ExperimentError for an unsound experiment, or an unreadable file."""
    experiment = from_dict(to_dict(experiment))  # it may come over a wire, where the rules are not checked
    data = experiment.data
    if data.pairs:
        return _read_pairs(experiment)
    if data.series:
        series = read_series(data, experiment.training.seed)
        series.scales(Batches(len(series), data).learnt)  # raises where it is too short, or constant
        return LoadedData(given=experiment, experiment=experiment, source=series)
    if not data.text:
        return LoadedData(given=experiment, experiment=experiment)
    corpus = _corpus(_as_read(data), seed_of(data, experiment.training.seed), file_version(data.text))
    given = _with(experiment, vocabulary="" if corpus.is_sorted else corpus.vocabulary)
    experiment = from_dict(to_dict(_with(experiment, vocabulary=corpus.vocabulary)))
    check_memory(experiment)
    Batches(len(corpus), data)  # raises where the text is too short
    found = origin(python_source()) if data.text == PYTHON_SOURCE else ""
    return LoadedData(given=given, experiment=experiment, source=corpus, origin=found)


def _as_read(data: Data) -> Data:
    """Return the settings that decide what is read; of words also the hold-out: what is learnt is the vocabulary."""
    return msgspec.structs.replace(as_read(data), holdout=data.holdout if data.tokens == "word" else 0.0)


def _read_pairs(experiment: Experiment) -> LoadedData:
    data = experiment.data
    pairs = _pairs(_as_read(data), seed_of(data, experiment.training.seed), file_version(data.pairs))
    plan = PairBatches(len(pairs), data)
    longest = int(pairs.lengths[: plan.learnt].max())  # what is held out may be longer, and is read by itself
    if data.length and data.length < longest:
        raise ExperimentError(
            "data.length", f"{data.length} is too short: the longest pair has {longest:,} time steps; 0 stands for them"
        )
    if "learnt" in experiment.run.until and plan.count > 1:
        raise ExperimentError("run.until", NEVER_LEARNT, value="learnt")
    given = _with(
        experiment,
        vocabulary="" if pairs.is_sorted else pairs.vocabulary,
        labels=() if pairs.has_own_labels else pairs.labels,
        batch=0 if plan.rows == plan.learnt else plan.rows,
        length=0 if data.length in (0, longest) else data.length,
    )
    found = {
        "vocabulary": pairs.vocabulary,
        "labels": pairs.labels,
        "batch": plan.rows,
        "length": data.length or longest,
    }
    experiment = from_dict(to_dict(_with(experiment, **found)))
    check_memory(experiment)
    return LoadedData(given=given, experiment=experiment, source=pairs)


@lru_cache(maxsize=1)
def _pairs(data: Data, seed: int, version: tuple[int, int]) -> Pairs:
    del version
    return read_pairs(data, seed)


def check_file(experiment: Experiment) -> None:
    """Raise ExperimentError where its file cannot be learnt; nothing of it is kept in memory."""
    try:
        load(experiment)
    finally:
        _corpus.cache_clear()
        _pairs.cache_clear()
        forget_series()


@lru_cache(maxsize=1)  # so that beginning again does not read it again, nor hold it twice
def _corpus(data: Data, seed: int, version: tuple[int, int]) -> Corpus:
    del version
    return read_tokens(data, seed)


def _with(experiment: Experiment, **found: Any) -> Experiment:
    """Return the experiment with what has been found in its data."""
    return msgspec.structs.replace(experiment, data=msgspec.structs.replace(experiment.data, **found))
