"""Numbers as people write them in tables: decimal points and commas, digits in groups, and gaps.

A cell is read as exactly the number that it shows, or not at all. What can be read in two ways is refused, and so are
units, per cent, currencies, hexadecimal numbers, `1_000`, `inf`, and digits other than 0 to 9.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnn_tui.experiment.spec import Decimal

__all__ = ["NumberProblem", "Numbers", "is_data", "is_date", "is_gap", "is_number", "parse_numbers"]

Doubles = NDArray[np.float64]

_GAPS = {
    "", "?", "-", "--", ".", "–", "—", "nan", "na", "n/a", "n.a.", "#n/a", "#na", "<na>", "null", "none", "nil",
    "missing", "\\n",
}  # fmt: skip
_MINUS = str.maketrans({"−": "-", "﹣": "-", "－": "-"})
_PLAIN = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
_BLANKS_IN_NUMBERS = " '’\u00a0\u202f\u2009"  # between groups of digits, besides the comma or the point
_PLAIN_BYTES = b"0123456789+-.eE \t\r\n"  # where there are no others, float() reads plain numbers alone
_OF_SPREADSHEETS = ("semicolon", "tab")  # separators that a program writes where the comma is the decimal mark
_DATE = re.compile(r"\d{1,4}(?:[-/.:]\d{1,2})+(?:[T ][\d:.]*)?Z?(?: ?[-+]\d\d:?\d\d)?", re.ASCII)


def _pattern(mark: str, group: str) -> re.Pattern[str]:
    between = re.escape(group + _BLANKS_IN_NUMBERS)
    groups = rf"(?P<groups>[1-9]\d{{0,2}}(?P<group>[{between}])\d{{3}}(?:(?P=group)\d{{3}})*)"
    mark = re.escape(mark)
    return re.compile(rf"[-+]?(?:{groups}(?P<part>{mark}\d+)?|(?:\d+{mark}?\d*|{mark}\d+)(?:[eE][-+]?\d+)?)", re.ASCII)


_POINT, _COMMA = _pattern(".", ","), _pattern(",", ".")


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """A column as numbers."""

    values: Doubles  # (n,) finite, but NaN where there is a gap
    gaps: NDArray[np.bool_]  # (n,)
    caution: str = ""  # how its marks were read, where another reading is possible


class NumberProblem(ValueError):
    """A cell that cannot be read as one number; `at` is its place in the column, the message says what is wrong."""

    def __init__(self, at: int, problem: str) -> None:
        super().__init__(problem)
        self.at = at


def is_gap(cell: str) -> bool:
    """Tell whether a cell marks a missing value."""
    return cell.strip().lower() in _GAPS


def is_number(cell: str) -> bool:
    """Tell whether a cell looks like a number, whatever its decimal mark is."""
    text = cell.strip().translate(_MINUS)
    return bool(_POINT.fullmatch(text) or _COMMA.fullmatch(text))


def is_date(cell: str) -> bool:
    """Tell whether a cell looks like a date in digits, with or without a time."""
    return bool(_DATE.fullmatch(cell.strip()))


def is_data(cell: str) -> bool:
    """Tell whether a cell looks like a number, a gap, or a date in digits, rather than like a name."""
    return is_gap(cell) or is_number(cell) or is_date(cell)


def parse_numbers(cells: Sequence[str], decimal: Decimal = "auto", *, separator: str = "comma") -> Numbers:
    """Read a column of cells as numbers.

    With `decimal` auto the mark is the one with which every cell is a number. Commas or points between groups of
    digits count only where a cell proves them, by having both marks, or one of them twice. Where the `separator` of
    the columns is the semicolon, 20,386 has a decimal comma; where it is that or the tab, as spreadsheets have it, so
    may 20.386 have a point between thousands. Both are read with a caution. A single point is a decimal one elsewhere.

    Raises NumberProblem for the first cell that is no number, or that can be read in two ways.
    """
    values = _plain(cells) if decimal != "comma" else None
    if values is not None:
        gaps = np.zeros(len(cells), np.bool_)
        return Numbers(
            values=values,
            gaps=gaps,
            caution=_doubt_of_points(cells) if decimal == "auto" and separator in _OF_SPREADSHEETS else "",
        )
    texts = [cell.strip() if cell.isascii() else cell.strip().translate(_MINUS) for cell in cells]
    gaps = np.array([text.lower() in _GAPS for text in texts], np.bool_)
    places = np.flatnonzero(~gaps)
    there = [texts[place] for place in places.tolist()]
    try:
        mark, caution = _mark(there, decimal, separator)
        found = _plain(there, mark)
        if found is None:
            found = np.array([_value(text, at, mark) for at, text in enumerate(there)], np.float64)
    except NumberProblem as problem:
        raise NumberProblem(int(places[problem.at]), str(problem)) from None
    values = np.full(len(cells), np.nan)
    values[places] = found
    return Numbers(values=values, gaps=gaps, caution=caution)


def _plain(cells: Sequence[str], mark: str = ".") -> Doubles | None:
    """Return the values where all cells are plain numbers with that decimal mark; otherwise None. It is quick."""
    joined = "\n".join(cells)
    if mark == ",":
        if "." in joined:
            return None
        joined = joined.replace(",", ".")
        cells = joined.split("\n")
    if not joined.isascii() or joined.encode().translate(None, _PLAIN_BYTES):
        return None
    try:
        values = np.array([*map(float, cells)], np.float64)
    except ValueError:
        return None
    vanished = not np.all(values) and any(_has_vanished(cells[at]) for at in np.flatnonzero(values == 0).tolist())
    return None if vanished or not np.isfinite(values).all() else values


@dataclass(frozen=True)
class _Reading:
    """How the cells of a column fare with one decimal mark."""

    bad: int | None  # the first that is no number
    grouped: int | None  # the first with the other mark between groups of digits
    proven: bool  # some cell shows that the other mark stands between groups

    @property
    def holds(self) -> bool:
        return self.bad is None and (self.grouped is None or self.proven)


def _reading(texts: Sequence[str], pattern: re.Pattern[str], group: str) -> _Reading:
    grouped, proven = None, False
    for at, text in enumerate(texts):
        found = pattern.fullmatch(text)
        if found is None:
            return _Reading(at, grouped, proven)
        if found["group"] == group:
            grouped = at if grouped is None else grouped
            proven = proven or found["part"] is not None or found["groups"].count(group) > 1
    return _Reading(None, grouped, proven)


def _mark(texts: Sequence[str], decimal: Decimal, separator: str) -> tuple[str, str]:
    """Find the decimal mark of a column, and a caution. Raises NumberProblem where it is ambiguous."""
    if decimal != "auto":
        return "." if decimal == "point" else ",", ""
    point = _reading(texts, _POINT, ",")
    comma = _Reading(None, None, False) if _plain(texts, ",") is not None else _reading(texts, _COMMA, ".")
    if not any("," in text for text in texts):
        if point.bad is None:
            return ".", _doubt_of_points(texts) if separator in _OF_SPREADSHEETS else ""
        if comma.holds:
            return ",", ""
        raise NumberProblem(point.bad, _no_number(texts[point.bad]))
    if comma.bad is None and point.bad is None and not point.proven and not comma.proven:
        assert point.grouped is not None
        text = texts[point.grouped]
        if separator == "semicolon" and comma.grouped is None:
            return ",", f"{text} is read as {text.replace(',', '.')}: --decimal point reads its comma between thousands"
        raise NumberProblem(point.grouped, _either(text))
    if point.holds:
        return ".", ""
    if comma.holds:
        return ",", ""
    for reading in (point, comma):
        if reading.bad is None and reading.grouped is not None:
            raise NumberProblem(reading.grouped, _either(texts[reading.grouped]))
    bad = max(point.bad or 0, comma.bad or 0)
    raise NumberProblem(bad, _no_number(texts[bad]))


def _value(text: str, at: int, mark: str) -> float:
    """Parse one number whose decimal mark is known. Raises NumberProblem."""
    found = (_POINT if mark == "." else _COMMA).fullmatch(text)
    if found is None:
        raise NumberProblem(at, _no_number(text, mark))
    plain = text if found["group"] is None else text.replace(found["group"], "")
    plain = plain.replace(mark, ".")
    value = float(plain)
    if math.isinf(value) or _has_vanished(plain):
        raise NumberProblem(at, f"{_brief(text)} is too {'large' if value else 'small'} for a number of 64 bits")
    return value


def _has_vanished(text: str) -> bool:
    """Tell whether a number that is not 0 becomes 0: 1e-400."""
    return float(text) == 0 and bool(re.search(r"[1-9]", re.split("[eE]", text)[0]))


def _doubt_of_points(texts: Sequence[str]) -> str:
    """Return a caution where all points could also group thousands, which is usual beside semicolons."""
    first = ""
    for text in texts:
        if "." in text:
            found = _COMMA.fullmatch(text.strip())
            if found is None or found["group"] != ".":
                return ""
            first = first or text.strip()
    return f"{first} is read with a decimal point: --decimal comma reads {first.replace('.', '')}" if first else ""


def _either(text: str) -> str:
    mark = "comma" if "," in text else "point"
    return (
        f"{_brief(text)}, whose {mark} may be a decimal one or stand between thousands: "
        "--decimal point or --decimal comma says which mark is the decimal one"
    )


def _no_number(text: str, mark: str = ".") -> str:
    return f"{_brief(text)}, which is not a plain number: it must be like -12{mark}5 or 1{mark}2e3"


def _brief(text: str) -> str:
    return repr(text if len(text) <= 30 else text[:29] + "…")
