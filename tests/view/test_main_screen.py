"""The main screen beside its keys: what a frame shows, the mouse, sizes, refusals, themes, and the engine's end."""

import pytest
from msgspec.structs import replace
from rich.color import Color
from rich.console import RenderableType
from textual.screen import Screen

from rnn_tui.draw.kit.palette import DARK, LIGHT
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.overrides import overridden
from rnn_tui.experiment.validate import from_dict, to_dict
from rnn_tui.protocol.commands import Command, GoTo, Open, Restart
from rnn_tui.protocol.frame import PredictionSeen
from rnn_tui.view.app.app import RnnApp
from rnn_tui.view.model.keys import KEYS
from tests.draw.grids import number_in
from tests.view.fake_engine import FakeEngine
from tests.view.fake_frames import MIDWAY, h_value
from tests.view.helpers import running, screen_lines, settled, text_of, until


def colours(app: RnnApp, widget: str) -> set[Color]:
    """All colours, of text and background, inside a widget's border."""
    region = app.main.query_one(widget).region.shrink((1, 1, 1, 1))
    strips = app.screen._compositor.render_strips(app.size)[region.y : region.bottom]
    found = set()
    for strip in strips:
        for _, style, _ in strip.crop(region.x, region.right):
            found |= {colour for colour in (style.color, style.bgcolor) if style and colour} if style else set()
    return found


async def test_a_frame_is_on_the_screen() -> None:
    async with running() as (pilot, app, _engine):
        await until(pilot, lambda: "input" in text_of(app, "#network") and "unit 5" in text_of(app, "#states"))
        status = text_of(app, "#status")
        for fact in ("hihello", "RNN 5", "60 weights", "seed 4", "playing", "epoch 12", "tick 70", "1.52", "4 ticks/s"):
            assert fact in status
        network = [line.split() for line in text_of(app, "#network").splitlines()]
        assert ["│", "target", *"ihello", "│"] in network
        assert ["│", "input", *"hihell", "│"] in network
        assert any(
            row[1:2] == ["output"] and row[2:-1] == ["i", "✓", "h", "✓", "e", "✓", "l", "✓", "·", "·"]
            for row in network
        )
        states = text_of(app, "#states")
        assert "(6, 1, 5)" in states
        for unit in range(5):  # each number in the line of its unit, in the order of time; nothing for what is not fed
            line = next(line for line in states.splitlines() if f"unit {unit + 1}" in line)
            numbers = [word.strip("▏▕") for word in line.strip("│").split()[2:]]
            assert [number_in(word) for word in numbers[:4]] == [h_value(unit, step) for step in range(4)]
            assert numbers[4:] == ["·", "·"]
        assert "floor 2.596 · sum of 6" in text_of(app, "#loss")  # its points are single characters
        assert "first right in epoch 9" in text_of(app, "#prediction")


async def test_nothing_is_painted_before_there_is_something_to_show(monkeypatch: pytest.MonkeyPatch) -> None:
    painted = []
    paint = RnnApp._display

    def display(app: RnnApp, screen: Screen[object], update: RenderableType | None) -> None:
        painted.append(app.main.scene is not None)
        paint(app, screen, update)

    monkeypatch.setattr(RnnApp, "_display", display)
    async with running(ready=False) as (pilot, app, _):
        await until(pilot, lambda: "input" in text_of(app, "#network"))
        assert painted
        assert all(painted)


async def test_the_engine_is_asked_for_what_fits_and_for_nothing_twice() -> None:
    async with running() as (pilot, _, engine):
        look = engine.looks[-1]
        assert (look.wanted.count, look.wanted.row, look.wanted.first) == (6, 0, None)
        assert look.wanted.units >= 5
        assert not look.wanted.tensors
        frames = len(engine.frames)
        for _turn in range(5):
            await pilot.pause()
        assert len(engine.frames) == frames  # nothing is newer
        engine.move(tick=71, fed=5)
        await until(pilot, lambda: len(engine.frames) == frames + 1)


async def test_every_key_is_in_the_command_palette_and_does_the_same() -> None:
    async with running() as (pilot, app, engine):
        commands = {command.title: command for command in app.get_system_commands(app.screen)}
        for key in (key for key in KEYS if key.runs not in ("watched", "field", "ranks")):
            assert [title for title in commands if key.label.lower() in title.lower() and key.shown in title], key.label
            assert key.about in [command.help for command in commands.values()]
        await pilot.press("ctrl+p")
        await until(pilot, lambda: type(app.screen).__name__ == "CommandPalette")
        await pilot.press(*"new seed")
        await until(pilot, lambda: "New seed" in "\n".join(screen_lines(app)))
        await pilot.press("down", "enter")
        await until(pilot, lambda: engine.heard() == [Restart(seed=5)])
        assert app.screen is app.main


