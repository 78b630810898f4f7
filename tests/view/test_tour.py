"""A tour on the screen: captions, panes and keys, step by step."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.commands import GoTo, NextPhase, Open, Play, SetBreakpoints, SetSpeed
from rnn_tui.tours.read import read_tour
from rnn_tui.tours.tour import Step, Tour
from rnn_tui.view.app.app import RnnApp
from rnn_tui.view.model.launch import LaunchOptions
from rnn_tui.view.model.settings import ViewSettings
from rnn_tui.view.model.tour_guide import PRESSABLE
from tests.field_engine import FieldEngine
from tests.view.fake_engine import FakeEngine
from tests.view.fake_frames import MIDWAY
from tests.view.helpers import running, text_of, until

HIHELLO = replace(LESSONS["hihello"], run=replace(LESSONS["hihello"].run, until=()))
LSTM = replace(LESSONS["hihello-lstm"], run=replace(LESSONS["hihello-lstm"].run, until=()))
TOUR = Tour(
    title="A title",
    steps=(
        Step(say="The first caption.", experiment=HIHELLO, begins=True),
        Step(say="It plays.", experiment=HIHELLO, begins=False, until="epoch=5", speed=30.0, then="It is there."),
        Step(say="A pane.", experiment=HIHELLO, begins=False, zoom="cell", time=3, unit=2, press=("n", "n", "o")),
        Step(say="Another\nrun.\x1b[31m", experiment=LSTM, begins=True, open=("gates",)),
    ),
)
AT_0 = replace(MIDWAY, tick=0, newest=0, epoch=0, fed=0, state="paused")


@asynccontextmanager
async def touring() -> AsyncIterator[tuple[Pilot[int], RnnApp, FakeEngine]]:
    async with running(HIHELLO, engine=FakeEngine(AT_0), tour=TOUR, paused=True) as three:
        yield three


def there(app: RnnApp) -> set[str]:
    return {pane.ID for pane in app.main.grid.panes if pane.region}


async def press_until(pilot: Pilot[Any], key: str, app: RnnApp, words: str) -> None:
    await until(pilot, lambda: key != "enter" or "enter" in text_of(app, "#caption"))
    await pilot.press(key)
    await until(pilot, lambda: words in text_of(app, "#caption"))


async def test_step_by_step_and_back() -> None:
    async with touring() as (pilot, app, engine):
        caption = text_of(app, "#caption")
        assert "The first caption." in caption
        assert "A title · 1 of 4" in caption
        assert "enter next" in caption
        assert "backspace" not in caption

        await press_until(pilot, "enter", app, "on the way to epoch 5 · enter: at once · backspace back")
        expected = [GoTo(tick=0), SetBreakpoints(until=("epoch=5",)), SetSpeed(speed=30.0), Play(on=True)]
        assert engine.heard() == expected
        engine.move(state="paused", tick=30, newest=30, epoch=5, fed=6, hits=("epoch=5",))
        assert "It is there." not in text_of(app, "#caption")
        await until(pilot, lambda: "enter next" in text_of(app, "#caption"))
        assert "It plays. It is there." in text_of(app, "#caption")

        await press_until(pilot, "enter", app, "A pane.")
        usual, *commands = engine.heard()
        assert usual == SetSpeed(speed=HIHELLO.run.speed)
        assert commands[0] == GoTo(tick=30)
        engine.move()
        await until(pilot, lambda: engine.commands.count(NextPhase()) == 2)
        await until(pilot, lambda: there(app) == {"cell"})
        await until(pilot, lambda: app.main.view.compare)
        assert (app.main.view.cursor, app.main.view.unit) == (2, 1)

        await press_until(pilot, "enter", app, "run.␛[31m")
        (command,) = [each for each in engine.heard() if not isinstance(each, NextPhase)]
        assert isinstance(command, Open)
        assert (command.experiment.network, command.play) == (LSTM.network, False)
        engine.move(tick=0, newest=0, epoch=0, fed=0, hits=())
        await until(pilot, lambda: there(app) == {"network", "gates", "loss", "prediction"})
        await until(pilot, lambda: "the end" in text_of(app, "#caption"))
        assert app.main.view.cursor is None
        await press_until(pilot, "backspace", app, "A pane.")
        (again,) = engine.heard()
        assert isinstance(again, Open)
        assert again.experiment.network == HIHELLO.network
        assert (again.experiment.run.until, again.experiment.run.speed) == (("tick=30",), 0.0)
        engine.move(state="paused", tick=30, newest=30, epoch=5, fed=6)
        await until(pilot, lambda: there(app) == {"cell"})
        await until(pilot, lambda: app.main.view.compare)  # its keys have been pressed again


async def test_a_second_enter_hurries() -> None:
    async with touring() as (pilot, app, engine):
        await press_until(pilot, "enter", app, "It plays.")
        engine.heard()
        engine.move(tick=7, newest=7)
        await pilot.press("enter")
        await until(pilot, lambda: engine.commands)
        assert engine.heard() == [SetSpeed(speed=0.0)]  # Play would lead a run that has stopped past its place
        assert "2 of 4" in text_of(app, "#caption")


async def test_other_keys_are_free_and_the_next_step_returns() -> None:
    async with touring() as (pilot, app, engine):
        await pilot.press("v", "R")  # another pane, another seed
        await until(pilot, lambda: "gradients" in there(app))
        await until(pilot, lambda: app.run_state.experiment.training.seed == HIHELLO.training.seed + 1)
        engine.heard()
        await press_until(pilot, "enter", app, "It plays.")
        (command,) = engine.heard()
        assert isinstance(command, Open)
        assert command.experiment.training == HIHELLO.training
        assert (command.experiment.run.until, command.play) == (("epoch=5",), True)
        await until(pilot, lambda: "gradients" not in there(app))


async def test_without_a_tour_its_keys_do_nothing() -> None:
    async with running() as (pilot, app, engine):
        assert not app.main.query_one("#caption").display
        await pilot.press("enter", "backspace")
        await pilot.pause()
        assert engine.heard() == []


async def test_on_the_stage_the_tour_alone_says_what_to_press() -> None:
    stage = ViewSettings(stage=True)
    async with running(HIHELLO, engine=FakeEngine(AT_0), tour=TOUR, paused=True, view_settings=stage) as (_, app, _):
        assert "enter next" in text_of(app, "#caption")
        assert not text_of(app, "#stage-line").strip()


async def test_what_is_pressed_before_there_is_a_run_is_done_then() -> None:
    engine = FakeEngine(AT_0, greets=False)
    async with running(HIHELLO, engine=engine, tour=TOUR, paused=True, ready=False) as (pilot, app, _):
        await until(pilot, lambda: "loading …" in text_of(app, "#caption"))
        await pilot.press("enter")
        engine.greet()
        await until(pilot, lambda: "It plays." in text_of(app, "#caption"))
        await until(pilot, lambda: Play(on=True) in engine.commands)


async def test_after_the_last_step_the_run_is_free() -> None:
    tour = Tour(title="T", steps=TOUR.steps[:1])
    async with running(HIHELLO, engine=FakeEngine(AT_0), tour=tour, paused=True) as (pilot, app, engine):
        assert "the end · enter close" in text_of(app, "#caption")
        await pilot.press("enter")
        await until(pilot, lambda: not app.main.query_one("#caption").display)
        assert engine.heard() == []


async def test_a_tour_is_chosen_from_the_list() -> None:
    async with running("ohlol") as (pilot, app, engine):
        await pilot.press("W", "down", "enter")
        await until(pilot, lambda: "How it learns · 1 of 6" in text_of(app, "#caption"))
        (command,) = engine.heard()
        assert isinstance(command, Open)
        assert (command.experiment.name, command.play) == ("hihello-embedding", False)
        engine.move(tick=0, newest=0, epoch=0, fed=0)
        await until(pilot, lambda: there(app) == {"weights"})


async def test_enter_never_skips_what_has_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnn_tui.view.app.tour_control._TO_BE_READ", 3.0)  # five keys take long on a busy machine
    async with touring() as (pilot, app, engine):
        await pilot.press(*["enter"] * 5)
        await until(pilot, lambda: Play(on=True) in engine.commands)
        engine.move(tick=7, newest=7, epoch=2, loss=9.0)
        await pilot.press(*["enter"] * 5)
        await until(pilot, lambda: "on the way to epoch 5 …" in text_of(app, "#caption"))
        assert "2 of 4" in text_of(app, "#caption")
        assert engine.heard().count(Play(on=True)) == 1
        engine.move(state="paused", tick=30, newest=30, epoch=5, fed=6, hits=("epoch=5",))
        await until(pilot, lambda: "It is there." in text_of(app, "#caption"))
        await pilot.press(*["enter"] * 5)  # meant for the way, and come too late
        assert "2 of 4" in text_of(app, "#caption")
        await press_until(pilot, "enter", app, "A pane.")
        assert GoTo(tick=30) in engine.heard()
        await press_until(pilot, "backspace", app, "It plays.")
        await until(pilot, lambda: GoTo(tick=30) in engine.commands)


async def test_enter_sends_on_a_run_that_was_paused_on_its_way() -> None:
    async with touring() as (pilot, app, engine):
        await press_until(pilot, "enter", app, "It plays.")
        engine.move(tick=7, newest=7, state="paused")
        await until(pilot, lambda: "enter: go on" in text_of(app, "#caption"))
        engine.heard()
        await pilot.press("enter")
        await until(pilot, lambda: engine.commands)
        assert engine.heard() == [SetBreakpoints(until=("epoch=5",)), SetSpeed(speed=0.0), Play(on=True)]


async def test_the_last_step_closes_when_its_end_was_seen() -> None:
    last = replace(TOUR.steps[1], begins=True)
    stage = ViewSettings(stage=True)
    async with running(
        HIHELLO,
        engine=FakeEngine(AT_0),
        tour=Tour(title="T", steps=(last,)),
        paused=True,
        view_settings=stage,
    ) as (pilot, app, engine):
        engine.move(state="paused", tick=30, newest=30, epoch=5, fed=6, hits=("epoch=5",))
        await until(pilot, lambda: "It is there." in text_of(app, "#caption"))
        await pilot.press(*["enter"] * 3)
        assert app.main.query_one("#caption").display
        await until(pilot, lambda: "the end · enter close" in text_of(app, "#caption"))
        engine.move(notice="Paused at tick 30: epoch 5.")
        await pilot.press("G")
        await until(pilot, lambda: there(app) == {"sample"})
        await until(pilot, lambda: "temperature" in text_of(app, app.main.grid.active or ""))
        assert "enter" not in text_of(app, app.main.grid.active or "")  # it goes on in the tour
        await pilot.press("enter")
        await until(pilot, lambda: not app.main.query_one("#caption").display)
        await until(pilot, lambda: "S all panes · W tours" in text_of(app, "#stage-line"))
        await until(pilot, lambda: "enter" in text_of(app, app.main.grid.active or ""))
        assert not app.main.query_one("#notice").display  # the caption has said it


async def test_it_says_that_it_loads() -> None:
    engine, stage = FakeEngine(AT_0, greets=False), ViewSettings(stage=True)
    options: dict[str, Any] = {"tour": TOUR, "paused": True, "ready": False, "view_settings": stage}
    async with running(HIHELLO, engine=engine, size=(60, 20), **options) as (pilot, app, _):
        await until(pilot, lambda: "loading …" in text_of(app, "#stage-line"))
        await until(pilot, lambda: "loading …" in text_of(app, "#caption"))
        assert "enter" not in text_of(app, "#caption")
        await pilot.press("enter", "enter", "enter")
        engine.greet()
        await until(pilot, lambda: Play(on=True) in engine.commands)
        assert "2 of 4" in text_of(app, "#caption")


async def test_many_networks_are_led_through_as_one_is(tmp_path: Path) -> None:
    """A field that has ended answers with a frame when the next step asks for it, or the tour would stick there."""
    steps = [
        'lesson = "hihello-sequence"\nsay = "one"',
        'lesson = "hihello-sequence"\ntraining.epochs = 5\nseeds = 4\nsay = "many"\nzoom = "map"',
        'say = "learnt"\nzoom = "learnt"',
        'lesson = "hihello-sequence"\nsay = "one again"',
    ]
    (tmp_path / "mine.toml").write_text('title = "T"\n' + "".join(f"[[step]]\n{each}\n" for each in steps))
    tour = read_tour(tmp_path / "mine.toml", PRESSABLE)
    engine = FieldEngine(Open(experiment=tour.steps[0].experiment, play=False))
    app = RnnApp(engine, LaunchOptions(experiment=tour.steps[0].experiment, paused=True, tour=tour))
    async with app.run_test(size=(120, 36)) as pilot:

        async def come_to(caption: str, pane: str, keys: str = "enter next") -> None:
            def there() -> bool:
                engine.run_on()
                text, zoomed = text_of(app, "#caption"), app.main.grid.zoomed
                return caption in text and keys in text and (zoomed.ID if zoomed else "") == pane

            await until(pilot, there)

        await come_to("one", "")
        await pilot.press("enter")
        await come_to("many", "map")
        await pilot.press("enter")
        await come_to("learnt", "learnt")
        await pilot.press("backspace")
        await come_to("many", "map")
        await pilot.press("enter")
        await come_to("learnt", "learnt")
        await pilot.press("enter")
        await come_to("one again", "", "the end")
