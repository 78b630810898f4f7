"""A series of numbers: one column of a CSV file, or a made-up one; no torch, no terminal."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rnn_tui.common.wording import counted
from rnn_tui.data.csv.columns import pick_column
from rnn_tui.data.csv.numbers import NumberProblem, parse_numbers
from rnn_tui.data.csv.row_order import dated_order
from rnn_tui.data.csv.table import TableError, read_table
from rnn_tui.data.text import file_version, text_of
from rnn_tui.experiment.settings import as_read
from rnn_tui.experiment.spec import SINE, Data, ExperimentError

__all__ = ["Scale", "TimeSeries", "forget_series", "made_up_sine", "read_series", "without_gaps"]

Doubles = NDArray[np.float64]

_LONGEST = 30  # characters of a cell or a name that a message repeats
_LARGE, _SMALL = 1e150, 1e-150  # beyond which squares are no longer exact
_ROOM = 4  # times the range of a series, which must be finite, so that a chart has room for predictions
_SINE = 1000  # values of the made-up series


@dataclass(frozen=True, kw_only=True)
class Scale:
    """From the units of a series to what the network reads: values minus their mean, over their standard deviation."""

    mean: float
    deviation: float

    def standardised(self, values: Doubles) -> NDArray[np.float32]:
        """Return the values as the network reads them, rounded to float32 at the end."""
        return ((values - self.mean) / self.deviation).astype(np.float32)


@dataclass(frozen=True, kw_only=True)
class TimeSeries:
    """Numbers in their order, in their own units."""

    name: str
    values: Doubles  # (n,) all finite
    cautions: tuple[str, ...] = ()  # how its file was understood, where that might surprise

    def __len__(self) -> int:
        """Count the values."""
        return len(self.values)

    def scale(self, learnt: int) -> Scale:
        """Return the scale of the first `learnt` values: what is held out has no part in it.

        Raises ExperimentError where they are all the same, or too large to be told apart from infinity.
        """
        part = self.values[:learnt]
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            scale = Scale(mean=float(part.mean()), deviation=float(part.std()))
            size = max(abs(float(part.min())), abs(float(part.max())))
            if size > _LARGE or scale.deviation < _SMALL:  # squares of such numbers are infinite, or 0
                scale = _scale_of_extremes(part)
            too_large = not math.isfinite(scale.deviation) or not math.isfinite(float(np.ptp(self.values)) * _ROOM)
        if part.min() == part.max() or scale.deviation == 0:
            where = "" if learnt == len(self) else " that are not held out"
            raise ExperimentError(
                "data.series",
                f"is constant: the {learnt:,} values{where} are all {part[0]:.15g}, and there is nothing to learn",
            )
        if too_large:
            problem = "holds values so large that they have no finite mean and standard deviation"
            raise ExperimentError("data.series", problem)
        return scale


def _scale_of_extremes(part: Doubles) -> Scale:
    """Compute mean and standard deviation by way of numbers near 1."""
    size = float(np.abs(part).max()) or 1.0
    mean = float((part / size).mean()) * size
    from_mean = part - mean
    most = float(np.abs(from_mean).max()) or 1.0
    return Scale(mean=mean, deviation=math.sqrt(float(((from_mean / most) ** 2).mean())) * most)


def made_up_sine(seed: int) -> TimeSeries:
    """Make one sine, or the sum of two, from the seed alone: periods of 15 to 40 steps, amplitudes of 0.5 to 1."""
    random = np.random.RandomState(np.random.MT19937(np.random.SeedSequence(seed)))  # the same in every version
    t = np.arange(_SINE)
    values = np.zeros(_SINE)
    for _ in range(1 + random.randint(2)):
        period, amplitude, phase = 15 + 25 * random.rand(), 0.5 + 0.5 * random.rand(), 2 * np.pi * random.rand()
        values += amplitude * np.sin(2 * np.pi * t / period + phase)
    return TimeSeries(name=SINE, values=values)


def read_series(data: Data, seed: int = 0) -> TimeSeries:
    """Read the column `data.column` of the CSV file `data.series`, or make a series from the seed.

    Raises ExperimentError for a file that cannot be read, a column that is not there, a gap, and what is not a number.
    """
    if data.series == SINE:
        return made_up_sine(seed)
    return _read_file(as_read(data), file_version(data.series))


def forget_series() -> None:
    """Keep nothing of the file that was read last."""
    _read_file.cache_clear()


@lru_cache(maxsize=1)  # so that beginning again does not read it again
def _read_file(data: Data, version: tuple[int, int]) -> TimeSeries:
    del version
    text = text_of(data, "series")
    try:
        table = read_table(text, data.separator, decimal=data.decimal)
        column = pick_column(table, data.column, data.header)
    except TableError as error:
        raise ExperimentError(f"data.{error.about}", str(error)) from None
    begin = 1 if column.named else 0
    rows = table.rows[begin:]
    where = repr(_brief(column.name)) if column.name else f"{column.at + 1}"
    try:
        numbers = parse_numbers([row[column.at] for row in rows], data.decimal, separator=table.separator)
    except NumberProblem as problem:
        line = table.lines[begin + problem.at]
        raise ExperimentError("data.series", f"line {line:,}, column {where}, has {problem}") from None
    if numbers.gaps.all():
        raise ExperimentError("data.series", "holds no numbers: there is nothing below the names of the columns")
    cautions = [numbers.caution] if numbers.caution else []
    if not (column.named or column.name or data.header == "no"):
        first = _brief(table.rows[0][column.at].strip())
        cautions.insert(
            0, f"line {table.lines[0]:,} is read as values, {first} among them: --header yes reads it as names"
        )
    values = numbers.values
    if numbers.gaps.any():
        lines = [table.lines[begin + at] for at in np.flatnonzero(numbers.gaps).tolist()]
        if data.gaps == "refuse":
            held = rows[int(np.argmax(numbers.gaps))][column.at].strip()
            what = f"it holds {_brief(held)!r}" if held else "the cell is empty"
            raise ExperimentError(
                "data.series",
                f"has {counted(len(lines), 'gap')} in column {where}, the first in line {lines[0]:,}: {what}; "
                "--gaps skip leaves them out, --gaps fill draws a line between their neighbours",
            )
        values = without_gaps(values, data.gaps)
        done = "left out" if data.gaps == "skip" else "filled along a line between their neighbours"
        cautions.append(f"{counted(len(lines), 'gap')}, the first in line {lines[0]:,}: {done}")
    order = dated_order(rows, without=column.at)
    if order == "down" and not data.reverse:
        cautions.append("its rows go from new to old: --reverse turns them round")
    if order == "up" and data.reverse:
        cautions.append("its rows went from old to new, and --reverse has turned them round")
    if data.reverse:
        values = values[::-1].copy()
    return TimeSeries(name=column.name or "values", values=values, cautions=tuple(cautions))


def without_gaps(values: Doubles, how: Literal["skip", "fill"]) -> Doubles:
    """Leave out the values that are NaN, or fill them.

    A filled one lies on the straight line from the nearest value before it to the nearest after it, by their places in
    the series; before the first value and after the last one it is that value.
    """
    there = np.flatnonzero(~np.isnan(values))
    if how == "skip":
        return values[there]
    return np.interp(np.arange(len(values)), there, values[there])


def _brief(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
