"""Smaller batches of shorter sequences, and nothing held out, where a file is small."""

import os
from typing import Any

from rnn_tui.experiment.memory import check_memory
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict

__all__ = ["fitting_experiment", "too_short_to_judge"]

_SHORT = 4_000  # bytes of a text below which nothing is kept away: what is left would say little
_FEW = 20  # values of a series: the same
_PASSES = 8  # that an epoch over a small text should have at least


def fitting_experiment(values: dict[str, Any], given: dict[str, Any]) -> Experiment:
    """Return the experiment that values describe; what is not `given`, by paths, is fitted to its file, in the values.

    Raises ExperimentError for what cannot be run.
    """
    if given.get("data.text") or given.get("data.series"):
        _fit(values, given)
    experiment = from_dict(values)
    check_memory(experiment)
    return experiment


def _fit(values: dict[str, Any], given: dict[str, Any]) -> None:
    """Make batches smaller and sequences shorter where the file is small; what is `given` stays.

    Of a text it looks at the size only, and a file that is not there changes nothing. A series is read, to count its
    values. Raises ExperimentError where that cannot be done.
    """
    data = values["data"]
    if data["series"]:
        from rnn_tui.data.series_columns import read_series  # which loads NumPy

        count = len(read_series(from_dict(values).data))
        if count < _FEW and "data.holdout" not in given:
            data["holdout"] = 0.0
        _reduce(data, given, count)
        return
    try:
        size = os.stat(data["text"]).st_size
    except (OSError, ValueError):
        return
    if size < _SHORT and "data.holdout" not in given:
        data["holdout"] = 0.0
    _reduce(data, given, size)


def too_short_to_judge(experiment: Experiment, given: dict[str, Any]) -> str:
    """Return one line that says that `fitted` has left out the hold-out unasked; else an empty text."""
    data = experiment.data
    if "data.holdout" in given or data.holdout or not (given.get("data.text") or given.get("data.series")):
        return ""
    what, least = ("series", f"{_FEW} values") if data.series else ("text", f"{_SHORT:,} bytes")
    return f"nothing is held out: the {what} is shorter than {least} (--holdout 0.1 keeps a tenth away)"


def _reduce(data: dict[str, Any], given: dict[str, Any], size: int) -> None:
    """Reduce batch and length by halves until an epoch has a few passes and one sequence fits."""
    room = size * (1 - _number(data["holdout"]))
    for name, least in (("batch", 1), ("length", 8)):
        while f"data.{name}" not in given and data[name] > least and room < _PASSES * data["batch"] * data["length"]:
            data[name] //= 2
    while "data.length" not in given and 1 < data["length"] >= room:  # and one value more is the last target
        data["length"] //= 2


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
