"""Updates a second of many networks at once against the same networks one after another, in one run.

    python -m tests.bench.compare [LESSON:NETWORKS ...]

On one thread, in turns, so that a noisy machine disturbs both alike; the ratio of the medians is printed, and what the
issue of the field asked for. The last lines are the map of learning rates and the memory of many members.
"""

import resource
import socket
import statistics
import sys
import time
from collections.abc import Callable

import torch
from msgspec.structs import replace

from rnn_tui.data.load import load
from rnn_tui.engine.field.field import Field
from rnn_tui.engine.host.connection import Connection
from rnn_tui.engine.host.field_frames import FieldFrames
from rnn_tui.engine.host.field_host import FieldHost
from rnn_tui.engine.host.gallery import Gallery, View
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.comparison import Comparison, Varied
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.engine_messages import Frame
from rnn_tui.protocol.field import FieldWanted, OpenField
from rnn_tui.protocol.frame_request import CurveWanted, FrameRequest, Wanted

_ASKED = {
    ("hihello-sequence", 256): 50,
    ("hihello-gru", 256): 30,
    ("hihello-lstm", 256): 30,
    ("ohlol-embedding", 256): 40,
    ("ohlol-lstm", 64): 12,
    ("remember", 64): 8,
    ("hihello-sequence", 4096): 0,
}
_SCREEN = Wanted(  # what a terminal of 120 x 36 shows
    count=6,
    top=8,
    units=5,
    layers=(0, 1),
    curve=CurveWanted(columns=60),
    field=FieldWanted(is_map=True, columns=50, lines=12),
)
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


def _rate(step: Callable[[], object]) -> float:
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


def _with_pictures(name: str, networks: int) -> float:
    """Return the updates a second with a view that asks 20 times a second, as often as it is answered, and without."""
    base = LESSONS[name]
    base = replace(base, training=replace(base.training, epochs=0))
    host = FieldHost()
    host.obey(OpenField(comparison=Comparison(base=base, varied=(_seeds(networks),))))
    here, there = socket.socketpair()
    view, next_look = View(Connection(here)), 0.0

    def answered(_: Connection, frame: Frame) -> None:
        nonlocal next_look
        next_look = time.perf_counter() + 1 / 20
        seen[0] = frame.revision

    seen = [-1]
    gallery = Gallery(host, FieldFrames(host), answered)

    def shown() -> None:
        if view.look is None and time.perf_counter() >= next_look:
            view.ask(FrameRequest(number=1, seen=seen[0], wanted=_SCREEN))
        gallery.show([view], view)
        host.turn()

    def updates(turn: Callable[[], None]) -> float:
        before, began = host.updates, time.perf_counter()
        while time.perf_counter() - began < _SECONDS:
            turn()
        return (host.updates - before) / (time.perf_counter() - began)

    found = statistics.median(updates(shown) / updates(host.turn) for _ in range(_TURNS + 1))
    here.close()
    there.close()
    return found


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
        ratio = _with_pictures("hihello-sequence", 256)
        print(f"hihello-sequence x 256 with a view at 20 pictures a second: {ratio:.2f} (0.9 asked for)")
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
