"""A rank writes how far it is while somebody looks at the ranks, and else sleeps."""

import math
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from rnn_tui.engine.watch import rank_writer
from rnn_tui.engine.watch.rank_clock import RankClock
from rnn_tui.engine.watch.rank_writer import RankFacts, RankWriter
from rnn_tui.engine.watch.watcher import Watcher
from rnn_tui.protocol.rank_notes import RankNote, mark, ranks_folder, read_rank_notes
from tests.terminals import PATIENCE

FACTS = RankFacts(update=7, rows=4, length=5, loss=1.5, device="cpu", is_held=False)


def until(done: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "notes").mkdir()
    return tmp_path / "notes"


@pytest.fixture
def writer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RankWriter]:
    for name, seconds in (("_AWAKE", 0.01), ("_ASLEEP", 0.02), ("_LOOKED", 0.2)):
        monkeypatch.setattr(rank_writer, name, seconds)
    found = RankWriter(folder, 1, 3, name="a", socket_folder=folder, clock=RankClock(), facts=lambda: FACTS)
    found.start()
    yield found
    found.close()


def note(folder: Path) -> RankNote:
    (found,) = read_rank_notes(folder)
    return found


def test_it_writes_while_somebody_looks(writer: RankWriter, folder: Path) -> None:
    first = note(folder)
    assert (first.beat, first.count, first.process, first.name) == (1, 3, os.getpid(), "a")
    figures = first.figures
    assert (figures.rank, figures.update, figures.rows, figures.characters, figures.loss) == (1, 7, 4, 20, 1.5)
    assert math.isnan(figures.waiting)
    time.sleep(0.2)
    assert note(folder).beat == 1  # nobody looks
    mark(folder)
    until(lambda: note(folder).beat > 3)
    until(lambda: not writer._clock.wanted)
    beat = note(folder).beat
    time.sleep(0.2)
    assert note(folder).beat == beat


def test_it_leaves_nothing_behind(writer: RankWriter, folder: Path) -> None:
    writer.close()
    assert not folder.exists()


def placed(monkeypatch: pytest.MonkeyPatch, rank: int) -> None:
    for name, value in (("RANK", rank), ("WORLD_SIZE", 2), ("TORCHELASTIC_RUN_ID", "job")):
        monkeypatch.setenv(name, str(value))


def test_a_watcher_of_one_of_several_is_found_by_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    watchers = []
    for rank in (0, 1):
        placed(monkeypatch, rank)
        watchers.append(Watcher(nn.LSTM(2, 3), script="train.py").start())
    folder = ranks_folder(os.environ)
    assert folder is not None
    notes = read_rank_notes(folder)
    assert [each.name for each in notes] == [f"train-{folder.name[:6]}-rank{rank}" for rank in (0, 1)]
    assert [Path(each.socket, "engine.sock").exists() for each in notes] == [True, True]
    subject = watchers[1]._host.pictures.subject
    assert (subject.ranks, subject.rank) == (str(folder), 1)
    for each in watchers:
        each.close()
    assert not folder.exists()


def test_its_figures_come_from_its_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rank_writer, "_AWAKE", 0.01)
    monkeypatch.setattr(rank_writer, "_ASLEEP", 0.01)
    placed(monkeypatch, 0)
    network, head = nn.LSTM(2, 3), nn.Linear(3, 4)
    with Watcher(nn.Sequential(network), script="train.py").start():
        folder = ranks_folder(os.environ)
        assert folder is not None
        optimizer = torch.optim.SGD([*network.parameters(), *head.parameters()], 0.1)
        mark(folder)
        losses = []

        def trained() -> bool:
            states, _ = network(torch.randn(6, 5, 2))
            loss = nn.functional.cross_entropy(head(states).flatten(0, 1), torch.randint(4, (30,)))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            losses.append(loss.item())
            mark(folder)
            figures = note(folder).figures
            return figures.rows > 0 and figures.loss in losses and figures.waiting >= 0 and figures.update > 2

        until(trained)
        figures = note(folder).figures
        assert (figures.rows, figures.characters) == (5, 30)
        assert 0 < figures.computing < 1


def test_alone_it_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RANK", raising=False)
    assert ranks_folder(os.environ) is None
    with Watcher(nn.LSTM(2, 3), script="train.py").start() as watcher:
        assert watcher._host.pictures.subject.ranks == ""
