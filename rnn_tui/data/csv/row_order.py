"""Whether the rows of a table go from old to new, by a column of dates or the numbers of the first column."""

import re
from collections.abc import Sequence
from itertools import pairwise
from operator import gt, lt
from typing import Literal

from rnn_tui.data.csv.numbers import is_number

__all__ = ["dated_order"]

_SAMPLE = 1000  # rows, evenly apart, from which the order is found
_PLAIN = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_LEAST = 3  # rows that make an order
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}
_WORDS = re.compile(r"\d+|[a-z]+", re.ASCII)
_YEAR = 32  # numbers from here on are no days

Key = tuple[int, ...]
Order = Literal["up", "down", ""]


def dated_order(rows: Sequence[Sequence[str]], *, without: int) -> Order:
    """Tell the order of rows by the first column that has one, other than the column `without`; up is from old to new.

    A column counts if it holds dates that never go the other way and are not all the same, or if it is the first and
    holds numbers that strictly ascend or descend. Empty where no column does. Some 1,000 rows are looked at.
    """
    some = rows[:: -(-len(rows) // _SAMPLE) or 1]
    if len(some) < _LEAST:
        return ""
    for number, column in enumerate(zip(*some, strict=True)):
        cells = [cell.strip() for cell in column]
        if number == without or not all(cells):
            continue
        numeric = all(map(is_number, cells[:_LEAST]))
        order = _of_numbers(cells) if numeric and number == 0 else "" if numeric else _of_dates(cells)
        if order:
            return order
    return ""


def _of_numbers(cells: Sequence[str]) -> Order:
    """Return the order of numbers, if it is strict."""
    if not all(_PLAIN.fullmatch(cell) for cell in cells):
        return ""
    pairs = list(pairwise(map(float, cells)))
    return "up" if all(lt(*pair) for pair in pairs) else "down" if all(gt(*pair) for pair in pairs) else ""


def _of_dates(cells: Sequence[str]) -> Order:
    """Return the order of dates, where every reading of them that fits agrees."""
    found = set()
    for day, month in ((0, 1), (1, 0)):
        keys = [_key(cell.lower(), day, month) for cell in cells]
        there = [key for key in keys if key is not None]
        if len(there) == len(keys) and len(set(there)) > 1:
            pairs = list(pairwise(there))
            ups, downs = any(lt(*pair) for pair in pairs), any(gt(*pair) for pair in pairs)
            if ups != downs:
                found.add("up" if ups else "down")
    return "up" if found == {"up"} else "down" if found == {"down"} else ""


def _key(cell: str, day: int, month: int) -> Key | None:
    """Return year, month, day and what comes after them as numbers; `day` and `month` are their places before a year.

    None where it is no date.
    """
    words = _WORDS.findall(cell)
    named = [_MONTHS[word[:3]] for word in words if word[:3] in _MONTHS]
    numbers = [int(word) for word in words if word.isdigit()]
    if named and len(numbers) >= 2:
        first, second, *rest = numbers
        return (first, named[0], second, *rest) if first >= _YEAR else (second, named[0], first, *rest)
    if named or len(numbers) < 2 or not re.match(r"\d+[-/.]\d", cell):
        return None
    if numbers[0] >= _YEAR:
        return tuple(numbers)
    if len(numbers) < 3 or numbers[month] > 12 or numbers[day] >= _YEAR:
        return None
    return (numbers[2], numbers[month], numbers[day], *numbers[3:])
