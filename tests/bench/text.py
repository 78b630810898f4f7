"""Characters a second on a text, in one run: a plain PyTorch loop, the same without a view, and with the view open.

    python -m tests.bench.text [FILE]

An LSTM of 2×128, one-hot, batches of 32 sequences of 64, Adam. All run on the same threads, in turns, so that a noisy
machine disturbs them alike; the ratio of the medians is printed. The view stands at 120×36 in a pseudo-terminal, with
the panes that are open at the beginning; it and what it is measured against are processes of their own, on one thread
and on all cores, of which the view then takes its share. Last how long a file of 100 MB takes to be read.
"""

import os
import re
import resource
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from rnn_tui.data.text import read_corpus
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.threads import choose_threads
from rnn_tui.experiment.spec import Data, Experiment, Network, Training
from tests.bench.pty_screen import PtyScreen

_UPDATES = 20
_TURNS = 7
_VIEWED = 5  # turns with the view, and beside it
_SECONDS = 10.0  # each of them
_SHAPE = "--cell lstm --layers 2 --hidden 128 --batch 32 --length 64 --lr 0.002 --clip 5 --epochs 0 --until never"


def _text() -> bytes:
    """About a megabyte of Python's own standard library."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    return b"".join(path.read_bytes() for path in sorted(folder.glob("[a-f]*.py")))[:1_000_000]


def _notebook(text: str) -> Callable[[], None]:
    """The loop as a course writes it; another call goes on with it."""
    vocabulary = sorted(set(text))
    place = {character: index for index, character in enumerate(vocabulary)}
    data = torch.tensor([place[character] for character in text])
    pieces = data[: (len(data) - 1) // 64 * 64 + 1].unfold(0, 65, 64)  # (K, 65)
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(pieces), batch_size=32, shuffle=True, drop_last=True
    )
    torch.manual_seed(0)
    lstm, head = nn.LSTM(len(vocabulary), 128, 2, batch_first=True), nn.Linear(128, len(vocabulary))
    parameters = [*lstm.parameters(), *head.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=2e-3, fused=True)

    def learn() -> None:
        for _, (piece,) in zip(range(_UPDATES), loader, strict=False):
            optimizer.zero_grad()
            output, _ = lstm(F.one_hot(piece[:, :-1], len(vocabulary)).float())
            loss = F.cross_entropy(head(output).flatten(0, 1), piece[:, 1:].flatten())
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(parameters, 5)
            optimizer.step()
            loss.item()

    return learn


def _ours(path: str, holdout: float) -> Callable[[], None]:
    experiment = Experiment(
        data=Data(inputs=(), text=path, batch=32, length=64, holdout=holdout),
        network=Network(cell="lstm", hidden_size=128, layers=2, head="linear"),
        training=Training(tick="sequence", reduction="mean", lr=2e-3, clip=5, epochs=0),
    )
    choose_threads(experiment)
    session = Session(experiment, history=0)

    def learn() -> None:
        for _ in range(_UPDATES):
            session.tick()

    return learn


def _seconds(run: Callable[[], None]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def _options(threads: int) -> list[str]:
    return [*_SHAPE.split(), "--threads", str(threads)]


def _with_view(path: str, threads: int) -> float:
    """The status line counts the updates; its last digits may be a frame old, at both ends."""
    argv = [sys.executable, "-m", "rnn_tui", "--text", path, *_options(threads), "--speed", "max"]
    with PtyScreen(argv) as screen:
        screen.until(lambda text: re.search(r"update \d\d", text) is not None, limit=120)
        screen.watch(2)
        screen.text()  # so that little is left for pyte to do within the time that is measured
        screen.watch(0.5)
        began, first = time.perf_counter(), screen.number(r"update ([\d,]+) ")
        screen.watch(_SECONDS)
        ended = time.perf_counter()
        return (screen.number(r"update ([\d,]+) ") - first) * 32 * 64 / (ended - began)


def _without_view(path: str, threads: int) -> float:
    """The last line that `rnn-tui train --every 1` has written counts the updates."""
    argv = [sys.executable, "-m", "rnn_tui", "train", "--text", path, *_options(threads), "--no-save", "--json"]
    with subprocess.Popen([*argv, "--every", "1"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        lines = process.stdout
        for _ in range(20):
            lines.readline()
        began, updates = time.perf_counter(), 0
        while time.perf_counter() - began < _SECONDS:
            lines.readline()
            updates += 1
        seconds = time.perf_counter() - began
        process.kill()
    return updates * 32 * 64 / seconds


def main() -> None:
    """Print the figures."""
    content = Path(sys.argv[1]).read_bytes() if len(sys.argv) > 1 else _text()
    with tempfile.NamedTemporaryFile(suffix=".txt") as file:
        file.write(content)
        file.flush()
        runs = {"plain": _notebook(content.decode("utf-8")), "headless": _ours(file.name, 0.0)}
        seconds: dict[str, list[float]] = {name: [] for name in runs}
        for turn in range(_TURNS + 1):
            for name, run in runs.items():
                took = _seconds(run)
                seconds[name] += [took] if turn else []  # the first warms up
        middle = {name: statistics.median(each) for name, each in seconds.items()}
        for name, each in middle.items():
            print(f"{name:9} {_UPDATES * 32 * 64 / each:9,.0f} characters/s")
        ratios = [plain / ours for plain, ours in zip(*seconds.values(), strict=True)]
        print(
            f"ratio {middle['plain'] / middle['headless']:.3f} of the medians, {statistics.median(ratios):.3f} of pairs"
        )
        print(f"on {torch.get_num_threads()} threads")
        for threads in sorted({1, len(os.sched_getaffinity(0))}):
            pairs = [(_without_view(file.name, threads), _with_view(file.name, threads)) for _ in range(_VIEWED)]
            print(f"{threads} thread{'s' if threads > 1 else ''}, with the view at 120×36:")
            for name, rates in zip(("train", "view"), zip(*pairs, strict=True), strict=True):
                print(f"{name:9} {statistics.median(rates):9,.0f} characters/s")
            ratios = [view / train for train, view in pairs]
            print(f"ratio {statistics.median(ratios):.3f} of pairs ({min(ratios):.3f} to {max(ratios):.3f})")
    with tempfile.NamedTemporaryFile() as file:
        file.write((content * (100_000_000 // len(content) + 1))[:100_000_000])
        file.flush()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        took = _seconds(lambda: np.testing.assert_equal(len(read_corpus(Data(inputs=(), text=file.name))) > 1, True))
        more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(f"100 MB are read in {took:.2f} s; the process has grown by at most {more:,.0f} MB")


if __name__ == "__main__":
    main()
