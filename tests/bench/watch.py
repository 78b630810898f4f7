"""What it costs a training loop to be watched: updates a second against the same loop alone, in turns, in one run.

    python -m tests.bench.watch [--quick] [--view] [WHAT ...]

WHAT: idle, looked, inside, memory, start (all). One thread. Each ratio is the median over pairs, watched and not, that
follow one another; next to it are the lowest and the highest pair. Who looks is a process of its own that pulls frames
20 times a second, as large as four panes on 120x36 are, and draws nothing; with --view it is a real view on a
pseudo-terminal, which wants a core of its own. There are never more frames than updates, and pictures that no key asks
for take a twenty-fifth of the time (`engine/host/gallery.py`): an update of 100 ms, or a frame of 5, halves the 20.
"""

import contextlib
import io
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from rnn_tui.client.discovery import live_engines
from rnn_tui.engine.watch.watcher import Watcher
from rnn_tui.protocol.rendezvous import SOCKET
from tests.bench.pty_screen import PtyScreen

_SCRIPT = Path(__file__).parents[1] / "scripts" / "endless.py"
_LOOKER = """
import socket, sys, time
from rnn_tui.protocol.engine_messages import Frame
from rnn_tui.protocol.frame_request import CurveWanted, FrameRequest, Wanted
from rnn_tui.protocol.inspect.gates import GatesAsk
from rnn_tui.protocol.inspect.gradients import GradientsAsk
from rnn_tui.protocol.inspect.weights import WeightsAsk
from rnn_tui.protocol.wire import Buffer, decode_message, pack
inside = (GatesAsk(units=16), GradientsAsk(at=-1), WeightsAsk(matrices=4)) if sys.argv[2] == "inside" else ()
wanted = Wanted(count=60, top=4, units=16, layers=(0, 2), curve=CurveWanted(columns=46), inside=inside)
peer = socket.socket(socket.AF_UNIX)
peer.connect(sys.argv[1])
buffer, number, due, opened, seen = Buffer(), 0, time.perf_counter(), -1, -1
while True:
    number += 1
    peer.sendall(pack(FrameRequest(number=number, opened=opened, seen=seen, wanted=wanted)))
    frame = None
    while frame is None:
        data = peer.recv(1 << 20)
        if not data:
            sys.exit()
        frames = [m for m in map(decode_message, buffer.feed(data)) if isinstance(m, Frame)]
        frame = frames[-1] if frames else None
    seen = frame.revision
    opened = frame.opened.run if frame.opened is not None else opened
    sys.stdout.write(f"{frame.status.tick} {len(frame.inside)} {len(frame.states)}\\n")
    sys.stdout.flush()
    due = max(due + 0.05, time.perf_counter())
    time.sleep(max(0.0, due - time.perf_counter()))
"""
_FPS = 20
_ALL = ["idle", "looked", "inside", "memory", "start"]


@dataclass(frozen=True)
class Load:
    """A network, and what it is fed."""

    name: str
    build: Callable[[], "Loop"]
    updates: int  # in each half of a pair: about half a second


class Loop:
    """A training loop as people write it: a forward pass, a loss, a backward pass, a step of Adam."""

    def __init__(self, model: nn.Module, x: Tensor, y: Tensor, lr: float) -> None:
        self.model = model
        self._x, self._y = x, y
        self._criterion = nn.CrossEntropyLoss()
        self._optimizer = torch.optim.Adam(model.parameters(), lr=lr)

    def run(self, updates: int) -> float:
        """Make so many updates; return the seconds that they took."""
        began = time.perf_counter()
        for _ in range(updates):
            logits = self.model(self._x)
            loss = self._criterion(logits.flatten(0, 1), self._y.flatten())
            self._optimizer.zero_grad()
            loss.backward()
            self._optimizer.step()
            loss.item()
        return time.perf_counter() - began


