"""Ticks a second without a view against a plain notebook loop of the same experiment, in one run.

    python -m tests.bench.headless

Both run on one thread, in turns, so that a noisy machine disturbs them alike; the ratio of the medians is printed.
"""

import statistics
import time
from collections.abc import Callable

import torch
from torch import nn

from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment

_EPOCHS = 300
_TURNS = 9


def _notebook(experiment: Experiment) -> None:
    """The loop as a course writes it: one-hot, nn.RNN, cross-entropy, Adam, and a look at the prediction."""
    vocabulary = experiment.vocabulary
    torch.manual_seed(experiment.training.seed)
    rnn = nn.RNN(len(vocabulary), 5)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(rnn.parameters(), lr=experiment.training.lr)
    one_hot = torch.eye(len(vocabulary))[[vocabulary.index(c) for c in experiment.data.inputs[0]]].unsqueeze(1)
    labels = torch.tensor([vocabulary.index(c) for c in experiment.data.targets[0]])
    for _ in range(_EPOCHS):
        optimizer.zero_grad()
        if experiment.training.tick == "character":
            loss = torch.zeros(())
            hidden = torch.zeros(1, 1, 5)
            said = []
            for x, label in zip(one_hot, labels, strict=True):
                output, hidden = rnn(x.unsqueeze(0), hidden)
                loss = loss + criterion(output.view(1, -1), label.unsqueeze(0))
                said.append(vocabulary[int(output.view(-1).argmax())])
        else:
            output, _ = rnn(one_hot, torch.zeros(1, 1, 5))
            loss = criterion(output.view(-1, len(vocabulary)), labels)
            said = [vocabulary[int(i)] for i in output.view(-1, len(vocabulary)).argmax(1)]
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        _ = (loss.item(), "".join(said))


def _ours(experiment: Experiment) -> None:
    session = Session(experiment)
    session.branch.epochs = 0
    while session.trainer.epoch < _EPOCHS or not session.trainer.at_end_of_pass:
        session.tick()


def _seconds(run: Callable[[Experiment], None], experiment: Experiment) -> float:
    began = time.perf_counter()
    run(experiment)
    return time.perf_counter() - began


def main() -> None:
    """Print the figures."""
    torch.set_num_threads(1)
    for name in ("hihello", "hihello-sequence"):
        experiment = LESSONS[name]
        plain, ours = [], []
        for _ in range(_TURNS):
            plain.append(_seconds(_notebook, experiment))
            ours.append(_seconds(_ours, experiment))
        ticks = _EPOCHS * (experiment.length if experiment.training.tick == "character" else 1)
        print(
            f"{name:18} plain {ticks / statistics.median(plain):7,.0f} ticks/s"
            f"   headless {ticks / statistics.median(ours):7,.0f}"
            f"   ratio {statistics.median(plain) / statistics.median(ours):.2f}"
        )


if __name__ == "__main__":
    main()
