"""A network of a field that is kept by itself: the run that it is alone, up to where it stands; the others go on."""

import csv
from pathlib import Path

import numpy as np
import pytest

from rnn_tui.engine.field.field import Field
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.store.resume import load_run
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import ExperimentError
from rnn_tui.experiment.vary import comparison_of, parse_varied
from rnn_tui.protocol.commands import Restart, Step
from rnn_tui.protocol.core import Refused
from rnn_tui.protocol.field import KeepMember, KeptMember, OpenField
from rnn_tui.runs.manifest import CheckpointError
from rnn_tui.runs.read_checkpoint import read_experiment, read_manifest
from tests.engine.kept_runs import changed
from tests.run_or_field import RunOrField

BASE = changed(LESSONS["ohlol-lstm"], network={"initial_state": "random", "dropout": 0.2, "layers": 2})
COMPARISON = comparison_of(BASE, [parse_varied("lr=0.1,0.01")], 2)

pytestmark = pytest.mark.usefixtures("quick_disk")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("rnn_tui.runs.folders.user_data_folder", lambda _: tmp_path)
    return tmp_path / "runs"


def opened(*, may_keep: bool = True) -> tuple[RunOrField, list[KeptMember]]:
    host = RunOrField()
    told: list[KeptMember] = []

    def tell(said: Refused | KeptMember) -> None:
        assert isinstance(said, KeptMember)
        told.append(said)

    host.obey(OpenField(comparison=COMPARISON, play=False, may_keep=may_keep))
    host.host.tell = tell
    return host, told


def keep(host: RunOrField, member: int) -> None:
    host.obey(KeepMember(member=member))
    while host.busy:
        host.turn()


def losses_of(folder: Path) -> list[float]:
    with (folder / "losses.csv").open() as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


def test_it_is_its_single_run_up_to_there_and_goes_on(place: Path) -> None:
    host, told = opened()
    for _ in range(4):
        host.obey(Step())
    keep(host, 2)
    for _ in range(3):
        host.obey(Step())
    (kept,) = told
    assert (kept.member, kept.passes, kept.problem) == (2, 4, "")
    folder = place / kept.name
    alone = Session(COMPARISON.experiment(2))
    while len(alone.branch.ends) < 7:
        alone.tick()
    alone.recording.drain()
    assert read_experiment(folder) == COMPARISON.experiment(2)
    assert losses_of(folder) == pytest.approx(list(alone.losses)[:4], rel=1e-6)
    keep(host, 2)  # again, three updates later, in the same folder
    assert [each.name for each in told] == [kept.name, kept.name]
    assert losses_of(folder) == pytest.approx(list(alone.losses), rel=1e-6)
    assert read_manifest(folder).updates == 7
    assert load_run(folder, read_experiment(folder))[0].losses.last() == pytest.approx(alone.losses.last(), rel=1e-6)
    assert [each.name for each in place.iterdir()] == [kept.name]
    whole = Field(COMPARISON)  # the others have learnt as if nothing had been kept
    for _ in range(7):
        whole.step()
    np.testing.assert_array_equal(host.field.results.losses.values, whole.results.losses.values)


def test_what_cannot_be_kept_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host, told = opened()
    with pytest.raises(ExperimentError, match="no network 5"):
        host.obey(KeepMember(member=4))

    def full(*_: object) -> None:
        raise CheckpointError(place, "cannot be written: No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("rnn_tui.engine.host.kept_members.begin_saving", full)
        host.obey(Step())
        keep(host, 0)
    assert told[0].problem == f"{place}: cannot be written: No space left on device"
    host.obey(KeepMember(member=1))
    host.obey(Restart())  # before it is there
    assert not host.busy
    assert told[1].problem == "the networks have ended or begun again before its turn"
    assert not place.exists()
    host, told = opened(may_keep=False)
    with pytest.raises(ExperimentError, match="cannot be kept"):
        host.obey(KeepMember(member=0))
    assert not told
