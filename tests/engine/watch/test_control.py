"""What a script may do next, as views have said: one pass at a time, a breakpoint, or nothing at all to be held by."""

import pytest
import torch

from rnn_tui.engine.training.loss_history import LossSeries
from rnn_tui.engine.watch.control import Control
from rnn_tui.engine.watch.watch_host import WatchHost
from rnn_tui.protocol.commands import Play, SetBreakpoints, SetSpeed, Step
from rnn_tui.protocol.frame_request import Wanted


def losses(*values: float) -> LossSeries:
    series = LossSeries()
    for value in values:
        series.append(value)
    return series


def test_a_step_is_one_pass() -> None:
    control = Control(read_only=False, held=True)
    assert control.holds
    control.obey(Step())
    assert not control.holds
    control.count_pass(1, losses(1.0))
    assert control.holds


def test_it_may_begin_with_breakpoints() -> None:
    control = Control(read_only=False, held=False, until=("loss<0.5", "tick=3"))
    control.count_pass(1, losses(1.0))
    control.count_pass(2, losses(1.0, 0.6))
    assert not control.holds
    control.count_pass(3, losses(1.0, 0.6, 0.4))
    assert control.holds
    assert "0.5" in control.notice
    assert control.until == ("loss<0.5", "tick=3")


def test_it_goes_on_until_it_is_held_again() -> None:
    control = Control(read_only=False, held=True)
    control.obey(Play(on=True))
    for tick in (1, 2, 3):
        control.count_pass(tick, losses(1.0))
        assert not control.holds
    control.obey(Play(on=False))
    assert control.holds
    control.release()
    assert not control.holds


def test_it_is_held_where_the_loss_has_fallen_or_an_update_is_reached() -> None:
    control = Control(read_only=False, held=False)
    assert not control.needs_losses
    control.obey(SetBreakpoints(until=("loss<0.5", "tick=4")))
    assert control.needs_losses
    control.count_pass(1, losses(1.0, 0.6))
    assert not control.holds
    control.count_pass(2, losses(1.0, 0.6, 0.4))
    assert control.holds
    assert control.notice == "Held at update 2: the loss has fallen to 0.4000 (loss<0.5)."
    control.obey(Play(on=True))
    control.count_pass(3, losses(1.0, 0.6, 0.4, 0.3))  # it was below before
    assert not control.holds
    control.count_pass(4, losses(0.3, 0.3))
    assert control.holds
    assert control.notice == "Held at update 4: a breakpoint."


def test_it_is_held_where_a_gradient_is_large_or_not_finite() -> None:
    control = Control(read_only=False, held=False)
    control.obey(SetBreakpoints(until=("loss<0.1",)))
    assert not control.needs_gradients
    control.obey(SetBreakpoints(until=("grad>2", "nan")))
    assert control.needs_gradients
    control.count_pass(1, losses(1.0), 2.0)
    assert not control.holds
    control.count_pass(2, losses(1.0, 0.9), 2.5)
    assert control.notice == "Held at update 2: the norm of all gradients is 2.5 (grad>2)."
    control.obey(Play(on=True))
    control.count_pass(3, losses(1.0, 0.9, 0.8), float("inf"))
    assert control.holds
    assert control.notice == (
        "Held at update 3: the norm of all gradients is inf (grad>2); a gradient is infinite (nan)."
    )


def test_a_loss_is_judged_once() -> None:
    """The passes of other networks have losses of their own."""
    control = Control(read_only=False, held=False)
    control.obey(SetBreakpoints(until=("jump>0.5",)))
    mine = losses(1.0, 2.0)
    control.count_pass(2, mine)
    assert control.holds
    control.obey(Play(on=True))
    control.count_pass(3, mine)
    assert not control.holds
    mine.append(3.0)
    control.count_pass(4, mine)
    assert control.holds


def test_an_update_of_several_passes_is_reached_once() -> None:
    control = Control(read_only=False, held=False)
    control.obey(SetBreakpoints(until=("tick=2",)))
    held = []
    for tick in (1, 1, 2, 2, 3):
        control.count_pass(tick, losses())
        held.append(control.holds)
        control.obey(Play(on=True))
    assert held == [False, False, True, False, False]


@pytest.mark.parametrize("command", [Play(on=False), Step(), SetSpeed(speed=1e-3), SetBreakpoints(until=("tick=1",))])
def test_one_that_is_only_looked_at_is_never_held(command: Play | Step | SetSpeed | SetBreakpoints) -> None:
    control = Control(read_only=True, held=True)
    control.obey(command)
    control.hold()
    control.count_pass(1, losses(1.0))
    control.keep_pace()  # would take a quarter of an hour
    assert not control.holds


def test_nothing_is_held_once_the_watch_is_over() -> None:
    control = Control(read_only=False, held=True)
    control.close()
    assert not control.holds


@pytest.mark.parametrize(
    ("ranks", "words"),
    [
        (1, ""),
        (2, "1 other rank waits for this one, and will time out."),
        (8, "7 other ranks wait for this one, and will time out."),
    ],
)
def test_ranks_that_wait_are_told_while_it_is_held(monkeypatch: pytest.MonkeyPatch, ranks: int, words: str) -> None:
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: ranks)
    host = WatchHost(name="a", script="train.py", held=True)
    assert host.pictures.frame(Wanted()).status.notice == words
    host.control.notice = "Held at update 3: the loss is NaN."
    assert host.pictures.frame(Wanted()).status.notice == f"Held at update 3: the loss is NaN. {words}".rstrip()
    host.control.obey(Play(on=True))
    assert host.pictures.frame(Wanted()).status.notice == ""
