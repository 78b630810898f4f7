"""The breakpoints on `B`: what is ticked and typed is what the run pauses at."""

from typing import Any

import pytest
from msgspec.structs import replace
from textual.widgets import Button, Static

from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.commands import Open, SetBreakpoints
from rnn_tui.view.screens.breakpoints import BreakpointsScreen, Point
from tests.view.dialogs import NOTHING, SIZES, Host, answer_to, assert_inside, screen_text
from tests.view.fake_engine import FakeEngine
from tests.view.helpers import running, text_of, until

TO_LOSS, TO_JUMP, TO_GRAD, TO_DEAD, TO_NAN, TO_EPOCH, TO_TICK = (
    ["down"] * count for count in (2, 4, 6, 10, 13, 15, 17)
)  # where a number is typed


def pausing(*texts: str, lesson: str = "hihello") -> Experiment:
    run = replace(LESSONS[lesson].run, until=texts)
    return replace(LESSONS[lesson], run=run)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("there", "keys", "answer"),
    [
        (("learnt",), ["ctrl+s"], ("learnt",)),
        (("learnt",), ["enter"], ("learnt",)),
        (("learnt",), ["space", "enter"], ()),
        ((), ["space", "enter"], ("learnt",)),
        ((), [*TO_LOSS, *"2.70", "enter"], ("loss<2.7",)),
        (("learnt",), [*TO_JUMP, *"1e-3", "ctrl+s"], ("learnt", "jump>0.001")),
        (("learnt",), [*TO_EPOCH, *"50", *["down"] * 2, *"300", "ctrl+s"], ("learnt", "epoch=50", "tick=300")),
        ((), [*TO_GRAD, *"1e3", "enter"], ("grad>1000",)),
        ((), [*TO_DEAD, *".5", *["down"] * 3, "space", "enter"], ("dead>0.5", "nan")),
        (("nan",), [*TO_NAN, "space", "enter"], ()),
        (("loss<2.7", "epoch=3", "loss<1"), ["enter"], ("loss<2.7", "loss<1", "epoch=3")),
        (("loss<2.7",), [*TO_LOSS, "end", *["backspace"] * 3, "enter"], ()),  # nothing is typed there any more
        (("loss<2.7",), ["down", "space", "enter"], ()),
        (("loss<2.7",), ["down", "space", "right", "enter"], ("loss<2.7",)),
        (("tick=5",), ["escape"], None),
        (("tick=5",), ["B"], None),
        ((), ["down", "space", "enter"], NOTHING),  # ticked, and no number
        ((), [*TO_EPOCH, *"0", "ctrl+s"], NOTHING),
        ((), [*TO_EPOCH, *"x", "enter"], NOTHING),
    ],
)
async def test_what_the_dialog_answers(there: tuple[str, ...], keys: list[str], answer: Any) -> None:
    assert await answer_to(BreakpointsScreen(pausing(*there)), *keys) == answer


async def test_the_mouse_ticks_and_sets() -> None:
    app = Host(BreakpointsScreen(pausing()))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        await pilot.click(app.screen.query(Point).first().box)
        await pilot.pause()
        assert "[x] learnt" in screen_text(pilot)
        await pilot.click(Button)
        await pilot.pause()
    assert app.answer == ("learnt",)


async def test_what_is_wrong_stands_below_its_line() -> None:
    app = Host(BreakpointsScreen(pausing("learnt")))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press(*TO_LOSS, *"[b]")
        await pilot.pause()
        text = screen_text(pilot)
        assert "'loss<[b]' needs a number, as in loss<2.7" in text
        assert "✗ not yet" in text
        assert app.screen.query_one(Button).disabled
        await pilot.press(*["backspace"] * 3, "3")
        await pilot.pause()
        assert "✓ pause at learnt, loss<3" in screen_text(pilot)
        assert "needs a number" not in screen_text(pilot)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.sampled(2)
async def test_it_fits_and_has_a_line_for_each_kind(size: tuple[int, int]) -> None:
    for lesson, kinds in (("hihello", 10), ("hello", 2)):  # what learns nothing comes to no loss
        app = Host(BreakpointsScreen(pausing(lesson=lesson)), theme=1)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            assert_inside(pilot)
            assert len(app.screen.query(Point)) == kinds
            assert "✓ pause nowhere" in screen_text(pilot)
            for about in app.screen.query(".point-about").results(Static):
                assert str(about.content) in screen_text(pilot)


async def test_the_engine_is_told_and_the_run_goes_on() -> None:
    async with running() as (pilot, app, engine):
        await pilot.press("B")
        await until(pilot, lambda: isinstance(app.screen, BreakpointsScreen))
        await pilot.press(*TO_TICK, *"80", "enter")
        await until(pilot, lambda: app.screen is app.main)
        assert engine.heard() == [SetBreakpoints(until=("learnt", "tick=80"))]
        await until(pilot, lambda: engine.looks[-1].seen == engine.revision)
        await pilot.press("B")
        await until(pilot, lambda: isinstance(app.screen, BreakpointsScreen))
        assert "✓ pause at learnt, tick=80" in "\n".join(
            str(each.content) for each in app.screen.query("#form-verdict").results(Static)
        )
        await pilot.press("escape")
        assert engine.heard() == []


async def test_why_it_pauses_is_told() -> None:
    async with running() as (pilot, app, engine):
        notice = "Paused at tick 60, epoch 10: the prediction is right for the first time (learnt)."
        engine.move(state="paused", notice=notice)
        await until(pilot, lambda: notice in text_of(app, "#notice"))


async def test_the_memory_and_the_forks_of_the_command_line_go_to_the_engine() -> None:
    engine = FakeEngine(greets=False)
    changes = (Change(tick=3, training=replace(LESSONS["hihello"].training, lr=0.5)),)
    async with running(engine=engine, ready=False, history=7, changes=changes) as (pilot, app, _):
        engine.greet()
        await until(pilot, lambda: engine.heard() == [Open(experiment=LESSONS["hihello"], history=7, changes=changes)])
        await until(pilot, lambda: app.main.scene and app.main.scene.opened.run == engine.run)
        app.tell(app.run_state.open_instead(LESSONS["ohlol"]))  # another experiment has the memory, and not the forks
        await until(pilot, lambda: engine.heard() == [Open(experiment=LESSONS["ohlol"], history=7)])
