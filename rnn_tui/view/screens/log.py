"""The screen on `L`: what the script that is watched has printed, from its beginning as far as it is kept."""

from typing import ClassVar

from msgspec.structs import replace
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input

from rnn_tui.common.glyphs import safe
from rnn_tui.common.wording import counted
from rnn_tui.draw.script_log import draw_log, text_columns
from rnn_tui.protocol.script_log import MOST_FIND, LogLines, ReadLog
from rnn_tui.view.screens.dialog import Dialog
from rnn_tui.view.terminal.ascii import is_ascii, spelled
from rnn_tui.view.terminal.colors import palette_of
from rnn_tui.view.widgets.picture import Picture

__all__ = ["LogScreen"]

_PERIOD = 0.25  # seconds from an answer to the next question, if no key asks
_SIDEWAYS = 16  # characters
_HINT = "↑ ↓ ← → scroll · end follow · / search · n N next · esc close"


class LogScreen(Dialog[None]):
    """The lines that fit, of all that is kept: only those are asked for. It follows the end unless it is scrolled."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "close", tooltip="Leave the search, or close the log"),
        Binding("L,q", "leave", "close", tooltip="Close the log"),
        Binding("up,k", "scroll(-1)", "up", show=False),
        Binding("down,j", "scroll(1)", "down", show=False),
        Binding("pageup,b", "page(-1)", "page up", show=False),
        Binding("pagedown,space", "page(1)", "page down", show=False),
        Binding("home,g", "oldest", "oldest", show=False),
        Binding("end,G", "follow", "newest", show=False),
        Binding("left", "sideways(-1)", "left", show=False),
        Binding("right", "sideways(1)", "right", show=False),
        Binding("slash", "search", "search", tooltip="Find a text, whatever its case"),
        Binding("n", "find(1)", "next", show=False),
        Binding("N", "find(-1)", "previous", show=False),
    ]
    CSS = """
    #log { width: 100%; max-width: 100%; height: 100%; max-height: 100%; padding: 0 1; }
    """
    DEFAULT_CSS = """
    #log-lines { height: 1fr; }
    #log-words { display: none; margin: 0; background: $panel; }
    """

    class Asked(Message):
        """These lines are wanted; the answer goes to `show`."""

        def __init__(self, ask: ReadLog) -> None:
            super().__init__()
            self.ask = ask

    def __init__(self, script: str) -> None:
        super().__init__()
        self._script = safe(script)
        self._log = LogLines()  # on the screen
        self._first: int | None = None  # the number of the first line to show; None: the end is followed
        self._column = 0
        self._find = ""  # what was looked for last
        self._found: int | None = None  # in this line
        self._missing = ""  # what no line has
        self._search: tuple[int, bool] | None = None  # to be made from this line on, backwards or not
        self._is_asked = self._is_stale = False  # an answer is on its way; it is no longer what is wanted
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Stack the lines and the search."""
        with Vertical(id="log", classes="dialog") as dialog:
            dialog.border_title = f"Output of {self._script}"
            dialog.border_subtitle = _HINT
            yield Picture(id="log-lines")
            yield Input(id="log-words", placeholder="search", compact=True, select_on_focus=True)

    # ---- asking -----------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Ask for the first lines."""
        self.call_after_refresh(self._ask)

    def on_screen_resume(self) -> None:
        """Go on when nothing covers it any more."""
        self.call_after_refresh(self._ask)

    @on(events.Resize)
    def _resized(self) -> None:
        self.call_after_refresh(self._ask)

    def _ask(self) -> None:
        """Ask for what fits; one question is on its way at most."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if self._is_asked:
            self._is_stale = True
            return
        size = self._lines.size
        if not size.height:
            return
        self._is_asked, self._is_stale = True, False
        after, backwards = self._search or (-1, False)
        ask = ReadLog(
            count=size.height,
            first=self._first,
            column=self._column,
            width=text_columns(size.width, self._log.total),
            find="" if self._search is None else self._find,
            after=after,
            backwards=backwards,
        )
        self.post_message(self.Asked(ask))

    def show(self, log: LogLines) -> None:
        """Show the answer, and ask again: at once if something else is wanted by now, else a little later."""
        self._is_asked = False
        if not self.is_active:
            return  # it has closed, or is covered
        if self._search is not None and not self._is_stale:
            self._search, self._found = None, log.found
            self._missing = self._find if log.found is None else ""
            if log.found is not None:
                self._first = log.first
        self._log = replace(log, found=self._found)
        self._draw()
        if self._is_stale:
            self._ask()
        else:
            self._timer = self.set_timer(_PERIOD, self._ask)

    # ---- drawing ----------------------------------------------------------------------------------------------

    @property
    def _lines(self) -> Picture:
        return self.query_one(Picture)

    def _draw(self) -> None:
        log, size = self._log, self._lines.size
        find = self._find if self._found is not None else ""
        palette = palette_of(self.app)
        self._lines.paint(
            draw_log(log, width=size.width, height=size.height, column=self._column, find=find, palette=palette)
        )
        dialog = self.query_one("#log")
        dialog.border_title = f"Output of {self._script} · {self._where()}"
        dialog.border_subtitle = spelled(_HINT) if is_ascii(self.app) else _HINT

    def _where(self) -> str:
        log = self._log
        if not log.total:
            return "nothing yet"
        last = log.first + len(log.lines)
        parts = [
            f"{counted(log.total, 'line')}"
            if self._first is None
            else f"line {log.first + 1:,} to {last:,} of {log.total:,}"
        ]
        if log.oldest:
            parts.append(f"the first {log.oldest:,} are no longer kept")
        if self._missing:
            parts.append(f"no line has “{safe(self._missing)}”")
        return " · ".join(parts)

    # ---- keys -------------------------------------------------------------------------------------------------

    def action_scroll(self, by: int) -> None:
        """Scroll by lines; at the end, follow it again."""
        log, height = self._log, self._lines.size.height
        last = max(log.oldest, log.total - height)
        first = (last if self._first is None else self._first) + by
        self._first = None if first >= last else max(first, log.oldest)
        self._ask()

    def action_page(self, by: int) -> None:
        """Scroll by as many lines as fit, but one."""
        self.action_scroll(by * max(1, self._lines.size.height - 1))

    def action_oldest(self) -> None:
        """Go to the oldest line that is kept."""
        self._first = 0
        self._ask()

    def action_follow(self) -> None:
        """Go to the end, and follow it."""
        self._first = None
        self._ask()

    def action_sideways(self, by: int) -> None:
        """Show what stands further to the left or right in long lines."""
        self._column = max(0, self._column + by * _SIDEWAYS)
        self._ask()

    def on_mouse_scroll_up(self) -> None:
        """Scroll with the wheel."""
        self.action_scroll(-3)

    def on_mouse_scroll_down(self) -> None:
        """Scroll with the wheel."""
        self.action_scroll(3)

    def action_search(self) -> None:
        """Type what is looked for."""
        words = self.query_one(Input)
        words.display = True
        words.focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        self._close_search()
        self._find = event.value.strip()[:MOST_FIND]
        self._found = None
        if self._find:
            self._look_for(self._log.first - 1, backwards=False)
        else:
            self._draw()

    def _close_search(self) -> None:
        self.query_one(Input).display = False
        self.set_focus(None)

    def _look_for(self, after: int, *, backwards: bool) -> None:
        self._search = (after, backwards)
        self._ask()

    def action_find(self, by: int) -> None:
        """Go to the next line with the text that was looked for, or the one before."""
        if not self._find:
            self.action_search()
        elif by > 0:
            self._look_for(self._log.first - 1 if self._found is None else self._found, backwards=False)
        else:
            end = self._log.first + len(self._log.lines)
            self._look_for(end if self._found is None else self._found, backwards=True)

    def action_back(self) -> None:
        """Leave the search, else the log."""
        if self.query_one(Input).display:
            self._close_search()
        else:
            self.leave()

    def action_leave(self) -> None:
        """Return to the panes."""
        self.leave()
