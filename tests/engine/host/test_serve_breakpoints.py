"""The server and what was said on the command line: where it pauses, what it changes on the way, what it remembers."""

import pytest
from msgspec.structs import replace

from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.commands import (
    Command,
    Fork,
    GoTo,
    NextPhase,
    Open,
    Play,
    Restart,
    SetBreakpoints,
    SetSpeed,
    SlowMotion,
    Step,
    StepBack,
)
from rnn_tui.protocol.core import Refused
from rnn_tui.protocol.engine_messages import Frame, Opened
from rnn_tui.protocol.frame_request import FrameRequest, Wanted
from tests.engine.scripts import Script

HIHELLO = LESSONS["hihello"]
LOOK, HOLD = FrameRequest(number=1), Play(on=False)


def until(*texts: str, speed: float = 0.0, epochs: int = 100) -> Experiment:
    training = replace(HIHELLO.training, epochs=epochs)
    return replace(HIHELLO, training=training, run=replace(HIHELLO.run, until=texts, speed=speed))


def said(*commands: Command | int) -> list[Frame | Refused]:
    """Return what the server says; numbers are turns of its loop, in each of which it does a tick at full speed."""
    connection = Script(*commands)
    connection.run()
    return [each for each in connection.sent if isinstance(each, (Frame, Refused))]


def frames(*commands: Command | int) -> list[Frame]:
    found = said(*commands)
    assert all(isinstance(each, Frame) for each in found), found
    return [each for each in found if isinstance(each, Frame)]


def described(frame: Frame) -> Opened:
    assert frame.opened is not None
    return frame.opened


def test_it_pauses_says_why_and_space_goes_on() -> None:
    first, then = frames(Open(experiment=until("learnt")), 100, LOOK, Play(on=True), 100, LOOK)
    assert (first.status.tick, first.status.state) == (60, "paused")
    assert first.status.notice == "Paused at tick 60, epoch 10: the prediction is right for the first time (learnt)."
    assert (then.status.tick > 130, then.status.state, then.status.notice) == (True, "playing", "")


def test_a_tick_is_gone_to_at_full_speed_and_from_there_on_at_its_pace() -> None:
    opening = Open(experiment=until("tick=20", "tick=30", speed=1e-3))
    first, then = frames(opening, 100, LOOK, Play(on=True), 100, LOOK)
    assert (first.status.tick, first.status.state, first.status.speed) == (20, "paused", 1e-3)
    assert "(tick=20)" in first.status.notice
    assert (then.status.tick, then.status.state) == (20, "playing")
    (faster,) = frames(opening, 5, SetSpeed(speed=1e-4), 100, LOOK)
    assert faster.status.tick == 20
    (held,) = frames(opening, 5, HOLD, Play(on=True), 100, LOOK)
    assert held.status.tick < 20  # who pauses on the way goes on at the pace
    (paused,) = frames(Open(experiment=until("tick=20"), play=False), 50, LOOK)
    assert paused.status.tick == 0
    (beyond,) = frames(Open(experiment=until("tick=100", speed=1e-3, epochs=2)), 200, LOOK)
    assert (beyond.status.tick, beyond.status.state) == (100, "paused")


def test_other_breakpoints_count_at_once() -> None:
    found = said(
        Open(experiment=until()), 10, SetBreakpoints(until=("loss<",)), SetBreakpoints(until=("tick=40",)), 90, LOOK
    )
    refused, frame = found
    assert isinstance(refused, Refused)
    assert isinstance(frame, Frame)
    assert (refused.path, refused.problem) == ("run.until", "'loss<' needs a number, as in loss<2.7")
    assert frame.status.tick == 40
    assert described(frame).experiment.run.until == ("tick=40",)


def test_forks_change_what_is_learnt_when_their_ticks_are_done_and_the_view_is_told() -> None:
    changes = (
        Change(tick=0, training=replace(HIHELLO.training, lr=0.3)),
        Change(tick=8, training=replace(HIHELLO.training, lr=0.2)),
    )
    opening = Open(experiment=until(), changes=changes)
    before, after = frames(opening, 3, HOLD, LOOK, Play(on=True), 20, HOLD, replace(LOOK, opened=1))
    assert before.status.lr == described(before).experiment.training.lr == 0.3
    assert described(before).began == until()
    assert described(before).changes == changes[:1]
    assert after.status.lr == described(after).experiment.training.lr == 0.2
    assert described(after).changes == changes
    (again,) = frames(opening, 3, Restart(), 20, HOLD, LOOK)
    assert described(again).changes == ()