class Tagger(nn.Module):
    """One-hot or embedded characters, a recurrent network, and a linear layer."""

    def __init__(self, classes: int, embedding: int, recurrent: nn.Module, size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(classes, embedding)
        self.recurrent = recurrent
        self.head = nn.Linear(size, classes)

    def forward(self, x: Tensor) -> Any:
        return self.head(self.recurrent(self.embedding(x))[0])


def _lstm(size: int, rows: int, steps: int) -> Loop:
    torch.manual_seed(0)
    characters = torch.randint(64, (steps + 1, rows))
    model = Tagger(64, 64, nn.LSTM(64, size, 2), size)
    return Loop(model, characters[:-1], characters[1:], 0.001)


def _rnn() -> Loop:
    torch.manual_seed(0)
    ihello = torch.tensor([[0], [1], [0], [2], [3], [3], [4]])
    return Loop(Tagger(5, 5, nn.RNN(5, 5), 5), ihello[:-1], ihello[1:], 0.01)


_LOADS = {
    "LSTM 2x128, 32 x 64": Load("LSTM 2x128, 32 x 64", lambda: _lstm(128, 32, 64), 4),
    "RNN 5, 1 x 6": Load("RNN 5, 1 x 6", _rnn, 300),
    "LSTM 2x512, 16 x 128": Load("LSTM 2x512, 16 x 128", lambda: _lstm(512, 16, 128), 1),
}


class LeafHooks:
    """How other viewers watch: the mean of what each leaf returns, and of the gradient that reaches it."""

    def __init__(self, model: nn.Module) -> None:
        self.means: dict[str, float] = {}
        self._handles = [
            handle
            for name, module in model.named_modules()
            if not list(module.children())
            for handle in (
                module.register_forward_hook(lambda _, __, output, name=name: self._keep(f"{name} >", output)),
                module.register_full_backward_hook(lambda _, __, output, name=name: self._keep(f"{name} <", output)),
            )
        ]

    def _keep(self, name: str, values: Any) -> None:
        tensor = values
        while isinstance(tensor, tuple):
            tensor = tensor[0]
        if isinstance(tensor, Tensor):
            self.means[name] = tensor.detach().mean().item()

    def close(self) -> None:
        """Remove them."""
        for handle in self._handles:
            handle.remove()


class Looker:
    """A process that looks, 20 times a second."""

    def __init__(self, path: Path, what: str, loop: Loop) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _LOOKER, str(path), what], stdout=subprocess.PIPE, text=True, bufsize=1
        )
        assert self._process.stdout is not None
        self._out = self._process.stdout
        os.set_blocking(self._out.fileno(), False)
        self.frames = 0
        while self.count() < 3:  # until it has come, and looks
            loop.run(1)

    def count(self) -> int:
        """Return how many frames it has had so far."""
        with contextlib.suppress(BlockingIOError, TypeError):
            self.frames += os.read(self._out.fileno(), 1 << 20).count(b"\n")
        return self.frames

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


class ViewLooker:
    """A real view, in a pseudo-terminal that a process of its own reads."""

    def __init__(self, name: str, keys: str, loop: Loop) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.watch", "--screen", name, keys], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        os.set_blocking(self._process.stdout.fileno(), False)
        self.frames = 0
        said = ""
        while not said:
            if self._process.poll() is not None:
                raise RuntimeError("the view has ended")
            loop.run(1)
            with contextlib.suppress(BlockingIOError, TypeError):
                said = self._process.stdout.read(1)

    def count(self) -> int:
        """Return 0: it draws, and does not count."""
        return 0

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()


@contextlib.contextmanager
def _watched(loop: Loop, *, is_found: bool = False) -> Iterator[tuple[Watcher, Path]]:
    """Watch a loop; yield its socket as well. `is_found`: where `rnn-tui attach` looks for it."""
    if is_found:
        with contextlib.redirect_stderr(io.StringIO()), Watcher(loop.model) as watcher:
            watcher.start()
            assert watcher._folder is not None
            yield watcher, watcher._folder / SOCKET
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "engine.sock"
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen(8)
        watcher = Watcher(loop.model, listener=listener, folder=Path(folder)).start()
        try:
            yield watcher, path
        finally:
            watcher.close()


