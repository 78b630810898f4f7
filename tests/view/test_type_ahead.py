"""What is typed before a dialog is there is for the dialog, every letter of it."""

import pytest
from textual import events
from textual.widgets import Input

from rnn_tui.view.app import key_order
from rnn_tui.view.app.app import RnnApp
from tests.view.fake_engine import FakeEngine
from tests.view.helpers import running, until

KEYS = {"?": "question_mark", "/": "slash"}


def type_at_once(app: RnnApp, text: str) -> None:
    for character in text:
        app.post_message(events.Key(KEYS.get(character, character), character))


@pytest.mark.parametrize(("typed", "field"), [("?/state", "#help-words"), ("lgru", "#lessons-filter")])
async def test_letters_wait_for_the_dialog_that_they_are_for(typed: str, field: str) -> None:
    async with running(paused=True) as (pilot, app, engine):
        type_at_once(app, typed)
        await until(pilot, lambda: app.screen is not app.main and app.screen.query(field))
        words = app.screen.query_one(field, Input)
        await until(pilot, lambda: words.value == typed.lstrip("?/l"))
        assert engine.heard() == []  # no letter was a key of the panes


async def test_a_key_that_takes_long_holds_the_next_ones_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_order, "_PATIENCE", 0.0001)
    async with running(paused=True) as (pilot, app, _):
        type_at_once(app, "?/state")
        await until(pilot, lambda: app.screen is not app.main and app.screen.query("#help-words"))
        await until(pilot, lambda: app.screen.query_one("#help-words", Input).value == "state")


async def test_letters_after_esc_are_for_the_panes_again() -> None:
    async with running(paused=True) as (pilot, app, _):
        app.post_message(events.Key("question_mark", "?"))
        app.post_message(events.Key("escape", None))
        type_at_once(app, "g")
        await until(pilot, lambda: app.main.grid.active is not None and app.main.grid.active.ID == "gates")
        assert app.screen is app.main


async def test_a_widget_that_goes_away_holds_no_key_back() -> None:
    async with running(paused=True) as (pilot, app, _):
        await pilot.press("g")
        await until(pilot, lambda: app.main.grid.active is not None)
        app.main.query_one("#gates").focus()
        await until(pilot, lambda: app.focused is not None and app.focused.id == "gates")
        type_at_once(app, "g?")  # closes the pane that has the focus
        await until(pilot, lambda: app.screen is not app.main and app.screen.query("#help-topics"))
        assert app.main.grid.active is None


@pytest.mark.parametrize("key", ["question_mark", "B", "l"])
async def test_a_run_that_greets_behind_a_dialog_is_shown_once_the_dialog_has_gone(key: str) -> None:
    engine = FakeEngine(greets=False)
    async with running(engine=engine, ready=False) as (pilot, app, _):
        await until(pilot, lambda: app.main.scene is not None)
        await pilot.press(key)
        await until(pilot, lambda: app.screen is not app.main)
        engine.greet()
        await until(pilot, lambda: engine.experiment is not None)
        for _ in range(3):  # whatever asks for a frame at once has done so
            await pilot.pause()
        assert engine.looks == []
        await pilot.press("escape")
        await until(pilot, lambda: app.run_state.opened is not None)
        assert app.run_state.frame is not None
