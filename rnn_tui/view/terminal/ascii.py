"""Terminals without Unicode: every other character is replaced by an ASCII one just before it is written.

Pictures are drawn as everywhere else, with a palette that needs no half-blocks (`Palette.ascii`). All lines of all
widgets go through one filter, `Ascii`.
"""

import codecs
import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Any

from rich.cells import cell_len
from rich.segment import Segment
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter

__all__ = ["Ascii", "in_ascii", "is_ascii", "spelled", "takes_unicode"]

_ALIKE = dict(
    zip(
        # Shades, as `Palette.shade` has them: solid above 0, hollow below; and bars, from below and from the left.
        "░▒▓█" "≡≣" "▁▂▃▄▅▆▇" "▏▎▍▌▋▊▉" "▀▔▐▕"
        # Arrows and marks.
        "←→↑↓⇄" "▸▶◂◀▲▼" "◆●○◌▪■▭•" "✓✗⋮…"
        # Mathematics: an index loses its place, not its letter.
        "−–×·∘‖∂Δσγηθλρπℓ∞≈≥²³ₜ₊₋ᵀ₀₁₂₃₄₅₆₇₈₉⁻⁰¹⁴⁵⁶⁷⁸⁹"
        # Characters of the user's that have no picture of their own, and quotes.
        "␣⏎⇥␡‧⌫«»‘’“”„",
        ":+*#" "o@" "_.-=+*%" "||||###" "=-||"
        "<>^v~" ">><<^v" "*@oo=#=*" "vx:~"
        "--x.o|dDsgn0lrpL!~>23t+-T0123456789-01456789"
        "_$>?-<<>''\"\"\"",
        strict=True,
    )
)  # fmt: skip
_KEYS = {"←": "left", "→": "right", "↑": "up", "↓": "down", "↑ ↓": "up/down", "← →": "left/right"}
_NAMED = re.compile(r"↑ ↓|← →|(?<=with )→|(?<=[(+])[←→]|^[←→↑↓]$")  # where an arrow names a key


def takes_unicode(environment: Mapping[str, str], encoding: str | None = "utf-8") -> bool:
    """Return whether a terminal shows Unicode, judging by its locale and the encoding of the stream to it.

    Without any locale it is taken to: most containers have none, and most terminals can.
    """
    name = next((value for each in ("LC_ALL", "LC_CTYPE", "LANG") if (value := environment.get(each))), "UTF-8")
    codeset = name.partition("@")[0].rpartition(".")[2] or name
    return all(_is_unicode(each) for each in (codeset, encoding or "utf-8"))


def _is_unicode(name: str) -> bool:
    try:
        return codecs.lookup(name).name.startswith("utf-")
    except LookupError:
        return False  # C, POSIX, and en_US without a codeset


def spelled(text: str) -> str:
    """Return a text with the names of arrow keys in words, since `^` and `v` would be other keys."""
    return _NAMED.sub(lambda found: _KEYS[found[0]], text)


def in_ascii(text: str) -> str:
    """Return the text in as many ASCII cells. A foreign letter becomes `?`: another letter would be wrong."""
    return text if text.isascii() else "".join(map(_ascii, text))


@cache
def _ascii(character: str) -> str:
    if character.isascii():
        return character
    if character in _ALIKE:
        return _ALIKE[character]
    code = ord(character)
    if 0x2800 <= code <= 0x28FF:
        return _braille(code - 0x2800)
    if 0x2500 <= code <= 0x257F:
        return _line(unicodedata.name(character))
    return "?" * cell_len(character)


def _braille(dots: int) -> str:
    """Return a sign for dots in the upper half of a cell, in the lower, or in both."""
    upper, lower = dots & 0b00011011, dots & 0b11100100
    return ":" if upper and lower else "'" if upper else "." if lower else " "


def _line(name: str) -> str:
    """Return a line of a box, by its Unicode name; a heavy or double one is =."""
    across = any(word in name for word in ("HORIZONTAL", "LEFT", "RIGHT"))
    down = any(word in name for word in ("VERTICAL", "UP", "DOWN"))
    if across and down:
        return "+"
    return "|" if down else "=" if "HEAVY" in name or ("DOUBLE" in name and "DASH" not in name) else "-"


class Ascii(LineFilter):
    """A line filter that writes the same cells in ASCII."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Replace what is not ASCII."""
        return [
            each if each.control or each.text.isascii() else Segment(in_ascii(each.text), each.style)
            for each in segments
        ]


def is_ascii(app: App[Any]) -> bool:
    """Return whether an app writes ASCII only."""
    return any(isinstance(each, Ascii) for each in app.get_line_filters())
