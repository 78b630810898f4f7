"""The question on `q`: shall the run end, or go on without this view?"""

from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from rnn_tui.common.glyphs import safe
from rnn_tui.view.screens.dialog import Dialog

__all__ = ["Goodbye", "QuitScreen"]

Goodbye = Literal["stop", "leave"]


class QuitScreen(Dialog[Goodbye]):
    """Ask how to quit: end the run, or leave it as it is; None: stay."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,ctrl+q", "answer('stop')", "stop the run", tooltip="End training and leave"),
        Binding("d", "answer('leave')", "leave it training", tooltip="Leave; attach shows it again"),
        Binding("escape", "answer('')", "stay", tooltip="Close the question"),
    ]
    DEFAULT_CSS = """
    #quit { width: 72; max-width: 100%; }
    """

    def __init__(self, *, name: str, kept: bool, held: bool, views: int, in_field: bool = False) -> None:
        """Ask about the run of this name, of many networks if `in_field`; `views`: how many it has, with this one."""
        super().__init__()
        self._in_field = in_field
        self._name, self._kept, self._held, self._views = safe(name), kept, held, views

    def compose(self) -> ComposeResult:
        """Show both ways, with their consequences."""
        with Vertical(id="quit", classes="dialog") as dialog:
            dialog.border_title = "Quit"
            dialog.border_subtitle = "q stop · d leave it · esc stay"
            yield Static("\n".join(self._lines()), markup=False)

    def _lines(self) -> list[str]:
        many = self._in_field
        again = "The same seeds give" if many else "The same seed gives"
        afterwards = (
            f"It is on the disk: rnn-tui resume {self._name}"
            if self._kept
            else f"It is not on the disk. {again} the same numbers again."
        )
        others = ", also for its other views" if self._views > 1 else ""
        what, them = ("all networks", "them") if many else ("the run", "it")
        how = "paused" if self._held else "training"
        return [
            f" q    Stop {what}{others}.",
            f"      {afterwards}",
            "",
            f" d    Leave {them} {how} without this view, saved on the disk.",
            f"      Return to it from any shell: rnn-tui attach {self._name}",
            "",
            " esc  Stay.",
        ]

    def action_answer(self, word: str) -> None:
        """Choose one of the ways, or stay."""
        self.leave("stop" if word == "stop" else "leave" if word == "leave" else None)
