"""Which column of a CSV file is meant, by its name or its number, and whether the first row holds names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rnn_tui.data.csv.numbers import is_data, is_number
from rnn_tui.data.csv.table import Table, TableError
from rnn_tui.experiment.spec import Header

__all__ = ["Column", "pick_column"]

_MOST_NAMES = 12  # columns that a message lists
_DIGITS = re.compile(r"\d+", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Column:
    """Which column is meant."""

    at: int  # from 0
    name: str  # empty where it has none
    named: bool  # whether the first row holds names rather than values


def pick_column(table: Table, wanted: str, header: Header = "auto") -> Column:
    """Find a column by its name, or by its number from 1 where no name is the same; '' is the only one.

    The first row names the columns where one of its cells is neither a number, a date nor a gap. One of numbers alone
    is values, unless `wanted` is among them. Raises TableError where the column is not there or several have the name,
    and where it cannot be told whether the first row names it.
    """
    column = _picked(table, wanted.strip(), header)
    first = table.rows[0]
    if not column.named and not table.names:
        if header == "auto" and table.comment and _may_be_years(first):
            raise TableError(_unclear(table, first[column.at]))
        if table.in_doubt:
            line = f"{_brief(','.join(first))} in line {table.lines[0]:,}"
            raise TableError(f"has {line}: --separator comma or --decimal comma says what its commas are")
    return column


def _picked(table: Table, wanted: str, header: Header) -> Column:
    first = [cell.strip() for cell in table.rows[0]]
    number = int(wanted) - 1 if _DIGITS.fullmatch(wanted) and len(wanted) < 10 else -1
    place = number if 0 <= number < len(first) else None
    if table.names:
        at = _found(table.names, wanted, place)
        return Column(at=at, name=table.names[at], named=False)
    if header == "yes":
        at = _found(first, wanted, place)
        return Column(at=at, name=first[at], named=True)
    if header == "no" or table.comment:
        names = table.comment if header == "auto" else ("",) * len(first)
        at = _found(names, wanted, place)
        return Column(at=at, name=names[at], named=False)
    looks_named = not all(map(is_data, first))
    if not wanted:
        if len(first) > 1:
            raise TableError(_which(first, looks_named=looks_named))
        return Column(at=0, name=first[0] if looks_named else "", named=looks_named)
    if wanted in first:
        at = _found(first, wanted, place)
        if place is not None and is_number(wanted):
            raise TableError(_unclear(table, wanted))
        return Column(at=at, name=wanted, named=True)
    if place is None:
        raise TableError(_no_such(first, looks_named=looks_named), about="column")
    if not looks_named:
        if _may_be_years(first):
            raise TableError(_unclear(table, first[place]))
        return Column(at=place, name="", named=False)
    if first[place] and is_data(first[place]):
        raise TableError(_unclear(table, first[place]))
    return Column(at=place, name=first[place], named=True)


def _may_be_years(cells: Sequence[str]) -> bool:
    """Tell whether numbers are likely names all the same: each is the whole number after the previous one."""
    if len(cells) < 2 or not all(_DIGITS.fullmatch(cell) and len(cell) < 10 for cell in cells):
        return False
    return all(int(one) + 1 == int(other) for one, other in pairwise(cells))


def _found(names: Sequence[str], wanted: str, place: int | None) -> int:
    """Find the column of that name, or number. Raises TableError."""
    if not wanted and len(names) == 1:
        return 0
    if not wanted:
        raise TableError(_which(names, looks_named=any(names)))
    found = [at for at, name in enumerate(names) if name == wanted]
    if len(found) > 1:
        *others, last = (str(at + 1) for at in found)
        raise TableError(
            f"is the name of columns {', '.join(others)} and {last}: --column {last}, say, takes one by its number",
            about="column",
        )
    if found:
        return found[0]
    if place is None:
        raise TableError(_no_such(names, looks_named=any(names)), about="column")
    return place


def _which(names: Sequence[str], *, looks_named: bool) -> str:
    if looks_named:
        return f"has {len(names)} columns: say which with --column; there are {_listed(names)}"
    values = f", unless its first line, {_listed(names)}, holds names" if any(names) else ""
    return f"has {len(names)} columns: say which with --column, a number from 1 to {len(names)}{values}"


def _no_such(names: Sequence[str], *, looks_named: bool) -> str:
    if looks_named:
        return f"is not a column of that file; there {'is only' if len(names) == 1 else 'are'} {_listed(names)}"
    return f"is not a column of that file, which has no names: it must be a number from 1 to {len(names)}"


def _unclear(table: Table, cell: str) -> str:
    line = table.lines[0]
    return f"has {_brief(cell)} in line {line:,}, which may be a name or a value: --header yes or no says which"


def _listed(names: Sequence[str]) -> str:
    shown = [_brief(name) if name else f"{at} (without a name)" for at, name in enumerate(names[:_MOST_NAMES], 1)]
    return ", ".join(shown) + (", …" if len(names) > _MOST_NAMES else "")


def _brief(text: str) -> str:
    return repr(text if len(text) <= 30 else text[:29] + "…")
