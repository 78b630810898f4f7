"""Experiments whose files are found from any working directory, so that they can be kept on the disk."""

import os

from msgspec.structs import replace

from rnn_tui.experiment.hash import is_made_up
from rnn_tui.experiment.spec import Experiment

__all__ = ["with_lasting_paths"]


def with_lasting_paths(experiment: Experiment) -> Experiment:
    """Return the experiment with a path to its data that is valid in any working directory."""
    data = experiment.data
    if not data.file or is_made_up(experiment):
        return experiment
    found = {name: os.path.abspath(path) for name in ("text", "pairs", "series") if (path := getattr(data, name))}
    return replace(experiment, data=replace(data, **found))
