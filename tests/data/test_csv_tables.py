"""Tables as programs and people write them: what is read, what is refused, and what is said of it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from rnn_tui.cli.main import main
from rnn_tui.data.csv.numbers import NumberProblem, parse_numbers
from rnn_tui.experiment.spec import ExperimentError
from tests.data.one_column import OneColumn, one_column


def read(folder: Path, text: str | bytes, **data: Any) -> OneColumn:
    path = folder / "series.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return one_column(str(path), **data)


@pytest.mark.parametrize(
    ("text", "data", "values"),
    [
        ("1.5\n2.5\n", {}, [1.5, 2.5]),  # no line of names: the first value is one
        ("2021-01-01,1.5\n2021-01-02,2.5\n", {"column": "2"}, [1.5, 2.5]),
        ("5,7\n3,4\n", {"column": "2", "separator": "comma"}, [7, 4]),
        ("2020\n1\n2\n", {"column": "2020"}, [1, 2]),
        ("2020\n1\n2\n", {"header": "yes"}, [1, 2]),
        ("country,2019,2020\nCH,1,2\nAT,3,4\n", {"column": "2020"}, [2, 4]),
        ("\ufeffa;b\r1;2\r3;4\r", {"column": "b"}, [2, 4]),
        ("sep=;\na;b\n1;2,5\n", {"column": "b"}, [2.5]),
        ("sep=|\na|b\n1|2.5\n", {"column": "b"}, [2.5]),
        ("t   v\n1   2.5\n10  3.5  \n", {"column": "v"}, [2.5, 3.5]),
        ("t\tv\n1\t2.5\n", {"column": "v"}, [2.5]),
        ('"a","b"\n"1","2.5"\n', {"column": "b"}, [2.5]),
        ('a, b\n"x, y", "2.5"\n', {"column": "b"}, [2.5]),
        ('a,b\n"two\nlines",2.5\n', {"column": "b"}, [2.5]),
        ("water level\n1.5\n2.5\n", {}, [1.5, 2.5]),
        ("# by me\n#\n\nv\n1\n2\n\n\n", {}, [1, 2]),
        ("# t v\n0 1.5\n1 2.5\n", {"column": "v"}, [1.5, 2.5]),  # as np.savetxt writes it
        ("#,v\n7,1.5\n8,2.5\n", {"column": "v"}, [1.5, 2.5]),
        ("v\n1\n2\n\x1a", {}, [1, 2]),
        ("level (m, above)\n1.5\n", {"separator": "none"}, [1.5]),
        ("v\n20,386\n1,5\n", {"decimal": "comma"}, [20.386, 1.5]),
        ('"temp" "n"\n"1" 20.5 3\n"2" 21.5 4\n', {"column": "temp"}, [20.5, 21.5]),  # as R writes it
        ('"temp","n"\n"1",20,3\n"2",21,4\n', {"column": "n", "decimal": "point"}, [3, 4]),
    ],
)
def test_read(tmp_path: Path, text: str, data: dict[str, Any], values: list[float]) -> None:
    assert read(tmp_path, text, **data).values.tolist() == values


@pytest.mark.parametrize(
    ("text", "data", "words"),
    [
        ("5,7\n3,4\n", {"column": "2"}, "--separator comma or --decimal comma"),
        ("1,2\n3,4\n", {}, "a number from 1 to 2, unless its first line"),
        ("red,1\nblue,2\n", {"column": "2"}, "'1' in line 1, which may be a name or a value: --header"),
        ("red,1\nblue,2\n", {"column": "1"}, "--header yes or no"),
        ("v\n20,386\n21,428\n", {}, "line 2 has 2 cells under 1 name"),
        ("a,b\n1,2\n\n3,4,5\n", {"column": "b"}, "line 4 has 3 cells under 2 names"),
        ("1.5,2\n3.5\n", {"column": "2"}, "line 2 has 1 cell where there are 2 in line 1"),
        ("a,b\n1,2\n\n3,4\n", {"column": "b"}, "1 gap in column 'b', the first in line 3"),
        ('"temp","n"\n"1",20,3\n"2",21,4\n', {"column": "n"}, "line 2 has 3 cells under 2 names"),
        ('"date","temp"\n"2021-01-01",20,386\n', {"column": "temp"}, "line 2 has 3 cells under 2 names"),
        ("temp\n1 20.5\n2 21.5\n", {"column": "temp"}, "line 2"),
        ('v\n"1,234"\n"2,345"\n', {}, "--decimal point or --decimal comma"),
        ("a\tb\n1\t1,234\n", {"column": "b"}, "--decimal point or --decimal comma"),
        ("a;b\n1;1,5\n2;2.345\n", {"column": "b"}, "line 3"),
        (
            "v\n1.234\n24.71\n",
            {"decimal": "comma"},
            "not a plain number: it must be like -12,5 or 1,2e3",
        ),
        ('a,b\n1,"2\n3,4\n', {"column": "b"}, "no line of a CSV file"),
        ("a;b,c\nx;y,1\n", {"column": "c"}, "--separator says which"),
        ("sep=~\na~b\n", {"column": "b"}, "sep=~"),
        ("v\n?\nnan\n", {"gaps": "skip"}, "holds no numbers"),
        ("v\n", {}, "holds no numbers"),
        ("# only\n", {}, "is empty"),
    ],
)
def test_refused(tmp_path: Path, text: str, data: dict[str, Any], words: str) -> None:
    with pytest.raises(ExperimentError) as error:
        read(tmp_path, text, **data)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("cells", "decimal", "values"),
    [
        (["−5", "+3", ".5", "5."], "auto", [-5, 3, 0.5, 5]),
        (["1,234.5", "7"], "auto", [1234.5, 7]),
        (["1.234,5", "7"], "auto", [1234.5, 7]),
        (["1.234.567", "2.000"], "auto", [1234567, 2000]),
        (["1 234,5", "1 000"], "auto", [1234.5, 1000]),
        (["1\u00a0234.5", "1\u202f000"], "auto", [1234.5, 1000]),
        (["1'234.5", "1’000"], "auto", [1234.5, 1000]),
        (["1,5e3", "2,25"], "auto", [1500, 2.25]),
        (["0,386", "0,5"], "auto", [0.386, 0.5]),
        (["20,386"], "comma", [20.386]),
        (["20,386"], "point", [20386]),
        (["20.386"], "comma", [20386]),
    ],
)
def test_numbers(cells: list[str], decimal: Any, values: list[float]) -> None:
    assert parse_numbers(cells, decimal).values.tolist() == values


@pytest.mark.parametrize(
    "cell",
    ["1_000", "inf", "Infinity", "0x1p3", "5%", "€5", "5 kg", "(5)", "5-", "--5", "1e999", "1e-999", "٣", "５",
     "1,23,456", "1 2", "1.2.3", "1e5.0", "12,34.5", "true"],
)  # fmt: skip
def test_no_number(cell: str) -> None:
    with pytest.raises(NumberProblem) as problem:
        parse_numbers(["1", cell])
    assert problem.value.at == 1
    for decimal in ("point", "comma"):
        if cell not in ("1.2.3",):
            with pytest.raises(NumberProblem):
                parse_numbers(["1", cell], decimal)


@pytest.mark.parametrize("gap", ["", "?", "nan", "NA", "N/A", "-", "null", "None", ".", "#N/A", "—"])
def test_gaps_are_filled_or_left_out(tmp_path: Path, gap: str) -> None:
    text = f"v;w\n{gap};0\n1;0\n{gap};0\n{gap};0\n7;0\n{gap};0\n"
    filled = read(tmp_path, text, column="v", gaps="fill")
    assert filled.values.tolist() == [1, 1, 3, 5, 7, 7]
    assert read(tmp_path, text, column="v", gaps="skip").values.tolist() == [1, 7]
    assert "4 gaps, the first in line 2" in filled.cautions[0]
    assert read(tmp_path, text, column="v", gaps="fill", reverse=True).values.tolist() == [7, 7, 5, 3, 1, 1]


@pytest.mark.parametrize(
    ("dates", "newest_first"),
    [
        (["2021-03-01", "2021-02-28", "2021-01-31"], True),
        (["01.03.2021", "28.02.2021", "31.01.2021"], True),
        (["03/01/2021", "02/28/2021", "01/31/2021"], True),
        (["Mar 01, 2021", "Feb 28, 2021", "Jan 31, 2021"], True),
        (["01-Mar-21", "28-Feb-21", "31-Jan-21"], True),
        (["2021-03-01 10:00", "2021-03-01 09:00", "2021-03-01 08:00"], True),
        (["3", "2", "1"], True),
        (["2021-01-31", "2021-02-28", "2021-03-01"], False),
        (["01.03.2021", "02.02.2021", "03.01.2021"], False),  # down by the day first, up by the month first
        (["2021-03-01", "2021-03-01", "2021-03-01"], False),
        (["a", "b", "c"], False),
    ],
)
def test_the_newest_on_top(tmp_path: Path, dates: list[str], newest_first: bool) -> None:
    text = "when;v\n" + "".join(f"{date};{at}\n" for at, date in enumerate(dates))
    series = read(tmp_path, text, column="v")
    assert series.values.tolist() == [0, 1, 2]
    assert any("--reverse" in each for each in series.cautions) == newest_first
    assert read(tmp_path, text, column="v", reverse=True).values.tolist() == [2, 1, 0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1.5\n2.5\n", "--header yes"),
        ("a;b\n1;20,386\n2;21,428\n", "--decimal point"),
        ("a;b\n1;20.386\n2;21.428\n", "--decimal comma reads 20386"),
    ],
)
def test_what_might_surprise_is_told(tmp_path: Path, text: str, words: str) -> None:
    (caution,) = read(tmp_path, text, column="b" if "b" in text else "").cautions
    assert words in caution


def test_a_run_says_first_how_its_file_was_read(tmp_path: Path) -> None:
    path = tmp_path / "down.csv"
    path.write_text("date,v\n" + "".join(f"2021-01-{31 - at:02},{at % 5 if at != 7 else '?'}\n" for at in range(30)))
    arguments = ["train", "--series", str(path), "--column", "v", "--epochs", "1", "--no-save"]
    refused = CliRunner().invoke(main, arguments)
    assert refused.exit_code == 2
    assert refused.stderr.count("\n") == 1
    assert "line 9" in refused.stderr
    assert "--gaps skip" in refused.stderr
    done = CliRunner().invoke(main, [*arguments, "--gaps", "fill"])
    assert done.exit_code == 0
    assert "rnn-tui: --series v: 1 gap, the first in line 9: filled" in done.stderr
    assert "--reverse turns them round" in done.stderr
    assert not any("--reverse" in line for line in CliRunner().invoke(
        main, [*arguments, "--gaps", "skip", "--reverse"]).stderr.splitlines())  # fmt: skip


@pytest.mark.parametrize(
    "option", [["--separator", "tab"], ["--header", "no"], ["--decimal", "comma"], ["--gaps", "fill"], ["--reverse"]]
)
def test_options_of_a_table_need_a_series(option: list[str]) -> None:
    result = CliRunner().invoke(main, ["train", "--input", "hello", *option])
    assert result.exit_code == 2
    assert "has no use without a series" in result.stderr
    shown = CliRunner().invoke(main, ["show", "sine", "--separator", "dot"])
    assert "--separator dot: does not fit: it must be auto, comma" in shown.stderr


def test_a_large_file_is_read_to_the_last_digit(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=20_000)
    text = "i;v\n" + "".join(f"{at};{value!r}\n".replace(".", ",") for at, value in enumerate(values.tolist()))
    assert np.array_equal(read(tmp_path, text, column="v").values, values)
