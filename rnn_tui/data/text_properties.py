"""Properties of a text that a hidden unit may follow: text in, one number a character out.

Each is what can be known after reading up to and including a character: an opening quote is already inside, a closing
one no longer. A text that is cut out of a longer one counts as outside of everything where it begins.
"""

import re
from collections.abc import Callable
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

__all__ = ["PROPERTIES", "Property", "PropertyName", "brackets", "indentation", "position", "quotes"]

PropertyName = Literal["quotes", "brackets", "indentation", "position", "newline", "letter", "space"]
Doubles = NDArray[np.float64]

_CLOSING = {'"""': '"""', "'''": "'''", '"': '"', "'": "'", "“": "”", "„": "“", "‘": "’", "«": "»", "「": "」"}
_APOSTROPHES = "'’"
_PREFIXES = {"r", "b", "u", "f", "rb", "br", "fr", "rf"}  # of a string in Python
_WORD_BEFORE = re.compile(r"\w*\Z")
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")
_OPENS = {"(": ")", "[": "]", "{": "}"}
_TAB = 8


def quotes(text: str) -> Doubles:
    """Return 1 inside quotes, 0 outside; straight, typographic, and triple ones, as in Python.

    A backslash inside straight quotes takes the next character with it. A `'` after a letter or digit opens nothing
    (it's, the users' names), unless the word before it is a prefix of a Python string (r'..'); between two of them
    it closes nothing either. What is never closed ends: `'` with its line, since it may be a word's ('tis), all
    others but triple quotes with their paragraph.
    """
    marks: list[float] = []
    closing = ""
    while len(marks) < len(text):
        at = len(marks)
        if not closing:
            opening = next((each for each in _CLOSING if text.startswith(each, at)), "")
            if opening == "'" and _is_of_a_word(text, at):
                opening = ""
            closing = _CLOSING.get(opening, "")
            marks += [1.0] * len(opening) or [0.0]
        elif text[at] == "\\" and closing[0] in "\"'":
            marks += [1.0] * len(text[at : at + 2])
        elif text.startswith(closing, at) and not (closing in _APOSTROPHES and _is_between_letters(text, at)):
            marks += [1.0] * (len(closing) - 1) + [0.0]
            closing = ""
        elif (closing == "'" and text[at] == "\n") or (len(closing) == 1 and _BLANK_LINE.match(text, at)):
            marks.append(0.0)
            closing = ""
        else:
            marks.append(1.0)
    return np.array(marks, np.float64)


def _is_of_a_word(text: str, at: int) -> bool:
    """Tell whether a `'` is an apostrophe rather than the beginning of a quote."""
    found = _WORD_BEFORE.search(text, max(0, at - 3), at)  # a prefix is shorter than that
    word = found.group() if found else ""
    return bool(word) and word.lower() not in _PREFIXES


def _is_between_letters(text: str, at: int) -> bool:
    return text[at - 1].isalnum() and text[at + 1 : at + 2].isalnum()


def brackets(text: str) -> Doubles:
    """Count the open ( [ {. Those inside quotes do not count, nor does one that closes what is not open."""
    depths: list[int] = []
    waiting: list[str] = []  # what would close those that are open
    for character, quoted in zip(text, quotes(text).tolist(), strict=True):
        if not quoted:
            if character in _OPENS:
                waiting.append(_OPENS[character])
            elif character in waiting:  # those opened since then were never closed
                while waiting.pop() != character:
                    pass
        depths.append(len(waiting))
    return np.array(depths, np.float64)


def indentation(text: str) -> Doubles:
    """Count the columns of white space at the line's beginning, as far as read; a tab goes to a multiple of 8."""
    columns, leading, found = 0, True, []
    for character in text:
        if character == "\n":
            columns, leading = 0, True
        elif leading and character in " \t":
            columns = columns + 1 if character == " " else (columns // _TAB + 1) * _TAB
        else:
            leading = False
        found.append(columns)
    return np.array(found, np.float64)


def position(text: str) -> Doubles:
    """Count the characters of the line that have been read; 0 at its newline, with which the next one begins."""
    count, found = 0, []
    for character in text:
        count = 0 if character == "\n" else count + 1
        found.append(count)
    return np.array(found, np.float64)


class Property(msgspec.Struct, frozen=True):
    """One property, with a name for people."""

    label: str
    series: Callable[[str], Doubles]  # (n,) of a text of n characters


def _where(holds: Callable[[str], bool]) -> Callable[[str], Doubles]:
    return lambda text: np.array([holds(character) for character in text], np.float64)


PROPERTIES: dict[PropertyName, Property] = {
    "quotes": Property("inside quotes", quotes),
    "brackets": Property("bracket depth", brackets),
    "indentation": Property("indentation", indentation),
    "position": Property("place in line", position),
    "newline": Property("newline", _where(lambda character: character == "\n")),
    "letter": Property("letter", _where(str.isalpha)),
    "space": Property("space", _where(lambda character: character.isspace() and character != "\n")),
}
