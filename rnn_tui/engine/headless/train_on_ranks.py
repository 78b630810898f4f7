"""Training without a view on several processes: rank 0 prints and saves, and the others follow."""

import os
from collections.abc import Callable
from typing import TextIO

from msgspec.structs import replace

from rnn_tui.common.torchrun import is_told_by_another
from rnn_tui.engine.headless.progress_lines import Lines
from rnn_tui.engine.ranks.start import place_given_by, processes_here, processes_of_torchrun
from rnn_tui.engine.session.processes import CannotMeet, Processes, RankLost
from rnn_tui.engine.training.threads import choose_threads
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.experiment.validate import from_dict, to_dict

__all__ = ["train_on_ranks"]


def train_on_ranks(experiment: Experiment, train: Callable[[Experiment, Processes], int], err: TextIO) -> int:
    """Call `train` in the process that leads, with those that it leads. Return its exit code.

    It is 1 where a rank is lost, and 2 where they do not come together. Where torchrun has started this process as
    another rank, follow the one that leads, and return 0. Raises ExperimentError for what they cannot train together.
    """
    choose_threads(experiment)
    try:
        place = place_given_by(os.environ)
        if place is None:
            with processes_here(experiment) as ranks:
                return train(experiment, ranks)
        if experiment.run.processes not in (1, place.world_size):
            raise ExperimentError(
                "run.processes",
                f"{experiment.run.processes} is not what torchrun has started: {place.world_size}",
            )
        run = replace(experiment.run, processes=place.world_size)
        experiment = from_dict(to_dict(replace(experiment, run=run)))
        with processes_of_torchrun(place, experiment) as joined:
            try:
                return 0 if joined is None else train(experiment, joined)
            except ExperimentError as error:
                if error.path != "run.processes":
                    raise
                raise CannotMeet(str(error)) from None  # no option has asked for these processes
    except RankLost as error:
        if not is_told_by_another(os.environ):
            Lines.tell(f"rnn-tui: {error}", err)
        return 2 if isinstance(error, CannotMeet) else 1
