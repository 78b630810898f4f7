"""Files that other programs wrote: each is read rightly, or refused with the option that reads it."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnn_tui.experiment.spec import ExperimentError
from tests.data.one_column import OneColumn, one_column

FILES = Path(__file__).parents[1] / "csv"


def read(name: str, **data: Any) -> OneColumn:
    return one_column(str(FILES / name), **data)


def column(name: str, at: int, *, delimiter: str = ",", skip: int = 1) -> list[str]:
    """A column of a file, by Python's csv module alone."""
    with open(FILES / name, encoding="utf-8", newline="") as file:
        return [row[at] for row in list(csv.reader(file, delimiter=delimiter))[skip:]]


PLAIN = [float(cell) for cell in column("plain.csv", 1)]


def test_the_reference_is_what_its_readme_says() -> None:
    assert len(PLAIN) == 120
    assert (PLAIN[0], PLAIN[-1]) == (20.386, 14.613)
    assert np.mean(PLAIN) == pytest.approx(20.122242, abs=5e-7)
    assert np.std(PLAIN) == pytest.approx(3.546712, abs=5e-7)


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("plain.csv", {"column": "temp"}, PLAIN),
        ("decimal_comma.csv", {"column": "temp"}, PLAIN),
        ("decimal_comma.csv", {"column": "temp", "decimal": "comma", "separator": "semicolon"}, PLAIN),
        ("r_write_table.csv", {"column": "temp"}, PLAIN),
        ("r_write_table.csv", {"column": "2"}, PLAIN),
        ("semicolon_header_comma.csv", {"column": "Temp (°C, 2 m)"}, PLAIN),
        ("pipe.csv", {"column": "temp"}, PLAIN),
        ("comments.csv", {"column": "temp"}, PLAIN),
        ("dup.csv", {"column": "1"}, PLAIN),
        ("dup.csv", {"column": "2"}, [float(cell) for cell in column("dup.csv", 1)]),
        ("reverse.csv", {"column": "temp", "reverse": True}, PLAIN),
        ("reverse.csv", {"column": "temp"}, PLAIN[::-1]),
        ("thousands.csv", {"column": "amount"}, [round(1000 * value) for value in PLAIN]),
        ("years.csv", {"column": "2020"}, [float(cell) for cell in column("years.csv", 1)]),
        ("offset.csv", {"column": "v"}, [float(cell) for cell in column("offset.csv", 1)]),
    ],
)
def test_read(name: str, data: dict[str, str], expected: list[float]) -> None:
    assert read(name, **data).values.tolist() == expected


def test_names_that_are_numbers() -> None:
    values = read("years.csv", column="2020").values
    assert (len(values), values.mean()) == (40, 4.5)
    with pytest.raises(ExperimentError, match="line 1, which may be a name or a value: --header yes or no"):
        read("years.csv", column="2")  # the second column, or one whose first value is 2020
    assert read("years.csv", column="2", header="yes").values.tolist() == values.tolist()
    assert read("years.csv", column="2", header="no", separator="comma").values.tolist() == [2020, *values.tolist()]


@pytest.mark.parametrize(
    ("name", "delimiter", "at", "data", "mean"),
    [
        ("question.csv", ";", 2, {"column": "kw"}, 20.037729),
        ("empty_cells.csv", ",", 1, {"column": "v"}, 20.174941),
    ],
)
def test_gaps(name: str, delimiter: str, at: int, data: dict[str, str], mean: float) -> None:
    cells = column(name, at, delimiter=delimiter)
    gaps = [place for place, cell in enumerate(cells) if cell in ("", "?")]
    assert len(gaps) == 2
    with pytest.raises(ExperimentError, match=rf"2 gaps .* line {gaps[0] + 2}: .*--gaps skip .*--gaps fill"):
        read(name, **data)
    there = [(place, float(cell)) for place, cell in enumerate(cells) if place not in gaps]
    skipped = read(name, **data, gaps="skip")
    assert skipped.values.tolist() == [value for _, value in there]
    assert skipped.values.mean() == pytest.approx(mean, abs=5e-7)
    assert "2 gaps, the first in line" in skipped.cautions[0]
    filled = read(name, **data, gaps="fill").values
    (a, before), (b, after) = there[gaps[0] - 1], there[gaps[0]]
    for place in gaps:
        assert filled[place] == pytest.approx(before + (after - before) * (place - a) / (b - a), rel=1e-15)
    assert [filled[place] for place, _ in there] == [value for _, value in there]


def test_the_newest_row_on_top_is_told() -> None:
    assert read("reverse.csv", column="temp").cautions == ("its rows go from new to old: --reverse turns them round",)
    assert not read("reverse.csv", column="temp", reverse=True).cautions
    assert "from old to new" in read("plain.csv", column="temp", reverse=True).cautions[0]
    for name in ("plain.csv", "comments.csv", "pipe.csv", "decimal_comma.csv", "r_write_table.csv"):
        assert not read(name, column="temp").cautions


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("decimal_comma_in_comma.csv", {"column": "temp"}, "line 2 has 3 cells under 2 names: a decimal comma needs"),
        ("decimal_comma_in_comma.csv", {"column": "temp", "decimal": "comma"}, "line 2 has 3 cells under 2 names"),
        ("decimal_comma_in_comma.csv", {"column": "temp", "decimal": "point"}, "line 2 has 3 cells under 2 names"),
        ("one_long_row.csv", {"column": "v"}, "line 18 has 4 cells under 3 names"),
        ("r_write_table.csv", {}, "has 2 columns: say which"),
        ("dup.csv", {"column": "v"}, "columns 1 and 2: --column 2"),
        ("thousands.csv", {"column": "amount", "decimal": "comma"}, "'20,386.00'"),
    ],
)
def test_refused(name: str, data: dict[str, Any], words: str) -> None:
    with pytest.raises(ExperimentError) as error:
        read(name, **data)
    assert words in str(error.value)
