"""The panes on frames of numbers."""

import numpy as np
from msgspec.structs import replace

from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.validate import from_dict
from tests.draw.grids import number_in
from tests.view.fake_engine import FakeEngine
from tests.view.fake_frames import MIDWAY, number
from tests.view.helpers import running, text_of, until

SINE = LESSONS["sine"]
FED = replace(MIDWAY, fed=SINE.length, loss=0.25, batches=2)


async def test_numbers_stand_where_characters_would() -> None:
    async with running(SINE, engine=FakeEngine(FED)) as (_, app, engine):
        wanted = engine.looks[-1].wanted
        rows = [line.strip("│ ").split() for line in text_of(app, "#network").splitlines()]
        told = {row[0]: row[1:] for row in rows if row}
        assert len(told["input"]) == wanted.count > 5
        assert [number_in(text) for text in told["input"]] == [number(step) for step in range(40 - wanted.count, 40)]
        targets = [number(step + 1) for step in range(40 - wanted.count, 40)]
        assert [number_in(text) for text in told["target"]] == targets
        assert [number_in(text) for text in told["output"]] == [number_in(text) + 0.1 for text in told["target"]]
        network = text_of(app, "#network")
        assert not any(mark in network for mark in "✓✗")
        assert f"{number(39):+.1f}" in text_of(app, "#states")
        assert "number → GRU 16 → linear 1" in text_of(app, "#status")
        assert "rmse 1.000" in text_of(app, "#loss")


async def test_the_chart_is_asked_for_as_wide_as_it_is_and_only_for_numbers() -> None:
    async with running(SINE, engine=FakeEngine(FED)) as (_, app, engine):
        width = app.main.query_one("#prediction").content_size.width
        assert engine.looks[-1].wanted.forecast == 2 * (width - 6)
        picture = text_of(app, "#prediction")
        assert "level" in picture
        assert "by itself" in picture
        assert "┆" in picture
    async with running() as (_, _app, engine):
        assert engine.looks[-1].wanted.forecast == 0


async def test_a_key_shows_the_next_of_several_columns() -> None:
    data = {"series": "some.csv", "column": ["wind", "rain"], "targets": ["wind", "o\x1bzone"], "length": 40}
    experiment = from_dict({"data": data, "network": {"head": "linear"}})
    async with running(experiment, engine=FakeEngine(FED)) as (pilot, app, engine):
        assert "numbers are wind (k: next)" in text_of(app, "#network")
        assert "wind (k: next)" in text_of(app, "#prediction")
        assert engine.looks[-1].wanted.column == 0
        await pilot.press("k")
        await until(pilot, lambda: engine.looks[-1].wanted.column == 1)
        await until(pilot, lambda: "numbers are rain → o" in text_of(app, "#network"))
        assert "\x1b" not in text_of(app, "#network") + text_of(app, "#prediction")
        assert "squared error 0.250 of 2 columns" in text_of(app, "#loss")
        await pilot.press("k")
        await until(pilot, lambda: engine.looks[-1].wanted.column == 0)


async def test_numbers_that_do_not_fit_are_dots() -> None:
    async with running(SINE, engine=FakeEngine(FED)) as (_, app, _engine):
        scene = app.main.scene
        assert scene is not None
        assert scene.in_columns(np.array([1234567, -1.25], np.float32)) == ["+1e6", "−1.25"]


async def test_before_the_first_frame_there_is_nothing_yet() -> None:
    experiment = from_dict({"data": {"series": "no\x1bne.csv"}, "network": {"head": "linear"}})
    async with running(experiment, engine=FakeEngine(greets=False), ready=False) as (pilot, app, _):
        await pilot.pause(0.1)
        assert "\x1b" not in text_of(app, "#network")
