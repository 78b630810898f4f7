"""The manual on `?`: its pages, its links, and the search through them."""

import re

import pytest
from textual.widgets import Input, Markdown, OptionList
from textual.widgets.markdown import MarkdownFence

from rnn_tui.manual import TOPICS, read_page, search
from rnn_tui.view.screens.help import HelpScreen
from rnn_tui.view.screens.manual_page import Hits, ManualPage
from rnn_tui.view.terminal import ascii as ascii_terminal
from tests.view.dialogs import Host, assert_inside, screen_text

SIZE = (80, 24)


async def test_the_arrow_keys_turn_the_pages_and_the_first_one_has_the_keys() -> None:
    app = Host(HelpScreen())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert "Play or pause" in screen_text(pilot)
        await pilot.press("right")
        await pilot.pause()
        assert "Installing" in screen_text(pilot)
        assert "Play or pause" not in screen_text(pilot)
        assert_inside(pilot)
        await pilot.press("left", "left")
        await pilot.pause()
        assert "Troubleshooting" in screen_text(pilot)
        await pilot.press("right")
        await pilot.pause()
        assert "Play or pause" in screen_text(pilot)


async def test_a_topic_can_be_chosen_with_the_mouse() -> None:
    app = Host(HelpScreen())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        for at, topic in list(enumerate(TOPICS, 1))[:: len(TOPICS) // 3]:
            await pilot.click("#help-topics", offset=(2, at))
            await pilot.pause()
            assert app.screen.query_one("#help-topics", OptionList).highlighted == at
            assert app.screen.query_one(Markdown).source == read_page(topic)
            title = read_page(topic).split("\n")[0].removeprefix("# ")
            assert title in screen_text(pilot)


async def test_the_search_opens_the_page_at_what_was_found() -> None:
    app = Host(HelpScreen())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("slash", *"anneal")
        await pilot.pause()
        (hit,) = search("anneal")
        assert app.screen.query_one(Hits).chosen == hit
        assert_inside(pilot)
        await pilot.press("enter")
        await pilot.pause()
        await pilot.pause()
        assert "CosineAnnealingLR" in screen_text(pilot)
        assert app.screen.query_one(ManualPage).scroll_y > 0
        assert app.is_running
        await pilot.press("escape")
        await pilot.pause()
        assert app.answer is None


async def test_a_search_without_a_hit_says_so_and_can_be_left() -> None:
    app = Host(HelpScreen())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("slash", *"xyzzyq")
        await pilot.pause()
        assert app.screen.query_one(Input).value == "xyzzyq"  # q is typed, and does not close the help
        assert "No line has all of these words." in screen_text(pilot)
        await pilot.press("enter", "escape")
        await pilot.pause()
        assert "Play or pause" in screen_text(pilot)


async def test_a_link_leads_to_its_page() -> None:
    app = Host(HelpScreen())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("right")
        await pilot.pause()
        page = app.screen.query_one(Markdown)
        page.post_message(Markdown.LinkClicked(page, "https://example.org"))  # no browser is opened
        page.post_message(Markdown.LinkClicked(page, "lessons.md"))
        await pilot.pause()
        await pilot.pause()
        assert app.screen.query_one(Markdown).source.startswith("# Lessons")


async def test_without_unicode_arrow_keys_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnn_tui.view.screens.manual_page.is_ascii", lambda app: True)
    app = Host(HelpScreen())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        page = app.screen.query_one(ManualPage)
        await page.show("keys")
        assert "| `shift+right` |" in page.query_one(Markdown).source
        assert "| `up` |" in page.query_one(Markdown).source
    assert ascii_terminal.spelled("↑") == "up"


def test_the_search_wants_all_words_and_puts_headings_first() -> None:
    assert search("") == search("   ") == []
    hits = search("SCHEDULE every")
    assert hits
    assert all("schedule" in hit.text.lower() and "every" in hit.text.lower() for hit in hits)
    first, *rest = search("gates")
    assert (first.topic, first.text) == ("inside", "Gates over time")
    assert any(hit.text != hit.heading for hit in rest)


async def test_a_small_screen_cuts_no_example_off() -> None:
    app = Host(HelpScreen())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press(*["right"] * (list(TOPICS).index("screen") + 1))
        await pilot.pause()
        shown = " ".join(screen_text(pilot).split())
        examples = re.findall(r"^rnn-tui .*# (.*)$", read_page("screen"), re.M)[:3]
        assert len(examples) == 3
        for comment in examples:
            assert comment.split()[-1] in shown, comment
        fences = app.screen.query(MarkdownFence)
        assert len(fences) > 0
        assert all(each.virtual_size.width <= each.size.width for each in fences)
