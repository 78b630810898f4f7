"""The dialog after the engine has died: its last words, and whether to start another."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from rnn_tui.common.glyphs import safe
from rnn_tui.view.screens.dialog import Dialog

__all__ = ["EngineGoneScreen"]

_LOST = "Its numbers are lost. Enter starts another engine with the same experiment from tick 0; q quits."
_KEPT = (
    "The run is on the disk, as of its last checkpoint. Enter starts another engine, which goes on from there; q quits."
)


class EngineGoneScreen(Dialog[bool]):
    """Ask whether to start another engine, from the last checkpoint if there is one; False: quit."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "answer(True)", "start again", tooltip="Start the same experiment in a new engine"),
        Binding("escape,q", "answer(False)", "quit", tooltip="Leave the program"),
    ]
    DEFAULT_CSS = """
    #last-words { height: auto; max-height: 45vh; background: $panel; padding: 0 1; margin: 1 0; }
    #last-words { scrollbar-size-vertical: 1; scrollbar-background: $panel; scrollbar-color: $foreground 30%; }
    """
    CSS = """
    #engine-gone { border: round $error; }
    """

    def __init__(self, words: str, *, kept: bool = False) -> None:
        """Show these last words; `kept`: there is a checkpoint to go on from."""
        super().__init__()
        self._kept = kept
        lines = words.strip("\r\n").splitlines()
        self._last_words = "\n".join(safe(line.replace("\t", "    ")) for line in lines)

    def compose(self) -> ComposeResult:
        """Show what happened, the last words, and what can be done."""
        with Vertical(id="engine-gone", classes="dialog") as dialog:
            dialog.border_title = "✗ The engine has stopped"
            dialog.border_subtitle = "enter start again · q quit"
            yield Static("The process that trains has ended. Its last words:", markup=False)
            with VerticalScroll(id="last-words") as scroll:
                yield Static(self._last_words.strip() or "(none)", markup=False)
            yield Static(_KEPT if self._kept else _LOST, markup=False)
        self.call_after_refresh(scroll.scroll_end, animate=False)

    def action_answer(self, again: bool) -> None:
        """Start another engine, or quit."""
        self.leave(again)
