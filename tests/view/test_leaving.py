"""Leaving before there is a run, and what is said and shown of one whose engine has died."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from textual import events
from textual.widgets import Static

from rnn_tui.protocol.commands import Open, SaveOptions
from rnn_tui.protocol.core import Detach
from rnn_tui.protocol.engine_messages import Left, Whereabouts
from rnn_tui.protocol.frame_request import FrameRequest
from rnn_tui.runs.manifest import MANIFEST
from rnn_tui.view.model.settings import ViewSettings
from rnn_tui.view.screens.engine_gone import EngineGoneScreen
from tests.view.fake_engine import FakeEngine
from tests.view.helpers import running, screen_lines, until


async def test_left_before_torch_is_loaded_it_is_left_as_soon_as_it_runs() -> None:
    engine = FakeEngine(greets=False)
    async with running(engine=engine, ready=False) as (pilot, app, _):
        await until(pilot, lambda: app.main.scene is not None)
        await pilot.press("d")
        engine.greet()
        await until(pilot, lambda: Detach() in engine.commands)
        assert isinstance(engine.commands[0], Open)
        assert engine.looks == []  # who looks has not left
        engine.say(Left(run=Whereabouts(process=1, views=0, name="hihello-1"), stopped=False))
        await until(pilot, lambda: not app.is_running)
        assert not app.run_state.ends_with_view


@pytest.mark.parametrize("kept", [False, True])
async def test_a_dead_engine_is_replaced_where_its_run_was_left(
    kept: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the last checkpoint, or from the beginning; until the other one speaks, nothing is said to play."""
    engine, other = FakeEngine(), FakeEngine(greets=False)
    monkeypatch.setattr("rnn_tui.view.app.app.start_engine", lambda _: other)
    async with running(engine=engine) as (pilot, app, _):
        if kept:
            (tmp_path / MANIFEST).write_text("{}")
            opened = app.run_state.opened
            assert opened is not None
            app.run_state.opened = replace(opened, kept=str(tmp_path))
        engine.die("The engine was ended by signal 9.")
        await until(pilot, lambda: isinstance(app.screen, EngineGoneScreen))
        text = " ".join(str(each.content) for each in app.screen.query(Static))
        assert ("on the disk" in text, "numbers are lost" in text) == (kept, not kept)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main and "playing" not in screen_lines(app)[1])
        assert "Another engine is starting" in "\n".join(screen_lines(app))
        other.greet()
        await until(pilot, lambda: other.commands)
        (command,) = other.commands
        assert isinstance(command, Open)
        assert command.keep == (SaveOptions(folder=str(tmp_path), resume=True) if kept else None)
        assert all(isinstance(each, FrameRequest) for each in other.looks)


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_the_theme_is_chosen_at_the_start(theme: str) -> None:
    async with running("hihello", view_settings=ViewSettings(theme="light" if theme == "light" else "dark")) as (
        _,
        app,
        _,
    ):
        assert app.current_theme.dark == (theme == "dark")


@pytest.mark.parametrize("keys", ["ql", "qe", "qG", "qh", "qiw"])
@pytest.mark.sampled(2)
async def test_what_is_typed_behind_q_is_for_nobody(keys: str) -> None:
    """Drop the keys before torch is loaded, when it leaves at once, and over its question."""
    for ready in (False, True):
        async with running(engine=FakeEngine(greets=ready), ready=ready, size=(80, 24)) as (pilot, app, _):
            await until(pilot, lambda: app.main.scene is not None)
            for key in "q" * ready + keys:
                app.post_message(events.Key(key, key))
            await until(pilot, lambda: not app.is_running)
            assert app.return_code == 0
