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
_SCRIPT = "The script has ended, or what watched it has. q quits."
_KEPT = (
    "The run is on the disk, as of its last checkpoint. Enter starts another engine, which goes on from there; q quits."
)


class EngineGoneScreen(Dialog[bool]):
    """Ask whether to start another engine, from the last checkpoint if there is one; False: quit."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "start_again", "start again", tooltip="Start the same experiment in a new engine"),
        Binding("escape,q", "answer(False)", "quit", tooltip="Leave the program"),
    ]
    DEFAULT_CSS = """
    #last-words { height: auto; max-height: 45vh; background: $panel; padding: 0 1; margin: 1 0; }
    #last-words { scrollbar-size-vertical: 1; scrollbar-background: $panel; scrollbar-color: $foreground 30%; }
    """
    CSS = """
    #engine-gone { border: round $error; }
    """

    def __init__(self, words: str, *, kept: bool = False, is_script: bool = False) -> None:
        """Show these last words; `kept`: there is a checkpoint to go on from, `is_script`: a script was watched."""
        super().__init__()
        self._kept, self._is_script = kept, is_script
        lines = words.strip("\r\n").splitlines()
        self._last_words = "\n".join(safe(line.replace("\t", "    ")) for line in lines)

    def compose(self) -> ComposeResult:
        """Show what happened, the last words, and what can be done."""
        with Vertical(id="engine-gone", classes="dialog") as dialog:
            dialog.border_title = "✗ The script has gone" if self._is_script else "✗ The engine has stopped"
            dialog.border_subtitle = "q quit" if self._is_script else "enter start again · q quit"
            gone = "It can no longer be seen" if self._is_script else "The process that trains has ended"
            yield Static(f"{gone}. Its last words:", markup=False)
            with VerticalScroll(id="last-words") as scroll:
                yield Static(self._last_words.strip() or "(none)", markup=False)
            yield Static(_SCRIPT if self._is_script else _KEPT if self._kept else _LOST, markup=False)
        self.call_after_refresh(scroll.scroll_end, animate=False)

    def action_start_again(self) -> None:
        """Start another engine; a script that was watched is not started again."""
        if not self._is_script:
            self.leave(True)

    def action_answer(self, again: bool) -> None:
        """Leave the program."""
        self.leave(again)
