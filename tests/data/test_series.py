"""A series of numbers: what is read of a CSV file, what is refused, and how it is standardised."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnn_tui.data.series import TimeSeries, made_up_sine
from rnn_tui.data.series_columns import read_series
from rnn_tui.experiment.spec import Data, ExperimentError
from rnn_tui.experiment.validate import from_dict
from tests.data.one_column import OneColumn, one_column


def read(folder: Path, text: str | bytes, **data: Any) -> OneColumn:
    path = folder / "series.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return one_column(str(path), **data)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_column_is_read_whatever_stands_between_the_columns(tmp_path: Path, delimiter: str) -> None:
    rows = [("day", "level (m)", "note"), ("1", "-12.5", "a"), ("2", " 1.2e3 ", ""), ("3", ".5", "c")]
    series = read(tmp_path, "".join(delimiter.join(row) + "\r\n" for row in rows) + "\n\n", column="level (m)")
    assert series.name == "level (m)"
    assert series.values.tolist() == [-12.5, 1200.0, 0.5]


def test_quotes_marks_and_a_single_column_are_no_matter(tmp_path: Path) -> None:
    assert read(tmp_path, b'\xef\xbb\xbf"x"\n"1"\n2\n').values.tolist() == [1.0, 2.0]
    assert read(tmp_path, b"\xb0C,b\n1,2\n", column="°C", encoding="latin-1").values.tolist() == [1.0]


@pytest.mark.parametrize(
    ("text", "column", "path", "words"),
    [
        ("a,b\n1,2\n", "c", "data.column", ["not a column", "'a'", "'b'"]),
        ("a,b\n1,2\n", "", "data.series", ["2 columns", "--column", "'a'", "'b'"]),
        ("a,b,a\n1,2,3\n", "a", "data.column", ["columns 1 and 3", "--column 3"]),
        ("a,b\n1,2\n3,\n", "b", "data.series", ["gap", "line 3", "'b'"]),
        ("a,b\n1,2\n3,nan\n", "b", "data.series", ["gap", "line 3", "nan"]),
        ("a\n1\n\n3\n", "", "data.series", ["gap", "line 3"]),
        ("a,b\n1,2\n3\n", "b", "data.series", ["line 3 has 1 cell under 2 names"]),
        ('a,b\n"x\ny",2\n3,four\n', "b", "data.series", ["line 4", "'four'", "-12.5"]),
        ('a\n"1,5"\n2.5\n', "a", "data.series", ["line 3", "'2.5'"]),
        ("a\n1e999\n", "a", "data.series", ["line 2", "1e999"]),
        ("a\ninf\n", "a", "data.series", ["line 2", "inf"]),
        ("a\n", "", "data.series", ["no numbers"]),
        ("", "", "data.series", ["empty"]),
        (b"a\n\xff\n", "", "data.series", ["utf-8", "0xff", "offset 2", "--encoding"]),
        (b"a\n" + 999 * b"12\n" + b"\xb0C\n", "", "data.series", ["utf-8", "0xb0", "offset 2,999", "--encoding"]),
        (b"a\n1\x00\n", "", "data.series", ["null byte at offset 3", "--encoding"]),
    ],
)
def test_what_cannot_be_read_says_where_and_what_would_be_right(
    tmp_path: Path, text: str | bytes, column: str, path: str, words: list[str]
) -> None:
    with pytest.raises(ExperimentError) as error:
        read(tmp_path, text, column=column)
    assert error.value.path == path
    assert "\n" not in str(error.value)
    for word in words:
        assert word in str(error.value), str(error.value)


def test_a_file_that_is_not_there_or_is_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="no such file"):
        read_series(Data(inputs=(), series=str(tmp_path / "none.csv")))
    with pytest.raises(ExperimentError, match="folder"):
        read_series(Data(inputs=(), series=str(tmp_path)))


def test_the_scale_is_that_of_what_is_learnt() -> None:
    series = TimeSeries(name="x", values=np.array([1.0, 3.0, 5.0, 1e6]))
    scale = series.scale(3)
    assert scale.mean == 3.0
    assert scale.deviation == pytest.approx(np.sqrt(8 / 3))
    np.testing.assert_allclose(scale.standardised(series.values[:3]), [-np.sqrt(1.5), 0, np.sqrt(1.5)], rtol=1e-6)
    with pytest.raises(ExperimentError, match="constant"):
        TimeSeries(name="x", values=np.array([2.0, 2.0, 3.0])).scale(2)
    with pytest.raises(ExperimentError, match="so large"):
        TimeSeries(name="x", values=np.array([1e308, -1e308])).scale(2)


def test_the_made_up_series_is_that_of_its_seed() -> None:
    one = made_up_sine(3).values
    assert np.array_equal(one, made_up_sine(3).values)
    assert not np.array_equal(one, made_up_sine(4).values)
    power = np.abs(np.fft.rfft(one * np.hanning(len(one)))) ** 2
    periods = len(one) / np.maximum(1, np.arange(len(power)))
    assert power[(periods > 12) & (periods < 48)].sum() > 0.99 * power.sum()


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        ("network.embedding", {"network": {"head": "linear", "embedding": 3}}),
        ("network.head", {"network": {"head": "direct"}}),
        ("data.vocabulary", {"data": {"vocabulary": "ab"}}),
        ("data.series", {"data": {"text": "x.txt"}}),
        ("data.series", {"data": {"inputs": ["ab"]}}),
        ("data.column", {"data": {"series": "", "inputs": ["ab"], "column": "a"}}),
    ],
)
def test_what_numbers_have_no_use_for_is_refused(path: str, changes: dict[str, Any]) -> None:
    values = {
        "data": {"series": "sine"} | changes.get("data", {}),
        "network": {"head": "linear"} | changes.get("network", {}),
    }
    if values["data"].get("text"):
        path = "data.text"
    with pytest.raises(ExperimentError) as error:
        from_dict(values)
    assert error.value.path == path