def test_a_change_of_ones_own_puts_an_end_to_the_forks_to_come() -> None:
    changes = (Change(tick=8, training=replace(HIHELLO.training, lr=0.2)),)
    own = Fork(training=replace(HIHELLO.training, optimizer="sgd"))
    opening = Open(experiment=until(), changes=changes)
    first, then = frames(opening, 3, HOLD, own, LOOK, Play(on=True), 20, HOLD, LOOK)
    assert first.status.notice == "What --fork was to change later is off."
    assert [turn.training.lr for turn in described(then).changes] == [0.1]


@pytest.mark.parametrize("training", [{"learn": False}, {"lr": -1.0}, {"optimizer": "adams"}])
def test_a_fork_that_cannot_be_is_refused(training: dict[str, object]) -> None:
    """As it may come over the wire, where the rules are not checked."""
    turn = Change(tick=3, training=replace(HIHELLO.training, **training))
    refused, *rest = said(Open(experiment=until(), changes=(turn,)), 5, LOOK)
    assert isinstance(refused, Refused)
    assert refused.path == f"training.{next(iter(training))}"
    assert not rest


def test_the_memory_is_what_was_asked_for() -> None:
    frame, refused = said(Open(experiment=until(), history=0), LOOK, 20, GoTo(tick=0))
    assert isinstance(frame, Frame)
    assert frame.status.notice == ""
    assert isinstance(refused, Refused)
    assert "no way back" in refused.problem
    (little,) = frames(Open(experiment=until(), history=100, play=False), LOOK)
    assert "--history" in little.status.notice
    _, back = frames(Open(experiment=until()), 20, LOOK, GoTo(tick=3), LOOK)
    assert back.status.tick == 3


def test_in_slow_motion_it_pauses_too_and_other_breakpoints_finish_no_phase() -> None:
    slow = SlowMotion(on=True, pace=1e6)
    held, done = frames(
        Open(experiment=until("tick=2"), play=False),
        *(NextPhase(), NextPhase(), LOOK, SetBreakpoints(until=("tick=1",)), LOOK),
    )
    assert held.phase == done.phase
    assert held.status.tick == done.status.tick
    changes: list[Command | int] = [Open(experiment=until("tick=2"), play=False), slow]
    seen = frames(*changes, *(each for _ in range(60) for each in (1, replace(LOOK, seen=-1))))
    assert (seen[-1].status.tick, seen[-1].status.state) == (2, "paused")
    assert "(tick=2)" in seen[-1].status.notice


@pytest.mark.parametrize("again", [Restart(), Restart(seed=7)])
def test_a_run_that_was_playing_plays_when_it_is_begun_again(again: Restart) -> None:
    def state(*before: Command | int, opening: Open) -> tuple[str, int]:
        (frame,) = frames(opening, *before, again, LOOK, 12)
        return frame.status.state, min(frame.status.tick, 1)

    assert state(100, opening=Open(experiment=until("learnt"))) == ("playing", 1), "it held by itself"
    assert state(9, opening=Open(experiment=until(epochs=5))) == ("playing", 1)
    assert state(40, opening=Open(experiment=until(epochs=5))) == ("playing", 1), "it was over"
    for by_hand in (HOLD, StepBack(), Step(), Step(unit="epoch"), NextPhase()):
        assert state(3, by_hand, 10, opening=Open(experiment=until())) == ("paused", 0), by_hand
    assert state(3, opening=Open(experiment=until(), play=False)) == ("paused", 0)


def test_each_prediction_tells_the_tick_at_which_it_first_came_up() -> None:
    look = FrameRequest(number=1, wanted=Wanted(count=6, top=1))
    opening = Open(experiment=until("learnt"))
    (frame,) = frames(opening, 100, look)
    assert len(frame.predictions) > 2
    for each in frame.predictions:
        assert each.tick == 6 * each.epoch
        past = frames(opening, 100, GoTo(tick=each.tick), look)[-1]
        assert past.status.tick == each.tick
        assert past.steps is not None
        vocabulary = HIHELLO.vocabulary
        assert "".join(vocabulary[index] for index in past.steps.top[:, 0].tolist()) == each.text
