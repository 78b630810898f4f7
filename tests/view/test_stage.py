"""The stage: one pane at a time in large, from 60 by 20 characters on."""

from collections.abc import Callable
from typing import Any, Literal

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.view.app.app import RnnApp
from rnn_tui.view.model.launch import LaunchOptions
from rnn_tui.view.model.settings import ViewSettings
from tests.view.fake_engine import FakeEngine
from tests.view.fake_frames import MIDWAY
from tests.view.helpers import running, screen_lines, settled, until

STAGE = ViewSettings(stage=True)
AT_0 = replace(MIDWAY, tick=0, newest=0, epoch=0, fed=0, loss=None, running_loss=None)


def there(app: RnnApp) -> set[str]:
    return {pane.ID for pane in app.main.grid.panes if pane.region}


async def test_it_waits_at_its_beginning_with_one_word() -> None:
    engine = FakeEngine(AT_0)
    async with running(engine=engine, size=(60, 20), paused=True, view_settings=STAGE) as (pilot, app, _):
        lines = screen_lines(app)
        assert there(app) == {"network"}
        assert lines[-1].strip() == "space"
        assert sum("╭───╮" in line for line in lines) == 1
        assert not any("tick" in line for line in lines)  # no status, no time line, no keys
        await pilot.press("space")
        engine.move(state="playing", tick=6, newest=6, epoch=1, fed=6, loss=9.0)
        await until(pilot, lambda: screen_lines(app)[-1].strip().startswith("epoch 1 · loss 9.000 · "))
        engine.move(state="paused")
        await until(pilot, lambda: screen_lines(app)[-1].strip().endswith(" · space"))


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_keys_bring_other_panes_one_at_a_time(theme: Literal["dark", "light"]) -> None:
    settings = ViewSettings(stage=True, theme=theme)
    async with running(size=(60, 20), view_settings=settings) as (pilot, app, _):
        for key, name in (("3", "loss"), ("v", "gradients"), ("4", "prediction"), ("escape", "gradients")):
            await pilot.press(key)
            await until(pilot, lambda: there(app) == {name})  # noqa: B023
        await pilot.press("escape")
        await until(pilot, lambda: there(app) == {"network"})


async def test_a_key_goes_to_the_stage_and_back() -> None:
    async with running(size=(120, 36)) as (pilot, app, _):
        usual = there(app)
        assert len(usual) == 4
        await pilot.press("S")
        await until(pilot, lambda: there(app) == {"network"})
        assert app.main.view.stage
        await pilot.press("S")
        await until(pilot, lambda: there(app) == usual)
        assert not app.main.view.stage


@pytest.mark.parametrize(("lesson", "pane"), [("sine", "prediction"), ("python-source", "loss"), ("hello", "network")])
async def test_the_pane_that_matters(lesson: str, pane: str) -> None:
    async with running(LESSONS[lesson], size=(60, 20), view_settings=STAGE, ready=False) as (pilot, app, _):
        await until(pilot, lambda: there(app) == {pane})


async def test_it_is_too_small_later_than_all_panes_are() -> None:
    async with running(size=(60, 19)) as (pilot, app, _):
        assert app.main.has_class("-too-small")
        assert "S: one pane at a time" in "\n".join(screen_lines(app))
        await pilot.press("S")
        await until(pilot, lambda: not app.main.has_class("-too-small"))
        await pilot.press("S")
        await until(pilot, lambda: "S: one pane at a time" in "\n".join(screen_lines(app)))
        await pilot.press("S")
        await until(pilot, lambda: not app.main.has_class("-too-small"))
        await pilot.resize_terminal(39, 19)
        await until(pilot, lambda: app.main.has_class("-too-small"))
        assert "S: one" not in "\n".join(screen_lines(app))


async def test_a_series_alone_is_asked_for_with_its_numbers() -> None:
    async with running("sine") as (pilot, app, engine):
        await pilot.press("4")
        await until(pilot, lambda: there(app) == {"prediction"})
        await until(pilot, lambda: engine.looks[-1].wanted.forecast > 80)
        assert engine.looks[-1].wanted.count >= 1


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_stage_as_a_picture(theme: Literal["dark", "light"], snap_compare: Callable[..., bool]) -> None:
    engine = FakeEngine()
    settings = ViewSettings(stage=True, theme=theme)
    app = RnnApp(engine, LaunchOptions(experiment=LESSONS["hihello"], view_settings=settings))

    async def wait(pilot: Pilot[Any]) -> None:
        await settled(pilot, app, engine)

    assert snap_compare(app, terminal_size=(60, 20), run_before=wait)
