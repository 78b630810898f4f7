"""Leaving: on a signal, even if the terminal takes no more bytes; and the last lines in the shell.

Textual does nothing on SIGTERM, SIGHUP and the like, and its way out writes to the terminal, which blocks forever on a
dead link. So the app is asked to leave, and if it does not do so soon, the process exits without it.
"""

import os
import shlex
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from rnn_tui.common.glyphs import safe
from rnn_tui.common.signals import ENDING
from rnn_tui.protocol.engine_messages import Left, Opened
from rnn_tui.protocol.rendezvous import OnDisconnect

__all__ = ["last_lines", "leave_on_signals"]

_PATIENCE = 3.0  # seconds for an orderly way out
_ENDS_RUN = (signal.SIGTERM, signal.SIGINT)  # with the others the user has not said what becomes of the run


def leave_on_signals(leave: Callable[[int, bool], None], part: Callable[[], None]) -> None:
    """Call `leave(exit code, whether the run ends too)` on every signal that ends programs.

    If the process still runs a while later, call `part()` and exit.
    """

    def handle(number: int, _: FrameType | None) -> None:
        def give_up() -> None:
            part()
            os._exit(128 + number)

        watchdog = threading.Timer(_PATIENCE, give_up)
        watchdog.daemon = True
        watchdog.start()
        leave(128 + number, number in _ENDS_RUN)

    for number in ENDING:
        signal.signal(number, handle)


def last_lines(
    opened: Opened | None,
    left: Left | None,
    *,
    ends_run: bool,
    on_hangup: OnDisconnect = "train",
    died: str = "",
    ended: bool = False,
) -> Iterator[str]:
    """Yield what the shell shows when the view has gone: what becomes of the run, and how to get back to it.

    `died`: how the engine has ended, if it has; `ended`: the script that was watched has.
    """
    if died:
        yield died.partition("\n")[0]
    if opened is not None and opened.subject is not None:
        yield from _of_script(opened, left, ends_run=ends_run, ended=ended)
    elif left is not None:
        name = shlex.quote(safe(left.run.name))
        state = "training" if left.run.status is None or left.run.status.state == "playing" else left.run.status.state
        if not left.stopped:
            yield f"Left {state}: rnn-tui attach {name}"
        elif not ends_run:
            yield "Another view, or `rnn-tui stop`, has stopped the run." if not left.problem else "The run has ended."
            if left.run.kept:
                yield f"Saved: rnn-tui resume {name}"
        if left.problem:
            yield f"{'Note' if left.stopped else 'It is in memory only'}: {safe(left.problem)}"
    elif opened is not None and opened.experiment.training.learn:
        if ends_run or on_hangup == "stop":
            if opened.kept:
                from rnn_tui.runs.folders import short_name  # for start-up time

                yield f"Saved: rnn-tui resume {shlex.quote(safe(short_name(Path(opened.kept))))}"
        else:
            how = "is paused" if on_hangup == "pause" else "goes on"
            yield f"The run {how}: rnn-tui attach {shlex.quote(safe(opened.name))}"


def _of_script(opened: Opened, left: Left | None, *, ends_run: bool, ended: bool) -> Iterator[str]:
    """Yield what becomes of a script that was watched."""
    if ended or ends_run or (left is not None and left.stopped):
        return  # the shell shows how it has ended
    status = None if left is None else left.run.status
    how = "held" if status is not None and status.state == "paused" else "running"
    yield f"Left {how}: rnn-tui attach {shlex.quote(safe(opened.name))}"
