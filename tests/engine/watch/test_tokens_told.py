"""Tokens that a script tells by itself: they stand at the time steps of the next pass, and rows end where it says."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

import rnn_tui
from rnn_tui.engine.watch import watch_host
from rnn_tui.protocol.engine_messages import Frame, Opened
from rnn_tui.protocol.frame_request import FrameRequest, Wanted
from rnn_tui.protocol.inspect.cell import CellAsk, CellFacts

T, N, V, H = 7, 3, 5, 4


class Told:
    """A frame after each backward, of the last network, and the description then."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.frames: list[Frame] = []
        self.opened: list[Opened] = []
        self.row = 1
        monkeypatch.setattr(watch_host.WatchHost, "_moment", lambda host: self._moment(host))

    def _moment(self, host: watch_host.WatchHost) -> None:
        host.pictures.chosen = 99
        host.pictures.look()
        asks = (CellAsk(step=T - 1),)
        self.frames.append(
            host.pictures.frame(Wanted(row=self.row, first=0, count=T, top=2, units=H, layers=(0, 1), inside=asks))
        )
        opened = host.pictures.opened(FrameRequest(number=1))
        assert opened is not None
        self.opened.append(opened)
        host.observer.wanted = True

    def inputs(self) -> list[int]:
        steps = self.frames[-1].steps
        assert steps is not None
        return [int(each) for each in steps.inputs]

    def notes(self) -> tuple[str, ...]:
        subject = self.opened[-1].subject
        assert subject is not None
        return subject.notes


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    torch.manual_seed(3)
    return Told(monkeypatch)


def learn(model: nn.Module, x: Tensor) -> None:
    output = model(x)[0]
    output.square().mean().backward()


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("as_list", [True, False])
def test_they_stand_at_the_time_steps(told: Told, batch_first: bool, as_list: bool) -> None:
    model, ids = nn.GRU(V, H, batch_first=batch_first), torch.randint(V, (N, T) if batch_first else (T, N))
    with rnn_tui.watch(model) as watcher:
        watcher.tokens(ids.tolist() if as_list else ids)
        learn(model, F.one_hot(ids, V).float())
        assert told.inputs() == (ids[1] if batch_first else ids[:, 1]).tolist()
        learn(model, torch.randn(*ids.shape, V))  # of this pass nothing is told
    opened, later = (each.subject for each in told.opened)
    assert opened is not None
    assert later is not None
    assert (opened.reads, later.reads) == ("tokens", "numbers")
    vocabulary = told.opened[0].completed(None).experiment.data.vocabulary
    assert len(vocabulary) == V  # x is one-hot: there are as many as features


@pytest.mark.parametrize("packed", [True, False])
def test_one_hot_vectors_are_tokens(told: Told, packed: bool) -> None:
    model, ids, lengths = nn.GRU(V, H, batch_first=True), torch.randint(V, (N, T)), [7, 4, 2]
    x = F.one_hot(ids, V).float()
    with rnn_tui.watch(model):
        output = model(pack_padded_sequence(x, lengths, batch_first=True) if packed else x)[0]
        (output.data if packed else output).square().mean().backward()
    assert told.inputs() == [*ids[1, :4].tolist(), *([-1] * 3 if packed else ids[1, 4:].tolist())]
    assert told.opened[0].subject is not None
    assert told.opened[0].subject.reads == "tokens"


@pytest.mark.parametrize(
    "x",
    [
        torch.randint(2, (N, T, 2)).float(),  # two features that are 0 and 1 may be anything
        F.one_hot(torch.randint(V, (N, T)), V) * torch.ones(V).index_fill(0, torch.tensor(2), 2.0),
        F.one_hot(torch.randint(V, (N, T)), V).float().index_fill(1, torch.tensor(3), 0.0),
        F.one_hot(torch.randint(2, (N, T)), V).float() + F.one_hot(torch.randint(2, (N, T)) + 2, V),
    ],
    ids=["two features", "a two", "nothing", "two ones"],
)
def test_other_numbers_are_not(told: Told, x: Tensor) -> None:
    model = nn.GRU(x.shape[-1], H, batch_first=True)
    with rnn_tui.watch(model):
        learn(model, x)
    assert told.opened[0].subject is not None
    assert told.opened[0].subject.reads == "numbers"


def test_where_rows_and_steps_are_as_many_it_is_as_the_network_reads(told: Told) -> None:
    for batch_first in (True, False):
        model, ids = nn.RNN(V, H, batch_first=batch_first), torch.randint(V, (T, T))
        with rnn_tui.watch(model) as watcher:
            watcher.tokens(ids)
            learn(model, torch.randn(T, T, V))
        assert told.inputs() == (ids[1] if batch_first else ids[:, 1]).tolist()


def test_rows_end_at_their_lengths(told: Told) -> None:
    """Check that a row ends at its length, with its prediction there, and that its states are torch's."""
    model, head, lengths = nn.LSTM(V, H, batch_first=True), nn.Linear(H, 6), torch.tensor([7, 4, 2])
    ids, y = torch.randint(V, (N, T)), torch.tensor([1, 5, 0])
    x = torch.randn(N, T, V)
    with rnn_tui.watch(model) as watcher:
        watcher.tokens(ids, lengths=lengths)
        output = model(x)[0]
        logits = head(output[range(N), lengths - 1])
        F.cross_entropy(logits, y).backward()  # type: ignore[no-untyped-call]
    (frame,) = told.frames
    assert frame.steps is not None
    assert frame.steps.inputs.tolist() == [*ids[1, :4].tolist(), -1, -1, -1]
    tokens = 1 + int(ids.max())  # classes have names of their own, from there on
    assert frame.steps.targets.tolist() == [-1, -1, -1, tokens + 5, -1, -1, -1]
    np.testing.assert_allclose(frame.steps.target_p[3], logits.softmax(-1)[1, 5].item(), rtol=1e-5)
    assert not told.notes()
    np.testing.assert_allclose(frame.states[0].h, output[1, :4].T.detach(), atol=1e-6)


