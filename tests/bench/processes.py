"""Two processes that share each batch against one, what DDP costs by itself, and what a view of two costs.

    python -m tests.bench.processes TEXT [HIDDEN LAYERS BATCH LENGTH]

Everything is measured in turns in one run, with one thread a process. The last lines compare the formula of the
manual's page on processes with what was measured.
"""

import math
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta

import torch
from torch._C._distributed_c10d import HashStore

from rnn_tui.data.load import LoadedData, load
from rnn_tui.engine.ranks.ranks import Ranks
from rnn_tui.engine.ranks.start import processes_here
from rnn_tui.engine.ranks.team import Place, Team
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict
from tests.bench.looked_at import looked_at

_CPU = torch.device("cpu")
_SECONDS = 3.0
_TURNS = 5


def _experiment(text: str, hidden: int, layers: int, batch: int, length: int) -> Experiment:
    return from_dict(
        {
            "data": {"text": text, "batch": batch, "length": length},
            "network": {"cell": "lstm", "hidden_size": hidden, "layers": layers, "embedding": 64, "head": "linear"},
            "training": {"tick": "sequence", "epochs": 0, "clip": 5.0, "reduction": "mean"},
            "run": {"processes": 2, "device": "cpu"},
        }
    )


def _rate(turn: Callable[[], None]) -> float:
    """Return turns a second."""
    turn()
    turns, began = 0, time.perf_counter()
    while time.perf_counter() - began < _SECONDS:
        turn()
        turns += 1
    return turns / (time.perf_counter() - began)


def _in_turns(one: Callable[[], None], other: Callable[[], None]) -> tuple[float, float]:
    """Return the medians of two rates that are measured in turns."""
    pairs = [(_rate(one), _rate(other)) for _ in range(_TURNS)]
    first, second = zip(*pairs, strict=True)
    return statistics.median(first), statistics.median(second)


def _alone(data: LoadedData) -> Trainer:
    return Trainer(data.experiment, _CPU, data.source)


def _of_two(data: LoadedData, smallest: LoadedData) -> None:
    """Print how much faster two are, and what follows from the time of one and that of the sums alone.

    `smallest` is a batch of one character for each, in whose updates there is little but sums.
    """
    experiment = data.experiment
    with processes_here(experiment) as ranks:
        sums, little = _in_turns(ranks.build_trainer(smallest, _CPU).tick, _alone(smallest).tick)
        two, one = _in_turns(ranks.build_trainer(data, _CPU).tick, _alone(data).tick)
    characters = experiment.data.batch * experiment.data.length
    rates = f"{two * characters:,.0f} characters/s, 1: {one * characters:,.0f}"
    print(f"2 processes: {rates}: {two / one:.2f} (1.6 asked for)")
    adding_up = max(0.0, 1 / sums - 1 / little)
    gigabytes = 4 * experiment.weights / adding_up / 1e9 if adding_up else math.inf
    print(f"  {1e3 * adding_up:.0f} ms to add up {experiment.weights:,} gradients: {gigabytes:.2f} GB/s")
    print(f"  by the manual's formula {1 / one / (0.5 / one + adding_up):.2f}")


def _of_one(data: LoadedData) -> None:
    team = Team(Place(rank=0, world_size=1), HashStore(), on_gpu=False, timeout=timedelta(seconds=60))
    ddp, one = _in_turns(Ranks(team).build_trainer(data, _CPU).tick, _alone(data).tick)
    team.leave()
    print(f"DistributedDataParallel with one process: {ddp / one:.3f} (0.97 asked for)")


def _with_a_view(experiment: Experiment) -> None:
    with looked_at(experiment) as run:
        shown, unseen = _in_turns(run.shown, run.unseen)
    print(f"2 processes, a view that asks 20 times a second: {shown / unseen:.3f} (0.93 asked for)")


def main() -> None:
    """Print a line for each."""
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    torch.set_num_threads(1)
    text = sys.argv[1]
    sizes = [int(each) for each in sys.argv[2:]] or [512, 2, 64, 64]
    data = load(_experiment(text, *sizes))
    weights = data.experiment.weights
    print(f"LSTM {sizes[1]}x{sizes[0]}, batch {sizes[2]} x {sizes[3]}: {weights:,} weights")
    _of_one(data)
    _of_two(data, load(_experiment(text, sizes[0], sizes[1], 2, 1)))
    _with_a_view(data.experiment)


if __name__ == "__main__":
    main()
