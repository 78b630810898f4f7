"""Text from outside as one safe glyph a character: nothing of it ever reaches a terminal as a control."""

import unicodedata
from functools import cache

__all__ = ["glyph", "is_harmful", "printable", "safe", "token_glyph"]

_SPECIAL = {" ": "␣", "\n": "⏎", "\t": "⇥", "\x7f": "␡", "\xad": "‧", "\xa0": "␣"}
_LONGEST = 256  # characters of a token that are looked at: no pane has room for more
_EMPTY = "''"  # the token without characters
_FILLERS = "\u115f\u1160\u3164\uffa0"  # letters by category, and yet blank
_CONTESTED = (  # two cells in newer versions of Unicode, or where the font is East Asian; one or none elsewhere
    ("\u06de", "\u06de"), ("\u2630", "\u2637"), ("\u268a", "\u268f"), ("\u3248", "\u324f"), ("\u4dc0", "\u4dff"),
    ("\U0001d300", "\U0001d376"),
)  # fmt: skip
_DEPENDENT = ("DEPENDENT VOWEL SIGN", "VOWEL SIGN", "CONSONANT SIGN MEDIAL", "CONSONANT SIGN")
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # controls, formats, surrogates, private, unassigned, breaks
_HARMFUL = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def glyph(character: str) -> str:
    """Return a printable stand-in for one code point: itself where it is printable and stands alone.

    Controls become their pictures (U+2400 ...), white space a visible mark, combining marks sit on a dotted
    circle, and what has no form of its own (bidirectional overrides, surrogates, private use) is `�`.

    All terminals give it as many cells as `rich.cells.cell_len` does, measured in tmux, screen, xterm and VTE. Where
    they disagree about a character, another one stands for it: a vowel sign is its letter beside a dotted circle.
    """
    if character in _SPECIAL:
        return _SPECIAL[character]
    if character < " ":
        return chr(0x2400 + ord(character))
    category = unicodedata.category(character)
    if category in _INVISIBLE or character in _FILLERS:
        return "�"
    if category in ("Mn", "Me", "Mc") or 0x1F3FB <= ord(character) <= 0x1F3FF:
        return "◌" + _on_circle(character)
    if "\u1160" <= character <= "\u11ff":
        return "◌" + character  # Hangul vowels and finals: no cells of their own, they join what stands before them
    if "\ud7b0" <= character <= "\ud7ff":
        return "◌"  # more of those, to which GNU screen gives a cell
    if any(first <= character <= last for first, last in _CONTESTED):
        return "�"
    if "🇦" <= character <= "🇿":  # halves of flags: terminals do not agree on their cells
        return chr(ord("Ⓐ") + ord(character) - ord("🇦"))
    return "␣" if category == "Zs" else character


@cache
def _on_circle(mark: str) -> str:
    """Return what follows the dotted circle that stands for a mark.

    That is the mark itself where even old terminals know that it takes no cell. For others, it is the letter that a
    dependent sign is named after, or nothing: a spacing sign takes none, one or two cells, and so does a new mark.
    """
    if mark >= "\U0001f000" or "\ufe00" <= mark <= "\ufe0f" or unicodedata.category(mark) == "Me":
        return ""
    if unicodedata.category(mark) == unicodedata.ucd_3_2_0.category(mark) == "Mn":
        return mark
    name = unicodedata.name(mark, "")
    if name.endswith("SIGN VISARGA"):
        return ":"
    for sign in _DEPENDENT:
        try:
            letter = unicodedata.lookup(name.replace(sign, "LETTER"))
        except KeyError:
            continue
        if unicodedata.category(letter) == "Lo":
            return letter
    return ""


def is_harmful(character: str) -> bool:
    """Tell whether a character acts on a terminal, or on the order in which others are drawn, or is none at all."""
    return unicodedata.category(character) in _HARMFUL


def token_glyph(name: str) -> str:
    """Return the name of a token as it is drawn: safe, never empty, with visible blanks at its ends."""
    if len(name) == 1:
        return glyph(name)
    cut = name[:_LONGEST]
    inner = cut.strip(" ")
    start = len(cut) - len(cut.lstrip(" "))
    return (glyph(" ") * start + safe(inner) + glyph(" ") * (len(cut) - len(inner) - start)) or _EMPTY


def safe(text: str) -> str:
    """Return the text with every character as its glyph, for one line of a terminal; a plain space stays one."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_in_line, f" {text}", text))


def _in_line(before: str, character: str) -> str:
    if character == " ":
        return " "
    shown = glyph(character)
    return character if before == "◌" and shown == f"◌{character}" else shown  # made safe twice, it is the same


def printable(text: str) -> str:
    """Return the text with every character as its glyph, except spaces and line feeds: lines stay lines."""
    return "\n".join(map(safe, text.split("\n")))
