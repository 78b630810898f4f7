"""Panes that look inside: opened and closed by keys, asked for only while they are there."""

from types import SimpleNamespace

import numpy as np
import pytest
from msgspec.structs import replace
from textual.geometry import Size

from rnn_tui.data.text_properties import PROPERTIES
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.inspect import Ask, name_of
from rnn_tui.protocol.inspect.cell import CellAsk
from rnn_tui.protocol.inspect.gates import GatesAsk, GatesFacts
from rnn_tui.protocol.inspect.gradients import GradientsAsk
from rnn_tui.protocol.inspect.reading import ReadingFacts
from rnn_tui.protocol.inspect.saliency import SaliencyAsk
from rnn_tui.protocol.inspect.space import SpaceAsk
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.pane_grid.pane_grid import PaneGrid
from rnn_tui.view.panes.gates import GatesPane
from rnn_tui.view.panes.registry import INSIDE, PANES, inside_pane
from tests.view.fake_engine import FakeEngine
from tests.view.helpers import PANE_KEYS, running, text_of, until

DEEP = replace(LESSONS["ohlol-lstm"], run=LESSONS["hihello"].run)  # two layers, both directions


def asked(engine: FakeEngine) -> tuple[Ask, ...]:
    return engine.looks[-1].wanted.inside


def asked_since(engine: FakeEngine, looks: int) -> tuple[Ask, ...]:
    """The newest asks behind so many looks: not every look has those that are dear."""
    return next((look.wanted.inside for look in reversed(engine.looks[looks:]) if look.wanted.inside), ())


def there(grid: PaneGrid) -> set[str]:
    return {pane.ID for pane in grid.panes if pane.region}


@pytest.mark.parametrize("key", PANE_KEYS)
@pytest.mark.sampled(4)
async def test_a_key_opens_a_pane_in_its_column_and_closes_it_again(key: str) -> None:
    name = PANE_KEYS[key]
    async with running() as (pilot, app, engine):
        grid = app.main.grid
        assert asked(engine) == ()
        before, looks = there(grid), len(engine.looks)
        await pilot.press(key)
        instead = {"network", "loss", "prediction"} if grid.pane(name).HOME == "score" else {"network", "states"}
        await until(pilot, lambda: there(grid) == instead | {name})
        assert app.main.focused is grid.pane(name)
        await until(pilot, lambda: asked_since(engine, looks) or engine.looks[-1].wanted.tensors)
        if name != "shapes":
            assert {name_of(ask) for ask in asked_since(engine, looks)} == {name}
        await pilot.press(key)
        await until(pilot, lambda: there(grid) == before)
        await until(pilot, lambda: asked(engine) == () and not engine.looks[-1].wanted.tensors)
        assert engine.heard() == []


async def test_one_pane_in_each_column_at_once() -> None:
    async with running() as (pilot, app, engine):
        grid = app.main.grid
        for key, expected in (("g", {"gates"}), ("i", {"gates", "cell"}), ("v", {"gradients", "cell"})):
            await pilot.press(key)
            await until(pilot, lambda: there(grid) - {"network", "states", "loss", "prediction"} == expected)  # noqa: B023
        await until(pilot, lambda: {type(ask) for ask in asked(engine)} == {GradientsAsk, CellAsk})


async def test_escape_closes_what_was_opened_last_once_the_cursor_follows() -> None:
    async with running() as (pilot, app, _):
        grid = app.main.grid
        await pilot.press("g", "i", "left_square_bracket")
        await until(pilot, lambda: there(grid) == {"network", "gates", "cell"})
        await pilot.press("escape")
        assert app.main.view.cursor is None
        await pilot.press("escape")
        await until(pilot, lambda: there(grid) == {"network", "gates", "loss", "prediction"})
        await pilot.press("escape")
        await until(pilot, lambda: there(grid) == {"network", "states", "loss", "prediction"})


