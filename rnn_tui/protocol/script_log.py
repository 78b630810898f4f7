"""What a watched script has printed: the lines that a view asks for, and those that come back.

Lines are counted from 0, over the whole run; the oldest of a long run are no longer kept.
"""

from typing import Annotated

import msgspec

from rnn_tui.common.value import Value

__all__ = ["MOST_CHARACTERS", "MOST_FIND", "MOST_LINES", "LogLines", "ReadLog"]

MOST_FIND = 200  # characters that are looked for
MOST_LINES = 500  # of one answer
MOST_CHARACTERS = 500  # of one line in it


class ReadLog(Value, frozen=True, kw_only=True, tag=True):
    """Ask for some lines. Answered at once by `LogLines`; the sender does not count as a view."""

    count: Annotated[int, msgspec.Meta(ge=0)] = 0  # lines that fit
    first: int | None = None  # the number of the first one; None: the last lines
    column: Annotated[int, msgspec.Meta(ge=0)] = 0  # characters left out at the beginning of each line
    width: Annotated[int, msgspec.Meta(ge=0)] = 0  # characters that fit
    find: Annotated[str, msgspec.Meta(max_length=MOST_FIND)] = ""  # show the next line that has this, whatever its case
    after: int = -1  # look for it from the line after this one; at the end from the first one again
    backwards: bool = False  # look for it before that line instead


class LogLines(Value, frozen=True, kw_only=True, tag=True):
    """Some lines, safe to print; a progress bar as it was drawn last."""

    first: int = 0  # the number of the first of them
    lines: tuple[str, ...] = ()
    oldest: int = 0  # the number of the first line that is kept
    total: int = 0  # lines so far, with those that are no longer kept
    found: int | None = None  # the number of the line that was looked for; None: there is none, or none was
    path: str = ""  # of the file, safe to print
