"""What a rank computes and waits for: told by hooks that are there only while somebody looks at the ranks."""

import math
from collections.abc import Iterable

import pytest
import torch
from torch import Tensor, nn

from rnn_tui.engine.watch.rank_clock import RankClock


class Times:
    """A clock that goes on as a test says."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def hooks_of(models: Iterable[nn.Module]) -> int:
    return sum(len(each._post_accumulate_grad_hooks or ()) for model in models for each in model.parameters())


@pytest.fixture
def times() -> Times:
    return Times()


@pytest.fixture
def models() -> list[nn.Module]:
    return [nn.Linear(2, 3), nn.Linear(3, 1)]


def train(clock: RankClock, models: list[nn.Module], times: Times, *, computes: float, waits: float) -> None:
    times.now += computes
    value: Tensor = models[1](models[0](torch.ones(1, 2))).sum()
    torch.autograd.backward(value)
    times.now += waits
    clock.backward_done(models)


def test_it_waits_from_its_last_gradient_on(times: Times, models: list[nn.Module]) -> None:
    clock = RankClock(times)
    clock.wanted = True
    train(clock, models, times, computes=1.0, waits=9.0)
    assert math.isnan(clock.waiting)  # nothing was hooked yet
    for _ in range(3):
        train(clock, models, times, computes=0.25, waits=0.5)
        assert (clock.interval, clock.waiting) == pytest.approx((0.75, 0.5))
    for _ in range(200):
        train(clock, models, times, computes=0.5, waits=0.0)
    assert (clock.interval, clock.waiting) == pytest.approx((0.5, 0.0), abs=1e-6)  # running means


def test_while_nobody_looks_nothing_is_hooked(times: Times, models: list[nn.Module]) -> None:
    clock = RankClock(times)
    train(clock, models, times, computes=1.0, waits=1.0)
    assert hooks_of(models) == 0
    assert math.isnan(clock.interval)
    clock.wanted = True
    train(clock, models, times, computes=1.0, waits=1.0)
    assert hooks_of(models) == 4
    clock.wanted = False
    train(clock, models, times, computes=1.0, waits=1.0)
    assert hooks_of(models) == 0


def test_collectives_of_the_script_are_waiting_as_well(times: Times, models: list[nn.Module]) -> None:
    clock = RankClock(times)
    clock.wanted = True
    clock.backward_done(models)
    clock.backward_done(models)
    phases = []
    clock.collective_begins()
    phases.append(clock.phase)
    times.now += 0.5
    clock.collective_ends()
    assert [*phases, clock.phase] == ["waiting", "computing"]
    train(clock, models, times, computes=1.0, waits=0.25)
    assert clock.waiting == pytest.approx(0.1 * 0.75)  # the mean with the 0 before


def test_what_is_done_now_and_since_when(times: Times, models: list[nn.Module]) -> None:
    clock = RankClock(times)
    clock.wanted = True
    clock.backward_done(models)
    clock.enter("evaluating")
    times.now += 3
    clock.enter("evaluating")
    assert (clock.phase, clock.began) == ("evaluating", 100.0)
    clock.enter("computing")
    torch.autograd.backward(models[1](models[0](torch.ones(1, 2))).sum())
    assert (clock.phase, clock.began) == ("waiting", 103.0)
