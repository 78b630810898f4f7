"""How a script is described: its networks in a few words, and its vocabulary once."""

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest
import torch
from torch import Tensor, nn

from rnn_tui.client.discovery import ask_engine
from rnn_tui.engine.watch import watch_host
from rnn_tui.engine.watch.description import PassFacts
from rnn_tui.engine.watch.optimizers import LearningRate
from rnn_tui.engine.watch.watcher import Watcher
from rnn_tui.protocol.engine_messages import Opened
from rnn_tui.protocol.frame_request import FrameRequest

V, E, H, T, N = 11, 6, 8, 5, 3


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Opened]:
    """Return the description that a view gets if it looks at every pass."""
    found: list[Opened] = []

    def moment(host: watch_host.WatchHost) -> None:
        host.pictures.look()
        known = found[-1].run if found else -1
        description = host.pictures.opened(FrameRequest(number=1, opened=known))
        found.extend([] if description is None else [description])
        host.observer.wanted = True

    monkeypatch.setattr(watch_host.WatchHost, "_moment", moment)
    return found


def learn(output: Tensor) -> None:
    torch.autograd.backward(output.square().sum())


def features() -> None:
    learn(nn.GRU(1, H)(torch.randn(T, N, 1))[0])


def embedded() -> None:
    learn(nn.LSTM(E, H, 2, bidirectional=True)(nn.Embedding(1000, E)(torch.randint(V, (T, N))))[0])


def embedded_beside_features() -> None:
    x = nn.Embedding(V, E)(torch.randint(V, (T, N)))
    learn(nn.RNN(E + 2, H)(torch.cat((x, torch.randn(T, N, 2)), -1))[0])


class Cell(nn.Module):
    """A cell of somebody's own."""

    def __init__(self) -> None:
        super().__init__()
        self.forget = nn.Linear(E + H, H)

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        f = self.forget(torch.cat((x, h), 1)).sigmoid()
        after: Tensor = f * h + (1 - f)
        return after


def written_by_hand() -> None:
    cell, h = Cell(), torch.zeros(N, H)
    for step in torch.randn(T, N, E):
        h = cell(step, h)
    learn(h)


@pytest.mark.parametrize(
    ("script", "facts", "cell"),
    [
        (features, "GRU 8, 1 feature", ""),
        (embedded, "LSTM 8 × 2, both directions, embedding 6 of 1,000 tokens", ""),
        (embedded_beside_features, "RNN 8, 8 features, embedding 6 of 11 tokens", ""),
        (written_by_hand, "Cell 8, 6 features, a cell of its own", "Cell"),
    ],
)
def test_a_network_in_a_few_words(script: Callable[[], None], facts: str, cell: str, opened: list[Opened]) -> None:
    with Watcher().start():
        script()
    subject = opened[-1].subject
    assert subject is not None
    assert (subject.network_facts, subject.cell) == (facts, cell)
    assert opened[-1].experiment.network.kind.is_bounded == (not cell)  # what a stranger's cell returns has no bounds


@pytest.mark.parametrize("kind", [torch.bool, torch.float32])
def test_attention_is_no_cell_for_reading_a_mask_at_each_step(kind: torch.dtype) -> None:
    """Its weights have the shape of the mask, and the mask is the same at each step."""

    class Attention(nn.Module):
        def forward(self, query: Tensor, keys: Tensor, mask: Tensor) -> Tensor:  # (N, H), (N, T, H), (N, T)
            scores = torch.einsum("nh,nth->nt", query, keys)
            return (scores.masked_fill(mask, -1e9) if mask.dtype == torch.bool else scores + mask).softmax(-1)

    class Decoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell, self.attention = nn.GRUCell(H, H), Attention()

        def forward(self, keys: Tensor, mask: Tensor) -> Tensor:
            h = keys[:, -1]
            for _ in range(T):
                h = self.cell(torch.einsum("nt,nth->nh", self.attention(h, keys, mask), keys), h)
            return h

    with Watcher().start() as watcher:
        decoder = Decoder()
        learn(decoder(torch.randn(N, T, H), torch.zeros(N, T, dtype=kind)))
        assert watcher._host.pictures.subject.networks == ("cell",)


def test_the_vocabulary_is_sent_once(opened: list[Opened]) -> None:
    words = [f"word number {at}" for at in range(50_000)]
    embedding, rnn = nn.Embedding(50_000, E), nn.RNN(E, H)
    with Watcher(nn.ModuleList([embedding, rnn]), vocabulary=words).start():
        for steps, rows in ((T, N), (T + 1, N), (T, N + 2)):
            learn(rnn(embedding(torch.randint(V, (steps, rows))))[0])
    sizes = [len(msgspec.msgpack.encode(each)) for each in opened]
    assert len(sizes) == 3
    assert max(sizes[1:]) < 5000 < 500_000 < sizes[0]
    known: Opened | None = None
    for each, (steps, rows) in zip(opened, ((T, N), (T + 1, N), (T, N + 2)), strict=True):
        known = each.completed(known)
        assert known.subject is not None
        assert known.subject.words == tuple(words)
        assert len(known.experiment.vocabulary) == 50_000
        assert known.began == known.experiment
        assert (known.experiment.length, known.experiment.rows) == (steps, rows)
        assert known.shown == opened[0].completed(None).shown  # it is the same network


def test_a_client_that_does_not_look_hears_of_the_script() -> None:
    words = [f"word number {at}" for at in range(50_000)]
    with Watcher(script="train.py --epochs 3", vocabulary=words, read_only=True).start() as watcher:
        assert watcher._folder is not None
        engine = ask_engine(watcher._folder)
    assert engine is not None
    assert engine.experiment is not None
    assert engine.subject is not None
    assert (engine.subject.script, engine.subject.can, engine.subject.words) == ("train.py --epochs 3", ("back",), ())


def test_what_is_known_stays_where_a_pass_cannot_be_taken_apart() -> None:
    known = replace(PassFacts.before_any("train.py", "run"), network="rnn", fed=7, reads="5 features")
    rate = LearningRate(optimizer="SGD", lr=0.5)
    assert known.of(None, None, rate) == replace(known, fed=0, rate=rate)
    assert known.described == replace(known, fed=3, device="cuda:1", rate=LearningRate(lr=2.0)).described
    assert known.described != replace(known, reads="6 features").described
