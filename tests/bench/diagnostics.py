"""What the diagnostics cost: ticks a second with them against without, in one run.

    python -m tests.bench.diagnostics

Both run on one thread, in many short turns, by the time of the CPU, so that a noisy machine disturbs them alike; the
ratio of their speeds is printed.
"""

import time
from typing import Any

import torch

from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict, to_dict

_PASSES = 10  # of each turn: too few for the machine to become another one meanwhile
_TURNS = 1000


def _seconds(session: Session) -> float:
    began, last = time.process_time(), session.progress.whole_passes + _PASSES
    while session.progress.whole_passes < last:
        session.tick()
    return time.process_time() - began


def _experiment(name: str, **training: Any) -> Experiment:
    values = to_dict(LESSONS[name])
    values["training"] |= {"epochs": 0, "patience": 0, **training}
    values["run"]["until"] = []
    return from_dict(values)


def main() -> None:
    """Print the figures."""
    torch.set_num_threads(1)
    for name, clip in (
        ("hihello-sequence", 0),
        ("hihello-sequence", 1),
        ("hihello", 0),
        ("ohlol-lstm", 0),
        ("remember", 1),
    ):
        with_them, without = (Session(_experiment(name, clip=clip), history=0) for _ in range(2))
        without.recording.measuring.turn_off()
        seconds = {with_them: 0.0, without: 0.0}
        for turn in range(2 * _TURNS):
            session = (with_them, without)[(turn + turn // 2) % 2]
            seconds[session] += _seconds(session)
        count, passes = len(with_them.branch.diagnostics.samples), with_them.progress.whole_passes
        print(
            f"{name:18} clip {clip:<3} without {passes / seconds[without]:7,.0f} passes/s"
            f"   ratio {seconds[without] / seconds[with_them]:.3f}   {count:,} of {passes:,} passes measured",
            flush=True,
        )


if __name__ == "__main__":
    main()
