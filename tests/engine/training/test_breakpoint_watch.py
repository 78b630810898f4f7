"""Breakpoints: where a run holds, against a plain loop over what the same run computes without them."""

import math
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from rnn_tui.engine.host.commands import with_seed
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.session.status import status_of
from rnn_tui.engine.training.breakpoint_watch import BreakpointWatch, describe_hits
from rnn_tui.engine.training.gradient_norm import gradient_norm
from rnn_tui.engine.training.prediction import predicted_text
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.experiment.validate import from_dict, to_dict
from tests.examples import examples

_PASSES = 60


def experiment(name: str = "hihello-sequence", *until: str, **training: Any) -> Experiment:
    values = to_dict(LESSONS[name])
    values["training"] |= {"epochs": 0, **training}
    values["run"]["until"] = list(until)
    return from_dict(values)


@cache
def unwatched(what: Experiment, passes: int = _PASSES) -> tuple[list[float], list[str]]:
    """The loss and the prediction of each pass of a run that nothing holds."""
    session = Session(what)
    session.watch(())
    losses: list[float] = []
    said: list[str] = []
    while len(losses) < passes:
        assert session.tick()
        if session.trainer.at_end_of_pass:
            losses.append(session.losses.last() or 0.0)
            said.append(predicted_text(session.trainer))
    return losses, said


def held_at(what: Experiment, ticks: int) -> list[int]:
    """After how many ticks the run held; then it was played on."""
    session = Session(what)
    held = []
    for tick in range(1, ticks + 1):
        if not session.tick():
            assert f"Paused at tick {tick:,}, epoch {session.trainer.epoch}: " in session.hold.notice
            assert status_of(session, playing=False, speed=1).notice == session.hold.notice
            held.append(tick)
            session.play_on()
            assert session.hold.notice == ""
        else:
            assert not session.hold.notice
    return held


@pytest.mark.parametrize("name", ["hihello", "hihello-sequence", "hihello-embedding", "ohlol-lstm", "ohlol-cell"])
def test_it_holds_once_where_it_is_right_for_the_first_time(name: str) -> None:
    what = experiment(name, "learnt")
    _, said = unwatched(what)
    first = said.index(what.data.targets[0]) + 1
    ticks = what.length if what.training.tick == "character" else 1
    assert held_at(what, _PASSES * ticks) == [first * ticks]


LRS = st.sampled_from([0.05, 0.3, 1.0, 3.0])  # the larger ones make the loss jump up and down


@settings(max_examples=examples(20))
@given(lr=LRS, seed=st.integers(0, 2), value=st.floats(0.25, 3, width=16))
def test_it_holds_where_the_loss_falls_below(lr: float, seed: int, value: float) -> None:
    losses, _ = unwatched(experiment(lr=lr, seed=seed))
    expected = [
        number
        for number, loss in enumerate(losses, 1)
        if loss < value and (number == 1 or losses[number - 2] >= value)  # and once again, if it has risen since
    ]
    assert held_at(experiment("hihello-sequence", f"loss<{value}", lr=lr, seed=seed), _PASSES) == expected


@settings(max_examples=examples(20))
@given(lr=LRS, seed=st.integers(0, 2), value=st.floats(0, 1, width=16))
def test_it_holds_where_the_loss_jumps(lr: float, seed: int, value: float) -> None:
    losses, _ = unwatched(experiment(lr=lr, seed=seed))
    expected = [number for number in range(2, _PASSES + 1) if losses[number - 1] - losses[number - 2] > value]
    assert held_at(experiment("hihello-sequence", f"jump>{value}", lr=lr, seed=seed), _PASSES) == expected


def test_it_holds_where_the_norm_of_all_gradients_is_larger() -> None:
    torch.manual_seed(4)
    network = nn.RNN(5, 5)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.05)
    x, y = torch.eye(5)[[0, 1, 0, 2, 3, 3]], torch.tensor([1, 0, 2, 3, 3, 4])  # hihell and ihello in "hielo"
    norms = []
    for _ in range(_PASSES):
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(x)[0], y).backward()  # type: ignore[no-untyped-call]
        squares = [each.grad.numpy().astype(np.float64) ** 2 for each in network.parameters() if each.grad is not None]
        norms.append(float(np.sqrt(sum(each.sum() for each in squares))))
        optimizer.step()
    value = float(np.median(norms))
    expected = [number for number, norm in enumerate(norms, 1) if norm > value]
    assert 2 < len(expected) < _PASSES
    assert held_at(experiment("hihello-sequence", f"grad>{value}", lr=0.05, seed=4), _PASSES) == expected


NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("before", "loss", "norm", "said"),
    [
        (0.5, 0.5, 1.0, ""),
        (0.5, NAN, NAN, "the loss is NaN"),
        (None, INF, None, "the loss is infinite"),
        (NAN, NAN, NAN, ""),  # it was before
        (0.5, 0.5, NAN, "a gradient is NaN"),
        (None, None, INF, "a gradient is infinite"),
        (0.5, 0.5, None, ""),
    ],
)
def test_it_holds_where_something_is_not_finite(
    before: float | None, loss: float | None, norm: float | None, said: str
) -> None:
    watch = BreakpointWatch(("nan",))
    assert watch.losses
    assert watch.gradients
    hits = watch.at_update(before, loss, learnt=False, norm=norm)
    assert describe_hits(hits) == (f"{said} (nan)" if said else "")


