"""A limit for what may wait for ever: the thread that tests run in is interrupted, whatever it waits for."""

import contextlib
import signal
import threading
import time
from collections.abc import Iterator

__all__ = ["TooLong", "at_most"]


class TooLong(BaseException):
    """It hangs. No `except Exception` keeps it."""


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise TooLong in what takes longer; a limit inside another one counts as well. Does nothing in other threads."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_: object) -> None:
        raise TooLong(f"takes more than {seconds:g} s")

    before, began = signal.signal(signal.SIGALRM, ring), time.monotonic()
    left, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if left:  # of the limit around this one
            signal.setitimer(signal.ITIMER_REAL, max(0.001, left - (time.monotonic() - began)))
