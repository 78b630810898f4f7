"""Touching a paused run from the keyboard: what is asked of the engine, what is shown, and how all is as it was."""

import pytest
from msgspec.structs import replace

from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.commands import Step
from rnn_tui.protocol.frame import Check
from rnn_tui.protocol.touch import Touch, TouchFacts
from rnn_tui.view.app.app import RnnApp
from rnn_tui.view.model.touching import Touching, kinds_of, place_in_words
from rnn_tui.view.widgets.touch_line import TouchLine
from tests.view.fake_engine import FakeEngine
from tests.view.helpers import running, screen_lines, settled, text_of, until

CHECKS = (Check(claim="output[-1] is h_n", holds=True, difference=0.0),)
INPUT = Touch(kind="input", step=3)  # 4 of 6 steps are fed
STATE = Touch(kind="state", step=3)


def facts(*touches: Touch, before: float = 0.0) -> TouchFacts:
    return TouchFacts(touches=touches, before=(before,) * len(touches), loss=3.5, loss_before=2.25)


def touches(engine: FakeEngine) -> tuple[Touch, ...]:
    return engine.looks[-1].wanted.touch


def line(app: RnnApp) -> str:
    return text_of(app, "#touch")


async def test_a_letter_is_another_until_esc() -> None:
    async with running(paused=True) as (pilot, app, engine):
        engine.extra = {"touch": facts(INPUT, before=1.0)}
        await pilot.press("enter")
        await until(pilot, lambda: touches(engine) == (INPUT,))
        engine.move()
        await until(pilot, lambda: "input at time step 4: 'i'" in line(app))
        await pilot.press("up")  # of "hielo"
        await until(pilot, lambda: touches(engine) == (replace(INPUT, value=2),))
        engine.extra = {"touch": facts(replace(INPUT, value=2), before=1.0)}
        engine.move()
        await until(pilot, lambda: "'i' → 'e' · loss 2.250 → 3.500" in line(app))
        await pilot.press("o")
        await until(pilot, lambda: touches(engine) == (replace(INPUT, value=4),))
        marked = [row for row in text_of(app, "#network").splitlines() if "✎" in row]
        assert len(marked) == 1
        assert "input" in marked[0]
        assert "esc restore" in screen_lines(app)[-1]
        await pilot.press("escape")
        await until(pilot, lambda: touches(engine) == ())
        assert not app.main.query_one(TouchLine).display
        assert engine.heard() == []  # no command: the run knows nothing of it


async def test_a_unit_of_the_state_takes_a_number() -> None:
    async with running(paused=True) as (pilot, app, engine):
        await pilot.press("2", "2")  # the focus is on the hidden states
        engine.extra = {"touch": facts(STATE, before=0.25)}
        await pilot.press("enter")
        engine.move()
        await until(pilot, lambda: "h of unit 1 at time step 4: +0.25" in line(app))
        await pilot.press(*"-.5")
        await until(pilot, lambda: "+0.25 → -.5" in line(app))
        await pilot.press("enter")
        await until(pilot, lambda: touches(engine) == (replace(STATE, value=-0.5),))
        (marked,) = (row for row in text_of(app, "#states").splitlines() if "✎" in row)
        assert "unit 1" in marked
        await pilot.press("full_stop", "left")
        chosen = Touch(kind="state", step=2, unit=1)
        await until(pilot, lambda: touches(engine) == (replace(STATE, value=-0.5), chosen))
        engine.extra = {"touch": facts(replace(STATE, value=-0.5), chosen, before=0.5)}
        engine.move()
        await until(pilot, lambda: "h of unit 2 at time step 3: +0.5 · 1 more touched" in line(app))
        await pilot.press("down")
        await until(pilot, lambda: touches(engine)[1] == replace(chosen, value=pytest.approx(0.4)))


async def test_enter_gives_the_keys_back_and_the_touch_stays() -> None:
    async with running(paused=True) as (pilot, app, engine):
        engine.extra = {"touch": facts(INPUT, before=1.0)}
        await pilot.press("enter", "h", "enter")
        await until(pilot, lambda: app.focused is not None and app.focused.id == "network")
        assert touches(engine) == (replace(INPUT, value=0),)
        await pilot.press("g")
        await settled(pilot, app, engine)
        assert touches(engine) == (replace(INPUT, value=0),)
        assert "esc restore" in screen_lines(app)[-1]
        await pilot.press("escape")
        await until(pilot, lambda: touches(engine) == ())
        assert app.main.grid.active is not None  # the pane stays


