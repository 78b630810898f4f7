"""A comparison that a view has opened is kept as a run is: when it is asked for, when it is left, and at the end."""

import stat
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from rnn_tui.engine.field.field import Field
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import ExperimentError
from rnn_tui.experiment.vary import comparison_of, parse_varied
from rnn_tui.protocol.commands import Play, Restart, SaveOptions, Step
from rnn_tui.protocol.field import OpenField
from rnn_tui.protocol.frame_request import FrameRequest
from rnn_tui.runs.kept_comparison import read_field
from tests.run_or_field import RunOrField

COMPARISON = comparison_of(LESSONS["ohlol"], [parse_varied("cell=rnn,lstm")], 2)
OPEN = OpenField(comparison=COMPARISON, play=False)

pytestmark = pytest.mark.usefixtures("quick_disk", "place")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("rnn_tui.runs.folders.user_data_folder", lambda _: tmp_path)
    return tmp_path / "runs"


def opened(command: OpenField) -> RunOrField:
    host = RunOrField()
    host.obey(command)
    return host


def to_the_end(host: RunOrField) -> None:
    host.obey(Play(on=True))
    while host.playing:
        host.turn()


def test_it_goes_on_in_another_engine_as_if_it_had_not_been_left(place: Path) -> None:
    host = opened(replace(OPEN, keep=SaveOptions()))
    described = host.opened(FrameRequest(number=1))
    assert not host.kept
    assert not place.exists()  # until the first step
    for _ in range(5):
        host.obey(Step())
    again = host.opened(FrameRequest(number=2, opened=described.run))
    assert again.kept == host.kept == str(place / host.name)
    host.close()
    modes = {stat.S_IMODE(each.stat().st_mode) for each in Path(again.kept).iterdir()}
    assert modes == {0o600}
    manifest = read_field(Path(again.kept))
    assert (manifest.epoch, manifest.ended) == (5, 0)

    resumed = opened(replace(OPEN, keep=SaveOptions(folder=again.kept, resume=True)))
    assert resumed.whereabouts(views=0).field.learnt == manifest.learnt
    to_the_end(resumed)
    whole = Field(COMPARISON)
    while whole.step():
        pass
    np.testing.assert_array_equal(resumed.field.results.losses.values, whole.results.losses.values)
    manifest = read_field(Path(again.kept))  # it is on the disk before the view leaves
    assert (manifest.epoch, manifest.ended) == (15, 4)
    assert manifest.learnt == (whole.results.learnt > 0).sum()


def test_it_is_kept_where_it_is_left_though_nobody_asked(place: Path) -> None:
    host = opened(OPEN)
    assert not host.is_worth_keeping
    host.obey(Step())
    assert host.is_worth_keeping
    described = host.opened(FrameRequest(number=1))
    assert host.keep() == ""
    assert host.opened(FrameRequest(number=2, opened=described.run)).kept == host.kept != ""
    assert read_field(place / host.name).epoch == 1


def test_what_came_in_on_stdin_is_not_kept(place: Path) -> None:
    host = opened(replace(OPEN, may_keep=False))
    host.obey(Step())
    assert "cannot be kept" in host.keep()
    assert not place.exists()


def test_one_that_begins_again_does_not_write_over_the_one_before(tmp_path: Path) -> None:
    folder = tmp_path / "named"
    host = opened(replace(OPEN, keep=SaveOptions(folder=str(folder))))
    host.obey(Step())
    host.obey(Step())
    host.obey(Restart())
    host.obey(Step())
    assert read_field(folder).epoch == 2
    assert host.kept == ""


def test_a_folder_in_use_or_with_another_run_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "named"
    host = opened(replace(OPEN, keep=SaveOptions(folder=str(folder))))
    host.obey(Step())
    with pytest.raises(ExperimentError, match="is being written by another process"):
        opened(replace(OPEN, keep=SaveOptions(folder=str(folder), resume=True)))
    host.close()
    told: list[str] = []
    other = opened(replace(OPEN, keep=SaveOptions(folder=str(folder))))
    other.host.tell = lambda refused: told.append(refused.problem)
    other.obey(Step())
    assert told == [f"{folder}: holds a run already: resume it, or name another folder"]
    assert other.field.results.passes.max() == 1  # it learns all the same
