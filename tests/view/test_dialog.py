"""Several keys in one read: a dialog is left once, and never another screen in its place."""

import pytest
from textual import events

from rnn_tui.protocol.commands import Fork, Open, Play
from rnn_tui.view.app.app import RnnApp
from rnn_tui.view.screens.dialog import Dialog
from rnn_tui.view.screens.engine_gone import EngineGoneScreen
from tests.view.helpers import running, settled, until

CHARACTERS = {"enter": "\r", "space": " ", "question_mark": "?", "tab": "\t"}
CLOSING = {  # the key that opens a dialog; keys that close it more than once
    "c": [("enter", "enter"), ("x", "x", "x"), ("left", "left"), ("x", "down", "up"), ("escape", "escape")],
    "l": [("enter", "enter"), ("enter", "escape"), ("escape", "enter"), ("slash", "enter", "enter")],
    "B": [("enter", "enter", "enter"), ("escape", "escape"), ("B", "B", "B"), ("enter", "escape", "enter")],
    "e": [("ctrl+s", "ctrl+s"), ("escape", "escape"), ("up", "enter", "enter"), ("ctrl+s", "escape", "enter")],
    "F": [("escape", "escape", "enter"), ("5", "enter", "enter"), ("5", "ctrl+s", "enter", "escape")],
    "h": [("enter", "enter"), ("h", "h"), ("q", "tab", "down", "escape"), ("space", "escape")],
    "question_mark": [
        ("q", "escape"),
        ("question_mark", "question_mark", "question_mark"),
        ("escape", "down", "escape"),
    ],
}


def type_at_once(app: RnnApp, *keys: str) -> None:
    """As one read of the terminal gives them: nothing happens between."""
    for key in keys:
        app.post_message(events.Key(key, CHARACTERS.get(key, key if len(key) == 1 else None)))


@pytest.mark.sampled(1)
@pytest.mark.parametrize("key", CLOSING)
async def test_keys_that_come_at_once_leave_a_dialog_once(key: str) -> None:
    async with running(paused=True, size=(80, 24)) as (pilot, app, engine):
        for keys in CLOSING[key]:
            await pilot.press(key)
            await until(pilot, lambda: app.screen is not app.main and app.screen.query(".dialog"))
            await pilot.pause()
            type_at_once(app, *keys)
            for _ in range(5):
                await pilot.pause(0.01)
            assert app.is_running, keys
            assert all(type(each) is type(app.screen_stack[-1]) for each in app.screen_stack[1:]), keys
            assert len(app.screen_stack) <= 2, keys
            assert sum(isinstance(each, Open | Fork) for each in engine.heard()) <= 1, keys
            if app.screen is not app.main:
                await pilot.press("escape")
            await settled(pilot, app, engine)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("key", CLOSING)
async def test_a_key_twice_at_once_opens_one_dialog_at_most(key: str) -> None:
    async with running(size=(80, 24)) as (pilot, app, _):
        type_at_once(app, key, "l", "e", key)
        for _ in range(5):
            await pilot.pause(0.01)
        assert app.is_running
        assert len(app.screen_stack) <= 2


async def test_over_a_dialog_no_other_is_opened() -> None:
    async with running() as (pilot, app, engine):
        await pilot.press("h")
        await until(pilot, lambda: app.screen is not app.main)
        before = list(app.screen_stack)
        for action in ("lessons", "experiment", "breakpoints", "fork", "reproduce", "help"):
            await app.run_action(action)
            app.main.action_explain()
            assert list(app.screen_stack) == before, action
        assert Play(on=False) not in engine.heard()


async def test_what_is_left_below_the_dead_engine_stays_until_its_turn() -> None:
    async with running() as (pilot, app, engine):
        await pilot.press("c")
        await until(pilot, lambda: app.screen is not app.main)
        below = app.screen
        assert isinstance(below, Dialog)
        engine.die("The engine was ended by signal 9.")
        await until(pilot, lambda: isinstance(app.screen, EngineGoneScreen))
        below.leave()
        below.post_message(events.Key("x", "x"))
        await pilot.pause(0.01)
        assert isinstance(app.screen, EngineGoneScreen)
        type_at_once(app, "enter", "enter")
        await until(pilot, lambda: app.screen is below)
        await pilot.press("x")
        await until(pilot, lambda: app.screen is app.main)


async def test_what_reaches_a_dialog_that_has_gone_goes_no_further() -> None:
    async with running() as (pilot, app, _):
        await pilot.press("h")
        await until(pilot, lambda: app.screen is not app.main)
        gone = app.screen
        assert isinstance(gone, Dialog)
        gone.leave()
        gone.post_message(events.Key("q", "q"))  # on the main screen it would end the run
        for _ in range(5):
            await pilot.pause(0.01)
        assert app.is_running
