"""The last filters before the terminal: no text that is drawn may reach it as a control sequence.

Texts from outside are made safe where they are put on the screen. What was forgotten there, or what a widget of
Textual's own shows as it is, is caught here.
"""

import os
import sys
from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from rnn_tui.common.glyphs import is_harmful
from rnn_tui.view.terminal.ascii import Ascii, takes_unicode

__all__ = ["Harmless", "last_filters"]


def last_filters(*, ascii_only: bool) -> list[LineFilter]:
    """Return the filters of this terminal: `Ascii` among them if it is asked for, or the locale has no Unicode."""
    encoding = getattr(sys.__stderr__, "encoding", None)  # textual writes there
    if ascii_only or not takes_unicode(os.environ, encoding):
        return [Harmless(), Ascii()]
    return [Harmless()]


class Harmless(LineFilter):
    """A line filter that replaces what would act on a terminal, cell by cell."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Replace what would act on a terminal."""
        return [
            each if each.control or (text := _harmless(each.text)) is each.text else Segment(text, each.style)
            for each in segments
        ]


@lru_cache(maxsize=8192)
def _harmless(text: str) -> str:
    """Return the text itself if nothing in it acts, else with a sign for each cell that such a character takes."""
    if text.isascii() and text.isprintable():
        return text
    if not any(map(is_harmful, text)):
        return text
    return "".join("\N{REPLACEMENT CHARACTER}" * cell_len(each) if is_harmful(each) else each for each in text)
