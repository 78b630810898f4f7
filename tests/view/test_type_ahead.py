"""What is typed before a dialog is there is for the dialog, every letter of it."""

import asyncio

import pytest
from textual import events
from textual.widgets import Input

from rnn_tui.view.app.app import RnnApp
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
        await until(pilot, lambda: app.screen is not app.main)
        await asyncio.sleep(0)
        assert app.main.grid.active is None