async def test_on_a_small_screen_it_fills_the_screen() -> None:
    async with running(size=(80, 24)) as (pilot, app, _):
        grid = app.main.grid
        await pilot.press("v")
        await until(pilot, lambda: there(grid) == {"gradients"})
        assert grid.pane("gradients").region == grid.region
        await pilot.press("v")
        await until(pilot, lambda: there(grid) == {"network", "states", "loss", "prediction"})


async def test_on_a_large_screen_nothing_has_to_go_but_the_prediction() -> None:
    async with running(size=(200, 60)) as (pilot, app, _):
        await pilot.press("g", "w")
        await until(pilot, lambda: there(app.main.grid) == {"network", "states", "gates", "loss", "weights"})


async def test_a_pane_that_filled_a_small_screen_goes_to_its_place_when_there_is_room() -> None:
    async with running(size=(80, 24)) as (pilot, app, _):
        grid = app.main.grid
        await pilot.press("p")
        await until(pilot, lambda: there(grid) == {"space"})
        await pilot.resize_terminal(90, 24)  # still small
        await until(pilot, lambda: grid.size.width == 90 and grid.pane("space").region == grid.region)
        await pilot.resize_terminal(140, 50)
        await until(pilot, lambda: there(grid) == {"network", "states", "loss", "space"})


@pytest.mark.parametrize("keys", [["p", "z", "z"], ["1"]])
async def test_a_pane_that_somebody_zoomed_still_fills_the_screen_when_it_grows(keys: list[str]) -> None:
    async with running(size=(80, 24)) as (pilot, app, _):
        grid = app.main.grid
        await pilot.press(*keys)
        await until(pilot, lambda: len(there(grid)) == 1)
        zoomed = grid.zoomed
        await pilot.resize_terminal(140, 50)
        await until(pilot, lambda: zoomed and grid.size.width == 140 and zoomed.region == grid.region)
        await pilot.press("z")
        await until(pilot, lambda: len(there(grid)) == 4)


async def test_layers_and_directions_one_after_the_other() -> None:
    async with running(DEEP) as (pilot, app, engine):
        await pilot.press("g")
        await until(pilot, lambda: asked(engine))
        seen = [(0, 0)]
        for _ in range(4):
            await pilot.press("up")
            seen.append((app.main.view.layer, app.main.view.direction))
        assert seen == [(0, 0), (0, 1), (1, 0), (1, 1), (1, 1)]
        await until(pilot, lambda: [getattr(ask, "layer", None) for ask in asked(engine)] == [1])
        last = [GatesAsk(layer=1, direction=1, units=ask.units) for ask in asked(engine) if isinstance(ask, GatesAsk)]
        assert list(asked(engine)) == last != []
        for _ in range(5):
            await pilot.press("down")
        assert (app.main.view.layer, app.main.view.direction) == (0, 0)


async def test_units_go_round() -> None:
    async with running() as (pilot, app, engine):
        await pilot.press("comma")
        assert app.main.view.unit == 0  # nothing looks inside
        await pilot.press("i", "comma")
        assert app.main.view.unit == 4
        await pilot.press("full_stop", "full_stop")
        assert app.main.view.unit == 1
        await until(pilot, lambda: [getattr(ask, "unit", None) for ask in asked(engine)] == [1])


async def test_the_cursor_says_which_step() -> None:
    async with running() as (pilot, _, engine):
        await pilot.press("i", "v", "a")
        await until(pilot, lambda: {type(ask) for ask in asked(engine)} == {CellAsk, SaliencyAsk})
        assert {getattr(ask, "step", None) for ask in asked(engine)} == {-1}
        await pilot.press("left_square_bracket")  # four of six steps are fed: from 3 to 2
        await until(pilot, lambda: {getattr(ask, "step", None) for ask in asked(engine)} == {2})


