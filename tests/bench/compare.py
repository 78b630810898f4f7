"""Updates a second of many networks at once against the same networks one after another, in one run.

    python -m tests.bench.compare [LESSON:NETWORKS ...]

On one thread, in turns, so that a noisy machine disturbs both alike; the ratio of the medians is printed, and what the
issue of the field asked for. The last lines are the map of learning rates and the memory of many members.
"""

import resource
import statistics
import sys
import time

import torch
from msgspec.structs import replace

from rnn_tui.data.load import load
from rnn_tui.engine.field.field import Field
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.comparison import Comparison, Varied
from rnn_tui.experiment.lessons import LESSONS

_ASKED = {
    ("hihello-sequence", 256): 50,
    ("hihello-gru", 256): 30,
    ("hihello-lstm", 256): 30,
    ("ohlol-embedding", 256): 40,
    ("ohlol-lstm", 64): 12,
    ("remember", 64): 8,
    ("hihello-sequence", 4096): 0,
}
_TURNS = 7
_SECONDS = 0.4


def _seeds(count: int) -> Varied:
    return Varied(path="training.seed", values=tuple(range(count)))


def _rates(name: str, networks: int) -> tuple[float, float]:
    """Return the updates a second of all networks together, and of one alone."""
    base = LESSONS[name]
    base = replace(base, training=replace(base.training, epochs=0, tick="sequence"))
    field = Field(Comparison(base=base, varied=(_seeds(networks),)))
    loaded = load(base)
    trainer = Trainer(loaded.experiment, torch.device("cpu"), loaded.source)
    together, alone = [], []
    for turn in range(_TURNS + 1):
        rates = (_rate(field.step) * networks, _rate(trainer.tick))
        if turn:
            together.append(rates[0])
            alone.append(rates[1])
    return statistics.median(together), statistics.median(alone)


def _rate(step: object) -> float:
    assert callable(step)
    steps, began = 0, time.perf_counter()
    while time.perf_counter() - began < _SECONDS:
        step()
        steps += 1
    return steps / (time.perf_counter() - began)


def _map() -> float:
    """Return the seconds for 24 learning rates x 16 seeds, 100 epochs of `hihello-sequence`."""
    rates = Varied(path="training.lr", values=tuple(1e-3 * 10 ** (3 * at / 23) for at in range(24)), logarithmic=True)
    began = time.perf_counter()
    field = Field(Comparison(base=LESSONS["hihello-sequence"], varied=(rates, _seeds(16))))
    while field.step():
        pass
    return time.perf_counter() - began


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print a line for each."""
    torch.set_num_threads(1)
    asked = [tuple(each.split(":")) for each in sys.argv[1:]]
    lessons = [(name, int(count)) for name, count in asked] or list(_ASKED)
    if not asked:
        first = Field(Comparison(base=LESSONS["hihello"], varied=(_seeds(1),)))
        first.step()
        before = _megabytes()
        many = Field(Comparison(base=LESSONS["hihello"], varied=(_seeds(1024),)))
        while many.step():
            pass
        print(f"memory of 1,024 members of hihello beyond one: {_megabytes() - before:.0f} MB (100 asked for)")
        print(f"24 learning rates x 16 seeds, 100 epochs of hihello-sequence: {_map():.2f} s (3 asked for)")
    for name, networks in lessons:
        together, alone = _rates(name, networks)
        wanted = _ASKED.get((name, networks), 0)
        words = f" ({wanted} asked for)" if wanted else ""
        print(
            f"{name} x {networks}: {together:,.0f} updates/s, alone {alone:,.0f}: {together / alone:.1f} times{words}"
        )


if __name__ == "__main__":
    main()