def test_no_gradient_is_needed_by_others() -> None:
    assert not BreakpointWatch(("learnt", "loss<1", "jump>1", "epoch=1", "tick=1")).gradients


def test_the_norm_is_that_of_all_values_together() -> None:
    parts = [torch.tensor([3.0, 0.0]), None, torch.full((2, 8), 3.0, dtype=torch.bfloat16)]
    assert gradient_norm(parts) == pytest.approx(math.sqrt(9 + 16 * 9))
    large = torch.full((4,), 40_000.0, dtype=torch.float16)  # whose norm is beyond that type
    assert gradient_norm([large]) == pytest.approx(80_000, rel=1e-3)
    sparse = torch.sparse_coo_tensor(torch.tensor([[1, 1]]), torch.tensor([1.0, 3.0]), (5,), check_invariants=True)
    assert gradient_norm([sparse, torch.tensor(3.0)]) == pytest.approx(5.0)
    assert gradient_norm([None]) is None
    found = gradient_norm([torch.tensor([1.0, NAN])])
    assert found is not None
    assert found.isnan()


@pytest.mark.parametrize("name", ["hihello", "hihello-sequence", "hello-cell", "six-words"])
def test_it_holds_at_an_epoch_and_at_a_tick(name: str) -> None:
    what = experiment(name, "epoch=3", "tick=2", "tick=4")
    ticks = what.length if what.training.tick == "character" else 1
    assert held_at(what, 5 * ticks) == sorted(
        {2, 4, 3 * ticks} if ticks > 1 else {tick for tick in (2, 3, 4) if tick <= 5}
    )


def test_several_at_one_tick_are_all_told() -> None:
    session = Session(experiment("hihello", "learnt", "epoch=10", "tick=60", "loss<9", epochs=10))
    notices = []
    while not session.done:
        if not session.tick():
            notices.append(session.hold.notice)
    (fallen, last) = notices
    assert fallen.startswith("Paused at tick 18, epoch 3: the loss has fallen to 8.")
    assert fallen.endswith(" (loss<9).")
    assert last == (
        "Paused at tick 60, epoch 10: the prediction is right for the first time (learnt); tick 60 is done (tick=60); "
        "epoch 10 is done (epoch=10). 10 epochs are done. Space plays on."
    )


def test_what_is_run_again_never_holds() -> None:
    session = Session(experiment("hihello", "learnt", "epoch=5", "tick=7", "loss<9", "jump>0"))
    held = [tick for tick in range(1, 121) if not session.tick()]
    assert {7, 30, 60} < set(held)
    session.go_to(0)
    assert all(session.tick() for _ in range(120))
    session.go_to(45)
    assert not session.hold.notice
    assert all(session.tick() for _ in range(75))


def test_another_future_comes_to_its_own() -> None:
    """A fork from before it was learnt is right for the first time in its own tick."""
    session = Session(experiment("hihello", "learnt"))
    while session.tick():
        pass
    assert session.trainer.ticks == 60
    session.go_to(30)
    session.learn(from_dict(to_dict(session.experiment) | {"training": {"lr": 0.05, "epochs": 0, "seed": 4}}).training)
    while session.tick():
        assert session.trainer.ticks < 600
    assert session.hold.hits
    assert session.learnt == session.trainer.epoch != 10


def test_other_breakpoints_count_at_once_and_are_kept() -> None:
    session = Session(experiment("hihello"))
    assert all(session.tick() for _ in range(9))
    session.watch(("tick=11", " epoch = 2"))
    assert session.experiment.run.until == session.began.run.until == ("tick=11", "epoch=2")
    assert [session.tick() for _ in range(4)] == [True, False, False, True]
    with pytest.raises(ExperimentError, match="is no breakpoint"):
        session.watch(("learned",))
    assert session.experiment.run.until == ("tick=11", "epoch=2")
    assert with_seed(session.began, 9).run.until == ("tick=11", "epoch=2")
    session.begin(session.experiment)
    assert [session.tick() for _ in range(11)] == [True] * 10 + [False]


def test_a_tick_beyond_the_last_epoch_is_gone_to() -> None:
    """As with space at each end; after it the epochs count again."""
    session = Session(experiment("hihello-sequence", "tick=25", epochs=10))
    assert session.heads_for_a_tick
    assert [session.tick() for _ in range(25)] == [True] * 24 + [False]
    assert not session.heads_for_a_tick
    assert session.branch.epochs == 30
    assert [session.tick() for _ in range(5)] == [True] * 4 + [False]
    assert session.hold.notice == "30 epochs are done. Space plays on."


def test_a_loss_that_is_no_number_is_told_before_all_else() -> None:
    values = to_dict(experiment("hihello-embedding", "epoch=2", "jump>1", lr=1e6, optimizer="sgd"))
    values["network"]["cell"] = "rnn-relu"
    session = Session(from_dict(values))
    while not session.hold.lost:
        assert session.tick() or session.hold.hits or session.hold.lost
        assert session.trainer.epoch < 50
    assert session.hold.notice.startswith("The loss turned ")
