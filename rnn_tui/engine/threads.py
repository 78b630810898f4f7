"""How many cores a run may use."""

import torch

from rnn_tui.experiment import Experiment

__all__ = ["choose_threads"]

_WORTH_A_TEAM = 1_000_000  # weights x rows: below, one thread is up to three times as fast as two
_MOST = torch.get_num_threads()


def choose_threads(experiment: Experiment) -> None:
    """As many threads as asked for, or one for a small network, and as many as there are for a large one."""
    large = experiment.weights * experiment.rows >= _WORTH_A_TEAM
    torch.set_num_threads(experiment.run.threads or (_MOST if large else 1))
