"""Bits per character of what is held out after five minutes: the lesson `python-source`, and a plain loop of the same.

    python -m tests.bench.five_minutes [SECONDS]

Both learn at the same time, each in a process of its own on one thread, so that a noisy machine disturbs them alike.
What is held out is read in pieces of 64 characters from a zero state, by one and the same function.
"""

import math
import subprocess
import sys
import time

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rnn_tui.data.load import load
from rnn_tui.data.text import Corpus
from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.lessons import LESSONS

LESSON = LESSONS["python-source"]


def _bits(lstm: nn.LSTM, head: nn.Linear, data: Tensor) -> float:
    """Of indices (M,), the mean of -log2 p over all but the first."""
    classes, total, count = head.out_features, 0.0, 0
    with torch.no_grad():
        for start in range(0, len(data) - 1, 64 * 256):
            pieces = data[start : start + 64 * 256 + 1]
            pieces = pieces[: (len(pieces) - 1) // 64 * 64 + 1]
            if len(pieces) < 65:
                break
            inputs, targets = pieces[:-1].view(-1, 64), pieces[1:].view(-1, 64)
            output, _ = lstm(F.one_hot(inputs, classes).float())
            total += F.cross_entropy(head(output).flatten(0, 1), targets.flatten(), reduction="sum").item()
            count += targets.numel()
    return total / count / math.log(2)


def _data() -> tuple[Tensor, Tensor, int]:
    """Return what is learnt and what is held out, as indices, and how many characters there are."""
    loaded = load(LESSON)
    corpus = loaded.source
    assert isinstance(corpus, Corpus)
    codes = torch.from_numpy(corpus.indices(slice(None)).astype("int64"))
    learnt = len(codes) - int(len(codes) * LESSON.data.holdout)
    return codes[:learnt], codes[learnt:], len(loaded.experiment.vocabulary)


def _ours(seconds: float) -> tuple[int, nn.LSTM, nn.Linear]:
    session = Session(LESSON, history=0)
    session.watch(())
    begun = time.perf_counter()
    while time.perf_counter() - begun < seconds:
        if not session.tick():
            session.play_on()
    network = LESSON.network
    classes = len(session.experiment.vocabulary)
    lstm = nn.LSTM(classes, network.hidden_size, network.layers, batch_first=True)
    head = nn.Linear(network.hidden_size, classes)
    weights = [each.detach() for each in session.trainer.model.parameters()]
    with torch.no_grad():
        for to, value in zip([*lstm.parameters(), *head.parameters()], weights, strict=True):
            to.copy_(value)
    return session.trainer.updates, lstm, head


def _plain(seconds: float) -> tuple[int, nn.LSTM, nn.Linear]:
    data, _, classes = _data()
    network, training, length = LESSON.network, LESSON.training, LESSON.data.length
    torch.manual_seed(training.seed)
    lstm = nn.LSTM(classes, network.hidden_size, network.layers, batch_first=True)
    head = nn.Linear(network.hidden_size, classes)
    parameters = [*lstm.parameters(), *head.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=training.lr, fused=True)
    pieces = data[: (len(data) - 1) // length * length + 1].unfold(0, length + 1, length)
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(pieces), batch_size=LESSON.data.batch, shuffle=True, drop_last=True
    )
    begun, updates = time.perf_counter(), 0
    while True:
        for (piece,) in loader:
            optimizer.zero_grad()
            output, _ = lstm(F.one_hot(piece[:, :-1], classes).float())
            loss = F.cross_entropy(head(output).flatten(0, 1), piece[:, 1:].flatten())
            loss.backward()  # type: ignore[no-untyped-call]
            if training.clip:
                nn.utils.clip_grad_norm_(parameters, training.clip)
            optimizer.step()
            loss.item()
            updates += 1
            if time.perf_counter() - begun >= seconds:
                return updates, lstm, head


def main() -> None:
    """Print the figures."""
    names = {"ours": _ours, "plain": _plain}
    if sys.argv[1:2] and sys.argv[1] in names:
        torch.set_num_threads(1)
        updates, lstm, head = names[sys.argv[1]](float(sys.argv[2]))
        print(f"{sys.argv[1]:5} {updates:,} updates, {_bits(lstm, head, _data()[1]):.3f} bits per character held out")
        return
    seconds = sys.argv[1] if len(sys.argv) > 1 else "300"
    command = [sys.executable, "-m", "tests.bench.five_minutes"]
    for process in [subprocess.Popen([*command, name, seconds]) for name in names]:
        process.wait()


if __name__ == "__main__":
    main()
