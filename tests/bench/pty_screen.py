"""A program in a real pseudo-terminal, its screen kept by pyte: what the benchmarks look at.

Bytes are counted as they come and put on pyte's screen only when somebody looks at it: pyte would take a whole core
from the program that is measured.
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import psutil
import pyte

__all__ = ["PtyScreen"]

# What pyte would print as text: queries and modes that it does not know.
_UNKNOWN = re.compile(rb"\x1b\[\?[\d;]*\$p|\x1b\[[<>=?][\d;]*[uqcm]|\x1b\[\?2026[hl]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")


class PtyScreen:
    """Run `argv` on a screen of `columns` x `rows`, and read it as a person would. A context manager."""

    def __init__(self, argv: list[str], columns: int = 120, rows: int = 36) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._unseen = bytearray()  # what came since the screen was last looked at
        self.started = time.perf_counter()
        self.received = 0  # bytes
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
            # the last would have everything compiled at every start, as no installed program is
            for name in ("COLUMNS", "LINES", "NO_COLOR", "PYTHONDONTWRITEBYTECODE"):
                os.environ.pop(name, None)
            os.execvp(argv[0], argv)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in psutil.Process(self.pid).children(recursive=True):
            process.kill()
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._fd)

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._fd, text.encode())

    def read(self, timeout: float = 0.01) -> int:
        """Take what has come within `timeout` seconds; the number of bytes."""
        ready, _, _ = select.select([self._fd], [], [], timeout)
        if not ready:
            return 0
        try:
            data = os.read(self._fd, 1 << 16)
        except OSError:
            return 0
        self.received += len(data)
        self._unseen += data
        return len(data)

    def text(self) -> str:
        """The screen, its rows apart by line feeds."""
        self._stream.feed(_UNKNOWN.sub(b"", self._unseen))
        self._unseen.clear()
        return "\n".join(self._screen.display)

    def until(self, holds: Callable[[str], bool], limit: float = 30.0) -> float:
        """Read until the screen's text satisfies `holds`; the seconds it took. Raises TimeoutError after `limit`."""
        began = time.perf_counter()
        while time.perf_counter() - began < limit:
            came = self.read(0.1)
            arrived = time.perf_counter()  # before pyte's own work of making a text of it
            if came and holds(self.text()):
                return arrived - began
        raise TimeoutError(f"not on the screen within {limit} s:\n{self.text()}")

    def watch(self, seconds: float) -> int:
        """Read for so long; the bytes that came."""
        before, end = self.received, time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self.read(left)
        return self.received - before

    def number(self, pattern: str) -> float:
        """The number that the first group of a pattern finds on the screen."""
        found = re.search(pattern, self.text())
        if found is None:
            raise ValueError(f"{pattern!r} is not on the screen:\n{self.text()}")
        return float(found[1].replace(",", ""))