def _pairs(load: Load, pairs: int, watch: Callable[[Loop], contextlib.AbstractContextManager[Any]]) -> list[float]:
    """Return the rate of each watched half against its own plain half."""
    loop = load.build()
    loop.run(load.updates)
    found = []
    for number in range(pairs):
        seconds = {}
        for is_watched in (False, True) if number % 2 else (True, False):
            with watch(loop) if is_watched else contextlib.nullcontext():
                loop.run(1 + load.updates // 10)
                seconds[is_watched] = loop.run(load.updates)
        found.append(seconds[False] / seconds[True])
    return found


def _say(what: str, at_least: float | None, ratios: list[float], more: str = "") -> None:
    bound = "    " if at_least is None else f"{at_least:.2f}"
    low, high = min(ratios), max(ratios)
    print(f"{what:44} {statistics.median(ratios):5.2f}  (at least {bound}; {low:.2f} to {high:.2f}){more}", flush=True)


@contextlib.contextmanager
def _idle(loop: Loop) -> Iterator[None]:
    with _watched(loop):
        yield


@contextlib.contextmanager
def _hooked(loop: Loop) -> Iterator[None]:
    hooks = LeafHooks(loop.model)
    try:
        yield
    finally:
        hooks.close()


class _Looked:
    """A loop that is watched and looked at; the frames and the seconds of all its halves."""

    def __init__(self, what: str, view: bool) -> None:
        self._what, self._view = what, view
        self.frames, self.seconds = 0, 0.0

    @contextlib.contextmanager
    def __call__(self, loop: Loop) -> Iterator[None]:
        """Look while a loop runs."""
        with _watched(loop, is_found=self._view) as (watcher, path):
            looker = (
                ViewLooker(watcher.name, "gbw" if self._what == "inside" else "", loop)
                if self._view
                else Looker(path, self._what, loop)
            )
            try:
                before, began = looker.count(), time.perf_counter()
                yield
                self.seconds += time.perf_counter() - began
                self.frames += looker.count() - before
            finally:
                looker.close()

    @property
    def pace(self) -> str:
        """How many frames a second came."""
        return f"   {self.frames / self.seconds:.0f} of {_FPS} frames/s" if self.frames else ""


def _looked_at(what: str, name: str, at_least: float, pairs: int, *, inside: bool, view: bool) -> None:
    looked = _Looked("inside" if inside else "panes", view)
    ratios = _pairs(_LOADS[name], pairs, looked)
    _say(what, at_least, ratios, looked.pace)


def _memory() -> None:
    """Compare the largest memory of a process that trains, watched and looked at or not."""
    found = []
    for how in ("plain", "looked"):
        argv = [sys.executable, "-m", "tests.bench.watch", "--memory", how]
        found.append(float(subprocess.run(argv, capture_output=True, text=True, check=True).stdout))
    steps, rows, features = 64, 32, 64
    inputs = 4 * steps * rows * features / 2**20
    print(
        f"{'memory beyond the loop, looked at: LSTM 2x128':44} {found[1] - found[0]:5.0f} MB"
        f"  (at most 60 MB, one pass's inputs: {inputs:.1f} MB, and what is kept to look back at)"
    )


def _memory_of(how: str) -> None:
    loop = _LOADS["LSTM 2x128, 32 x 64"].build()
    with _Looked("inside", False)(loop) if how == "looked" else contextlib.nullcontext():
        loop.run(60)
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())  # getrusage has our parent's in it
    assert found is not None
    print(int(found[1]) / 1024)


def _start() -> None:
    """Compare the time to the first update on the screen with the time to the script's own first line."""
    alone, watched = [], []
    for _ in range(5):
        began = time.perf_counter()
        with subprocess.Popen([sys.executable, str(_SCRIPT)], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.read(40)
            alone.append(time.perf_counter() - began)
            process.kill()
        with PtyScreen([sys.executable, "-m", "rnn_tui", "watch", str(_SCRIPT)]) as screen:
            screen.until(lambda text: re.search(r"update\s+[1-9]", text) is not None)
            watched.append(time.perf_counter() - screen.started)
    beyond = statistics.median(watched) - statistics.median(alone)
    print(
        f"{'first picture of an update':44} {statistics.median(watched):5.2f} s; the script alone"
        f" {statistics.median(alone):.2f} s; beyond it {beyond:.2f} s  (at most 1 s)"
    )


def _screen(name: str, keys: str) -> None:
    """Look with a real view until we are ended."""
    with PtyScreen([sys.executable, "-m", "rnn_tui", "attach", name]) as screen:
        screen.until(lambda text: "Loss" in text and "update" in text)
        for key in keys:
            screen.type(key)
        print(".", flush=True)
        while screen.watch(1.0) >= 0:
            pass


def main() -> None:
    """Print the table of the figures."""
    if "--screen" in sys.argv:
        at = sys.argv.index("--screen")
        _screen(*sys.argv[at + 1 : at + 3])
        return
    torch.set_num_threads(1)
    if "--memory" in sys.argv:
        _memory_of(sys.argv[-1])
        return
    view = "--view" in sys.argv
    pairs = 5 if "--quick" in sys.argv else 15
    asked = [each for each in sys.argv[1:] if not each.startswith("-")] or [
        "idle",
        "looked",
        "inside",
        "memory",
        "start",
    ]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["RNN_TUI_SOCKETS"] = os.environ["XDG_DATA_HOME"] = os.environ["XDG_STATE_HOME"] = folder
        os.environ["OMP_NUM_THREADS"] = "1"
        large, small, huge = _LOADS
        if "idle" in asked:
            _say(f"nobody looks: {large}", 0.99, _pairs(_LOADS[large], pairs, _idle))
            _say(f"nobody looks: {small}", 0.95, _pairs(_LOADS[small], pairs, _idle))
            _say(f"a viewer with leaf hooks: {large}", None, _pairs(_LOADS[large], pairs, _hooked))
            _say(f"a viewer with leaf hooks: {small}", None, _pairs(_LOADS[small], pairs, _hooked))
        if "looked" in asked:
            _looked_at(f"looked at: {large}", large, 0.95, pairs, inside=False, view=view)
            _looked_at(f"looked at: {small}", small, 0.85, pairs, inside=False, view=view)
        if "inside" in asked:
            _looked_at(f"gates, gradients, weights: {huge}", huge, 0.90, pairs, inside=True, view=view)
        if "memory" in asked:
            _memory()
        if "start" in asked:
            _start()
        assert not live_engines()


if __name__ == "__main__":
    main()
