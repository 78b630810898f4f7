"""The program in a real pseudo-terminal of any size and kind, its screen as a person would see it."""

import contextlib
import os
import re
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pexpect
import psutil
import pyte
import pytest

__all__ = ["ESCAPE", "PATIENCE", "Tty", "own_place", "program", "tick", "tty"]

PATIENCE = 120.0  # seconds
ESCAPE = "\x1b[27u"  # as kitty's keyboards say it: whatever comes behind it, it is never taken for alt
_OLD = "\ufffd"  # stands in every cell that has not been sent again
UNSET = ("NO_COLOR", "XDG_RUNTIME_DIR", "LC_ALL", "LC_CTYPE", "COLUMNS", "LINES", "STY")
MODES = ("1049", "1000", "1003", "1006", "1015", "2004", "1004")  # alternate screen, mouse, paste, focus
KITTY = re.compile(rb"\x1b\[[<>=][\d;]*u")  # which pyte would print


class Tty:
    """A command on a screen that can be read."""

    def __init__(self, command: list[str], size: tuple[int, int], environment: Mapping[str, str]) -> None:
        kept = {name: value for name, value in os.environ.items() if name not in UNSET}
        kept = {name: value for name, value in kept.items() if not name.startswith("TEXTUAL")}
        usual = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        self.screen = pyte.Screen(*size)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self._text: str | None = None
        self.child = pexpect.spawn(
            command[0], command[1:], dimensions=size[::-1], env={**kept, **usual, **environment}, timeout=PATIENCE
        )

    @property
    def text(self) -> str:
        """The screen."""
        if self._text is None:
            self._text = "\n".join(self.screen.display)
        return self._text

    def read(self, seconds: float = 0.1) -> bool:
        """Return what has been written since, for so long at most; False: it has ended."""
        try:
            data = self.child.read_nonblocking(1 << 16, timeout=seconds)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.raw += data
        self._text = None
        *before, last = data.split(b"\x1b[?1049l")
        for part in before:  # pyte has one screen only: that of the shell comes back empty
            self.stream.feed(part)
            self.screen.reset()
        self.stream.feed(KITTY.sub(b"", last))
        return True

    def until(self, condition: Callable[[str], object]) -> str:
        """Read until the screen fulfils something."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if condition(self.text):
                return self.text
            self.read()
        raise AssertionError("waited in vain; the screen was\n" + self.text)

    def rest(self, quiet: float = 0.6, *, most: float = 2.0) -> str:
        """Read until nothing comes any more; of a run that plays, for `most` seconds."""
        begun = last = time.monotonic()
        size = len(self.raw)
        while time.monotonic() - last < quiet and time.monotonic() - begun < most:
            self.read()
            if len(self.raw) != size:
                last, size = time.monotonic(), len(self.raw)
        return self.text

    def press(self, keys: str) -> None:
        """Type."""
        self.child.send(keys)

    def again(self) -> str:
        """Every cell, sent once more: after all that has been typed before."""
        for row in range(self.screen.lines):
            for column in range(self.screen.columns):
                self.screen.buffer[row][column] = self.screen.default_char._replace(data=_OLD)
        self._text = None
        self.press("\x0c")
        return self.until(lambda text: _OLD not in text)

    def leave(self) -> None:
        """Stop the run and go, over the question."""
        self.press("q")
        self.until(lambda text: "Stop the run" in text)
        self.press("q")

    def engine(self) -> psutil.Process:
        """The one that this view has started."""
        (engine,) = [
            each
            for each in psutil.Process(self.child.pid).children()
            if "rnn_tui.engine.host.serve" in " ".join(each.cmdline())
        ]
        return engine

    def resize(self, columns: int, rows: int) -> None:
        """The window has another size."""
        self.child.setwinsize(rows, columns)
        self.screen.resize(rows, columns)
        self._text = None

    def end(self) -> int:
        """Read to the end; the exit code, negative for a signal."""
        end = time.monotonic() + PATIENCE
        while self.read() and time.monotonic() < end:
            pass
        self.modes = termios.tcgetattr(self.child.child_fd)
        self.child.close()
        return -self.child.signalstatus if self.child.signalstatus else int(self.child.exitstatus)

    def assert_restored(self, *, but: tuple[str, ...] = ()) -> None:
        """Assert that every mode is off again, that the cursor is back, and that typed text is echoed."""
        assert b"\x1b[?1049h" in self.raw
        for mode in set(MODES) - set(but):
            on, off = self.raw.rfind(f"\x1b[?{mode}h".encode()), self.raw.rfind(f"\x1b[?{mode}l".encode())
            assert off > on or on == -1, mode
        assert self.raw.rfind(b"\x1b[?25h") > self.raw.rfind(b"\x1b[?25l")
        assert self.raw.count(b"\x1b[>1u") <= self.raw.count(b"\x1b[<u")  # the kitty keyboard protocol
        if hasattr(self, "modes"):
            assert self.modes[3] & termios.ECHO
            assert self.modes[3] & termios.ICANON
            assert self.modes[3] & termios.ISIG


def tick(terminal: Tty) -> int:
    """The tick that the screen shows; -1: none."""
    found = re.search(r"tick ([\d,]+) by", terminal.text)
    return int(found[1].replace(",", "")) if found else -1


def program(*arguments: str) -> list[str]:
    """The command line of the program."""
    return [sys.executable, "-m", "rnn_tui", *arguments]


def own_place(folder: Path, patch: pytest.MonkeyPatch) -> dict[str, str]:
    """Sockets and runs of a test's own, for this process and those that it starts: where they are, as set."""
    (folder / "s").mkdir(mode=0o700)
    place = {"RNN_TUI_SOCKETS": str(folder / "s"), "XDG_DATA_HOME": str(folder / "d")}
    for name, value in place.items():
        patch.setenv(name, value)
    return place


@contextmanager
def tty(
    command: list[str], *, size: tuple[int, int] = (120, 36), environment: Mapping[str, str] | None = None
) -> Iterator[Tty]:
    """A command in a terminal; it is told to end where a test has not seen to that."""
    terminal = Tty(command, size, environment or {})
    try:
        yield terminal
    finally:
        with contextlib.suppress(Exception):
            terminal.child.close(force=True)
