"""The columns of a series that a network reads and predicts: of a CSV file, or made up; no torch, no terminal."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from rnn_tui.common.wording import counted
from rnn_tui.data.builtin import built_in_series
from rnn_tui.data.csv.columns import Column, pick_column
from rnn_tui.data.csv.numbers import NumberProblem, Numbers, parse_numbers
from rnn_tui.data.csv.row_order import dated_order
from rnn_tui.data.csv.table import Table, TableError, read_table
from rnn_tui.data.series import Scale, TimeSeries, made_up_sine, without_gaps
from rnn_tui.data.text import file_version, text_of
from rnn_tui.experiment.settings import as_read
from rnn_tui.experiment.spec import SINE, Data, ExperimentError

__all__ = ["SeriesColumns", "forget_series", "read_series"]

_LONGEST = 30  # characters of a cell or a name that a message repeats


@dataclass(frozen=True, kw_only=True)
class SeriesColumns:
    """K columns of equal length: first those that are read, then those that are predicted alone."""

    columns: tuple[TimeSeries, ...]  # (K,)
    reads: int = 1  # the first so many are read
    says: tuple[int, ...] = (0,)  # places of those that are predicted
    ahead: int = 1  # time steps from what is read to what is predicted
    standardise: bool = True
    cautions: tuple[str, ...] = ()  # how the file was understood, where that might surprise

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.columns[0])

    @property
    def name(self) -> str:
        """What is read and, where that is something else, what is predicted of it: `a, b → c`."""
        read, said = self.names_read, self.names_said
        return ", ".join(read) + (f" → {', '.join(said)}" if read != said else "")

    @property
    def names_read(self) -> tuple[str, ...]:
        """The names of the columns that are read."""
        return tuple(each.name for each in self.columns[: self.reads])

    @property
    def names_said(self) -> tuple[str, ...]:
        """The names of the columns that are predicted."""
        return tuple(self.columns[at].name for at in self.says)

    @property
    def own_outputs(self) -> tuple[int, ...] | None:
        """The place of each number that is read among those that are predicted; None: they are others."""
        known = self.ahead == 1 and set(range(self.reads)) <= set(self.says)
        return tuple(map(self.says.index, range(self.reads))) if known else None

    def scales(self, learnt: int) -> tuple[Scale, ...]:
        """Return the scale of each column, by the first `learnt` rows.

        Raises ExperimentError where they are all the same, or too large.
        """
        if not self.standardise:
            return (Scale(mean=0.0, deviation=1.0),) * len(self.columns)
        several = len(self.columns) > 1
        return tuple(
            each.scale(learnt, told=f" in column {_brief(each.name)!r}" if several else "") for each in self.columns
        )


def read_series(data: Data, seed: int = 0) -> SeriesColumns:
    """Read the columns `data.column` and `data.targets` of the CSV file `data.series`, or make them from the seed.

    Raises ExperimentError for a file that cannot be read, a column that is not there or given twice, a gap, and what
    is not a number.
    """
    if data.series == SINE:
        return _made_up(data, (made_up_sine(seed),))
    made = built_in_series(data.series, seed)
    if made is not None:
        return _made_up(data, tuple(TimeSeries(name=name, values=values) for name, values in made.items()))
    return _read_file(as_read(data), file_version(data.series))


def _made_up(data: Data, series: tuple[TimeSeries, ...]) -> SeriesColumns:
    """Return the columns that are asked for of a made-up series. Raises ExperimentError."""
    names = tuple(each.name for each in series)
    chosen = _choose(Table(rows=[[""] * len(names)], lines=[1], separator="comma", names=names), data)
    return chosen.with_values(data, tuple(series[each.at] for each in chosen.columns), ())


def forget_series() -> None:
    """Keep nothing of the file that was read last."""
    _read_file.cache_clear()


@lru_cache(maxsize=1)  # so that beginning again does not read it again
def _read_file(data: Data, version: tuple[int, int]) -> SeriesColumns:
    del version
    text = text_of(data, "series")
    try:
        table = read_table(text, data.separator, decimal=data.decimal)
    except TableError as error:
        raise ExperimentError(f"data.{error.about}", str(error)) from None
    chosen = _choose(table, data)
    return chosen.with_values(data, *_values(table, data, chosen.columns))


@dataclass(frozen=True, kw_only=True)
class _Chosen:
    """Which columns of a table are read and predicted, as `SeriesColumns` has them."""

    columns: tuple[Column, ...]
    reads: int
    says: tuple[int, ...]

    def with_values(self, data: Data, values: tuple[TimeSeries, ...], cautions: tuple[str, ...]) -> SeriesColumns:
        """Return them with their values."""
        return SeriesColumns(
            columns=values,
            reads=self.reads,
            says=self.says,
            ahead=data.ahead,
            standardise=data.standardise,
            cautions=cautions,
        )


def _choose(table: Table, data: Data) -> _Chosen:
    """Find the columns that are asked for. Raises ExperimentError."""
    read = [_picked(table, data, name, "data.column") for name in data.columns or ("",)]
    said = [_picked(table, data, name, "data.targets") for name in data.targets]
    _check_distinct(read, data.columns, "data.column")
    _check_distinct(said, data.targets, "data.targets")
    places = [each.at for each in read]
    again = next((at for at, each in enumerate(said) if each.at in places), None)
    if again is not None and not data.ahead:
        problem = "is read at the very time step at which it is to be predicted: --ahead must be at least 1"
        raise ExperimentError("data.targets", problem, value=data.targets[again])
    if len({each.named for each in (*read, *said)}) > 1:
        line = f"line {table.lines[0]:,}"
        raise ExperimentError(
            "data.series", f"has {line}, which may hold names or values: --header yes or no says which"
        )
    columns = (*read, *(each for each in said if each.at not in places))
    places = [each.at for each in columns]
    says = [places.index(each.at) for each in said] or range(len(read))
    return _Chosen(columns=columns, reads=len(read), says=tuple(says))


def _picked(table: Table, data: Data, name: str, path: str) -> Column:
    """Find a column. Raises ExperimentError with the setting and the name that are to blame."""
    try:
        return pick_column(table, name, data.header)
    except TableError as error:
        of_column = error.about == "column"
        problem = str(error).replace("--column", "--target") if path == "data.targets" else str(error)
        if not of_column:
            raise ExperimentError("data.series", problem) from None
        raise ExperimentError(path, problem, value=name) from None


def _check_distinct(columns: Sequence[Column], names: Sequence[str], path: str) -> None:
    """Raise ExperimentError where a column is given twice, by its name and by its number."""
    places = [each.at for each in columns]
    for at, column in enumerate(columns):
        if (first := places.index(column.at)) < at:
            problem = f"is the same column as {names[first]!r}: give each of them once"
            raise ExperimentError(path, problem, value=names[at])


def _values(table: Table, data: Data, columns: Sequence[Column]) -> tuple[tuple[TimeSeries, ...], tuple[str, ...]]:
    """Return the numbers of each column, rows without one treated as is asked for; and cautions."""
    begin = 1 if columns[0].named else 0
    rows = table.rows[begin:]
    numbers = [_numbers(table, data, column) for column in columns]
    cautions = list(dict.fromkeys(each.caution for each in numbers if each.caution))
    first = columns[0]
    if not (first.named or first.name or data.header == "no"):
        cell = _brief(table.rows[0][first.at].strip())
        cautions.insert(
            0, f"line {table.lines[0]:,} is read as values, {cell} among them: --header yes reads it as names"
        )
    gaps = np.any([each.gaps for each in numbers], axis=0)
    found = [each.values for each in numbers]
    if gaps.any():
        lines = [table.lines[begin + at] for at in np.flatnonzero(gaps).tolist()]
        if data.gaps == "refuse":
            place = next(at for at, each in enumerate(numbers) if each.gaps.any())
            raise ExperimentError("data.series", _gap(table, columns[place], numbers[place], begin))
        if gaps.all() and data.gaps == "skip":
            raise ExperimentError("data.series", "holds no row with a number in each of those columns")
        if data.gaps == "skip":
            found = [each[~gaps] for each in found]
        else:
            found = [without_gaps(each, "fill") for each in found]
        done = "left out" if data.gaps == "skip" else "filled along a line between their neighbours"
        cautions.append(f"{counted(len(lines), 'gap')}, the first in line {lines[0]:,}: {done}")
    order = dated_order(rows, without=first.at)
    if order == "down" and not data.reverse:
        cautions.append("its rows go from new to old: --reverse turns them round")
    if order == "up" and data.reverse:
        cautions.append("its rows went from old to new, and --reverse has turned them round")
    if data.reverse:
        found = [each[::-1].copy() for each in found]
    alone = "values" if len(columns) == 1 else ""
    series = [
        TimeSeries(name=column.name or alone or f"{column.at + 1}", values=each)
        for column, each in zip(columns, found, strict=True)
    ]
    return tuple(series), tuple(cautions)


def _numbers(table: Table, data: Data, column: Column) -> Numbers:
    """Return a column as numbers. Raises ExperimentError for what is none, with its line."""
    begin = 1 if column.named else 0
    try:
        numbers = parse_numbers([row[column.at] for row in table.rows[begin:]], data.decimal, separator=table.separator)
    except NumberProblem as problem:
        line = table.lines[begin + problem.at]
        raise ExperimentError("data.series", f"line {line:,}, column {_where(column)}, has {problem}") from None
    if numbers.gaps.all():
        several = len(data.columns) + len(data.targets) > 1
        what = f"no numbers in column {_where(column)}" if several else "no numbers"
        raise ExperimentError("data.series", f"holds {what}: there is nothing below the names of the columns")
    return numbers


def _gap(table: Table, column: Column, numbers: Numbers, begin: int) -> str:
    """Say where a column has gaps, and what can be done about them."""
    lines = [table.lines[begin + at] for at in np.flatnonzero(numbers.gaps).tolist()]
    held = table.rows[begin + int(np.argmax(numbers.gaps))][column.at].strip()
    what = f"it holds {_brief(held)!r}" if held else "the cell is empty"
    return (
        f"has {counted(len(lines), 'gap')} in column {_where(column)}, the first in line {lines[0]:,}: {what}; "
        "--gaps skip leaves them out, --gaps fill draws a line between their neighbours"
    )


def _where(column: Column) -> str:
    return repr(_brief(column.name)) if column.name else f"{column.at + 1}"


def _brief(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
