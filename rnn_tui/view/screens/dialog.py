"""The base of all dialogs: each closes once, however many keys arrive at the same time."""

from dataclasses import dataclass
from typing import TypeVar

from textual import events
from textual.message import Message
from textual.screen import ModalScreen

from rnn_tui.view.screens.paced import PacedScreen
from rnn_tui.view.terminal.ascii import is_ascii, spelled

__all__ = ["Dialog"]

Result = TypeVar("Result")


class Dialog(PacedScreen[Result], ModalScreen[Result]):
    """A screen over the panes. Keys that arrive after it has closed do nothing."""

    @dataclass
    class Covers(Message):
        """A dialog is on top, and these are its keys."""

        keys: str

    def _on_mount(self, event: events.Mount) -> None:
        super()._on_mount(event)
        if is_ascii(self.app):  # the border names keys
            for each in self.query(".dialog"):
                each.border_subtitle = spelled(str(each.border_subtitle or ""))
        self.tell_keys()

    def on_screen_resume(self) -> None:
        """Say which keys it has, once nothing covers it any more."""
        self.tell_keys()

    def tell_keys(self) -> None:
        """Say which keys the dialog has: those in its lower border."""
        keys = next((str(each.border_subtitle or "") for each in self.query(".dialog")), "")
        self.post_message(self.Covers(keys or "esc close"))

    def leave(self, result: Result | None = None) -> None:
        """Close with this result, unless it has closed already, or another screen covers it.

        `dismiss` would close the top screen instead, whichever it is.
        """
        if self.is_active:
            self.dismiss(result)

    async def on_event(self, event: events.Event) -> None:
        """Drop keys and clicks that reach a dialog after it has closed."""
        if self.is_active or not isinstance(event, events.InputEvent):
            await super().on_event(event)