async def test_the_mouse_tells_the_exact_value_in_the_lower_border() -> None:
    async with running() as (pilot, app, _):
        states = app.main.query_one("#states")
        lines = screen_lines(app, states.region)
        y, line = next((y, line) for y, line in enumerate(lines) if "unit 3" in line)
        x = line.index("+0.7")  # its value at t=2
        assert h_value(2, 1) == 0.7
        await pilot.hover(states, offset=(x, y))
        await until(pilot, lambda: "t=2 · unit 3: h = +0.7000000" in str(states.border_subtitle))
        assert "+0.7000000" in screen_lines(app, states.region)[-1]
        await pilot.hover(states, offset=(line.index("unit"), y))
        await until(pilot, lambda: "unit 3" not in str(states.border_subtitle))

        network = app.main.query_one("#network")
        lines = screen_lines(app, network.region)
        y = next(y for y, line in enumerate(lines) if "input" in line)
        await pilot.hover(network, offset=(lines[y].index("i", 10), y))  # the second letter of hihell
        await until(pilot, lambda: "p=0.710000" in str(network.border_subtitle))
        assert str(network.border_subtitle).startswith("t=2 input 'i'")
        await pilot.hover("#status")
        await until(pilot, lambda: "p=0.71" not in str(network.border_subtitle))


@pytest.mark.parametrize(("pane", "row"), [("#network", "input"), ("#states", "input x"), ("#prediction", "input")])
async def test_a_click_on_a_time_step_sets_the_cursor_everywhere(pane: str, row: str) -> None:
    async with running() as (pilot, app, engine):
        widget = app.main.query_one(pane)
        lines = screen_lines(app, widget.region)
        y, line = next((y, line) for y, line in enumerate(lines) if row in line)
        x = line.index("i", line.index(row) + len(row))  # the input is hihell: its only i is at t=2
        await pilot.click(widget, offset=(x, y))
        await until(pilot, lambda: app.main.view.cursor == 1)
        assert "t=2 " in text_of(app, "#prediction")
        assert engine.heard() == []


async def test_a_click_beside_the_time_steps_sets_nothing() -> None:
    async with running() as (pilot, app, _):
        await pilot.click("#loss", offset=(20, 5))
        await pilot.click("#network", offset=(2, 4))
        assert app.main.view.cursor is None
        assert app.main.focused is app.main.grid.network


@pytest.mark.parametrize("size", [(63, 30), (100, 19), (1, 1)])
async def test_a_terminal_that_is_too_small_says_so_and_comes_back(size: tuple[int, int]) -> None:
    async with running() as (pilot, app, engine):
        before = screen_lines(app)
        await pilot.resize_terminal(*size)
        await until(pilot, lambda: app.main.query_one("#too-small").region.size == size)
        if size[0] >= 30:
            text = "\n".join(screen_lines(app))
            assert f"{size[0]}×{size[1]}" in text
            assert "64×20" in text
            assert "Unrolled" not in text
        engine.move(tick=71, newest=71)
        await pilot.press("right_square_bracket", "escape")
        await pilot.resize_terminal(120, 36)
        await settled(pilot, app, engine)
        assert "tick 71" in text_of(app, "#status")
        assert len(differences(before, screen_lines(app))) == 2  # but for the tick, as it was


def differences(one: list[str], other: list[str]) -> list[int]:
    return [y for y, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]


@pytest.mark.parametrize(
    "lesson",
    ["one-letter-deep", "hello-cell", "six-words", "hihello-embedding", "ohlol-lstm"],
)
@pytest.mark.sampled(2)
async def test_lessons_at_the_smallest_size(lesson: str) -> None:
    async with running(lesson, size=(64, 20)) as (pilot, app, engine):
        await pilot.press("4", "2", "escape")
        assert app.is_running
        assert engine.heard() == []
        assert lesson in text_of(app, "#status")


async def test_the_notice_has_a_line_of_its_own_and_goes() -> None:
    async with running() as (pilot, app, engine):
        assert not app.main.query_one("#notice").region
        engine.move(state="paused", notice="The loss turned NaN at tick 71: try [bold]less[/].")
        await until(pilot, lambda: "NaN at tick 71: try [bold]less[/]." in text_of(app, "#notice"))
        engine.move(notice="")
        await until(pilot, lambda: not app.main.query_one("#notice").region)


async def test_a_refusal_becomes_a_notice_and_nothing_else_changes() -> None:
    async with running() as (pilot, app, engine):
        lines = screen_lines(app)
        engine.refuse("'cuda' is not there: this torch sees only [b]cpu\x1b[2J", path="run.device")
        await until(pilot, lambda: app._notifications)
        message = next(iter(app._notifications)).message
        assert message.startswith("device 'cuda' is not there: this torch sees only [b]cpu")
        assert "\x1b" not in message
        await until(pilot, lambda: any("[b]cpu␛[2J" in line for line in screen_lines(app)))
        app.clear_notifications()
        await until(pilot, lambda: screen_lines(app) == lines)


