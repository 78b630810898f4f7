"""How many cores a run may use. The losses do not depend on it; how long they take does."""

import statistics
import time

import torch
from torch import Tensor

from rnn_tui.experiment import Experiment

__all__ = ["choose_threads"]

_WORTH_A_TEAM = 1_000_000  # weights x rows: below, one thread is up to three times as fast as two
_MOST = torch.get_num_threads()
_ROUNDS = 3
_STEPS = 4  # of a network, in each round


def choose_threads(experiment: Experiment) -> None:
    """As many threads as asked for, or one for a small network. For a large one as many as there are cores, if those
    are free: where other programs want them too, a team waits for its slowest member at every step."""
    threads = experiment.run.threads or 1
    if not experiment.run.threads and _MOST > 1 and experiment.weights * experiment.rows >= _WORTH_A_TEAM:
        threads = _MOST if _team_is_faster(experiment) else 1
    torch.set_num_threads(threads)


def _team_is_faster(experiment: Experiment) -> bool:
    """Whether all threads take less time than one here and now, tried in turns on steps of about that size."""
    rows, width = min(experiment.rows, 64), min(experiment.network.hidden_size, 512)
    x, weights = torch.zeros(rows, width), torch.zeros(width, 4 * width)  # no random number is drawn
    took: dict[int, list[float]] = {1: [], _MOST: []}
    for _ in range(_ROUNDS):
        for threads, seconds in took.items():
            seconds.append(_seconds(threads, x, weights))
    return statistics.median(took[_MOST]) < statistics.median(took[1])


def _seconds(threads: int, x: Tensor, weights: Tensor) -> float:
    torch.set_num_threads(threads)
    began = time.perf_counter()
    for _ in range(_STEPS):
        torch.tanh(x @ weights)
    return time.perf_counter() - began
