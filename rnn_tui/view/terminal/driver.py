"""Textual's driver, with writes that never block the app, and a question after every picture: has it been shown?

Terminal modes, keys and the bytes of pictures are Textual's own.
"""

import asyncio
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from rnn_tui.view.terminal.diff_compositor import TerminalCells
from rnn_tui.view.terminal.pacing import Pacing
from rnn_tui.view.terminal.writer_thread import WriterThread

if TYPE_CHECKING:
    from textual.app import App

__all__ = ["TerminalDriver", "own_driver", "pacing_of", "terminal_cells"]

_QUESTION = "\x1b[6n"  # where is the cursor?
_NUMBERED = "\x1b7\x1b[1;{}H\x1b[6n\x1b8"  # in this column of the first row; then back to where it was
_FIRST_COLUMN, _COLUMNS = 10, 16  # a question's number is its column: shift+F3 looks like column 2, ctrl+F3 like 5
_AGAIN = 3.0  # seconds until a terminal that stands still is asked again; they double each time
_SELDOM = 24.0
_LAST_ANSWERS = 1.0  # seconds to wait for answers on leaving: the shell would take them for keys
_FIRST_ANSWER = 0.1  # likewise, if none has come yet


class TerminalDriver(LinuxDriver):
    """A driver that knows how far the terminal is (`pacing`), and tells the app when it goes on."""

    class Ready(Message, bubble=False):
        """The terminal is ready for more."""

    def __init__(self, app: "App[Any]", **options: Any) -> None:
        super().__init__(app, **options)
        self.pacing = Pacing()
        self.shown = TerminalCells()
        self._writer: WriterThread | None = None
        self._since_flush = 0  # bytes
        self._asks = False
        self._asked = self._answered = self._number = 0
        self._pause = _AGAIN
        self._asking: asyncio.TimerHandle | None = None
        self._has_terminal = False

    def _sigtstp_application(self, *_: object) -> None:
        """Return the terminal after the picture that may be under way, and stop. Called by a signal."""
        self._soon(self._stop)

    def _sigcont_application(self, *_: object) -> None:
        """Take the terminal again, also after SIGSTOP, before which it was not returned. Called by a signal."""
        self._soon(self._go_on)

    def _stop(self) -> None:
        super()._sigtstp_application()

    def _go_on(self) -> None:
        if self._has_terminal:
            self._must_signal_resume = True
            self.suspend_application_mode()
        super()._sigcont_application()

    def _soon(self, what: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the app has gone
            self._loop.call_soon_threadsafe(what)

    def start_application_mode(self) -> None:
        """Take the terminal as Textual does, and ask the first question."""
        self._writer = WriterThread(sys.__stderr__.fileno() if sys.__stderr__ else 2, self._on_took)
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self._has_terminal = self._key_thread is not None and self._key_thread.is_alive()
        self.pacing.begins()
        self.shown.forget(0, 0)
        self._asked = self._answered = 0
        self._since_flush = 0
        self._asks = self.input_tty and os.environ.get("TERM") != "dumb"
        self._ask(numbered=True)
        self._pause = _AGAIN
        self._asking = self._loop.call_later(self._pause, self._ask_again)

    def write(self, data: str) -> None:
        """Write data in a thread, without waiting."""
        if self._writer is not None:
            encoded = data.encode("utf-8", "replace")
            self._since_flush += len(encoded)
            self.pacing.backlog = self._writer.write(encoded)

    def flush(self) -> None:
        """Note that a picture is complete."""
        size, self._since_flush = self._since_flush, 0
        if size and self._asks:
            self.pacing.painted(size, time.monotonic())
            if self.pacing.answers:
                self._ask()

    def stop_application_mode(self) -> None:
        """Return the terminal as Textual does."""
        super().stop_application_mode()
        self._has_terminal = False

    def disable_input(self) -> None:
        """Stop asking, and wait for the last answers, so that the shell does not get them."""
        if self._asks:
            self._asks = False
            if self._asking is not None:
                self._asking.cancel()
            end = time.monotonic() + (_LAST_ANSWERS if self.pacing.answers else _FIRST_ANSWER)
            while self._answered < self._asked and time.monotonic() < end:
                time.sleep(0.005)
        super().disable_input()

    def close(self) -> None:
        """Write what waits, and end."""
        super().close()
        if self._writer is not None:
            self._writer.close()

    def process_message(self, message: Message) -> None:
        """Take answers out, and note keys. Called in the reading thread."""
        now = time.monotonic()
        if isinstance(message, events.CursorPosition):
            if self._answered < self._asked:
                self._answered += 1
                column = message.x + 1
                number = column if message.y == 0 and column in range(_FIRST_COLUMN, _FIRST_COLUMN + _COLUMNS) else 0
                self._pause = _AGAIN
                self._tell(lambda now: self.pacing.answered(now, number), now)
                return
            keys = ANSI_SEQUENCES_KEYS.get(f"\x1b[{message.y + 1};{message.x + 1}R")
            for key in keys if isinstance(keys, tuple) else ():  # no question was open: shift+F3, which looks the same
                super().process_message(events.Key(key.value, None))
            return
        if isinstance(message, events.Key | events.MouseDown | events.Paste):
            self._tell(self.pacing.alive, now)
        super().process_message(message)

    def _ask(self, *, numbered: bool = False) -> None:
        if not self._asks:
            return
        self._asked += 1
        if numbered:
            self._number = _FIRST_COLUMN + (self._number - _FIRST_COLUMN + 1) % _COLUMNS
        self.pacing.asked(time.monotonic(), self._number if numbered else 0)
        self.write(_NUMBERED.format(self._number) if numbered else _QUESTION)
        self._since_flush = 0

    def _ask_again(self) -> None:
        """Ask again now and then while the terminal stands still: a question or an answer may have been lost."""
        if self.pacing.silent(time.monotonic()):
            if not self.pacing.backlog:
                self._ask(numbered=True)
            self._pause = min(2 * self._pause, _SELDOM)
        else:
            self._pause = _AGAIN
        self._asking = self._loop.call_later(self._pause, self._ask_again)

    def _on_took(self, size: int, seconds: float, backlog: int) -> None:
        """Note how long a write took. Called in the writing thread."""
        now = time.monotonic()
        self._tell(lambda _: self.pacing.took(size, seconds, now, backlog=backlog), now, took=True)

    def _tell(self, what: Callable[[float], None], now: float, *, took: bool = False) -> None:
        """Call it in the app's own thread, and tell the app that it may go on."""

        def told() -> None:
            what(now)
            if self._app.is_running and not (took and (self.pacing.answers or self.pacing.backlog)):
                self._app.post_message(self.Ready())

        with suppress(RuntimeError):  # the app has gone
            self._loop.call_soon_threadsafe(told)


def pacing_of(app: "App[Any]") -> Pacing | None:
    """Return how the app's terminal keeps up; None: there is none, or another driver."""
    driver = app._driver
    return driver.pacing if isinstance(driver, TerminalDriver) else None


def terminal_cells(app: "App[Any]") -> TerminalCells | None:
    """Return the cells that the app's terminal shows; None: unknown."""
    driver = app._driver
    return driver.shown if isinstance(driver, TerminalDriver) else None


def own_driver() -> type[Driver] | None:
    """Return the driver for this terminal; None: the one that TEXTUAL_DRIVER names."""
    return None if os.environ.get("TEXTUAL_DRIVER") else TerminalDriver
