"""Updates a second of a text on a GPU, against a plain loop there: `python -m tests.bench.cuda FILE`.

The plain loop is what a notebook writes: batches cut ahead on the GPU, the loss read every 50 updates. Pairs in turn,
medians of the ratios.
"""

import statistics
import sys
import time
from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

from rnn_tui.engine.answers.probe import Probe
from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.spec import Data, Experiment, Network, RunOptions, Training
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.inspect.gates import GatesAsk
from rnn_tui.protocol.inspect.gradients import GradientsAsk
from rnn_tui.protocol.inspect.weights import WeightsAsk

_UPDATES = 100
_TURNS = 5
_SHAPES = ((128, 32, 64), (512, 64, 128), (1024, 128, 128))  # hidden size, rows, time steps
_LAYERS = 2


def _plain(path: str, hidden: int, batch: int, length: int) -> Callable[[], None]:
    text = open(path, encoding="utf-8").read()  # noqa: SIM115
    vocabulary = sorted(set(text))
    place = {character: index for index, character in enumerate(vocabulary)}
    data = torch.tensor([place[each] for each in text], device="cuda")
    pieces = data[: (len(data) - 1) // length * length + 1].unfold(0, length + 1, length)
    lstm = nn.LSTM(len(vocabulary), hidden, _LAYERS, batch_first=True, device="cuda")
    head = nn.Linear(hidden, len(vocabulary), device="cuda")
    parameters = [*lstm.parameters(), *head.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=2e-3, fused=True)

    def learn() -> None:
        for update in range(_UPDATES):
            piece = pieces[torch.randint(len(pieces), (batch,), device="cuda")]
            optimizer.zero_grad()
            output, _ = lstm(F.one_hot(piece[:, :-1], len(vocabulary)).float())
            loss = F.cross_entropy(head(output).flatten(0, 1), piece[:, 1:].flatten())
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(parameters, 5)
            optimizer.step()
            if update % 50 == 49:
                loss.item()
        torch.cuda.synchronize()

    return learn


def _ours(path: str, hidden: int, batch: int, length: int, *, looked_at: bool = False) -> Callable[[], None]:
    session = Session(
        Experiment(
            data=Data(inputs=(), text=path, batch=batch, length=length),
            network=Network(cell="lstm", hidden_size=hidden, layers=_LAYERS, head="linear"),
            training=Training(tick="sequence", reduction="mean", lr=2e-3, clip=5, epochs=0),
            run=RunOptions(device="cuda"),
        ),
        history=0,
    )
    wanted = Wanted(first=0, count=20, inside=(GatesAsk(), GradientsAsk(at=-1), WeightsAsk()))

    def learn() -> None:
        shown = time.perf_counter()
        for _ in range(_UPDATES):
            session.tick()
            if looked_at and time.perf_counter() - shown > 0.5:  # what the gallery's quarter comes to, or less
                probe = Probe(session.trainer)
                probe.states(wanted), probe.steps(wanted), probe.inside(wanted)
                shown = time.perf_counter()
        torch.cuda.synchronize()

    return learn


def _seconds(run: Callable[[], None]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def main() -> None:
    """Print a line for each shape."""
    path = sys.argv[1]
    torch.backends.cudnn.allow_tf32 = False  # as ours
    print(torch.cuda.get_device_name(), "torch", torch.__version__)
    for shape in _SHAPES:
        runs = [_plain(path, *shape), _ours(path, *shape), _ours(path, *shape, looked_at=True)]
        for run in runs:
            run()
        times = [[_seconds(run) for run in runs] for _ in range(_TURNS)]
        ours, looked = (statistics.median(each[0] / each[at] for each in times) for at in (1, 2))
        rate = shape[1] * shape[2] * _UPDATES / statistics.median(each[1] for each in times)
        print(
            f"LSTM 2x{shape[0]}, {shape[1]} x {shape[2]}: {rate:,.0f} characters/s; "
            f"{ours:.2f} of the plain loop, {looked:.2f} looked at"
        )


if __name__ == "__main__":
    main()
