"""The question on `q` where a script is watched: what shall become of it?"""

from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from rnn_tui.common.glyphs import safe
from rnn_tui.view.screens.dialog import Dialog

__all__ = ["QuitScriptScreen", "ScriptGoodbye"]

ScriptGoodbye = Literal["interrupt", "leave", "kill"]


class QuitScriptScreen(Dialog[ScriptGoodbye]):
    """Ask how to leave a script: interrupt it, leave it running, or kill it; None: stay."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,ctrl+q,i", "answer('interrupt')", "interrupt", tooltip="Interrupt the script, as ctrl+C does"),
        Binding("d", "answer('leave')", "leave it running", tooltip="Leave; attach shows it again"),
        Binding("k", "answer('kill')", "kill", tooltip="Kill the script at once"),
        Binding("escape", "answer('')", "stay", tooltip="Close the question"),
    ]
    DEFAULT_CSS = """
    #quit { width: 76; max-width: 100%; }
    """

    def __init__(self, script: str, *, name: str, held: bool, may_end: bool) -> None:
        """Ask about a script; `name`: how it is found again, `may_end`: whether this view may end it."""
        super().__init__()
        self._script, self._name, self._held, self._may_end = safe(script), safe(name), held, may_end

    def compose(self) -> ComposeResult:
        """Show all ways, with their consequences."""
        with Vertical(id="quit", classes="dialog") as dialog:
            dialog.border_title = "Quit"
            ends = "q interrupt · d leave it · k kill" if self._may_end else "d leave it"
            dialog.border_subtitle = f"{ends} · esc stay"
            yield Static("\n".join(self._lines()), markup=False)

    def _lines(self) -> list[str]:
        attach = [f"      Return to it from any shell: rnn-tui attach {self._name}"] if self._name else []
        leave = [f" d    Leave it {'held' if self._held else 'running'} without this view.", *attach, ""]
        if not self._may_end:
            return [self._script, "", "It is watched read-only: this view cannot end it.", "", *leave, " esc  Stay."]
        return [
            self._script,
            "",
            " q    Interrupt it, as ctrl+C does: it saves and ends as it would.",
            "",
            *leave,
            " k    Kill it at once: what it has not saved is lost.",
            "",
            " esc  Stay.",
        ]

    def action_answer(self, word: str) -> None:
        """Choose one of the ways that are open, or stay."""
        ways: dict[str, ScriptGoodbye] = {"leave": "leave"}
        if self._may_end:
            ways |= {"interrupt": "interrupt", "kill": "kill"}
        if word in ways or not word:
            self.leave(ways.get(word))
