"""The command line on `c`: shown whole, copied as it is, and closed by any key."""

import pytest
from msgspec.structs import replace

from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.engine_messages import Opened
from rnn_tui.view.screens.reproduce import ReproduceScreen
from tests.view.dialogs import NOTHING, SIZES, Host, answer_to, assert_inside, screen_text
from tests.view.helpers import running, until


def opened(began: Experiment = LESSONS["hihello"], *, device: str = "cpu", changes: tuple[Change, ...] = ()) -> Opened:
    return Opened(run=1, experiment=began, began=began, changes=changes, weights=60, device=device, torch="2.13.0")


def words(text: str) -> str:
    """Return what stands on the screen, without its frames and line breaks."""
    return " ".join(text.replace("│", " ").split())


@pytest.mark.parametrize("key", ["escape", "enter", "c", "q", "space", "x"])
async def test_any_key_closes_it(key: str) -> None:
    assert await answer_to(ReproduceScreen(opened(), 12), key) is None


async def test_without_a_key_it_stays() -> None:
    assert await answer_to(ReproduceScreen(opened(), 12)) is NOTHING


@pytest.mark.parametrize("size", SIZES)
async def test_the_command_is_shown_and_copied(size: tuple[int, int]) -> None:
    training = replace(LESSONS["hihello"].training, lr=0.05, optimizer="sgd", seed=9)
    dialog = ReproduceScreen(opened(changes=(Change(tick=30, training=training, reseed=True),)), 62)
    app = Host(dialog)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        assert_inside(pilot)
        text = words(screen_text(pilot))
        line = "rnn-tui hihello --fork '30: optimizer=sgd lr=0.05 seed=9' --until tick=62"
        assert line in text
        assert "Copied" in text
        assert "gives the same numbers" in text
        assert app.clipboard == dialog.command == line


async def test_on_a_gpu_it_says_that_digits_may_differ() -> None:
    app = Host(ReproduceScreen(opened(device="cuda:0"), 3))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        assert "the last digits may differ" in words(screen_text(pilot))


async def test_what_a_terminal_would_obey_is_copied_and_shown_with_escapes() -> None:
    strange = from_dict({"data": {"inputs": ["a\n\x1b[31m[b]'"]}, "network": {"head": "linear"}})
    app = Host(ReproduceScreen(opened(strange), 3))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        text = screen_text(pilot)
        assert r"$'a\n\033[31m[b]\''" in text
        assert "are written as escapes" in words(text)
        assert r"$'a\n\033[31m[b]\''" in app.clipboard
        assert app.clipboard.isprintable()


async def test_what_cannot_be_shown_is_copied_all_the_same() -> None:
    strange = from_dict({"data": {"inputs": ["a\ue000\xa0b"]}, "network": {"head": "linear"}})
    app = Host(ReproduceScreen(opened(strange), 3))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        text = screen_text(pilot)
        assert "a�␣b" in text
        assert "are copied as they are" in words(text)
        assert "a\ue000\xa0b" in app.clipboard


async def test_what_no_command_line_can_hold_is_said() -> None:
    strange = from_dict({"data": {"inputs": ["a\0b"]}, "network": {"head": "linear"}})
    app = Host(ReproduceScreen(opened(strange), 3))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert_inside(pilot)
        assert "null character" in screen_text(pilot)
        assert app.clipboard == ""
        await pilot.press("down")
        await pilot.pause()
    assert app.answer is None


async def test_a_long_command_scrolls() -> None:
    long = from_dict({"data": {"inputs": ["ab " * 600]}, "network": {"head": "linear"}})
    app = Host(ReproduceScreen(opened(long), 3))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert_inside(pilot)
        for key in ("pagedown", "down", "up"):
            await pilot.press(key)
            await pilot.pause()
            assert app.screen.query_one("#command").scroll_y > 0
        assert app.answer is NOTHING


async def test_c_is_about_the_tick_on_the_screen() -> None:
    async with running(paused=True) as (pilot, app, engine):
        engine.move(tick=71)
        await until(pilot, lambda: app.run_state.tick == 71)
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, ReproduceScreen))
        assert app.clipboard == "rnn-tui hihello --until tick=71"
        await pilot.press("space")
        await until(pilot, lambda: app.screen is app.main)
        assert engine.heard() == []