@pytest.mark.parametrize("change", [{"state": "playing"}, {"tick": 71, "newest": 71}])
async def test_when_the_run_goes_on_all_is_as_it_was(change: dict[str, object]) -> None:
    async with running(paused=True) as (pilot, app, engine):
        engine.extra = {"touch": facts(INPUT, before=1.0)}
        await pilot.press("enter", "h")
        await until(pilot, lambda: touches(engine) == (replace(INPUT, value=0),))
        engine.move(**change)
        await until(pilot, lambda: touches(engine) == ())
        assert app.focused is not None
        assert app.focused.id == "network"
        assert any("as it was" in each.message for each in app._notifications)


async def test_only_a_paused_run_can_be_touched() -> None:
    async with running() as (pilot, app, engine):
        await pilot.press("enter")
        await until(pilot, lambda: any("paused" in each.message for each in app._notifications))
        assert app.main.view.touch is None
    async with running(paused=True) as (pilot, app, engine):
        engine.move(fed=0)
        await settled(pilot, app, engine)
        await pilot.press("enter")
        await until(pilot, lambda: any("Nothing has been fed" in each.message for each in app._notifications))
        assert app.main.view.touch is None


async def test_other_keys_do_what_they_always_do() -> None:
    async with running(paused=True) as (pilot, _, engine):
        await pilot.press("enter", "n")
        assert engine.heard()
        await pilot.press("shift+right")
        assert engine.heard() == [Step(unit="epoch")]


def test_weights_are_reached_row_by_row() -> None:
    lesson = LESSONS["hihello-embedding"]  # embedding.weight (5, 10), then weight_ih_l0 (5, 10)
    touching = Touching(kind="weight", tick=0, matrix=1, at=(0, 9))

    def at(touching: Touching) -> tuple[int, ...]:
        return touching.target(lesson, row=0, step=0, layer=0, direction=0, unit=0).at

    assert at(touching) == (0, 9)
    assert at(Touching(kind="weight", tick=0, matrix=1)) == (0, 0)  # the first, until another is chosen
    assert at(touching.moved(lesson, 0, 1)) == (1, 0)
    assert at(touching.moved(lesson, 1, 0)) == (1, 9)
    assert at(touching.moved(lesson, -1, 0)) == (4, 9)
    bias = Touching(kind="weight", tick=0, matrix=3, at=(4, 0))
    assert at(bias) == (4,)
    assert at(bias.moved(lesson, 1, 0)) == (0,)


def test_what_is_touched_has_a_name() -> None:
    deep, words = LESSONS["ohlol-lstm"], LESSONS["six-words"]
    assert kinds_of(deep) == ("input", "h0", "c0", "weight")  # it reads both ways
    assert place_in_words(Touch(kind="c0", layer=1, direction=1, unit=2), deep) == "c₀ of unit 3, layer 2 ←"
    assert place_in_words(Touch(kind="state", row=2, step=1), words) == "h of unit 1 of row 3 at time step 2"
    assert place_in_words(Touch(kind="weight", name="b", at=(3,)), words) == "b, row 4"


async def test_where_h_cannot_be_touched_the_line_says_so_and_shapes_say_whose_checks_they_are() -> None:
    async with running("ohlol-lstm", paused=True, size=(160, 40)) as (pilot, app, _):
        await pilot.press("enter")
        await until(pilot, lambda: "h can be touched only where a network reads one way" in line(app))
    async with running("three-words", paused=True) as (pilot, app, engine):
        engine.extra = {"touch": facts(INPUT, before=1.0), "checks": CHECKS}
        engine.move()
        await settled(pilot, app, engine)
        assert "as it was" not in text_of(app, "#shapes")
        await pilot.press("enter")
        await until(pilot, lambda: "Touched: the checks are of the" in text_of(app, "#shapes"))
