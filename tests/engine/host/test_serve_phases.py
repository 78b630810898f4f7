"""The server in slow motion, on a connection without a socket: any other command finds no phase half done."""

from typing import Any

import pytest

from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.commands import (
    Command,
    Fork,
    GoTo,
    NextBranch,
    NextPhase,
    Open,
    PhaseBack,
    Play,
    Restart,
    SetSpeed,
    SetTick,
    SlowMotion,
    Step,
    StepBack,
)
from rnn_tui.protocol.core import Refused
from rnn_tui.protocol.engine_messages import Frame
from rnn_tui.protocol.frame_request import FrameRequest, Wanted
from rnn_tui.protocol.touch import Touch
from tests.engine.scripts import Script

HIHELLO = LESSONS["hihello"]
FAST = SlowMotion(on=True, pace=1e6)


def frames(*commands: Command | int) -> list[Frame]:
    """Return what is on the screen after each command."""
    looks: list[Command | int] = []
    for number, each in enumerate(commands):
        looks.append(each)
        if not isinstance(each, int):
            looks.append(FrameRequest(number=number, opened=1, wanted=Wanted(count=6, top=1, units=5, layers=(0, 1))))
    connection = Script(*looks)
    connection.run()
    return [each for each in connection.sent if isinstance(each, Frame)]


OPEN = Open(experiment=HIHELLO, play=False)


def place(frame: Frame) -> Any:
    return None if frame.phase is None else (frame.phase.kind, frame.phase.time_step)


def test_n_does_one_phase_and_holds() -> None:
    found = frames(OPEN, *[NextPhase()] * 32)
    kinds = [place(frame) for frame in found]
    forward = [(kind, t) for t in range(6) for kind in ("embed", "cell", "softmax", "loss")]
    backward = [("backward", t) for t in reversed(range(6))]
    assert kinds == [None, *forward, *backward, ("update", 0), ("embed", 0)]
    assert [frame.status.tick for frame in found] == [0] + [0] * 3 + [t for t in range(1, 6) for _ in range(4)] + (
        [5] + [6] * 8
    )
    assert {frame.status.state for frame in found} == {"paused"}
    assert found[0].revision < found[1].revision < found[2].revision


OTHERS = [
    Play(on=True), Play(on=False), Step(), Step(unit="epoch"), SetTick(tick="sequence"), GoTo(tick=0), GoTo(tick=-1),
    StepBack(), StepBack(unit="epoch"), Fork(training=HIHELLO.training), NextBranch(), Restart(), OPEN,
    SlowMotion(on=False),
]  # fmt: skip


@pytest.mark.parametrize("command", OTHERS, ids=repr)
@pytest.mark.parametrize("phases", [2, 27])
def test_any_other_command_finishes_the_tick(command: Command, phases: int) -> None:
    found = frames(OPEN, Step(), *[NextPhase()] * phases, command, 12)
    assert found[-2].phase is not None
    assert found[-1].phase is None


def test_a_step_from_inside_a_tick_leads_to_its_end() -> None:
    found = frames(OPEN, Step(), NextPhase(), Step(), NextPhase(), NextPhase(), Step(), Step())
    assert [frame.status.tick for frame in found] == [0, 1, 1, 2, 2, 2, 3, 4]


def test_back_from_inside_a_tick_is_one_tick_back() -> None:
    found = frames(OPEN, Step(), Step(), NextPhase(), NextPhase(), StepBack())
    assert [frame.status.tick for frame in found] == [0, 1, 2, 2, 2, 2]
    assert found[-1].phase is None
    assert found[-1].status.newest == 3


def test_slow_motion_plays_phases_and_space_holds_between_two() -> None:
    found = frames(OPEN, FAST, 2, Play(on=False), 3, Play(on=True), 5, SetSpeed(speed=8), FAST, SlowMotion(on=False))
    opened, entered, held, resumed, *_, left = found
    assert opened.status.slow == 0
    assert entered.status.slow == 1e6
    assert entered.status.state == "playing"
    assert (held.status.state, held.status.slow) == ("paused", 1e6)
    assert held.phase is not None
    assert resumed.status.state == "playing"
    assert resumed.status.tick <= held.status.tick + 1  # it goes on where it was held
    assert left.status.slow == 0
    assert left.status.speed == 8
    assert left.status.state == "playing"


def test_no_phase_is_computed_for_who_looks_at_no_time_steps() -> None:
    connection = Script(OPEN, NextPhase(), FrameRequest(number=1))
    connection.run()
    frame = connection.sent[-1]
    assert isinstance(frame, Frame)
    assert frame.phase is None


def test_slow_motion_ends_with_the_epochs_and_n_plays_on() -> None:
    short = Open(experiment=LESSONS["one-letter"], play=False)
    found = frames(short, NextPhase(), NextPhase(), NextPhase())
    assert [frame.status.epoch for frame in found] == [0, 1, 1, 2]
    assert found[2].status.state == "done"


def test_one_phase_back_and_on_to_the_next_part() -> None:
    part = NextPhase(unit="part")
    found = frames(OPEN, part, part, PhaseBack(), PhaseBack(), part, part, PhaseBack())
    assert [place(frame) for frame in found] == [
        None, ("embed", 0), ("backward", 5), ("loss", 5), ("softmax", 5), ("backward", 5), ("update", 0),
        ("backward", 0),
    ]  # fmt: skip
    assert [frame.status.tick for frame in found] == [0, 0, 6, 5, 5, 6, 6, 6]
    assert {frame.status.state for frame in found} == {"paused"}


def test_one_phase_back_from_a_whole_tick_is_its_last_phase() -> None:
    found = frames(OPEN, Step(), Step(), PhaseBack())
    assert place(found[-1]) == ("loss", 1)
    assert (found[-1].status.tick, found[-1].status.newest) == (2, 2)


def test_before_the_first_phase_there_is_none() -> None:
    connection = Script(OPEN, PhaseBack(), NextPhase(), PhaseBack())
    connection.run()
    refused = [each.problem for each in connection.sent if isinstance(each, Refused)]
    assert refused == ["This is the first phase of the first tick."] * 2


def test_a_touch_is_for_who_looks_and_for_a_paused_run_alone() -> None:
    def look(number: int, touch: tuple[Touch, ...]) -> FrameRequest:
        return FrameRequest(number=number, opened=1, wanted=Wanted(count=6, top=1, units=5, layers=(0, 1), touch=touch))

    touch = Touch(kind="input", step=1, value=3)
    connection = Script(
        OPEN, Step(unit="epoch"), 12, look(1, ()), look(2, (touch,)), look(3, ()), Play(on=True), look(4, (touch,))
    )
    connection.run()
    before, touched, after, playing = [each for each in connection.sent if isinstance(each, Frame)]
    assert before.touch is None
    assert touched.touch is not None
    assert touched.touch.touches == (touch,)
    assert touched.steps is not None
    assert before.steps is not None
    assert after.steps is not None
    assert touched.steps.inputs.tolist() == [0, 3, 0, 2, 3, 3]
    assert before.steps.inputs.tolist() == after.steps.inputs.tolist() == [0, 1, 0, 2, 3, 3]
    assert after.states[0].h.tolist() == before.states[0].h.tolist() != touched.states[0].h.tolist()
    assert playing.touch is not None
    assert "paused" in playing.touch.problem
