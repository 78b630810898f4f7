"""A series of numbers: one column of a CSV file, or one that is made up; no torch, no terminal."""

import csv
import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnn_tui.corpus import text_of
from rnn_tui.experiment import SINE, Data, ExperimentError

__all__ = ["Scale", "TimeSeries", "made_up_sine", "read_series"]

Doubles = NDArray[np.float64]

_DELIMITERS = ",;\t"
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)
_GAPS = {"", "nan", "na", "n/a", "null", "none", "-", "?"}
_LONGEST = 30  # characters of a cell or a name that a message repeats
_MOST_NAMES = 12
_SINE = 1000  # values of the made-up series


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Between the units of a series and what the network reads: values less their mean, by their deviation."""

    mean: float
    deviation: float

    def standardised(self, values: Doubles) -> NDArray[np.float32]:
        """As the network reads them, rounded to float32 at the end."""
        return ((values - self.mean) / self.deviation).astype(np.float32)


@dataclass(frozen=True, kw_only=True)
class TimeSeries:
    """Numbers in their order, in their own units."""

    name: str
    values: Doubles  # (n,) all finite

    def __len__(self) -> int:
        """How many there are."""
        return len(self.values)

    def scale(self, learnt: int) -> Scale:
        """That of the first `learnt` values: what is held out has no part in it.

        Raises ExperimentError where they are all the same, or too large to be told apart from infinity.
        """
        part = self.values[:learnt]
        with np.errstate(over="ignore", invalid="ignore"):
            scale = Scale(mean=float(part.mean()), deviation=float(part.std()))
        if part.min() == part.max() or scale.deviation == 0:
            where = "" if learnt == len(self) else " that are not held out"
            raise ExperimentError(
                "data.series",
                f"is constant: the {learnt:,} values{where} are all {part[0]:g}, and there is nothing to learn",
            )
        if not math.isfinite(scale.deviation):
            raise ExperimentError("data.series", "holds values so large that they have no finite mean and deviation")
        return scale


def made_up_sine(seed: int) -> TimeSeries:
    """One sine, or the sum of two, of that seed alone: periods of 15 to 40 steps, amplitudes of 0.5 to 1."""
    random = np.random.RandomState(np.random.MT19937(np.random.SeedSequence(seed)))  # the same in every version
    t = np.arange(_SINE)
    values = np.zeros(_SINE)
    for _ in range(1 + random.randint(2)):
        period, amplitude, phase = 15 + 25 * random.rand(), 0.5 + 0.5 * random.rand(), 2 * np.pi * random.rand()
        values += amplitude * np.sin(2 * np.pi * t / period + phase)
    return TimeSeries(name=SINE, values=values)


def read_series(data: Data, seed: int = 0) -> TimeSeries:
    """The column `data.column` of the CSV file `data.series`, or the series that is made up from the seed.

    Raises ExperimentError for a file that cannot be read, a column that is not there, a gap, and what is no number.
    """
    if data.series == SINE:
        return made_up_sine(seed)
    rows = list(_rows(data))
    while rows and not any(cell.strip() for cell in rows[-1][1]):
        rows.pop()  # blank lines at the end
    if not rows:
        raise ExperimentError("data.series", "is empty: it must be a CSV file with a line of names and then numbers")
    (line, header), *rest = rows
    names = [name.strip() for name in header]
    if all(_NUMBER.fullmatch(name) for name in names):
        raise ExperimentError(
            "data.series", f"has no header: line {line} must name the columns, and holds {_brief(names[0])}"
        )
    at = _place(data, names)
    values = np.array([_value(cells[at] if at < len(cells) else "", line, names[at]) for line, cells in rest])
    if not len(values):
        raise ExperimentError("data.series", "holds no numbers: there is nothing below the names of the columns")
    return TimeSeries(name=names[at] or "values", values=values)


def _rows(data: Data) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line that it begins at."""
    file = io.StringIO(text_of(data, "series"), newline="")
    delimiter = _delimiter(file.readline())
    file.seek(0)
    reader = csv.reader(file, delimiter=delimiter)
    before = 0
    try:
        for cells in reader:
            yield before + 1, cells
            before = reader.line_num
    except csv.Error as error:
        raise ExperimentError("data.series", f"is no CSV file: {error}") from None


def _delimiter(header: str) -> str:
    """The one that gives the most columns; the comma where none does."""
    return max(_DELIMITERS, key=lambda each: len(next(csv.reader([header], delimiter=each), [])))


def _place(data: Data, names: list[str]) -> int:
    """Which column is meant."""
    there = ", ".join(map(_brief, names[:_MOST_NAMES])) + (", …" if len(names) > _MOST_NAMES else "")
    if not data.column:
        if len(names) > 1:
            raise ExperimentError(
                "data.series", f"has {len(names)} columns: say which with --column; there are {there}"
            )
        return 0
    found = [number for number, name in enumerate(names) if name == data.column.strip()]
    if not found:
        raise ExperimentError("data.column", f"is no column of that file; there {_are(len(names))} {there}")
    if len(found) > 1:
        raise ExperimentError("data.column", f"is the name of {len(found)} columns: a column needs a name of its own")
    return found[0]


def _value(cell: str, line: int, name: str) -> float:
    text = cell.strip()
    if text.lower() in _GAPS:
        what = f"it holds {_brief(text)}" if text else "the cell is empty"
        raise ExperimentError("data.series", f"has a gap in line {line:,}, column {_brief(name)}: {what}")
    value = float(text) if _NUMBER.fullmatch(text) else math.inf
    if not math.isfinite(value):
        raise ExperimentError(
            "data.series", f"has no plain number in line {line:,}: {_brief(text)} must be like -12.5 or 1.2e3"
        )
    return value


def _are(count: int) -> str:
    return "is only" if count == 1 else "are"


def _brief(text: str) -> str:
    return repr(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")
