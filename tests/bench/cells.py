"""Training speed of each cell that torch has not, as a share of the written-out GRU's; all in turns, in one run.

    python -m tests.bench.cells [CELL …]

A text in batches of 16 sequences of 64, 64 units, Adam, on one thread. The median of the pairs' ratios is printed. The
variable RNN_TUI_UNITS has another number of units.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch

from rnn_tui.engine.network.modules import MODULES
from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.spec import Data, Experiment, Network, Training

_PASSES = 4
_TURNS = 7
_UNITS = 64
_LETTERS = "the quick brown fox jumps over the lazy dog. "


def _session(text: str, cell: str) -> Session:
    return Session(
        Experiment(
            data=Data(inputs=(), text=text, batch=16, length=64),
            network=Network(cell=cell, implementation="written-out", hidden_size=_UNITS, head="linear"),
            training=Training(tick="sequence", reduction="mean", epochs=0),
        ),
        history=0,
    )


def _seconds(session: Session) -> float:
    began = time.perf_counter()
    for _ in range(_PASSES):
        session.tick()
    return time.perf_counter() - began


def main() -> None:
    """Print the ratio of each cell."""
    torch.set_num_threads(1)
    cells = sys.argv[1:] or sorted(MODULES)
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "text.txt"
        text.write_text(_LETTERS * 400)
        gru = _session(str(text), "gru")
        for cell in cells:
            other = _session(str(text), cell)
            _seconds(gru)
            _seconds(other)
            ratios = [_seconds(gru) / _seconds(other) for _ in range(_TURNS)]
            print(f"{cell:14} {statistics.median(ratios):5.2f} of the written-out GRU's speed")


if __name__ == "__main__":
    main()
