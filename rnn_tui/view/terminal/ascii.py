"""Terminals without Unicode: every character that is not ASCII becomes one that is, at the last moment.

Pictures are drawn as everywhere else, with a palette that needs no half-blocks (`Palette.ascii`). What stands on the
screen goes through `Ascii`, a filter over the lines of all widgets, so there is one place to look at.
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
_NAMED = re.compile(r"↑ ↓|← →|(?<=with )→|(?<=[(+])[←→]|^[←→↑↓]$")  # where an arrow is a key


def takes_unicode(environment: Mapping[str, str], encoding: str | None = "utf-8") -> bool:
    """Whether a terminal shows Unicode, as far as its locale says. `encoding` is that of what is written to it.

    Where there is no locale at all it does: most containers have none, and most terminals are newer than locales.
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
    """A text that names keys by their arrows, in words: `^ v` would be other keys."""
    return _NAMED.sub(lambda found: _KEYS[found[0]], text)


def in_ascii(text: str) -> str:
    """The text in as many cells, all of them ASCII. What is a letter elsewhere is `?`: another letter would lie."""
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
    """Dots in the upper half of a cell, in the lower, or in both."""
    upper, lower = dots & 0b00011011, dots & 0b11100100
    return ":" if upper and lower else "'" if upper else "." if lower else " "


def _line(name: str) -> str:
    """A line of a box, by its Unicode name: a heavy or double one is =, an end of a line is the line."""
    across = any(word in name for word in ("HORIZONTAL", "LEFT", "RIGHT"))
    down = any(word in name for word in ("VERTICAL", "UP", "DOWN"))
    if across and down:
        return "+"
    return "|" if down else "=" if "HEAVY" in name or ("DOUBLE" in name and "DASH" not in name) else "-"


class Ascii(LineFilter):
    """A filter over lines: the same cells in ASCII."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Called by textual."""
        return [
            each if each.control or each.text.isascii() else Segment(in_ascii(each.text), each.style)
            for each in segments
        ]


def is_ascii(app: App[Any]) -> bool:
    """Whether an app writes ASCII only."""
    return any(isinstance(each, Ascii) for each in app.get_line_filters())