OTHERS: dict[str, list[dict[str, object]]] = {
    "i": [{"compare": True}, {"compare": False}],
    "w": [{"kind": "gradient"}, {"kind": "update"}, {"kind": "value"}],
    "p": [{"kind": "embedding"}, {"kind": "fixed"}, {"kind": "states"}],
    "G": [{"temperature": 1.5}, {"temperature": 0.2}, {"temperature": 0.5}],
    "a": [{"output": "target"}, {"output": "state"}, {"output": "predicted"}],
    "u": [{"order": name} for name in (*PROPERTIES, "variance")],
}


@pytest.mark.parametrize("key", OTHERS)
@pytest.mark.sampled(3)
async def test_what_else_a_pane_can_show(key: str) -> None:
    async with running("ohlol-embedding", size=(80, 24)) as (pilot, _, engine):
        await pilot.press(key)
        for wanted in OTHERS[key]:
            before = len(engine.looks)
            await pilot.press("o")
            await until(  # in one of the looks since: what is dear is not asked for in every one
                pilot,
                lambda: any(
                    all(getattr(ask, name) == value for name, value in wanted.items())  # noqa: B023
                    for look in engine.looks[before:]  # noqa: B023
                    for ask in look.wanted.inside
                ),
            )


async def test_units_that_tell_the_rows_apart_come_first_where_there_are_rows() -> None:
    async with running(LESSONS["remember"]) as (pilot, app, engine):
        await pilot.press("g", "left_square_bracket")
        step = app.main.view.cursor
        await until(pilot, lambda: [getattr(ask, "at", None) for ask in asked(engine)] == [step])
        assert "o: units that tell the rows apart" in text_of(app, "#gates")
        for order in ("rows", "number"):
            await pilot.press("o")
            await until(pilot, lambda: [getattr(ask, "order", None) for ask in asked(engine)] == [order])  # noqa: B023
    async with running() as (pilot, app, engine):
        await pilot.press("g", "o")
        await until(pilot, lambda: asked(engine) and "unit 1" in text_of(app, "#gates"))
        assert app.main.view.gate_order == "number"
        assert "tell the rows" not in text_of(app, "#gates")


async def test_units_go_on_in_the_order_that_is_shown() -> None:
    pane, view = GatesPane(), ViewState(unit=7)
    units = np.array([21, 7, 3], np.int32)
    for order, following in (("rows", [3, 21]), ("number", [8, 6])):
        facts = GatesFacts(units=units, order="rows" if order == "rows" else "number")
        pane._scene = SimpleNamespace(answer=lambda _, facts=facts: facts)  # type: ignore[assignment]
        experiment = LESSONS["remember"]
        assert [pane.next_item(experiment, view, by).unit for by in (1, 2 if order == "rows" else -1)] == following


async def test_the_state_space_shows_fixed_points_and_without_an_embedding_nothing_else() -> None:
    async with running() as (pilot, app, engine):
        await pilot.press("p")
        await until(pilot, lambda: asked(engine) and "State space · h" in text_of(app, "#space"))
        await pilot.press("o")
        await until(pilot, lambda: asked(engine) == (SpaceAsk(kind="fixed"),))
        await until(pilot, lambda: "State space · fixed points" in text_of(app, "#space"))
        await pilot.press("o")
        await until(pilot, lambda: asked(engine) and "State space · h" in text_of(app, "#space"))
        assert app.main.view.space == "states"
        assert asked(engine) == (SpaceAsk(),)
        app.main.view = replace(app.main.view, space="embedding")  # left from a lesson that has one
        app.main._redraw()
        await until(pilot, lambda: "State space · h" in text_of(app, "#space"))
        assert asked(engine) == (SpaceAsk(),)


async def test_matrices_go_round() -> None:
    async with running() as (pilot, _, engine):
        await pilot.press("w", "comma")
        await until(pilot, lambda: [getattr(ask, "matrix", None) for ask in asked(engine)] == [3])


