"""Updates a second of a text on a GPU, in one run: a plain loop, the same compiled, ours, and ours looked at.

    python -m tests.bench.gpu TEXT [--sizes 2x512,4x1024] [--batch 128] [--length 128] [--device cuda]

The plain loop is what a notebook writes: batches cut ahead on the GPU, torch.autocast for bfloat16, the loss read every
50 updates. All of them take turns; ratios are medians over the turns. Where there is no GPU, nothing is measured; with
`--device cpu` the CPU is, which shows that the script works.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.spec import Data, Experiment, ExperimentError, Network, Precision, RunOptions, Training
from rnn_tui.protocol.frame_request import CurveWanted, Wanted
from rnn_tui.protocol.inspect.gates import GatesAsk
from rnn_tui.protocol.inspect.gradients import GradientsAsk
from rnn_tui.protocol.inspect.weights import WeightsAsk
from tests.bench.looked_at import looked_at

__all__ = ["Plain", "Shape", "main", "ours"]

_READ = 50  # updates after which a notebook reads its loss
_LOOKED = Wanted(  # the panes of a large screen, and three that look inside
    count=32,
    top=8,
    units=12,
    layers=(0, 2),
    curve=CurveWanted(columns=60),
    inside=(GatesAsk(), GradientsAsk(at=-1), WeightsAsk()),
)


@dataclass(frozen=True)
class Shape:
    """One case: an LSTM on batches of a text, one-hot."""

    path: str
    layers: int
    hidden: int
    batch: int
    length: int
    precision: Precision
    device: str

    def __str__(self) -> str:
        return f"LSTM {self.layers}x{self.hidden}, {self.batch} x {self.length}, {self.precision}"


class Plain:
    """The loop as a notebook has it; `compiled` is a backend of torch.compile."""

    def __init__(self, shape: Shape, compiled: str = "") -> None:
        text = Path(shape.path).read_text(encoding="utf-8")
        vocabulary = sorted(set(text))
        place = {character: index for index, character in enumerate(vocabulary)}
        codes = torch.tensor([place[each] for each in text], device=shape.device)
        length, self._size = shape.length, len(vocabulary)
        self._pieces = codes[: (len(codes) - 1) // length * length + 1].unfold(0, length + 1, length)  # (K, T+1)
        self._batch, self._shape = shape.batch, shape
        self._lstm = nn.LSTM(self._size, shape.hidden, shape.layers, batch_first=True, device=shape.device)
        self._head = nn.Linear(shape.hidden, self._size, device=shape.device)
        self.parameters = [*self._lstm.parameters(), *self._head.parameters()]
        self._optimizer = torch.optim.Adam(self.parameters, lr=2e-3, fused=True)
        self._loss_of: Callable[[Tensor], Tensor] = self._loss
        if compiled:
            self._loss_of = torch.compile(self._loss, backend=compiled)
        self._updates = 0
        self.loss = float("nan")  # as it was last read

    def update(self) -> None:
        """Learn from one batch."""
        rows = torch.randint(len(self._pieces), (self._batch,), device=self._pieces.device)
        self._optimizer.zero_grad()
        with self._cast():
            loss = self._loss_of(self._pieces[rows])
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.parameters, 5)
        self._optimizer.step()
        self._updates += 1
        if self._updates % _READ == 0:
            self.loss = loss.item()

    def _loss(self, piece: Tensor) -> Tensor:
        output, _ = self._lstm(F.one_hot(piece[:, :-1], self._size).float())
        return F.cross_entropy(self._head(output).flatten(0, 1), piece[:, 1:].flatten())

    def _cast(self) -> AbstractContextManager[Any]:
        return torch.autocast(
            torch.device(self._shape.device).type, torch.bfloat16, enabled=self._shape.precision != "float32"
        )


def ours(shape: Shape) -> Experiment:
    """Return the same as an experiment."""
    return Experiment(
        data=Data(inputs=(), text=shape.path, batch=shape.batch, length=shape.length),
        network=Network(cell="lstm", hidden_size=shape.hidden, layers=shape.layers, head="linear"),
        training=Training(tick="sequence", reduction="mean", lr=2e-3, clip=5, epochs=0, precision=shape.precision),
        run=RunOptions(device=shape.device),
    )


def _seconds(update: Callable[[], object], count: int) -> float:
    began = time.perf_counter()
    for _ in range(count):
        update()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - began


def _measure(shape: Shape, updates: int, turns: int, backend: str) -> None:
    """Print a line for each way, with what it is of the plain loop."""
    print(shape)
    experiment = ours(shape)
    session = Session(experiment, history=0)
    with looked_at(experiment, _LOOKED) as run:
        ways: dict[str, Callable[[], object]] = {
            "plain loop": Plain(shape).update,
            "plain loop, torch.compile": Plain(shape, compiled=backend).update,
            "rnn-tui train": session.tick,
            "rnn-tui, looked at": run.shown,
        }
        for name, update in list(ways.items()):
            try:
                _seconds(update, max(3, updates // 4))  # warms up, and compiles
            except torch._dynamo.exc.TorchDynamoException as error:  # no compiler on this machine
                print(f"  {name}: {str(error).strip().splitlines()[0]}")
                del ways[name]
        frames = run.frames
        times = [{name: _seconds(update, updates) for name, update in ways.items()} for _ in range(turns)]
        shown = (run.frames - frames) / sum(each["rnn-tui, looked at"] for each in times)
    for name in ways:
        rate = updates / statistics.median(each[name] for each in times)
        ratio = statistics.median(each["plain loop"] / each[name] for each in times)
        told = f", {shown:.0f} frames/s" if name == "rnn-tui, looked at" else ""
        print(f"  {name:25} {rate:10,.2f} updates/s  {ratio:.2f}{told}", flush=True)


def main(arguments: list[str] | None = None) -> None:
    """Print a block for each size and precision."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.gpu")
    parser.add_argument("text")
    parser.add_argument("--sizes", default="2x512,4x1024", help="layers x units, apart by commas")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--updates", type=int, default=50, help="of each way in a turn")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--backend", default="inductor", help="of torch.compile")
    given = parser.parse_args(arguments)
    if given.device != "cpu" and not torch.cuda.is_available():
        print(f"skipped: torch {torch.__version__} sees no GPU")
        return
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False  # as ours
    where = "the CPU" if given.device == "cpu" else torch.cuda.get_device_name(given.device)
    print(f"{where}, torch {torch.__version__}")
    for size in given.sizes.split(","):
        layers, hidden = map(int, size.split("x"))
        precisions: tuple[Precision, ...] = ("float32", "bfloat16")
        for precision in precisions:
            shape = Shape(given.text, layers, hidden, given.batch, given.length, precision, given.device)
            try:
                _measure(shape, given.updates, given.turns, given.backend)
            except ExperimentError as error:
                print(f"  skipped: {error}")


if __name__ == "__main__":
    main()
