"""A page of the manual on the screen, and what a search through all of them has found."""

import re
from typing import Any

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Markdown, OptionList
from textual.widgets.markdown import MarkdownBlock
from textual.widgets.option_list import Option

from rnn_tui.manual import Hit, read_page, search
from rnn_tui.view.terminal.ascii import is_ascii, spelled

__all__ = ["Hits", "ManualPage"]

_ARROW = re.compile(r"`((?:shift\+)?[←→↑↓])`")
_MOST_HITS = 100


class ManualPage(VerticalScroll):
    """One page, rendered from its Markdown."""

    DEFAULT_CSS = """
    ManualPage {
        scrollbar-size-vertical: 1; scrollbar-background: $surface; scrollbar-color: $foreground 30%;
        & Markdown { padding: 0 1 0 0; background: $surface; }
        & MarkdownH1 { content-align: left middle; margin: 0 0 1 0; }
        & MarkdownH2 { margin: 1 0 1 0; }
        & MarkdownTable { margin: 0 0 1 0; }
        & MarkdownFence > Label { width: 1fr; padding: 1 1; text-wrap: wrap; }
    }
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._topic = ""

    async def show(self, topic: str, line: int = 0) -> None:
        """Show a topic, scrolled to the block that holds that line of its source, counted from 0."""
        if topic != self._topic:
            page = read_page(topic)
            if is_ascii(self.app):  # an arrow would become a sign that is a key itself
                page = _ARROW.sub(lambda found: f"`{spelled(found[1])}`", page)
            await self.query(Markdown).remove()
            await self.mount(Markdown(page, open_links=False))
            self._topic = topic
        self.scroll_home(animate=False)
        if line:
            self.call_after_refresh(self._turn_to, line)

    def _turn_to(self, line: int) -> None:
        blocks = [each for each in self.query(MarkdownBlock) if each.source_range[0] <= line < each.source_range[1]]
        if blocks:
            smallest = min(blocks, key=lambda each: each.source_range[1] - each.source_range[0])
            self.scroll_to_widget(smallest, animate=False, top=True)


class Hits(OptionList):
    """The lines that contain what is searched for."""

    DEFAULT_CSS = """
    Hits {
        height: 1fr; border: none; padding: 0; background: $surface; background-tint: transparent;
        scrollbar-size-vertical: 1; scrollbar-background: $surface; scrollbar-color: $foreground 30%;
        text-wrap: nowrap; text-overflow: ellipsis;
        & > .option-list--option-highlighted { color: $foreground; background: $primary 30%; }
    }
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(compact=True, markup=False, **settings)
        self._found: list[Hit] = []

    @property
    def chosen(self) -> Hit | None:
        """The highlighted one; None if nothing was found."""
        return self._found[self.highlighted] if self.highlighted is not None else None

    def find(self, words: str) -> int:
        """List the lines that contain all words, and return how many there are."""
        self._found = search(words)[:_MOST_HITS]
        self.clear_options()
        self.add_options([Option(_line(each)) for each in self._found])
        self.highlighted = 0 if self._found else None
        return len(self._found)


def _line(hit: Hit) -> Content:
    text = "" if hit.text == hit.heading else f"  {hit.text}"
    return Content.assemble((hit.topic, "$accent"), " ", (hit.heading, "bold"), (text, "dim"))
