"""The tours on `W`: a list of the topics."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from rnn_tui.tours import TOPICS
from rnn_tui.view.screens.dialog import Dialog

__all__ = ["ToursScreen"]

_NAMES = max(map(len, TOPICS)) + 2  # cells of the column of names


class ToursScreen(Dialog[str]):
    """Choose a tour, and return its topic, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "cancel", "close", tooltip="Close the list")]
    DEFAULT_CSS = """
    #tours { width: 56; max-width: 100%; }
    #tours-list {
        height: auto; border: none; padding: 0; background: $surface; background-tint: transparent;
        & > .option-list--option { padding: 0 1; }
        & > .option-list--option-highlighted { color: $foreground; background: $primary 30%; text-style: bold; }
    }
    """

    def compose(self) -> ComposeResult:
        """List the topics, in the order in which to teach them."""
        with Vertical(id="tours", classes="dialog") as dialog:
            dialog.border_title = "Tours"
            dialog.border_subtitle = "↑ ↓ choose · enter open · esc close"
            lines = [Content.assemble(name.ljust(_NAMES), (about, "dim")) for name, about in TOPICS.items()]
            options = [Option(line, id=name) for line, name in zip(lines, TOPICS, strict=True)]
            yield OptionList(*options, id="tours-list", compact=True, markup=False)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.leave(event.option_id)

    def action_cancel(self) -> None:
        """Close."""
        self.leave()
