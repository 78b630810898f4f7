"""Text from outside as one safe glyph a character: nothing of it ever reaches a terminal as a control."""

import unicodedata

__all__ = ["glyph", "printable", "safe"]

_SPECIAL = {" ": "␣", "\n": "⏎", "\t": "⇥", "\x7f": "␡", "\xad": "‧", "\xa0": "␣"}
_FILLERS = "\u115f\u1160\u3164\uffa0"  # letters by category, and yet blank
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # controls, formats, surrogates, private, unassigned, breaks


def glyph(character: str) -> str:
    """One printable stand-in for one code point: itself where it is printable and stands alone.

    Controls become their pictures (U+2400 ...), white space a visible mark, combining marks sit on a dotted
    circle, and what has no form of its own (bidirectional overrides, surrogates, private use) is `�`.
    """
    if character in _SPECIAL:
        return _SPECIAL[character]
    if character < " ":
        return chr(0x2400 + ord(character))
    category = unicodedata.category(character)
    if category in _INVISIBLE or character in _FILLERS:
        return "�"
    if category in ("Mn", "Me", "Mc") or 0x1F3FB <= ord(character) <= 0x1F3FF:
        return (
            "◌"
            if category == "Me" or ord(character) >= 0x1F000 or 0xFE00 <= ord(character) <= 0xFE0F
            else "◌" + character
        )
    if "\u1160" <= character <= "\u11ff" or "\ud7b0" <= character <= "\ud7ff":
        return "◌" + character  # Hangul vowels and finals: no cells of their own, they join what stands before them
    if "🇦" <= character <= "🇿":  # halves of flags: terminals do not agree on their cells
        return chr(ord("Ⓐ") + ord(character) - ord("🇦"))
    return "␣" if category == "Zs" else character


def safe(text: str) -> str:
    """The text with every character as its glyph, for one line of a terminal; a plain space stays one."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if character == " " else glyph(character) for character in text)


def printable(text: str) -> str:
    """The text with every character as its glyph, but for spaces and line feeds: lines stay lines."""
    return "\n".join(map(safe, text.split("\n")))
