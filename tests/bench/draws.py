"""How long every pane takes to draw, filling a terminal of 120×36 and one of 300×100.

    python -m tests.bench.draws [PANE ...]

Of each, the middle and the worst of 30 draws in milliseconds of CPU, of a small, a middle and a large network.
The aim: under 10 ms at 120×36, under 25 ms at 300×100.
"""

import gc
import statistics
import sys
import time
from typing import Any

from textual.geometry import Size

from rnn_tui.view.panes.registry import INSIDE, PANES, inside_pane
from tests.in_process import Run, pane_at, run_with

_DRAWS = 30
_AIMS = {(120, 36): 10.0, (300, 100): 25.0}  # ms
_OTHERS, _BORDER = 5, 2  # rows of the status, the time line and the keys; cells and rows of a border
_NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "RNN 5": ("hihello", {}),
    "LSTM 8×2 both ways": ("ohlol-lstm", {}),
    "LSTM 128×2, 64 steps": ("python-source", {}),
}


def _milliseconds(run: Run, name: str, width: int, height: int) -> list[float]:
    kind = next((pane for pane in PANES if name == pane.ID), None) or inside_pane(name)
    size = Size(width - _BORDER, height - _OTHERS - _BORDER)
    first, scene = pane_at(run, kind, size)
    took = []
    for _ in range(_DRAWS + 3):
        pane: Any = kind()  # a new one: some keep what they have drawn
        pane._size, pane._scene = size, first._scene
        began = time.thread_time()
        pane.picture(scene, *size)
        took.append(1000 * (time.thread_time() - began))
    return took[3:]


def main() -> None:
    """Print a table for each network."""
    names = sys.argv[1:] or [*(pane.ID for pane in PANES), *INSIDE]
    gc.disable()
    for title, (lesson, settings) in _NETWORKS.items():
        run = run_with(lesson, 24, settings)
        print(f"{title:24}" + "".join(f"{f'{width}×{height}':>18}" for width, height in _AIMS))
        for name in names:
            cells = []
            for (width, height), aim in _AIMS.items():
                took = _milliseconds(run, name, width, height)
                middle = statistics.median(took)
                cells.append(f"{middle:6.1f} {max(took):6.1f}{' > ' + format(aim, 'g') if middle > aim else '':5}")
            print(f"  {name:22}" + "".join(cells))


if __name__ == "__main__":
    main()
