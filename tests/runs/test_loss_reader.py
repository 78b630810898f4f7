"""Losses of kept runs as arrays: whole, in pieces, while the file grows, and where it is not what it should be."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Data, Experiment
from rnn_tui.runs.loss_points import LossPoints
from rnn_tui.runs.loss_reader import LossReader, characters_per_update
from rnn_tui.runs.loss_tail import newest_seconds
from rnn_tui.runs.read_checkpoint import read_manifest
from tests.engine.kept_runs import advance, begin
from tests.kept_versions import KEPT, NAMES

pytestmark = pytest.mark.usefixtures("quick_disk")


def whole(folder: Path, *, most: int = 2**18) -> LossReader:
    """A reader that has read all that is there, `most` bytes at a time."""
    reader = LossReader(folder)
    reader.read(most)
    while reader.is_behind:
        reader.read(most)
    return reader


@pytest.mark.parametrize("name", NAMES)
def test_runs_of_older_versions_are_read(name: str) -> None:
    folder = KEPT / name
    reader = whole(folder, most=100)
    with open(folder / read_manifest(folder).losses, newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert reader.passes.last.tolist() == [int(each["update"]) for each in rows]
    assert reader.passes.newest.tolist() == [float(each["loss"]) for each in rows]
    assert reader.passes.seconds is None
    judged = read_manifest(folder).held_out
    assert reader.held_out.last.tolist() == [each.update for each in judged]
    assert reader.held_out.newest.tolist() == [each.loss for each in judged]
    assert not reader.problem


def test_columns_are_found_by_their_names_and_what_is_empty_is_not_known(tmp_path: Path) -> None:
    ratios = [f"ratio_recurrent.weight_hh_l{layer}" for layer in range(40)]
    header = ["update", "tick", "loss", "seconds", "lr", "gradient_norm", "clipped_norm", "dead", "saturated", *ratios]
    rows = [[str(n), str(n), f"{1 / n!r}", f"{n / 8!r}", "0.1", *(["2.5"] * (len(header) - 5))] for n in range(1, 61)]
    for number, each in enumerate(rows):
        each[5:] = each[5:] if number % 7 == 0 else [""] * (len(header) - 5)
    lines = [",".join(each) for each in (header, *rows)]
    (tmp_path / "losses.csv").write_text("\n".join([*lines, ""]))
    reader = whole(tmp_path, most=1000)
    assert reader.passes.newest.tolist() == [1 / n for n in range(1, 61)]
    assert reader.passes.seconds is not None
    assert reader.passes.seconds.tolist() == [n / 8 for n in range(1, 61)]
    assert newest_seconds(tmp_path, "losses.csv") == 60 / 8
    (tmp_path / "losses.csv").write_text("\n".join(lines))  # its last row is not whole
    assert newest_seconds(tmp_path, "losses.csv") == 59 / 8
    assert newest_seconds(KEPT / "0.1.0" / "forks", "losses.csv") is None
    assert newest_seconds(tmp_path / "nowhere", "losses.csv") is None


def test_a_run_that_trains_is_read_on_and_another_branch_anew(tmp_path: Path) -> None:
    session, checkpointer = begin(LESSONS["hihello-sequence"], tmp_path)
    reader = LossReader(tmp_path)
    reader.read()
    assert (len(reader.passes), reader.problem) == (0, "")
    advance(session, 10)
    checkpointer.save()
    assert reader.read()
    assert reader.passes.newest.tolist() == [session.losses.at(each) for each in range(10)]
    assert not reader.read()
    advance(session, 30)
    checkpointer.save()
    assert reader.read()
    assert reader.passes.newest.tolist() == [session.losses.at(each) for each in range(30)]
    assert reader.passes.seconds is not None
    assert (np.diff(reader.passes.seconds, prepend=0) >= 0).all()
    assert reader.passes.seconds[-1] == newest_seconds(tmp_path, "losses.csv")
    checkpointer.close()


HEADER = "update,tick,loss,seconds\n"


def test_a_row_that_is_not_whole_waits_and_a_file_that_is_replaced_is_read_anew(tmp_path: Path) -> None:
    file = tmp_path / "losses.csv"
    file.write_text("update,ti")
    reader = LossReader(tmp_path)
    assert reader.read()
    file.write_text(HEADER + "1,1,0.5,0.25\n2,2,0.4,0.5\n3,3,0.")
    assert reader.read()
    assert reader.passes.newest.tolist() == [0.5, 0.4]
    assert reader.passes.seconds is not None
    assert reader.passes.seconds.tolist() == [0.25, 0.5]
    with open(file, "a") as stream:
        stream.write("3,0.75\n4,4,nan,1\n5,5,,2\n")
    assert reader.read()
    np.testing.assert_array_equal(reader.passes.newest, [0.5, 0.4, 0.3, math.nan, math.nan])
    file.write_text(HEADER + "1,1,0.5,0.25\n2,2,0.9,0.5\n3,3,0.8,0.75\n4,4,0.7,1\n5,5,0.6,2\n6,6,0.5,3\n")
    assert reader.read()
    assert reader.passes.newest.tolist() == [0.5, 0.9, 0.8, 0.7, 0.6, 0.5]
    assert not reader.read()


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"x,y\n1,2\n", "line 1: has no column update, or no column loss"),
        (b"\xff" * 70_000, "line 1: is not the names of columns"),
        (b"update,loss\n1,2,3\n", "is altered: it has a row without 2 numbers"),
        (b"update,loss\n1\n", "is altered: it has a row without 2 numbers"),
        (b"update,loss\n1,x\n", "is altered: it has a row without 2 numbers"),
        (b"update,loss\n1,2\n3,1\n2,1\n", "is altered: its updates do not ascend"),
        (b"update,loss\nnan,1\n", "is altered: its updates do not ascend"),
        (b"update,loss\n1,1\n1e300,1\n", "is altered: its updates do not ascend"),
        (b"update,loss\n-1,1\n", "is altered: its updates do not ascend"),
        (b"update,loss\n1,2\n\n\n", "is altered: it has a row without 2 numbers"),
        (b"update,loss\n" + b"1" * 2**18, "is altered: it has a row without an end"),
    ],
)
def test_what_it_should_not_be(tmp_path: Path, data: bytes, problem: str) -> None:
    (tmp_path / "losses.csv").write_bytes(data)
    reader = LossReader(tmp_path)
    reader.read()
    assert reader.problem == f"{tmp_path / 'losses.csv'}: {problem}"
    (tmp_path / "losses.csv").unlink()
    (tmp_path / "losses.csv").symlink_to("/dev/zero")
    reader.read()
    assert "cannot be read: it is a link" in reader.problem


@given(
    losses=st.lists(st.one_of(st.floats(-5, 5), st.just(math.nan)), max_size=60),
    most=st.integers(2, 9),
    piece=st.integers(1, 17),
)
def test_joined_points_keep_first_last_and_extremes(losses: list[float], most: int, piece: int) -> None:
    points = LossPoints(most)
    values = np.array(losses)
    updates = np.arange(1.0, len(losses) + 1)
    for start in range(0, len(losses), piece):
        part = slice(start, start + piece)
        points.add(updates[part], values[part], seconds=updates[part] / 4)
    assert len(points) <= most
    assert points.rows == len(losses)
    groups = [values[start : start + points.stride] for start in range(0, len(losses), points.stride)]
    assert len(points) == len(groups)
    for at, group in enumerate(groups):
        finite = group[~np.isnan(group)]
        assert points.first[at] == at * points.stride + 1
        assert points.last[at] == at * points.stride + len(group)
        np.testing.assert_array_equal(points.newest[at], group[-1])
        assert points.low[at] == finite.min() if len(finite) else math.isnan(points.low[at])
        assert points.high[at] == finite.max() if len(finite) else math.isnan(points.high[at])
    if losses:
        assert points.seconds is not None
        np.testing.assert_array_equal(points.seconds, points.last / 4)


def test_characters_that_a_pass_reads() -> None:
    counted = {name: characters_per_update(LESSONS[name]) for name in ("hihello", "ohlol")}
    assert counted == {"hihello": 6, "ohlol": 5}
    text = Experiment(data=Data(text="x.txt", batch=4, length=16))
    assert characters_per_update(text) == 64
    assert characters_per_update(Experiment(data=Data(pairs="x.tsv", batch=4))) is None
    one_to_many = Data(inputs=("ab", "c"), targets=("xyz", "xyz"), task="one-to-many")
    assert characters_per_update(Experiment(data=one_to_many)) == 9
