"""What all dialogs share: each is left once, however many keys come in one read."""

from typing import TypeVar

from textual import events
from textual.screen import ModalScreen

from rnn_tui.view.screens.paced import PacedScreen
from rnn_tui.view.terminal.ascii import is_ascii, spelled

__all__ = ["Dialog"]

Result = TypeVar("Result")


class Dialog(PacedScreen[Result], ModalScreen[Result]):
    """A screen over the panes. What is still on its way to it when it is left does nothing."""

    def _on_mount(self, event: events.Mount) -> None:
        super()._on_mount(event)
        if is_ascii(self.app):  # what keys do stands in the border
            for each in self.query(".dialog"):
                each.border_subtitle = spelled(str(each.border_subtitle or ""))

    def leave(self, result: Result | None = None) -> None:
        """Give this answer and go; nothing where it has gone already, or where another screen stands over it.

        `dismiss` would take the screen on top away instead, whichever it is.
        """
        if self.is_active:
            self.dismiss(result)

    async def on_event(self, event: events.Event) -> None:
        """Called by textual: what reaches a dialog that has gone is nobody's."""
        if self.is_active or not isinstance(event, events.InputEvent):
            await super().on_event(event)