def test_a_network_that_reads_both_ways_shows_the_padding_that_it_has_read(told: Told) -> None:
    model, x, ids = nn.GRU(V, H, batch_first=True, bidirectional=True), torch.randn(N, T, V), torch.randint(V, (N, T))
    with rnn_tui.watch(model) as watcher:
        watcher.tokens(ids, lengths=[7, 4, 2])
        learn(model, x)
    assert told.inputs() == ids[1].tolist()
    assert not told.notes()
    for direction in range(2):
        expected = model(x)[0][1, :, direction * H :][:, :H].T.detach()
        np.testing.assert_allclose(told.frames[0].states[direction].h, expected, atol=1e-6)


def test_a_loop_over_a_cell_may_tell_them_step_by_step(told: Told) -> None:
    cell, ids = nn.GRUCell(V, H), torch.randint(V, (T, N))
    with rnn_tui.watch(cell) as watcher:
        h = torch.zeros(N, H)
        for step in ids:
            watcher.tokens(step)
            h = cell(F.one_hot(step, V).float(), h)
        h.sum().backward()  # type: ignore[no-untyped-call]
    assert told.inputs() == ids[:, 1].tolist()


class Translation(nn.Module):
    """Two networks over vectors that the script has made by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = nn.GRU(V, H), nn.GRU(V, H)


def test_what_is_told_before_a_network_is_what_it_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    model, source, target = Translation(), torch.randint(V, (T, N)), torch.randint(V, (T, N))
    found: list[list[int]] = []

    def moment(host: watch_host.WatchHost) -> None:
        for host.pictures.chosen in range(2):
            host.pictures.look()
            steps = host.pictures.frame(Wanted(row=1, first=0, count=T)).steps
            assert steps is not None
            found.append(steps.inputs.tolist())

    monkeypatch.setattr(watch_host.WatchHost, "_moment", moment)
    with rnn_tui.watch(model) as watcher:
        watcher.tokens(source)
        _, h = model.encoder(torch.randn(T, N, V))
        watcher.tokens(target)
        model.decoder(torch.randn(T, N, V), h)[0].sum().backward()
    assert found == [source[:, 1].tolist(), target[:, 1].tolist()]


def test_there_are_as_many_tokens_as_have_been_read_and_words_for_them(told: Told) -> None:
    model = nn.RNN(V, H)
    with rnn_tui.watch(model, vocabulary=["a", "b", "c"]) as watcher:
        for ids in (torch.zeros(T, N), torch.full((T, N), 8), torch.ones(T, N)):
            watcher.tokens(ids.long())
            learn(model, torch.randn(T, N, V))
    assert [len(each.completed(None).experiment.data.vocabulary) for each in told.opened] == [3, 9, 9]
    assert told.opened[1].run == told.opened[2].run  # it is described once


@pytest.mark.parametrize(
    ("ids", "lengths", "problem"),
    [
        (torch.zeros(T, N), None, "needs whole numbers, (T,), (N, T) or (T, N): float32 of shape (7, 3)"),
        (torch.zeros(2, T, N, dtype=torch.int64), None, "of shape (2, 7, 3)"),
        (torch.zeros(T, N, dtype=torch.int64), [1.5] * N, "needs lengths as whole numbers"),
        (torch.zeros(T, N + 1, dtype=torch.int64), None, "other time steps or rows"),
        (["a", "b"], None, "cannot be used"),
        (object(), None, "cannot be used"),
    ],
)
def test_what_cannot_be_used_is_said_and_harms_nothing(told: Told, ids: Any, lengths: Any, problem: str) -> None:
    model = nn.RNN(V, H)
    with rnn_tui.watch(model) as watcher:
        watcher.tokens(ids, lengths=lengths)
        learn(model, torch.randn(T, N, V))
        assert problem in "".join(told.notes())
        watcher.tokens(torch.ones(T, N, dtype=torch.int64))
        learn(model, torch.randn(T, N, V))
        assert told.inputs() == [1] * T
        assert not told.notes()


def test_nothing_is_kept_where_nobody_waits_and_in_an_evaluation(monkeypatch: pytest.MonkeyPatch) -> None:
    model = nn.RNN(V, H)
    kept: list[Callable[[], object]] = []
    monkeypatch.setattr(watch_host.WatchHost, "_moment", lambda host: kept.append(lambda: host.observer.capture))
    with rnn_tui.watch(model) as watcher:
        observer = watcher._host.observer
        with torch.no_grad():
            watcher.tokens(torch.zeros(T, N, dtype=torch.int64))
        assert observer.capture is None
        learn(model, torch.randn(T, N, V))  # the first pass is captured, before anybody asks
        watcher.tokens(torch.zeros(T, N, dtype=torch.int64))
        assert observer.capture is None


def test_a_cell_beyond_the_end_has_no_token(told: Told) -> None:
    model = nn.RNN(V, H)
    with rnn_tui.watch(model) as watcher:
        watcher.tokens(torch.ones(T, N, dtype=torch.int64), lengths=[7, 4, 2])
        learn(model, torch.randn(T, N, V))
    (cell,) = told.frames[0].inside
    assert isinstance(cell, CellFacts)
    assert cell.note
