"""Leaving when told to end by a signal, also when the terminal takes nothing any more.

Textual does nothing on SIGTERM and SIGHUP, and its way out writes to the terminal: on a dead link that blocks
forever. So the app is asked to leave, and where it has not gone soon, the process goes without it.
"""

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

__all__ = ["leave_on_signals"]

_PATIENCE = 3.0  # seconds for an orderly way out


def leave_on_signals(leave: Callable[[int], None], close: Callable[[], None]) -> None:
    """On SIGTERM or SIGHUP call `leave(exit code)`; where we are still here a while later, `close()` and go."""

    def handle(number: int, _: FrameType | None) -> None:
        def give_up() -> None:
            close()
            os._exit(128 + number)

        watchdog = threading.Timer(_PATIENCE, give_up)
        watchdog.daemon = True
        watchdog.start()
        leave(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handle)
