"""Whether there is a terminal that the view can be drawn on."""

import os
import sys

from rnn_tui.cli.errors import UsageError
from rnn_tui.common.wording import shown

__all__ = ["has_terminal", "need_terminal"]

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


def _is_one() -> bool:
    return all(stream and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
