"""Frames that are hard to show: numbers that are none, very long texts, and texts of any script."""

import math
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.frame import Curve
from tests.view.helpers import running, screen_lines, text_of, until


@pytest.mark.parametrize("value", [math.nan, -math.inf])
@pytest.mark.parametrize("lesson", ["hihello", "hello"])
@pytest.mark.sampled(2)
async def test_numbers_that_are_none_are_shown_as_such(lesson: str, value: float) -> None:
    async with running(lesson) as (pilot, app, engine):
        frame = engine.frames[-1]
        assert frame.steps is not None

        def spoilt(array: Any) -> Any:
            return np.full(array.shape, value, array.dtype)

        steps = frame.steps
        steps = replace(steps, top_p=spoilt(steps.top_p), target_p=spoilt(steps.target_p), losses=spoilt(steps.losses),
                        outputs=None if steps.outputs is None else spoilt(steps.outputs))  # fmt: skip
        points = Curve(x=np.arange(1.0, 9.0), low=np.full(8, value), high=np.full(8, value))
        tensors = [each if each.values is None else replace(each, values=spoilt(each.values)) for each in frame.tensors]
        engine.extra = {
            "steps": steps, "states": tuple(replace(each, h=spoilt(each.h)) for each in frame.states),
            "curve": points, "characters": points, "tensors": tuple(tensors),
        }  # fmt: skip
        engine.move(state="paused", loss=value, running_loss=value, notice="The loss turned NaN at tick 71.")
        await until(pilot, lambda: "tick 71" in text_of(app, "#notice"))
        name = {math.nan: "NaN", -math.inf: "−∞"}[value]
        assert name in text_of(app, "#states")
        if lesson == "hihello":
            assert {math.nan: "NaN", -math.inf: "−∞"}[value] in text_of(app, "#status")
        else:
            assert name in text_of(app, "#shapes")
        for key in ("x", "y", "2", "escape"):
            await pilot.press(key)
            assert app.is_running
        for pane in app.main.grid.panes:
            if pane.region:
                await pilot.hover(pane, offset=(16, 2))
        assert "Unrolled" in "".join(screen_lines(app))


def _experiment(text: str) -> Experiment:
    return from_dict({"data": {"inputs": [text]}, "network": {"head": "linear"}, "training": {"tick": "sequence"}})


async def test_a_long_text_scrolls_around_the_cursor() -> None:
    experiment = _experiment("the quick brown fox jumps over the lazy dog " * 4)
    async with running(experiment) as (pilot, app, engine):
        engine.move(fed=experiment.length)
        count = engine.looks[-1].wanted.count
        assert 20 < count < experiment.length
        for _again in range(3):
            await pilot.press("left_square_bracket")
        assert app.main.view.cursor == experiment.length - 4
        last = experiment.length
        await until(pilot, lambda: f"steps {last - count + 1}–{last} of {last}" in text_of(app, "#network"))
        await pilot.click("#prediction", offset=(12, 2))  # some steps to the left of the cursor
        middle = app.main.view.cursor
        assert middle is not None
        assert middle < experiment.length - 4
        await until(pilot, lambda: app.main.scene and app.main.scene.steps)
        await pilot.press("escape")
        assert app.main.view.cursor is None


async def test_text_of_any_script_stays_in_its_columns() -> None:
    text = "日本e\u0301\x1b[2J\u202e👩\u200d🚀"
    experiment = _experiment(text)
    async with running(experiment) as (pilot, app, engine):
        engine.move(fed=experiment.length)
        await until(pilot, lambda: app.main.scene and app.main.scene.frame.status.fed == experiment.length)
        strips = app.screen._compositor.render_strips(app.size)
        assert {strip.cell_length for strip in strips} == {120}
        everything = "".join(strip.text for strip in strips)
        assert "日" in everything
        assert not set(everything) & {"\x1b", "\u202e", "\u200d"}
