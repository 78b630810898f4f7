"""The dialog on `c`: the command line that leads to what is on the screen, which has been copied."""

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from rnn_tui.common.glyphs import safe
from rnn_tui.draw.kit.numbers import count
from rnn_tui.experiment.command_line import command_line
from rnn_tui.protocol.engine_messages import Opened
from rnn_tui.view.screens.dialog import Dialog

__all__ = ["ReproduceScreen"]

_COPIED = "Copied, if your terminal allows it (OSC 52)."
_SAME = "On any CPU it gives the same numbers."
_GPU = "This run is on a GPU: elsewhere the last digits may differ."


class ReproduceScreen(Dialog[None]):
    """Shows the command line of a run at a tick; any key closes it."""

    BINDINGS: ClassVar[list[BindingType]] = []
    DEFAULT_CSS = """
    #command { height: auto; max-height: 50vh; background: $panel; padding: 0 1; margin: 0 0 1 0; }
    #command { scrollbar-size-vertical: 1; scrollbar-background: $panel; scrollbar-color: $foreground 30%; }
    #command-about { color: $foreground 75%; }
    """

    def __init__(self, opened: Opened, tick: int) -> None:
        super().__init__()
        self._tick = tick
        self.command = ""
        try:
            self.command = command_line(opened.began, opened.changes, tick)
            self._about = f"{_COPIED} {_SAME if opened.device == 'cpu' else _GPU}"
        except ValueError as error:
            self._about = str(error)
        if "$'" in self.command:
            self._about += " In $'…', control characters such as line breaks are written as escapes."
        if safe(self.command) != self.command:
            self._about += " Characters that cannot be shown are copied as they are."

    def compose(self) -> ComposeResult:
        """Show the command, and remarks about it."""
        with Vertical(id="reproduce", classes="dialog") as dialog:
            dialog.border_title = f"The way to tick {count(self._tick)}"
            dialog.border_subtitle = "any key closes"
            if self.command:
                with VerticalScroll(id="command", can_focus=False):
                    yield Static(safe(self.command), markup=False)
            yield Static(self._about, id="command-about", markup=False)

    def on_mount(self) -> None:
        """Copy the command through the terminal."""
        if self.command:
            self.app.copy_to_clipboard(self.command)

    def on_key(self, event: events.Key) -> None:
        """Scroll, or close on any other key."""
        scroll = {"up": -1, "down": 1, "pageup": -8, "pagedown": 8}.get(event.key)
        event.stop()
        event.prevent_default()
        if scroll is not None and self.command:
            self.query_one("#command").scroll_relative(y=scroll, animate=False)
        else:
            self.leave()