async def test_units_go_round_in_their_order_and_another_order_begins_with_its_first() -> None:
    async with running() as (pilot, app, engine):

        def ranks() -> list[object]:
            return [(getattr(ask, "order", None), getattr(ask, "rank", None)) for ask in asked_since(engine, 0)]

        await pilot.press("u", "comma")
        await until(pilot, lambda: ranks() == [("variance", 4)])  # five units
        await pilot.press("full_stop", "full_stop")
        await until(pilot, lambda: ranks() == [("variance", 1)])
        assert "2 of 5 by variance · o: by inside quotes" in text_of(app, "#reading")
        await pilot.press("o")
        await until(pilot, lambda: ranks() == [("quotes", 0)])
        assert app.main.view.unit == 0  # that of the other panes stays


async def test_a_unit_reads_the_text_and_tells_exact_values_and_steps() -> None:
    engine = FakeEngine()
    h = np.array([0.25, -0.125, 0.0625, 0, 0.5, -0.5], np.float32)
    inputs = np.array([LESSONS["hihello"].vocabulary.index(each) for each in "hihell"], np.int32)
    engine.extra["inside"] = (ReadingFacts(hidden_size=5, unit=2, inputs=inputs, h=h, c=2 * h, score=0.5),)
    async with running(engine=engine) as (pilot, app, _):
        await pilot.press("u")
        await until(pilot, lambda: "unit 3 of 5 · c of layer 1" in text_of(app, "#reading"))
        lines = text_of(app, "#reading").splitlines()
        (y,) = [y for y, line in enumerate(lines) if "h    i    h    e    l    l" in line]
        x = lines[y].index("e")
        await pilot.hover("#reading", offset=(x, y))
        await until(pilot, lambda: "t=4 e · unit 3: c = +0.0000000 · h = +0.0000000" in text_of(app, "#reading"))
        await pilot.hover("#reading", offset=(x - 10, y))
        await until(pilot, lambda: "t=2 i · unit 3: c = −0.2500000 · h = −0.1250000" in text_of(app, "#reading"))
        await pilot.click("#reading", offset=(x - 10, y))
        assert app.main.view.cursor == 1


async def test_a_lesson_that_learns_nothing_shows_no_loss() -> None:
    async with running("hello") as (pilot, app, _):
        grid = app.main.grid
        await pilot.press("w")
        await until(pilot, lambda: there(grid) == {"network", "states", "weights"})
        await pilot.press("w")
        await until(pilot, lambda: there(grid) == {"network", "states", "shapes"})


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_every_pane_explains_itself(size: tuple[int, int]) -> None:
    async with running(size=size) as (pilot, app, _):
        await pilot.press("h")
        await until(pilot, lambda: app.screen.query("#explain"))
        await pilot.pause()
        for name in ("Unrolled network", "Hidden state", "Loss", "Prediction"):
            dialog = app.screen.query_one("#explain")
            assert dialog.border_title == name
            assert Size(*size).region.contains_region(dialog.region)
            await pilot.press("tab")
        await pilot.press("h")
        await until(pilot, lambda: app.screen is app.main)


@pytest.mark.long
async def test_explains_the_pane_with_the_focus() -> None:
    async with running() as (pilot, app, _):
        for key, name in PANE_KEYS.items():
            await pilot.press(key, "h")
            await until(pilot, lambda: app.screen.query("#explain"))
            pane = app.main.grid.pane(name)
            assert app.screen.query_one("#explain").border_title == pane.NAME
            await pilot.pause()
            words = " ".join(text_of(app, app.screen.query_one("#explain")).split())
            assert pane.EXPLANATION.shows.split(".")[0].split()[0] in words
            await pilot.press("h", key)


@pytest.mark.parametrize("kind", [*PANES, *(inside_pane(name) for name in INSIDE)])
def test_explanations_are_a_few_lines_and_name_keys_that_exist(kind: type) -> None:
    words = kind.EXPLANATION  # type: ignore[attr-defined]
    for text in (words.shows, words.read, words.then):
        assert 40 < len(text) < 420
        assert text.endswith((".", "?"))
