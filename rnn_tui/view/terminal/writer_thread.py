"""A thread that writes to the terminal, for a caller that never waits."""

import os
import select
import time
from collections.abc import Callable
from threading import Condition, Thread

__all__ = ["WriterThread"]

_PORTION = 1024  # bytes of one write, whose duration is measured


class WriterThread:
    """Writes bytes to a file descriptor. `took(size, seconds, backlog)` is called in the thread after every write."""

    def __init__(self, fileno: int, took: Callable[[int, float, int], None]) -> None:
        self._fileno = fileno
        self._took = took
        self._waiting = bytearray()
        self._change = Condition()
        self._closes = False
        self._thread = Thread(target=self._run, name="terminal-outlet", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> int:
        """Queue data, and return how many bytes wait."""
        with self._change:
            self._waiting += data
            self._change.notify()
            return len(self._waiting)

    def close(self) -> None:
        """Write what waits, and end; takes as long as the terminal does."""
        with self._change:
            self._closes = True
            self._change.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._waiting or self._closes)
                portion = bytes(self._waiting[:_PORTION])
            if not portion:
                return
            began = time.monotonic()
            size = self._write(portion)
            seconds = time.monotonic() - began
            with self._change:
                del self._waiting[: size or len(self._waiting)]
                backlog = len(self._waiting)
            self._took(size, seconds, backlog)

    def _write(self, portion: bytes) -> int:
        """Return how many bytes were written; 0: the terminal has gone."""
        while True:
            try:
                return os.write(self._fileno, portion)
            except BlockingIOError:  # another program on the terminal has made it non-blocking
                select.select([], [self._fileno], [])
            except OSError:
                return 0
