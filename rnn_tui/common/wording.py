"""How values are put in messages: short, safe, and the value said once."""

import re

from rnn_tui.common.glyphs import safe

__all__ = ["shown", "without_value"]

_LONGEST = 48  # characters of a value that are repeated in a message
_ITS_VALUE = re.compile(r"""(?x) ^ (?:
    ' (?: [^'\\…] | \\. )* ['…] | " (?: [^"\\…] | \\. )* ["…]  # a text as repr shows it, or its beginning
    | [-+]? (?: [\d.]+ (?: e [-+]? \d+ )? | nan | inf )  # a number
    | [\w-]+ (?= [ ]does[ ]not[ ]fit )  # a word
) [ ]""")


def without_value(problem: str) -> str:
    """The problem, without the value that it may begin with: for where that stands in front of it anyway."""
    return _ITS_VALUE.sub("", problem)


def shown(value: object) -> str:
    """A value for a message: short, safe, and visible where it is empty."""
    text = f"{value:.15g}" if isinstance(value, float) else str(value)
    return safe(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…") or "''"
