"""The cells of a CSV file: what separates them, and that every row is whole.

Every row must have as many cells as the first one. What can be understood in two ways is refused, with the option that
decides it, so that no cell ever lands in another column unnoticed.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rnn_tui.common.wording import counted
from rnn_tui.data.csv.numbers import is_data, is_date, is_number
from rnn_tui.experiment.spec import Decimal, Separator

__all__ = ["Table", "TableError", "read_table"]

Rows = list[list[str]]

_MARKS: dict[str, str] = {
    "comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "blank": " ", "none": "\x1f",
}  # fmt: skip
_SAMPLE = 200  # lines by which the separator is found
_EXCEL = re.compile(r'"?sep=(.)"?', re.IGNORECASE)  # a first line that Excel writes and reads
_INTEGER, _DIGITS = re.compile(r"[-+]?\d+", re.ASCII), re.compile(r"\d+", re.ASCII)


class TableError(ValueError):
    """A file that is no table, or a column that is not in it; the message follows the name of the file or column."""

    def __init__(self, problem: str, *, about: Literal["series", "column"] = "series") -> None:
        super().__init__(problem)
        self.about = about


@dataclass(frozen=True, kw_only=True)
class Table:
    """All rows of a file, the line of names among them, without comments, and without blank lines at the end."""

    rows: Rows  # each of `width` cells; a blank line is a row of empty ones
    lines: Sequence[int]  # where each row begins, from 1
    separator: str  # a Separator other than auto
    names: tuple[str, ...] = ()  # of a file that R wrote, whose first column has none; else empty
    comment: tuple[str, ...] = ()  # those in a comment above rows that have no names of their own; else empty
    in_doubt: bool = False  # whether its commas, between whole numbers, may be decimal ones

    @property
    def width(self) -> int:
        """Columns."""
        return len(self.rows[0])


def read_table(text: str, separator: Separator = "auto", *, decimal: Decimal = "auto") -> Table:
    """Read the cells of a CSV file.

    Lines that begin with # above the table are comments; a line `sep=;` at the beginning names the separator. Cells
    that hold it are in double quotes. Blanks are runs of spaces and tabs. `decimal` is the mark that the user has
    named, or auto: where that is the comma, a comma outside of quotes separates nothing.

    Raises TableError for an empty file, for a row with more or fewer cells than the first one, which it names, and
    where the separator cannot be told.
    """
    lines = io.StringIO(text.rstrip("\x1a"), newline="").readlines()
    begin, comment = 0, ""
    if lines and (found := _EXCEL.fullmatch(lines[0].strip("\r\n "))):
        begin = 1
        if separator == "auto":
            separator = _named(found[1])
    while begin < len(lines) and (not lines[begin].strip() or lines[begin].lstrip().startswith("#")):
        comment = lines[begin].strip() or comment
        begin += 1
    end = len(lines)
    while end > begin and not lines[end - 1].strip():
        end -= 1
    if begin == end:
        raise TableError("is empty: it must be a CSV file with numbers in columns")
    body = lines[begin:end]
    found_separator = _separator(body, decimal) if separator == "auto" else separator
    rows, numbers = _rows(body, found_separator, begin)
    while len(rows) > 1 and not any(cell.strip() for cell in rows[-1]):
        rows.pop()
    names = _names_of_r(rows, body, found_separator, decimal)
    if names:
        rows, numbers = rows[1:], numbers[1:]
    _check_lengths(rows, numbers, found_separator, names)
    comments = () if names else _names_in(comment, rows, found_separator)
    in_doubt = found_separator == "comma" and separator == "auto" == decimal and _may_hold_decimals(rows)
    return Table(rows=rows, lines=numbers, separator=found_separator, names=names, comment=comments, in_doubt=in_doubt)


def _named(mark: str) -> Separator:
    for name in ("comma", "semicolon", "tab", "bar", "blank"):
        if _MARKS[name] == mark:
            return name
    raise TableError(f"begins with sep={mark}: there are comma, semicolon, tab, bar and blank, as --separator")


def _reader(lines: Iterable[str], separator: str) -> Any:
    if separator == "blank":
        lines = (line.replace("\t", " ").strip() for line in lines)
    return csv.reader(lines, delimiter=_MARKS[separator], skipinitialspace=True, strict=True)


def _rows(body: Sequence[str], separator: str, begin: int) -> tuple[Rows, Sequence[int]]:
    """Read all rows, and the line of each, with `begin` lines above them. Raises TableError for broken quotes."""
    reader = _reader(body, separator)
    try:
        rows = list(reader)
    except csv.Error as error:
        raise TableError(f"line {begin + reader.line_num:,} is no line of a CSV file: {error}") from None
    if len(rows) == len(body):
        return rows, range(begin + 1, begin + len(rows) + 1)
    numbers, before, reader = [], 0, _reader(body, separator)  # a cell goes on in the next line
    for _ in reader:
        numbers.append(begin + before + 1)
        before = reader.line_num
    return rows, numbers


def _check_lengths(rows: Rows, numbers: Sequence[int], separator: str, names: tuple[str, ...]) -> None:
    """Make blank lines rows of empty cells. Raises TableError for another row that is not as long as the first."""
    width = len(names) or len(rows[0])
    if set(map(len, rows)) == {width}:
        return
    for at, row in enumerate(rows):
        if len(row) == width:
            continue
        if not any(cell.strip() for cell in row):
            rows[at] = [""] * width
            continue
        what = counted(width, "name") if names or not all(map(is_data, rows[0])) else f"{width} in line {numbers[0]:,}"
        under = "under" if "name" in what else "where there are"
        problem = f"line {numbers[at]:,} has {counted(len(row), 'cell')} {under} {what}"
        raise TableError(problem + _reason(rows, row, width, separator))


def _reason(rows: Rows, row: list[str], width: int, separator: str) -> str:
    """Say what may be the matter with a row of another length."""
    if len(row) > width:
        r = "the first column has no name, as R writes it" if all(len(each) == width + 1 for each in rows[1:]) else ""
        if separator != "comma":
            return f"; where {r}, write.table(col.names=NA) gives it one" if r else ""
        comma = "a decimal comma needs quotes, or another separator"
        if width == 1:
            comma += ", or --separator none where there is one column"
        return f": {comma}" + (f"; where {r}, write.table(col.names=NA) gives it one" if r else "")
    if len(row) == 1 and all(len(each) < 2 for each in rows[1:]):
        return "; --separator none takes each line as one cell"
    return ""


def _separator(body: Sequence[str], decimal: Decimal) -> str:
    """Find the separator with which all lines of a sample have equally many cells, or the one that comes nearest."""
    sample = body[:_SAMPLE]
    found: dict[str, Rows] = {}
    for name in ("tab", "semicolon", "comma", "bar", "blank"):
        rows = _sampled(sample, name)
        if not rows or max(map(len, rows)) == 1:
            continue
        unquoted = name == "comma" and not any('"' in line for line in sample)
        if unquoted and decimal == "comma" and (len(rows[0]) == 1 or all(map(is_data, rows[0]))):
            continue  # all of its commas are decimal ones
        found[name] = rows
    fit = [name for name, rows in found.items() if len(rows[0]) > 1 and all(len(row) == len(rows[0]) for row in rows)]
    if "tab" in fit and found["tab"] == found.get("blank"):
        fit.remove("blank")
    if len(fit) > 1:
        blanks = "blank" in fit
        rest = {name: found[name][1:] or found[name] for name in fit}
        clean = [name for name in fit if not any(_holds_another(row, blanks=blanks) for row in rest[name])]
        if len(clean) != 1:
            raise TableError(f"may have its columns apart by {' or '.join(fit)}: --separator says which")
        fit = clean
    if fit:
        return fit[0]
    like_r = [name for name, rows in found.items() if _is_like_r(rows, sample)]
    if like_r:
        return like_r[0]
    blank = found.pop("blank", None)
    if found:
        return max(found, key=lambda name: _share(found[name]))
    return "blank" if blank and _share(blank)[0] >= 0.5 else "none"


def _sampled(sample: Sequence[str], separator: str) -> Rows:
    """Return the rows of a sample without the blank ones, or none where its quotes do not fit."""
    reader, rows = _reader(sample, separator), []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row)
    except csv.Error as error:
        if "unexpected end" not in str(error):
            return []  # otherwise a cell goes on after the sample
    return rows


def _share(rows: Rows) -> tuple[float, float]:
    """Return the share of rows as long as the first, if that has several cells, and the share with several at all."""
    rest = rows[1:] or rows
    width = len(rows[0])
    return sum(len(row) == width > 1 for row in rest) / len(rest), sum(len(row) > 1 for row in rest) / len(rest)


def _holds_another(row: list[str], *, blanks: bool) -> bool:
    """Tell whether a cell holds a separator that its number has no use for; `blanks`: blanks may be one as well."""
    for cell in row:
        if any(mark in cell for mark in ",;\t|") and not is_number(cell):
            return True
        parts = cell.split() if blanks else ()
        if len(parts) > 1 and all(map(is_data, parts)) and not is_date(cell):
            return True
    return False


def _is_like_r(rows: Rows, lines: Sequence[str]) -> bool:
    """Tell whether quoted row names come before the columns that a quoted header names."""
    quoted = all(line.lstrip().startswith('"') for line in lines if line.strip())
    rest = [row for row in rows[1:] if row]
    return quoted and bool(rest) and all(len(row) == len(rows[0]) + 1 for row in rest)


def _names_of_r(rows: Rows, body: Sequence[str], separator: str, decimal: Decimal) -> tuple[str, ...]:
    """Return the names that R's write.table gives: one fewer than there are columns, since the row names have none.

    Empty where it is no such table, or where a comma may be a decimal one: then the rows are too long.
    """
    if len(rows) != len(body) or not _is_like_r(rows, body):
        return ()
    if separator == "comma" and decimal != "point" and _may_hold_decimals([row[1:] for row in rows[1:] if row]):
        return ()
    return ("", *(name.strip() for name in rows[0]))


def _may_hold_decimals(rows: Rows) -> bool:
    """Tell whether the comma between two columns may be the decimal comma of one number in each row."""
    return any(
        all(_INTEGER.fullmatch(row[at].strip()) and _DIGITS.fullmatch(row[at + 1].strip()) for row in rows)
        for at in range(len(rows[0]) - 1)
    )


def _names_in(comment: str, rows: Rows, separator: str) -> tuple[str, ...]:
    """Return the names in the comment above a table without its own, as np.savetxt writes them; otherwise empty."""
    if not comment.startswith("#") or not all(map(is_data, rows[0])):
        return ()
    names = next(iter(_sampled([comment.lstrip("# ")], separator)), [])
    if len(names) != len(rows[0]) or all(map(is_data, names)) or len(names) == 1:
        return ()
    return tuple(name.strip() for name in names)
