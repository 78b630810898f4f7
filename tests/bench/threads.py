"""Updates of a large network in the same seconds: on one thread, on all, and on those that a run chooses by itself.

    python -m tests.bench.threads

Once on a quiet machine, and once beside a program that keeps a core busy. The three are processes of their own, in
turns; each rate is divided by that of the better fixed number in the same round.
"""

import statistics
import subprocess
import sys
import time
from contextlib import ExitStack

_SECONDS = 12.0
_ROUNDS = 3
_NETWORK = """
import sys, time
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.threads import choose_threads
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.validate import from_dict, to_dict
values = to_dict(LESSONS["python-source"])
values["run"]["threads"] = int(sys.argv[1])
experiment = from_dict(values)
choose_threads(experiment)
session = Session(experiment, history=0)
session.watch(())
session.tick()
began, updates = time.perf_counter(), 0
while time.perf_counter() - began < float(sys.argv[2]):
    session.tick()
    updates += 1
print(updates / (time.perf_counter() - began))
"""


def _rate(threads: int) -> float:
    """Updates a second; 0 threads: as the run chooses."""
    argv = [sys.executable, "-c", _NETWORK, str(threads), str(_SECONDS)]
    return float(subprocess.run(argv, capture_output=True, check=True, text=True).stdout)


def _rounds(name: str, cores: int) -> None:
    ratios = []
    for _ in range(_ROUNDS):
        one, all_cores, chosen = (_rate(threads) for threads in (1, cores, 0))
        ratios.append(chosen / max(one, all_cores))
        print(f"{name:6} one {one:5.1f}/s   {cores} threads {all_cores:5.1f}/s   by itself {chosen:5.1f}/s")
    print(f"{name:6} of the better of the two: median {statistics.median(ratios):.2f}, least {min(ratios):.2f}")


def main() -> None:
    """Print the figures."""
    import torch

    cores = torch.get_num_threads()
    if cores < 2:
        sys.exit("one core only: there is nothing to choose")
    _rounds("quiet", cores)
    with ExitStack() as stack:
        busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
        stack.callback(busy.kill)
        time.sleep(0.5)
        _rounds("beside", cores)


if __name__ == "__main__":
    main()
