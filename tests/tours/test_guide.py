"""A tour among keys that do anything: the next step, or the one before, is always the same to the bit."""

from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.commands import Command, Fork, GoTo, NextPhase, Open, Restart, SetBreakpoints, SlowMotion
from rnn_tui.protocol.commands import Step as OneTick
from rnn_tui.tours.tour import Step, Tour
from tests.tours.walk import Walk

RNN, GRU = (replace(LESSONS[name], run=replace(LESSONS[name].run, until=())) for name in ("hihello", "hihello-gru"))
TOUR = Tour(
    title="T",
    steps=(
        Step(say="a", experiment=RNN, begins=True),
        Step(say="b", experiment=RNN, begins=False, until="tick=4"),
        Step(say="c", experiment=RNN, begins=False, press=("n", "N")),
        Step(say="d", experiment=RNN, begins=False, until="epoch=3"),
        Step(say="e", experiment=GRU, begins=True, until="loss<1.5"),
        Step(say="f", experiment=GRU, begins=False),
        Step(say="g", experiment=RNN, begins=True, until="tick=2"),
    ),
)
KEYS: dict[str, Command] = {
    "tick": OneTick(),
    "epoch": OneTick(unit="epoch"),
    "phase": NextPhase(),
    "part": NextPhase(unit="part"),
    "slow": SlowMotion(on=True, pace=1000.0),
    "first": GoTo(tick=0),
    "newest": GoTo(tick=-1),
    "again": Restart(),
    "seed": Restart(seed=9),
    "fork": Fork(training=replace(RNN.training, lr=0.01)),
    "breakpoints": SetBreakpoints(until=("tick=1",)),
    "lesson": Open(experiment=LESSONS["ohlol"], play=False),
}


@cache
def plain_walk() -> list[Any]:
    """Return what each step looks like where no other key is pressed."""
    walk = Walk(TOUR)
    seen = [walk.where()]
    while walk.on():
        seen.append(walk.where())
    return seen


@settings(max_examples=12)
@given(st.lists(st.sampled_from(["on", "on", "back", *KEYS]), max_size=20))
def test_a_step_looks_the_same_from_wherever_one_comes_to_it(keys: list[str]) -> None:
    walk, expected = Walk(TOUR), plain_walk()
    assert walk.where() == expected[0]
    for key in keys:
        if key in KEYS:
            if key == "fork" and walk.session.experiment.training != RNN.training:
                continue
            walk.tell(KEYS[key])
            walk.pause()
            walk.frame = walk.look()
            continue
        moved = walk.on() if key == "on" else walk.guide.at > 0
        if key == "back" and moved:
            walk.back()
        if moved:
            assert walk.where() == expected[walk.guide.at]


def test_a_frame_from_before_the_step_is_not_its_end() -> None:
    """Two steps stop at the same thing, and what the view hears first is still of the one before."""
    steps = tuple(Step(say=each, experiment=RNN, begins=not at, until="epoch=2") for at, each in enumerate("ab"))
    walk = Walk(Tour(title="T", steps=steps))
    old = walk.frame.status
    assert "epoch=2" in old.hits
    walk.guide.next_step(walk.opened, old)
    assert walk.guide.update(walk.opened, old) == ["look"]
    assert not walk.guide.is_there
