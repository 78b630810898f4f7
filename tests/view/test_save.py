"""The screen and its numbers in files: every digit with its unit and time step, and no file is harmed."""

import csv
import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from textual.widgets import Static

from rnn_tui.protocol.frame import Curve, States, Steps
from rnn_tui.protocol.inspect.gates import GatesFacts, GateSummary, GateValues
from rnn_tui.view.model.shown_numbers import Table, as_csv, as_json, tables
from rnn_tui.view.screens.save import SaveOrder, SaveScreen, default_name
from rnn_tui.view.screens.saving import numbers_of
from tests.view.dialogs import Host
from tests.view.helpers import running, settled, until

ABOUT: dict[str, Any] = {"run": "r", "pane": "p", "tick": 7, "update": 2, "row": 1}
H = np.array([[0.1, -0.3], [np.nan, 1 / 3]], np.float32)
STATES = States(layer=1, direction=0, units=np.array([0, 9], np.int32), h=H)


def lines(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_each_state_has_its_layer_unit_and_time_step() -> None:
    found = lines(as_csv(tables({"states": (STATES,)}, first=4), ABOUT))
    of_h = [each for each in found if each["quantity"] == "states.h"]
    assert [(each["layer"], each["unit"], each["step"]) for each in of_h] == [
        ("2", "1", "5"), ("2", "1", "6"), ("2", "10", "5"), ("2", "10", "6"),
    ]  # fmt: skip
    assert {each["tick"] for each in of_h} == {"7"}
    np.testing.assert_array_equal(np.array([float(each["value"]) for each in of_h], np.float32), H.ravel())


def test_columns_that_are_not_there_yet_are_left_out() -> None:
    states = States(layer=0, direction=1, units=np.arange(2, dtype=np.int32), h=H, skip=1)
    (table,) = (each for each in tables({"states": (states,)}, first=4) if each.quantity == "states.h")
    assert dict(table.axes) == {"unit": (1, 2), "step": (6,)}


def test_characters_are_characters_and_nothing_is_nothing() -> None:
    steps = Steps(
        first=2,
        inputs=np.array([1, 0, -1], np.int32),
        targets=np.array([0, 1, -1], np.int32),
        top=np.array([[0, 1]], np.int32),
        top_p=np.array([[0.75, 0.25]], np.float32),
        target_p=np.array([0.75], np.float32),
        losses=np.array([0.2876821], np.float32),
    )
    found = {each.quantity: each for each in tables({"steps": steps}, vocabulary="ab")}
    assert found["steps.inputs"].values == ["b", "a", None]
    assert dict(found["steps.inputs"].axes) == {"step": (3, 4, 5)}
    assert found["steps.top"].values == [["a", "b"]]
    assert dict(found["steps.top_p"].axes) == {"step": (3,), "rank": (1, 2)}
    written = lines(as_csv(list(found.values()), ABOUT))
    assert [each["value"] for each in written if each["quantity"] == "steps.top_p"] == ["0.75", "0.25"]


def test_json_is_json_with_every_digit() -> None:
    gate = GateValues(
        name="f", about="keeps", signed=False, values=H, summary=GateSummary(mean=0.5, size=0.5, turn_at=3)
    )
    facts = GatesFacts(layer=1, first=4, units=np.array([0, 9], np.int32), gates=(gate,))
    read = json.loads(as_json(tables({"gates": facts}), ABOUT))
    found = {each["quantity"]: each for each in read["quantities"]}
    assert found["gates.gates.f.values"]["axes"] == {"unit": [1, 10], "step": [5, 6]}
    assert found["gates.gates.f.values"]["layer"] == 2
    assert found["gates.gates.f.values"]["values"][1] == ["NaN", float(H[1, 1])]
    assert found["gates.gates.f.summary.turn_at"]["values"] == 4  # a time step, from 1
    assert read["tick"] == 7


def test_a_curve_keeps_all_its_digits() -> None:
    curve = Curve(x=np.array([1.0, 2.0]), low=np.array([1 / 3, 1e-30]), high=np.array([2 / 3, np.inf]))
    found = lines(as_csv(tables({"curve": curve}), ABOUT))
    assert [float(each["value"]) for each in found if each["quantity"] == "curve.low"] == [1 / 3, 1e-30]
    assert found[-1]["value"] == "inf"


@pytest.mark.parametrize("kind", ["svg", "csv", "json"])
@pytest.mark.sampled(1)
async def test_the_key_writes_what_is_on_the_screen(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with running(paused=True) as (pilot, app, engine):
        await pilot.press("2", "2")  # the focus is on the hidden states
        await settled(pilot, app, engine)
        await pilot.press("E")
        await until(pilot, lambda: isinstance(app.screen, SaveScreen))
        await pilot.press(*["right"] * ["svg", "png", "csv", "json"].index(kind), "ctrl+s")
        await until(pilot, lambda: app.screen is app.main)
        (path,) = tmp_path.iterdir()
        assert path.suffix == f".{kind}"
        text = path.read_text("utf-8")
        states = engine.frames[-1].states[0].h
        if kind == "svg":
            assert text.startswith("<svg")
            assert "Hidden&#160;state" in text
            assert "Save&#160;what" not in text  # the screen without the dialog
        elif kind == "csv":
            found = [each["value"] for each in lines(text) if each["quantity"] == "states.h"]
            np.testing.assert_array_equal(np.array(found, np.float64).astype(np.float32), states.ravel())
        else:
            (found,) = (each for each in json.loads(text)["quantities"] if each["quantity"] == "states.h")
            np.testing.assert_array_equal(np.array(found["values"]).astype(np.float32), states)


async def test_a_file_says_of_which_row_and_tick_its_numbers_are() -> None:
    async with running(paused=True) as (_, app, engine):
        assert app.main.scene is not None
        found = lines(numbers_of(app.main.scene, app.main.grid.pane("states"), "csv"))
        assert {(each["row"], each["tick"]) for each in found} == {("1", str(engine.status.tick))}


@pytest.mark.parametrize("what", ["file", "link", "folder"])
async def test_nothing_is_written_over(what: str, tmp_path: Path) -> None:
    path, elsewhere = tmp_path / "a.svg", tmp_path / "elsewhere"
    if what == "file":
        path.write_text("mine")
    elif what == "link":
        path.symlink_to(elsewhere)
    else:
        path = tmp_path / "none" / "a.svg"
    app = Host(SaveScreen("Loss", str(path.with_suffix(""))))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert "✗ not yet" in str(app.screen.query_one("#form-verdict", Static).content)
    assert not elsewhere.exists()


async def test_a_file_that_came_meanwhile_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with running(paused=True) as (pilot, app, _):
        await pilot.press("E")
        await until(pilot, lambda: isinstance(app.screen, SaveScreen))
        path = tmp_path / "meanwhile.svg"
        path.write_text("mine")
        app.screen.dismiss(SaveOrder("svg", path))
        await until(pilot, lambda: app.screen is app.main)
        await until(pilot, lambda: any("meanwhile.svg" in each.message for each in app._notifications))
        assert path.read_text() == "mine"


async def test_png_is_said_to_need_resvg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stem = str(tmp_path / "a")
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    app = Host(SaveScreen("Loss", stem))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("right", "ctrl+s")
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, SaveScreen)
        assert "pip install" in screen.rows["save.what"].problem


@pytest.mark.parametrize("name", ["~nobody-of-that-name/x.svg", "~x-of-that-name"])
async def test_the_home_of_nobody_is_told_as_it_is_typed(name: str) -> None:
    app = Host(SaveScreen("Loss", "loss"))
    async with app.run_test() as pilot:
        screen = app.screen
        assert isinstance(screen, SaveScreen)
        screen.rows["save.file"].editor.value = name
        await until(pilot, lambda: "nobody here" in screen.rows["save.file"].problem)


async def test_enter_saves_from_either_field(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with running(paused=True) as (pilot, app, _):
        await pilot.press("E")
        await until(pilot, lambda: isinstance(app.screen, SaveScreen))
        await pilot.press("enter")
        await until(pilot, lambda: list(tmp_path.glob("*.svg")))


def test_each_column_has_a_name_of_its_own() -> None:
    table = Table(quantity="weights.values", axes=(("row", (1, 2)), ("column", (1,))), values=[[0.5], [0.25]])
    heading, *found = csv.reader(io.StringIO(as_csv([table], ABOUT)))
    assert len(set(heading)) == len(heading)
    assert [each[heading.index("row of table")] for each in found] == ["1", "2"]
    assert {each[heading.index("row")] for each in found} == {"1"}


async def test_png_is_made_by_resvg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[dict[str, Any]] = []

    def draw(**asked: Any) -> bytes:
        made.append(asked)
        return b"\x89PNG"

    monkeypatch.setitem(sys.modules, "resvg_py", SimpleNamespace(svg_to_bytes=draw, __spec__=SimpleNamespace()))
    monkeypatch.chdir(tmp_path)
    async with running(paused=True) as (pilot, app, _):
        await pilot.press("E")
        await until(pilot, lambda: isinstance(app.screen, SaveScreen))
        await pilot.press("right", "ctrl+s")
        await until(pilot, lambda: list(tmp_path.iterdir()))
        (path,) = tmp_path.iterdir()
        assert path.read_bytes() == b"\x89PNG"
        assert made[0]["svg_string"].startswith("<svg")


def test_the_name_offered_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert default_name("a/../b", "loss", 3) == "a----b-loss-tick-3"
    Path("x-loss-tick-3.csv").touch()
    Path("x-loss-tick-3-2.svg").symlink_to("nowhere")
    assert default_name("x", "loss", 3) == "x-loss-tick-3-3"