async def test_a_dead_engine_is_told_and_another_one_begins_what_was_running(monkeypatch: pytest.MonkeyPatch) -> None:
    second = FakeEngine()
    monkeypatch.setattr("rnn_tui.view.app.app.start_engine", lambda _: second)
    async with running() as (pilot, app, engine):
        await pilot.press("R")
        await until(pilot, lambda: "seed 5" in text_of(app, "#status"))
        engine.die("The engine was ended by signal 9.\nlast words \x1b[31m")
        await until(pilot, lambda: "ended by signal 9" in "\n".join(screen_lines(app)))
        assert "\x1b" not in "\n".join(screen_lines(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)
        await until(pilot, lambda: second.commands)
        values = to_dict(LESSONS["hihello"])
        values["training"]["seed"] = 5
        assert second.commands == [Open(experiment=from_dict(values))]
        assert engine.closed
        second.move(tick=123)
        await until(pilot, lambda: "tick 123" in text_of(app, "#status"))
        await pilot.press("r")
        assert second.commands[1:] == [Restart()]


async def test_forward_only_shows_shapes_and_checks_instead_of_a_loss() -> None:
    async with running("hello") as (pilot, app, engine):
        assert engine.looks[-1].wanted.tensors
        assert engine.looks[-1].wanted.curve is None
        text = text_of(app, "#shapes")
        for fact in ("(5, 1, 4)", "time, batch, features", "(1, 1, 2)", "✓ output[-1] is h_n",
                     "✗ every row alone gives the same"):  # fmt: skip
            assert fact in text
        assert not app.main.query_one("#loss").region
        assert not app.main.query_one("#prediction").region
        assert "forward only" in text_of(app, "#status")
        for key in ("3", "4"):
            await pilot.press(key)
            await until(pilot, lambda: app.main.query_one("#shapes").region == app.main.query_one("#panes").region)
            await pilot.press("escape")
            await until(pilot, lambda: app.main.query_one("#network").region)


async def test_without_colours_everything_can_still_be_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with running(engine=FakeEngine(replace(MIDWAY, fed=6))) as (_, app, _engine):
        assert app.main.scene
        assert app.main.scene.palette.monochrome
        for pane in ("#network", "#states", "#loss", "#prediction"):
            for colour in colours(app, pane):
                assert colour.is_default or len(set(colour.get_truecolor())) == 1, f"{pane}: {colour} is no grey"
        prediction = text_of(app, "#prediction")
        assert all(mark in prediction for mark in ("i✓", "h✓", "e✓", "l✗"))
        states = text_of(app, "#states")
        assert any(shade in states for shade in "▒▓█")  # above 0
        assert any(shade in states for shade in "=≡≣")  # below


async def test_the_light_theme_repaints_also_while_nothing_moves() -> None:
    async with running(paused=True) as (pilot, app, _):
        assert app.main.scene
        assert app.main.scene.palette == DARK
        positive = Color.from_rgb(*DARK.positive[-1])
        assert positive in colours(app, "#states")  # +1.0 is in the picture
        app.theme = "rnn-light"
        await until(pilot, lambda: app.main.scene and app.main.scene.palette == LIGHT)
        await until(pilot, lambda: Color.from_rgb(*LIGHT.positive[-1]) in colours(app, "#states"))
        assert positive not in colours(app, "#states")


@pytest.mark.parametrize(("hidden", "words"), [(5, ""), (60, "boxes: 4 of 60 units")])
async def test_boxes_say_that_they_show_a_sample(hidden: int, words: str) -> None:
    """Of an engine that does not tell the mean of all units."""
    lesson = from_dict(overridden(LESSONS["hihello"], {"network.hidden_size": hidden, "network.head": "linear"}))
    async with running(lesson, size=(80, 24)) as (pilot, app, _):
        network = app.main.grid.network
        await until(pilot, lambda: words in str(network.border_subtitle))
        assert ("boxes" in text_of(app, network)) == bool(words)


async def test_a_click_on_a_prediction_goes_to_the_tick_at_which_it_first_came_up() -> None:
    engine = FakeEngine()
    old = PredictionSeen(text="ihelll", epoch=11, right=False)  # of an engine that does not tell the tick
    engine.extra = {"predictions": (old, PredictionSeen(text="ihello", epoch=9, right=True, tick=54))}
    async with running(engine=engine) as (pilot, app, _):
        await until(pilot, lambda: "epoch 9" in text_of(app, "#prediction"))
        engine.heard()
        heard: list[Command] = []

        def went() -> bool:
            heard.extend(each for each in engine.heard() if isinstance(each, GoTo))
            return bool(heard)

        for text, epoch in (("ihelll", 11), ("ihello", 9)):
            rows = text_of(app, "#prediction").splitlines()
            y = max(at for at, row in enumerate(rows) if f"epoch {epoch}" in row)  # not the title
            await pilot.click("#prediction", offset=(rows[y].index(text) + 1, y))
        await until(pilot, went)
        assert heard == [GoTo(tick=54)]
