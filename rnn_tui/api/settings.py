"""An experiment from a name and settings given as keywords."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from msgspec.structs import fields

from rnn_tui.data.fit_batches import fitting_experiment
from rnn_tui.experiment.lessons import LESSONS, nearest
from rnn_tui.experiment.overrides import overridden
from rnn_tui.experiment.spec import Experiment, ExperimentError

__all__ = ["experiment_of", "named_setting", "training_values"]

_SECTIONS = ("data", "network", "training", "run")


def experiment_of(base: Experiment | str, settings: dict[str, Any]) -> Experiment:
    """Return a lesson, or an experiment, with some settings replaced, by their names in `Experiment`'s sections.

    What no longer fits gives way, as with the command line's options. Raises ExperimentError for what cannot be run,
    ValueError for the name of no lesson, and TypeError for the name of no setting.
    """
    if isinstance(base, str):
        if base not in LESSONS:
            raise ValueError(f"{base!r} is not a lesson; nearest: {', '.join(nearest(base)) or ', '.join(LESSONS)}")
        base = LESSONS[base]
    given = {_path(base, name): value for name, value in settings.items()}
    return fitting_experiment(overridden(base, given), given)


@contextmanager
def named_setting() -> Iterator[None]:
    """Begin the message of an ExperimentError with the setting that is wrong."""
    try:
        yield
    except ExperimentError as error:
        name = error.path.rpartition(".")[2]
        raise ExperimentError(error.path, f"{name}: {error}" if name else str(error), value=error.value) from None


def training_values(experiment: Experiment, settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings of `Training`. Raises ExperimentError for one that is fixed when a run begins."""
    for name in settings:
        path = _path(experiment, name)
        if not path.startswith("training."):
            raise ExperimentError(path, "cannot change on the way: begin another run")
    return settings


def _path(experiment: Experiment, name: str) -> str:
    for section in _SECTIONS:
        if name in {each.name for each in fields(getattr(experiment, section))}:
            return f"{section}.{name}"
    raise TypeError(f"{name!r} is not a setting")
