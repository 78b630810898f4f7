"""The main screen as pictures, from fixed frames. After a change that is meant: `pytest --snapshot-update`."""

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.view.app.app import RnnApp
from rnn_tui.view.model.launch import LaunchOptions
from tests.fake_fields import field_of
from tests.view.fake_engine import FakeEngine
from tests.view.fake_field import FieldEngine
from tests.view.fake_scripts import ScriptEngine, script
from tests.view.helpers import settled
from tests.view.test_ranks import shared

Compare = Callable[..., bool]


@pytest.mark.parametrize(
    ("lesson", "width", "height"),
    [("hihello", 80, 24), ("hihello", 120, 36), ("hihello", 200, 60), ("hello", 80, 24)],
)
def test_main_screen(lesson: str, width: int, height: int, snap_compare: Compare) -> None:
    engine = FakeEngine()
    app = RnnApp(engine, LaunchOptions(experiment=LESSONS[lesson]))

    async def wait(pilot: Pilot[Any]) -> None:
        await settled(pilot, app, engine)

    assert snap_compare(app, terminal_size=(width, height), run_before=wait)


@pytest.mark.parametrize(("width", "height"), [(80, 24)])
def test_several_processes(width: int, height: int, snap_compare: Compare) -> None:
    experiment, engine = shared()
    app = RnnApp(engine, LaunchOptions(experiment=experiment))

    async def wait(pilot: Pilot[Any]) -> None:
        await settled(pilot, app, engine)

    assert snap_compare(app, terminal_size=(width, height), run_before=wait)


@pytest.mark.parametrize(
    ("kind", "width", "height"), [("seeds", 80, 24), ("seeds", 120, 36), ("cells", 200, 60), ("many", 120, 36)]
)
def test_a_field_of_networks(kind: str, width: int, height: int, snap_compare: Compare) -> None:
    engine, field = FieldEngine(), field_of(kind)
    app = RnnApp(engine, LaunchOptions(experiment=field.base, comparison=field))

    async def wait(pilot: Pilot[Any]) -> None:
        await settled(pilot, app, engine)

    assert snap_compare(app, terminal_size=(width, height), run_before=wait)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 36)])
def test_a_script_that_is_watched(width: int, height: int, snap_compare: Compare) -> None:
    which = script(subject={"networks": ("encoder.rnn", "decoder.cells.0")})
    engine = ScriptEngine(which)
    app = RnnApp(engine, LaunchOptions(experiment=which.experiment, subject=which.subject))

    async def wait(pilot: Pilot[Any]) -> None:
        await settled(pilot, app, engine)

    assert snap_compare(app, terminal_size=(width, height), run_before=wait)
