"""The log on `L`: it follows the end, scrolls, finds, and asks for no more than fits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widgets import Input

from rnn_tui.draw.kit.palette import DARK
from rnn_tui.draw.script_log import draw_log, text_columns
from rnn_tui.protocol.script_log import LogLines, ReadLog
from rnn_tui.protocol.subject import Subject
from rnn_tui.protocol.wire import pack
from rnn_tui.runs.script_output import ScriptOutput
from rnn_tui.view.screens.log import LogScreen
from tests.view.dialogs import NOTHING, Host, screen_text
from tests.view.fake_engine import FakeEngine
from tests.view.helpers import running, screen_lines

SIZE = (80, 24)
FIT = 22  # lines


class Printing(Host):
    """A log screen, and a script that prints: what it asks is answered from the file, as an engine does."""

    def __init__(self, folder: Path, most: int = 1 << 20) -> None:
        self.screen_of_log = LogScreen("train.py \x1b[31m")
        super().__init__(self.screen_of_log)
        self.path = folder / "a.out"
        self.path.touch()
        self.output = ScriptOutput(self.path, most)
        self.asked: list[ReadLog] = []
        self.answers: list[LogLines] = []
        self.holds = False

    def on_log_screen_asked(self, event: LogScreen.Asked) -> None:
        """Called by textual."""
        self.asked.append(event.ask)
        if not self.holds:
            self.answer_last()

    def answer_last(self) -> None:
        """Answer the question that waits."""
        self.answers.append(self.output.read(self.asked[-1]))
        self.screen_of_log.show(self.answers[-1])

    def print(self, text: str) -> None:
        """The script prints."""
        with self.path.open("a") as file:
            file.write(text)


@asynccontextmanager
async def printing(folder: Path, text: str = "", **options: Any) -> AsyncIterator[tuple[Pilot[None], Printing]]:
    app = Printing(folder, **options)
    app.print(text)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.answers)
        yield pilot, app


async def until(pilot: Pilot[Any], condition: Any) -> None:
    for _ in range(2000):
        if condition():
            return
        await pilot.pause(0.005)
    raise AssertionError("waited in vain:\n" + screen_text(pilot))


async def press(pilot: Pilot[None], app: Printing, *keys: str) -> str:
    """Press keys, and wait for what they ask."""
    before = len(app.answers)
    await pilot.press(*keys)
    await until(pilot, lambda: len(app.answers) > before and not app.screen_of_log._is_asked)
    await pilot.pause()
    return screen_text(pilot)


def numbered(count: int) -> str:
    return "".join(f"epoch {number} loss {1 / (number + 1):.4f}\n" for number in range(count))


async def test_it_follows_the_end_until_it_is_scrolled(tmp_path: Path) -> None:
    async with printing(tmp_path, numbered(100)) as (pilot, app):
        assert "100 epoch 99 " in " ".join(screen_text(pilot).split())
        assert app.screen.query_one("#log").region == app.screen.region
        app.print("one more\n")
        await until(pilot, lambda: "101  one more" in screen_text(pilot))
        text = await press(pilot, app, "up")
        assert "one more" not in text
        assert "100  epoch 99" in text
        assert f"line {101 - FIT} to 100 of 101" in text
        app.print("and another\n")
        await until(pilot, lambda: "of 102" in screen_text(pilot))  # it stays where it is
        assert "100  epoch 99" in screen_text(pilot)
        assert "and another" not in screen_text(pilot)
        assert "and another" in await press(pilot, app, "end")
        app.print("followed\n")
        await until(pilot, lambda: "followed" in screen_text(pilot))
        await press(pilot, app, "up")
        await press(pilot, app, "down")  # down at the end follows as well
        app.print("again\n")
        await until(pilot, lambda: "again" in screen_text(pilot))


async def test_pages_and_both_ends(tmp_path: Path) -> None:
    async with printing(tmp_path, numbered(100)) as (pilot, app):
        text = await press(pilot, app, "home")
        assert "  1  epoch 0 " in text
        text = await press(pilot, app, "pagedown")
        assert f" {FIT}  epoch {FIT - 1} " in text  # the last line is the first one now
        assert f"line {FIT} to {2 * FIT - 1} of 100" in text
        text = await press(pilot, app, "pageup")
        assert "  1  epoch 0 " in text
        await press(pilot, app, "up")
        assert app.answers[-1].first == 0


async def test_a_text_is_found_in_both_directions_and_marked(tmp_path: Path) -> None:
    async with printing(tmp_path, numbered(100)) as (pilot, app):
        await press(pilot, app, "home")
        await pilot.press("slash", *"EPOCH")
        await pilot.press("space")
        text = await press(pilot, app, "7", "enter")
        assert app.answers[-1].found == 7
        assert "  8  epoch 7 " in text
        await press(pilot, app, "n")
        assert app.answers[-1].found == 70
        await press(pilot, app, "n")
        assert app.answers[-1].found == 71
        await press(pilot, app, "N")
        await press(pilot, app, "N")
        assert app.answers[-1].found == 7
        await press(pilot, app, "N")  # from the other end on
        text = screen_text(pilot)
        assert app.answers[-1].found == 79
        assert " 80  epoch 79" in text
        row = next(strip for strip in app.screen._compositor.render_strips(app.size) if "epoch 79" in strip.text)
        assert reversed_text(row) == "epoch 7"
        app.print("x\n")
        await until(pilot, lambda: "of 101" in screen_text(pilot))
        assert " 80  epoch 79" in screen_text(pilot)  # it stays there


def reversed_text(strip: Strip) -> str:
    return "".join(part.text for part in strip if part.style is not None and part.style.reverse)


async def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    async with printing(tmp_path, numbered(100)) as (pilot, app):
        await pilot.press("slash", *"nan")
        text = await press(pilot, app, "enter")
        assert "no line has “nan”" in text
        assert "100  epoch 99" in text  # nothing moves
        app.print("loss nan\n")
        await until(pilot, lambda: "loss nan" in screen_text(pilot))  # it still follows
        await pilot.press("slash", "escape")
        assert not app.screen.query_one(Input).display
        assert app.answer is NOTHING
        await pilot.press("escape")
        await pilot.pause()
        assert app.answer is None


@pytest.mark.parametrize("key", ["L", "q", "escape"])
async def test_it_is_closed(tmp_path: Path, key: str) -> None:
    async with printing(tmp_path) as (pilot, app):
        assert "nothing yet" in screen_text(pilot)
        await pilot.press(key)
        await pilot.pause()
        assert app.answer is None


async def test_keys_are_typed_into_the_search(tmp_path: Path) -> None:
    async with printing(tmp_path, "qLnN\n") as (pilot, app):
        await pilot.press("slash", *"qLnN")
        assert app.screen.query_one(Input).value == "qLnN"
        await press(pilot, app, "enter")
        assert app.answers[-1].found == 0


async def test_one_question_is_on_its_way_at_most(tmp_path: Path) -> None:
    async with printing(tmp_path, numbered(100)) as (pilot, app):
        app.holds = True
        before = len(app.asked)
        await pilot.press("up", "up", "up", "pageup", "home")
        await pilot.pause()
        assert len(app.asked) == before + 1
        app.answer_last()
        await until(pilot, lambda: len(app.asked) == before + 2)
        assert app.asked[-1].first == 0


async def test_a_search_waits_for_the_answer_before_it(tmp_path: Path) -> None:
    async with printing(tmp_path, numbered(100)) as (pilot, app):
        app.holds = True
        before = len(app.asked)
        await pilot.press("up", "slash", *"poch", "enter")
        await pilot.pause()
        assert len(app.asked) == before + 1
        app.holds = False
        app.answer_last()
        await until(pilot, lambda: app.answers[-1].found is not None)
        assert app.asked[before + 1].find == "poch"


async def test_long_lines_are_seen_piece_by_piece(tmp_path: Path) -> None:
    async with printing(tmp_path, "".join(f"{n:03}" for n in range(200)) + "\nshort\n") as (pilot, app):
        assert "000001002" in screen_text(pilot)
        text = await press(pilot, app, "right", "right", "right")
        assert "‹016017018" in text
        assert "‹short" not in text
        text = await press(pilot, app, "left", "left", "left", "left")
        assert "000001002" in text
        assert "short" in text


async def test_old_lines_go(tmp_path: Path) -> None:
    async with printing(tmp_path, numbered(100), most=1000) as (pilot, app):
        app.output.trim()
        app.print("newest\n")
        await until(pilot, lambda: "newest" in screen_text(pilot))
        oldest = app.answers[-1].oldest
        assert oldest > 0
        assert f"the first {oldest} are no longer kept" in screen_text(pilot)
        await press(pilot, app, "home")
        assert app.answers[-1].first == oldest
        for _ in range(3):
            await press(pilot, app, "up")
        assert app.answers[-1].first == oldest


async def test_little_goes_over_the_wire_and_nothing_acts_on_the_terminal(tmp_path: Path) -> None:
    flood = "\x1b[2J\x1b]0;title\x07\x1b[31mé\t" * 5000 + "\n"
    async with printing(tmp_path, flood * 50) as (pilot, app):
        assert all(len(pack(each)) < 2 * SIZE[0] * SIZE[1] for each in app.answers)
        assert "\x1b" not in screen_text(pilot)
        assert "title" not in screen_text(pilot)
        assert "é" in screen_text(pilot)


def test_wide_characters_and_marks() -> None:
    log = LogLines(first=8, lines=("中文 loss 中文", "", "x" * 90), total=11, found=8)
    strips = draw_log(log, width=40, height=5, column=0, find="LOSS", palette=DARK)
    assert [strip.cell_length for strip in strips] == [40] * 5
    assert strips[0].text.rstrip() == "  9  中文 loss 中文"
    assert reversed_text(strips[0]) == "loss"
    assert strips[2].text == " 11  " + "x" * 35
    assert text_columns(40, 11) == 35
    assert text_columns(40, 123_456) == 32
    assert text_columns(2, 5) == 1


async def test_the_app_asks_the_engine_and_shows_its_answer() -> None:
    async with running() as (pilot, app, engine):
        opened = app.run_state.opened
        assert opened is not None
        app.run_state.opened = replace(opened, subject=Subject(script="train.py --epochs 3", can=("log",)))
        app.action_dialog("log")
        await until(pilot, lambda: engine.commands)
        (ask,) = engine.heard()
        assert isinstance(ask, ReadLog)
        assert ask.first is None
        assert ask.count == 34
        engine.say(LogLines(first=0, lines=("epoch 1",), total=1))
        await until(pilot, lambda: "1  epoch 1" in "\n".join(screen_lines(app)))
        assert "Output of train.py --epochs 3 · 1 line" in "\n".join(screen_lines(app))
        await until(pilot, lambda: engine.commands)  # it asks again
        await pilot.press("escape")
        engine.say(LogLines(first=0, lines=("epoch 2",), total=1))  # nobody waits for it any more
        await until(pilot, lambda: app.screen is app.main)


class Printed(FakeEngine):
    """An engine that has not greeted, whose link knows the file that the script prints to."""

    def read_log(self, ask: ReadLog) -> LogLines:
        return LogLines(lines=("torch is being imported", f"{ask.count} lines fit"), total=2)


async def test_what_is_printed_before_the_engine_can_speak_is_shown() -> None:
    engine = Printed(greets=False)
    subject = Subject(script="train.py --epochs 3", can=("log",))
    async with running(engine=engine, ready=False, subject=subject) as (pilot, app, _):
        await until(pilot, lambda: "Waiting for the first update." in "\n".join(screen_lines(app)))
        await pilot.press("L")
        await until(pilot, lambda: "1  torch is being imported" in "\n".join(screen_lines(app)))
        assert "2  34 lines fit" in "\n".join(screen_lines(app))
        assert not engine.commands
        engine.greet()
        await until(pilot, lambda: engine.commands)  # from now on the engine is asked
        await until(pilot, lambda: isinstance(engine.commands[-1], ReadLog))
