"""The screen with the curves of runs: keys, the mouse, and files that grow while it is open."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot

from rnn_tui.experiment.spec import Data, Experiment, Training
from rnn_tui.runs.annotations import annotate
from rnn_tui.runs.catalog import read_entry
from rnn_tui.runs.facts import RunFacts, facts_of
from rnn_tui.runs.loss_reader import LossReader
from rnn_tui.view.app.curves_app import CurvesApp, run_curves
from rnn_tui.view.model.compared_runs import kind_of_loss
from rnn_tui.view.model.settings import ViewSettings
from tests.kept_versions import copied
from tests.view.helpers import until


def screen_of(app: CurvesApp) -> str:
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips(app.size))


@asynccontextmanager
async def shown(*folders: Path, **settings: Any) -> AsyncIterator[tuple[Pilot[int], CurvesApp]]:
    runs = [(facts_of(read_entry(each)), LossReader(each)) for each in folders]
    app = CurvesApp(runs, ViewSettings(**settings))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "loss by update" in screen_of(app))
        yield pilot, app


def kept(place: Path, name: str, rows: int = 60, *, seconds: bool = False) -> Path:
    """A kept run of the version before, whose losses are others, perhaps with their seconds."""
    folder = copied("0.1.0/forks", place / name)
    folder = folder.rename(place / f"{name}-run")
    header = "update,tick,loss" + (",seconds" if seconds else "")
    lines = [row(each, seconds=seconds) for each in range(1, rows + 1)]
    (folder / "losses.csv").write_text("\n".join([header, *lines, ""]))
    return folder


def row(update: int, *, seconds: bool = False) -> str:
    return f"{update},{update},{2 / update!r}" + (f",{update / 4!r}" if seconds else "")


async def test_keys_lead_over_the_curves(tmp_path: Path) -> None:
    one, two = kept(tmp_path, "one", seconds=True), kept(tmp_path, "two", 30)
    annotate(two, note="the \x1b[31mshort one")
    async with shown(one, two) as (pilot, app):
        assert "a one-run: loss 0.0333 at update 60" in screen_of(app)
        await pilot.press("down")
        text = screen_of(app)
        assert "b two-run: loss 0.0667 at update 30" in text
        assert "the ␛[31mshort one" in text
        await pilot.press("left")
        assert "b two-run: loss 0.0690 at update 29" in screen_of(app)
        await pilot.press("up", "end", "u")
        text = screen_of(app)
        assert "loss by time" in text
        assert "a one-run: loss 0.0333 at update 60, 15 s" in text
        assert "not drawn: b: no seconds of training in the files" in text
        await pilot.press("u")
        assert "a one-run: loss 0.0333 at update 60, 360 characters" in screen_of(app)
        await pilot.press("u", "y", "x")
        assert "x and y logarithmic" in screen_of(app)
        await pilot.press("o")
        assert "nothing is held out" in screen_of(app)
        await pilot.press("q")
    assert app.return_code == 0


async def test_there_is_no_palette_of_another_app_s_commands(tmp_path: Path) -> None:
    async with shown(kept(tmp_path, "one")) as (pilot, app):
        await pilot.press("ctrl+p")
        await pilot.pause()
        assert len(app.screen_stack) == 1


@pytest.mark.parametrize(("result", "code", "expected"), [(None, None, 0), (0, 0, 0), (None, 4, 4), (130, None, 130)])
def test_the_exit_code_is_that_of_the_app(
    monkeypatch: pytest.MonkeyPatch, result: int | None, code: int | None, expected: int
) -> None:
    monkeypatch.setattr(CurvesApp, "run", lambda *_, **__: result)
    monkeypatch.setattr(CurvesApp, "return_code", code)
    assert run_curves([], ViewSettings()) == expected


async def test_a_run_that_trains_is_followed(tmp_path: Path) -> None:
    one, two = kept(tmp_path, "one", 10), kept(tmp_path, "two", 20)
    async with shown(one, two) as (pilot, app):
        assert "a one-run: loss 0.200 at update 10" in screen_of(app)
        with open(one / "losses.csv", "a") as stream:
            stream.write("".join(f"{row(each)}\n" for each in range(11, 41)) + "41,41,0.")
        await until(pilot, lambda: "a one-run: loss 0.0500 at update 40" in screen_of(app))
        (one / "losses.csv").write_text("update,tick,loss\n1,1,9.5\n")
        await until(pilot, lambda: "a one-run: loss 9.500 at update 1" in screen_of(app))


async def test_the_mouse_tells_the_run_under_it(tmp_path: Path) -> None:
    one, two = kept(tmp_path, "one"), kept(tmp_path, "two", 30)
    async with shown(one, two) as (pilot, app):
        lines = screen_of(app).split("\n")
        (y,) = [y for y, line in enumerate(lines) if line.startswith(" b ") and "two-run" in line]
        await pilot.click("#curves", offset=(5, y))
        assert "b two-run: loss 0.0667 at update 30" in screen_of(app)
        (y,) = [y for y, line in enumerate(screen_of(app).split("\n")) if "●" in line]
        x = screen_of(app).split("\n")[y].index("●")
        await pilot.hover("#curves", offset=(x, y))
        await until(pilot, lambda: "┆" in screen_of(app).split("\n")[3])
        assert "at update" in screen_of(app)


async def test_many_rows_are_read_in_parts_and_in_ascii(tmp_path: Path) -> None:
    folders = [kept(tmp_path, name) for name in ("one", "two")]
    values = np.random.default_rng(0).random(60_000)
    lines = "".join(f"{each},{each},{value!r}\n" for each, value in enumerate(values.tolist(), 1))
    (folders[1] / "losses.csv").write_text(f"update,tick,loss\n{lines}")
    async with shown(*folders, ascii=True) as (pilot, app):
        await until(pilot, lambda: "reading" not in screen_of(app) and "60k" in screen_of(app))
        await pilot.press("down")
        text = screen_of(app)
        assert text.isascii()
        assert "b two-run: loss" in text
        assert "in updates 59,999 to 60,000" in text
        assert f"best of all: b, {values.min():.2e}"[:20] in text


def test_a_smoothed_loss_is_another_but_not_of_what_is_held_out() -> None:
    training = Training(reduction="mean", label_smoothing=0.1)
    facts = RunFacts(name="run", experiment=Experiment(data=Data(inputs=("hihello",))), trainings=(training,))
    assert kind_of_loss(facts) == "per character, smoothed by 0.1"
    assert kind_of_loss(facts, held_out=True) == "per character"
