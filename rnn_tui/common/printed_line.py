"""A line that a program has printed, as it stands on a terminal in the end."""

import re

from rnn_tui.common.glyphs import safe

__all__ = ["last_state", "shown_part"]

_LONGEST = 1 << 14  # bytes of a line that are decoded
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])")


def last_state(line: bytes) -> str:
    """Return the line without its colours, safe to print; of a progress bar, what was drawn last."""
    line = shown_part(line).rstrip(b"\r")
    return safe(_ESCAPES.sub("", line.decode(errors="replace")).expandtabs())


def shown_part(line: bytes) -> bytes:
    """Return what is shown of a line that may still go on: a progress bar may have printed megabytes of it."""
    shown = line[line.rstrip(b"\r").rfind(b"\r") + 1 :]
    if len(shown) <= _LONGEST:
        return shown
    return shown[:_LONGEST] + (b"\r" if line.endswith(b"\r") else b"")
