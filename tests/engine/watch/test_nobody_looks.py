"""What is done where nobody looks: as little as can be, and nothing of it is lost."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from rnn_tui.engine.watch import watch_host
from rnn_tui.engine.watch.control import Control
from rnn_tui.engine.watch.description import PassFacts
from rnn_tui.engine.watch.on_screen import OnScreen
from rnn_tui.engine.watch.optimizers import LearningRate
from rnn_tui.engine.watch.watcher import Watcher
from rnn_tui.protocol.commands import Play, SetBreakpoints, SetSpeed, Step


class Loop:
    """A small network, and its losses."""

    def __init__(self) -> None:
        torch.manual_seed(3)
        self.rnn = nn.RNN(2, 3)
        self.optimizer = torch.optim.SGD(self.rnn.parameters(), lr=0.1)
        self.losses: list[float] = []

    def update(self) -> None:
        self.optimizer.zero_grad()
        loss = self.rnn(torch.randn(4, 1, 2))[0].square().mean()
        loss.backward()
        self.optimizer.step()
        self.losses.append(loss.item())


def test_losses_wait_for_one_another_no_longer_than_they_may(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = Loop()
    with Watcher(loop.rnn).start() as watcher:
        known = watcher._host.observer.losses.all
        monkeypatch.setattr(watch_host, "_SETTLED", 1e9)
        for _ in range(70):
            loop.update()
        assert 0 < len(known) < 70, "they are taken together"
        monkeypatch.setattr(watch_host, "_SETTLED", 0.0)
        watcher._host._settles = 0.0
        loop.update()
        assert list(known) == loop.losses


def test_where_passes_are_held_or_slowed_down_each_loss_is_known_at_once() -> None:
    loop = Loop()
    with Watcher(loop.rnn).start() as watcher:
        watcher._host.control.speed = 1e9
        for _ in range(3):
            loop.update()
            assert list(watcher._host.observer.losses.all) == loop.losses


@pytest.mark.parametrize(
    ("command", "acts"),
    [
        (Play(on=True), False),
        (Play(on=False), True),
        (Step(), True),
        (SetSpeed(speed=2.0), True),
        (SetSpeed(speed=0.0), False),
        (SetBreakpoints(until=("nan",)), True),
    ],
)
def test_what_passes_have_to_do_with_control(command: Any, acts: bool) -> None:
    control = Control(read_only=False, held=False)
    assert not control.acts
    control.obey(command)
    assert control.acts is acts


def test_who_has_gone_asks_for_nothing_any_more() -> None:
    loop = Loop()
    with Watcher(loop.rnn).start() as watcher:
        host = watcher._host
        host.attended = host.pictures.is_asked = True
        host.attended = False
        assert not host.pictures.is_asked


def test_what_it_takes_to_look_is_counted() -> None:
    loop = Loop()
    with Watcher(loop.rnn).start() as watcher:
        assert watcher._host.pictures.preparation == 0.0
        loop.update()  # the first pass is captured in any case
        assert watcher._host.pictures.preparation > 0.0


def test_after_the_past_the_newest_is_described_as_before() -> None:
    """Also where no pass is left of it: the script has ended."""
    facts = replace(PassFacts.before_any("train.py", "run"), fed=5, device="cuda:0")
    screen = OnScreen(facts)
    update: Any = SimpleNamespace(of=lambda network: None)
    assert screen.go_to(update, None, LearningRate())
    assert screen.facts.fed == 0
    assert not screen.go_to(update, None, LearningRate())
    assert screen.go_to(None, None, LearningRate())
    assert screen.facts == facts
