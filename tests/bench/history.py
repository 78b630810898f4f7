"""What the way back costs, and how long it takes: ratios in one run.

python -m tests.bench.history
"""

import random
import statistics
import time

import torch

from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.memory import HISTORY

_TICKS = 2000
_TURNS = 5


def _seconds(name: str, history: int) -> float:
    session = Session(LESSONS[name], history=history)
    session.branch.epochs = 0
    began = time.perf_counter()
    while session.trainer.ticks < _TICKS:
        session.tick()
    return time.perf_counter() - began


def _keeping() -> None:
    for name in ("hihello", "hihello-sequence"):
        without, kept = [], []
        for _ in range(_TURNS):
            without.append(_seconds(name, 0))
            kept.append(_seconds(name, HISTORY))
        ratio = statistics.median(without) / statistics.median(kept)
        print(f"{name:18} ticks/s with history against without: {ratio:.3f}")


def _going() -> None:
    session = Session(LESSONS["hihello-long"])
    while session.trainer.ticks < 10_000:
        session.tick()
    draw = random.Random(1)
    times = []
    for _ in range(100):
        began = time.perf_counter()
        session.go_to(draw.randrange(10_001))
        times.append(time.perf_counter() - began)
    size = session.branch.states.nbytes / 1000
    median, worst = 1000 * statistics.median(times), 1000 * max(times)
    print(f"anywhere in 10,000 ticks: {median:.0f} ms median, {worst:.0f} ms at worst;")
    print(f"{len(session.branch.states)} states kept, {size:,.0f} KB")


def main() -> None:
    """Print the figures."""
    torch.set_num_threads(1)
    _keeping()
    _going()


if __name__ == "__main__":
    main()
