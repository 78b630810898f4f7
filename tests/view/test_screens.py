"""The dialogs but the form, on a small app of their own: every key, what they answer, and nothing cut off."""

import pytest
from textual import events
from textual.widgets import OptionList, Static

from rnn_tui.experiment.course import COURSE
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.view.model.keys import GROUPS, KEYS
from rnn_tui.view.screens.engine_gone import EngineGoneScreen
from rnn_tui.view.screens.help import HelpScreen
from rnn_tui.view.screens.lessons import LessonsScreen
from tests.view.dialogs import NOTHING, SIZES, Host, answer_to, assert_inside, screen_text

# ---- lessons ------------------------------------------------------------------------------------------


async def test_the_lesson_that_is_open_is_highlighted_and_enter_opens_it() -> None:
    assert await answer_to(LessonsScreen("ohlol"), "enter") is LESSONS["ohlol"]


@pytest.mark.parametrize("size", [(64, 20), (80, 24)])
async def test_the_lesson_that_is_open_is_in_sight(size: tuple[int, int]) -> None:
    for name in (list(LESSONS)[-1], list(LESSONS)[len(LESSONS) // 2]):
        app = Host(LessonsScreen(name))
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await pilot.pause()
            assert "▸ " + name in screen_text(pilot)


async def test_arrows_choose_a_lesson() -> None:
    names = list(LESSONS)
    after = names[names.index("hihello") + 2]
    assert await answer_to(LessonsScreen("hihello"), "down", "down", "enter") is LESSONS[after]
    assert await answer_to(LessonsScreen("hihello"), "home", "enter") is LESSONS[names[0]]


async def test_an_experiment_that_is_no_lesson_highlights_the_first() -> None:
    assert await answer_to(LessonsScreen("my own"), "enter") is LESSONS[next(iter(LESSONS))]


def listed(options: OptionList) -> list[str | None]:
    """The lessons that can be chosen, without the headings."""
    return [option.id for option in options.options if not option.disabled]


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_every_lesson_stands_under_a_heading_with_its_purpose_uncut(size: tuple[int, int]) -> None:
    app = Host(LessonsScreen("hihello"))
    async with app.run_test(size=size) as pilot:
        options = app.screen.query_one(OptionList)
        assert listed(options) == list(LESSONS)
        assert options.options[0].disabled
        await pilot.pause()
        for purposes in COURSE.values():
            for name, purpose in purposes.items():
                options.highlighted = options.get_option_index(name)
                await pilot.pause()
                await pilot.pause()
                assert f"{name.ljust(19)}{purpose} " in screen_text(pilot)


async def test_lessons_close() -> None:
    assert await answer_to(LessonsScreen("hihello"), "escape") is None
    assert await answer_to(LessonsScreen("hihello"), *"si", "escape", "escape") is None


async def test_the_filter_keeps_the_lessons_that_hold_all_words() -> None:
    app = Host(LessonsScreen("hihello"))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("slash", *"lstm", "space", *"ohlol")
        await pilot.pause()
        options = app.screen.query_one(OptionList)
        assert listed(options) == ["ohlol-lstm"]
        await pilot.press(*"zz")
        await pilot.pause()
        assert "No lesson has all of these words." in screen_text(pilot)
        await pilot.press("enter")  # nothing to open
        assert app.answer is NOTHING
        await pilot.press("escape")
        await pilot.pause()
        assert listed(options) == list(LESSONS)
        assert app.focused is options
        await pilot.press("slash", *"gru", "enter")
        await pilot.pause()
    assert app.answer is LESSONS["hihello-gru"]


async def test_who_knows_the_name_types_it_and_arrows_still_choose() -> None:
    assert await answer_to(LessonsScreen("hihello"), *"sine", "enter") is LESSONS["sine"]
    assert await answer_to(LessonsScreen("hihello"), *"lq", "enter") is NOTHING  # letters like others


async def test_a_letter_with_alt_is_none_for_the_filter() -> None:
    """As escape and a letter come that are read at once."""
    app = Host(LessonsScreen("hihello"))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        app.post_message(events.Key("alt+q", "q"))
        await pilot.press("enter")
        await pilot.pause()
    assert app.answer is LESSONS["hihello"]
    assert await answer_to(LessonsScreen("ohlol"), "slash", *"ohlol", "up", "enter") is LESSONS["ohlol-cell"]


@pytest.mark.sampled(1)
@pytest.mark.parametrize("size", SIZES)
async def test_what_every_lesson_is_about_has_room(size: tuple[int, int]) -> None:
    app = Host(LessonsScreen(next(iter(LESSONS))))
    async with app.run_test(size=size) as pilot:
        options = app.screen.query_one(OptionList)
        for name, lesson in LESSONS.items():
            options.highlighted = options.get_option_index(name)
            await pilot.pause()
            assert_inside(pilot)
            box = app.screen.query_one("#lesson")
            if size == SIZES[0]:  # the smallest: it may need its scrollbar
                continue
            assert box.virtual_size.height <= box.size.height, name
            text = " ".join(screen_text(pilot).split())
            assert lesson.about.split()[-1] in text
            if lesson.training.learn:
                assert "none: the loss" in text if lesson.floor is None else f"{lesson.floor:.3f}" in text


# ---- help ---------------------------------------------------------------------------------------------


async def everything_in(pilot_size: tuple[int, int]) -> tuple[str, int]:
    """The help, page by page, as one line of words; and how many pages it took."""
    app = Host(HelpScreen())
    async with app.run_test(size=pilot_size) as pilot:
        await pilot.pause()
        assert_inside(pilot)
        view = app.screen.query_one("#help-text")
        pages = [screen_text(pilot)]
        while not view.is_vertical_scroll_end:
            view.scroll_page_down(animate=False)
            await pilot.pause()
            pages.append(screen_text(pilot))
        return " ".join("\n".join(pages).replace("│", " ").split()), len(pages)


async def test_help_names_every_key_and_says_what_it_does() -> None:
    text, pages = await everything_in((200, 60))
    assert pages <= 2
    for key in (key for key in KEYS if key.runs not in ("watched", "field", "ranks")):
        assert f" {key.shown} {key.about.split()[0]} " in text
    for group, keys in GROUPS.items():
        assert (f"─ {group} ─" in text) == any(key.runs != "field" for key in keys)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.sampled(2)
async def test_help_can_be_read_to_its_end_at_every_size(size: tuple[int, int]) -> None:
    text, _ = await everything_in(size)
    for word in ("Network", "Lit step", "Hidden state", "Loss", "Prediction", "Shapes", "Time cursor", "Mouse"):
        assert f" {word} " in text
    assert "exact value." in text


async def test_help_scrolls_with_the_keyboard() -> None:
    app = Host(HelpScreen())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        view = app.screen.query_one("#help-text")
        await pilot.press("down")
        await pilot.pause()
        assert view.scroll_target_y > 0


@pytest.mark.parametrize("key", ["escape", "question_mark", "q", "f1"])
@pytest.mark.sampled(2)
async def test_help_closes(key: str) -> None:
    assert await answer_to(HelpScreen(), key) is None


# ---- the engine has gone ------------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "answer"), [("enter", True), ("escape", False), ("q", False), ("a", NOTHING)])
async def test_the_engine_starts_again_or_not(key: str, answer: object) -> None:
    assert await answer_to(EngineGoneScreen("Killed"), key) is answer


@pytest.mark.parametrize("size", SIZES)
async def test_last_words_are_plain_safe_and_seen_to_their_end(size: tuple[int, int]) -> None:
    words = "Traceback\n" * 100 + "  [bold]x[/bold] \x1b[31m\u202e日本 " + "long " * 40 + "\n\tMemoryError: the end\n\n"
    app = Host(EngineGoneScreen(words))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.pause()
        assert_inside(pilot)
        text = screen_text(pilot)
        assert "MemoryError: the end" in text
        assert "[bold]x[/bold] ␛[31m�日本" in text
        await pilot.press("home")


async def test_an_engine_without_last_words() -> None:
    app = Host(EngineGoneScreen(""))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert str(app.screen.query_one("#last-words Static", Static).content) == "(none)"


@pytest.mark.parametrize("theme", [0, 1])
@pytest.mark.sampled(1)
async def test_dialogs_stand_in_both_themes(theme: int) -> None:
    for dialog in (LessonsScreen("hihello"), HelpScreen(), EngineGoneScreen("gone")):
        app = Host(dialog, theme)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            assert_inside(pilot)
