"""The caption of a tour's step, above the panes: in a box of its own, as large as a terminal writes."""

from textual.content import Content
from textual.widgets import Static

from rnn_tui.common.glyphs import printable, safe
from rnn_tui.view.terminal.ascii import is_ascii, spelled

__all__ = ["Caption"]


class Caption(Static):
    """The caption of a tour's step; hidden where there is no tour."""

    def __init__(self) -> None:
        super().__init__(id="caption", markup=False)

    def show(self, text: str, *, title: str, keys: str) -> None:
        """Show a caption; `title` and `keys` stand in its border."""
        in_words = spelled if is_ascii(self.app) else str
        if str(self.content) != printable(text):
            self.update(printable(text))
        self.border_title, self.border_subtitle = Content(safe(title)), Content(in_words(keys))
        self.set_class(True, "-shown")
