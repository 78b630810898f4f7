"""The last line of defence: of all that is drawn, nothing reaches the terminal as a control.

Texts from outside are made safe where they are put on the screen. What somebody forgets, or what a widget of Textual's
own shows as it is, is caught here.
"""

from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from rnn_tui.common.glyphs import is_harmful

__all__ = ["Harmless"]


class Harmless(LineFilter):
    """A filter over lines: the same cells, without what would act on a terminal."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Called by textual."""
        return [
            each if each.control or (text := _harmless(each.text)) is each.text else Segment(text, each.style)
            for each in segments
        ]


@lru_cache(maxsize=8192)
def _harmless(text: str) -> str:
    """The very text, where nothing in it acts; else with a sign for each cell that such a character takes."""
    if text.isascii() and text.isprintable():
        return text
    if not any(map(is_harmful, text)):
        return text
    return "".join("\N{REPLACEMENT CHARACTER}" * cell_len(each) if is_harmful(each) else each for each in text)
