"""How much a TOML file holds, counted before it is parsed: tomllib takes minutes for some files of 100 KB."""

import re
from typing import Any

__all__ = ["huge_number", "too_much"]

_KEYS = 1_000  # an experiment has about fifty, in tables of one level
_VALUES = 100_000  # rows of a batch
_DEPTH = 100  # of tables and lists: the parser calls itself for each
_DIGITS = 4_000  # of a number: about as many as Python converts to text

_MARK = re.compile(r"[\"'#=.,\[\]{}]")
_REST = {  # what follows an opening quote, up to and with the closing one
    '"': re.compile(r'(?:[^"\\\n]++|\\.)*+"'),
    "'": re.compile(r"[^'\n]*+'"),
    '"""': re.compile(r'(?:[^"\\]++|\\.|"(?!""))*+"""', re.DOTALL),
    "'''": re.compile(r"(?:[^']++|'(?!''))*+'''"),
}


def too_much(text: str, what: str) -> str:
    """Say what a TOML text has too much of for `what`; empty: nothing. It takes time in proportion to it.

    Counts stop at a text that never ends: there the parser stops as well.
    """
    counts = dict.fromkeys("=.,[{", 0)
    depth, place = 0, 0
    while found := _MARK.search(text, place):
        mark, place = found[0], found.end()
        if mark == "#":
            place = text.find("\n", place)
            if place < 0:
                break
        elif mark in "\"'":
            if text.startswith(mark * 2, place):
                mark, place = mark * 3, place + 2
            rest = _REST[mark].match(text, place)
            if rest is None:
                break
            place = rest.end()
        elif mark in "]}":
            depth = max(0, depth - 1)
        else:
            counts[mark] += 1
            depth += mark in "[{"
            if depth > _DEPTH:
                return f"is nested too deeply for {what}"
            if counts["="] > _KEYS or counts["["] > _KEYS or counts["{"] > _KEYS:
                return f"holds more than {_KEYS:,} keys, tables or lists; {what} has fewer"
            if counts["."] > _KEYS:
                return f"holds more than {_KEYS:,} dots: its keys are nested too deeply for {what}"
            if counts[","] > _VALUES:
                return f"holds more than {_VALUES:,} values"
    return ""


def huge_number(value: Any) -> bool:
    """Tell whether a number of thousands of digits is among the values: it cannot even be put in a message."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, int) and each.bit_length() > 3 * _DIGITS:
            return True
    return False
