"""Whether there is a terminal that the view can be drawn on, and how it becomes stdin again."""

import contextlib
import os
import sys

from rnn_tui.cli.errors import UsageError
from rnn_tui.common.wording import shown

__all__ = ["has_terminal", "need_terminal", "reopen_stdin"]

_NO_TERMINALS = ("", "dumb", "unknown")  # values of TERM


def need_terminal(instead: str) -> None:
    """Raise UsageError where the view cannot be drawn: textual reads stdin and draws on stderr."""
    if os.environ.get("TERM", "") in _NO_TERMINALS:
        term = os.environ.get("TERM") or "not set"
        raise UsageError(
            f"the view needs a terminal that moves its cursor and has colours or grey, and TERM is {shown(term)}: "
            f"set it to what yours is (xterm-256color, screen, tmux), or use `{instead}`"
        )
    if not _is_one():
        raise UsageError(f"the view needs a terminal; `{instead}` works without one")


def has_terminal() -> bool:
    """Tell whether the view can be drawn."""
    return os.environ.get("TERM", "") not in _NO_TERMINALS and _is_one()


def reopen_stdin() -> None:
    """Have stdin be the terminal of this process; where there is none, it stays what it is, and there is no view."""
    with contextlib.suppress(OSError):
        terminal = os.open("/dev/tty", os.O_RDWR)
        os.dup2(terminal, 0)
        os.close(terminal)
        sys.stdin = open(0, closefd=False)  # noqa: SIM115 - it lives as long as the process


def _is_one() -> bool:
    return all(stream and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
