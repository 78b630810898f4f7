"""Which optimizer moves a network, at what learning rate, and which update a pass prepares."""

import copy
import gc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam

from rnn_tui.engine.watch import hooks
from rnn_tui.engine.watch.observer import Observer
from rnn_tui.engine.watch.optimizers import LearningRate

Watch = Callable[..., Observer]


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Watch this process, or a model of it."""
    found: list[Observer] = []

    def begin(*given: object) -> Observer:
        model, optimizer = (*given, None, None)[:2]
        found.append(Observer(model, optimizer, moment=lambda: None, failed=lambda error: pytest.fail(str(error))))  # type: ignore[arg-type]
        hooks.add_listener(found[-1])
        return found[-1]

    yield begin
    for each in found:
        hooks.remove_listener(each)


def train(module: nn.Module, backwards: int = 1) -> None:
    for _ in range(backwards):
        module(torch.randn(3, 2))[0].sum().backward()


def rates(observer: Observer) -> list[LearningRate]:
    return [observer.optimizers.rate_of(each) for each in observer.networks.all]


def test_each_network_has_the_rate_of_its_own_optimizer_as_it_is_now(watch: Watch) -> None:
    observer, one, other = watch(), nn.GRU(2, 3), nn.LSTM(2, 3)
    slow, fast = Adam(one.parameters(), lr=0.5), SGD(other.parameters(), lr=torch.tensor(0.25))
    scheduler = torch.optim.lr_scheduler.StepLR(slow, 1, gamma=0.5)
    train(one)
    train(other)
    assert rates(observer) == [LearningRate(optimizer="Adam", lr=0.5), LearningRate(optimizer="SGD", lr=0.25)]
    slow.step()
    scheduler.step()
    fast.param_groups[0]["lr"] = 8
    assert [each.lr for each in rates(observer)] == [0.25, 8.0]


def test_the_group_is_the_one_of_the_network(watch: Watch) -> None:
    observer, model = watch(), nn.Sequential(nn.Linear(2, 2), nn.GRU(2, 3))
    groups: list[dict[str, Any]] = [{"params": model[0].parameters(), "lr": 1.0}, {"params": model[1].parameters()}]
    kept = Adam(groups, lr=0.125)
    train(model)
    assert rates(observer) == [LearningRate(optimizer="Adam", lr=0.125, groups=(1.0, 0.125))]
    del kept


def test_of_several_the_newest_that_was_made_or_stepped(watch: Watch) -> None:
    observer, module = watch(), nn.GRU(2, 3)
    first, second = SGD(module.parameters(), lr=1.0), Adam(module.parameters(), lr=2.0)
    train(module)
    assert rates(observer)[0].lr == 2.0
    first.step()
    assert rates(observer)[0].lr == 1.0
    again = copy.deepcopy(second)  # of weights of its own, which no network has
    again.step()
    assert rates(observer)[0].lr == 1.0


@pytest.mark.parametrize("how", ["of a model", "of the process"])
def test_one_that_was_made_before_is_found(watch: Watch, how: str) -> None:
    module = nn.GRU(2, 3)
    optimizer = Adam(module.parameters(), lr=0.5)
    observer = watch(module) if how == "of a model" else watch()
    train(module, 2)
    if how == "of the process":  # begun before torch was there, so that there is none; the first step tells
        optimizer.step()
        train(module)
    assert rates(observer)[0] == LearningRate(optimizer="Adam", lr=0.5)
    assert observer.tick == (1 if how == "of a model" else 2)


def test_passes_before_the_first_step_belong_to_one_update(watch: Watch) -> None:
    observer, module = watch(), nn.GRU(2, 3)
    train(module)
    assert observer.tick == 1  # nothing makes updates yet: each backward does
    train(module)
    assert observer.tick == 2
    observer, module = watch(), nn.GRU(2, 3)
    optimizer = SGD(module.parameters())
    ticks = []
    for number in range(1, 7):
        train(module)
        ticks.append(observer.tick)
        if number % 3 == 0:
            optimizer.step()
    assert ticks == [1, 1, 1, 2, 2, 2]


def test_only_the_one_that_was_given_counts(watch: Watch) -> None:
    module = nn.GRU(2, 3)
    given, other = SGD(module.parameters(), lr=0.5), Adam(module.parameters(), lr=1.0)
    observer = watch(module, given)
    for each in (given, other, other):
        train(module)
        each.step()
    train(module)
    assert observer.tick == 2
    assert rates(observer)[0] == LearningRate(optimizer="SGD", lr=0.5)


def test_none_is_kept(watch: Watch) -> None:
    observer, module = watch(), nn.GRU(2, 3)
    optimizer = SGD(module.parameters())
    train(module)
    optimizer.step()
    gone = weakref.ref(optimizer)
    del optimizer
    gc.collect()
    assert gone() is None
    assert rates(observer) == [LearningRate()]
