"""The dialog on `h`: a pane in plain words, what it shows, how to read it, what to try."""

from collections.abc import Sequence
from typing import ClassVar, Protocol

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll

from rnn_tui.common.glyphs import safe
from rnn_tui.protocol.subject import Subject
from rnn_tui.view.screens.dialog import Dialog
from rnn_tui.view.widgets.pane import Explanation
from rnn_tui.view.widgets.rows import Rows

__all__ = ["ExplainScreen", "Explained"]

_STEP = "Hold the script (space), if it can be held, and look at the same update in other panes."
_NAMES = 4  # cells of "read"


class Explained(Protocol):
    """A part of the screen that is explained in plain words."""

    NAME: ClassVar[str]
    EXPLANATION: ClassVar[Explanation]
    HAS_NOTES: ClassVar[bool]


class ExplainScreen(Dialog[None]):
    """Explains one of the panes on the screen; tab goes to the next."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "turn(1)", "next pane", tooltip="Explain the next pane"),
        Binding("shift+tab", "turn(-1)", "previous pane", tooltip="Explain the previous pane"),
        Binding("up", "scroll(-1)", show=False),
        Binding("down", "scroll(1)", show=False),
        Binding("escape,h,q,enter,space,question_mark", "leave", "close", tooltip="Close the explanation"),
    ]
    DEFAULT_CSS = """
    #explain-text { height: auto; max-height: 70vh; scrollbar-size-vertical: 1; }
    #explain-text Rows { margin: 0 0 1 0; }
    #explain-text Rows:last-child { margin: 0; }
    """
    CSS = """
    #explain { max-width: 84; }
    """

    def __init__(self, panes: Sequence[Explained], focused: Explained, subject: Subject | None = None) -> None:
        """Explain one of the panes first; of a script that is watched, in its words."""
        super().__init__()
        self._subject = subject
        self._panes = list(panes) or [focused]
        self._at = self._panes.index(focused) if focused in self._panes else 0

    def compose(self) -> ComposeResult:
        """Lay out three short texts, and for a script what cannot be seen of it."""
        with Vertical(id="explain", classes="dialog") as dialog:
            several = "tab next pane · " if len(self._panes) > 1 else ""
            dialog.border_subtitle = f"{several}esc close"
            with VerticalScroll(id="explain-text", can_focus=False):
                for _ in range(4 if self._subject is not None else 3):
                    yield Rows(names=_NAMES)

    def on_mount(self) -> None:
        """Explain the pane with the focus first."""
        self._tell()

    def _tell(self) -> None:
        pane = self._panes[self._at]
        words, subject = pane.EXPLANATION, self._subject
        self.query_one("#explain").border_title = pane.NAME
        texts = [("what", words.shows), ("read", words.read), ("try", words.then)]
        if subject is not None:
            then = words.in_script or _STEP
            notes = " ".join(map(safe, subject.notes)) if pane.HAS_NOTES else ""
            texts = [
                ("what", words.shows_in_script or words.shows),
                ("read", words.read_in_script or words.read),
                ("try", then),
                ("note", notes),
            ]
        for rows, text in zip(self.query(Rows), texts, strict=True):
            rows.display = bool(text[1])
            rows.tell([text])
        self.query_one("#explain-text").scroll_home(animate=False)

    def action_turn(self, by: int) -> None:
        """Explain another pane."""
        self._at = (self._at + by) % len(self._panes)
        self._tell()

    def action_scroll(self, by: int) -> None:
        """Scroll, if the texts do not fit."""
        self.query_one("#explain-text").scroll_relative(y=by, animate=False)

    def action_leave(self) -> None:
        """Close."""
        self.leave()
