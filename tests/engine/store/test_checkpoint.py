"""Checkpoints are written whole or not at all, read only where they are what was written, and never run."""

import errno
import hashlib
import json
import os
import pickle
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from safetensors.torch import load_file, save_file

from rnn_tui.common import atomic_files as whole
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.store.resume import begin_saving
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import ExperimentError
from rnn_tui.protocol.commands import SaveOptions
from rnn_tui.runs.manifest import CheckpointError
from rnn_tui.runs.read_checkpoint import read_manifest
from tests.engine.kept_runs import advance, begin, go_on, known

pytestmark = pytest.mark.usefixtures("quick_disk")

OPERATIONS = ("open", "write", "fsync", "close", "replace", "unlink", "ftruncate", "lseek", "listdir")


class Killed(BaseException):
    """The process has gone, and nothing of it tidies up."""


class FailingSystem:
    """The operations on files, of which the one at `at` fails; of a write, half has been done then."""

    def __init__(self, at: int, failure: Callable[[], BaseException]) -> None:
        self.at, self.failure, self.calls = at, failure, 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(os, name)
        return self._counted(name, found) if name in OPERATIONS else found

    def _counted(self, name: str, found: Any) -> Any:
        def call(*arguments: Any, **keywords: Any) -> Any:
            self.calls += 1
            if self.calls == self.at:
                if name == "write":
                    found(arguments[0], arguments[1][: len(arguments[1]) // 2])
                raise self.failure()
            return found(*arguments, **keywords)

        return call


def fail(monkeypatch: pytest.MonkeyPatch, at: int, failure: Callable[[], BaseException]) -> FailingSystem:
    system = FailingSystem(at, failure)
    monkeypatch.setattr(whole, "os", system)
    return system


def full() -> OSError:
    return OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def stopped(tmp_path: Path) -> tuple[Path, dict[str, Any], dict[str, Any]]:
    """A run with a checkpoint at tick 20, what was known then, and what is known at tick 44."""
    folder = tmp_path / "run"
    session, checkpointer = begin(LESSONS["hihello"], folder)
    advance(session, 20)
    checkpointer.close()
    before = known(session)
    advance(session, 44)
    return folder, before, known(session)


def writings(folder: Path) -> int:
    """Return how many operations a second checkpoint takes."""
    copy = folder.with_name("counted")
    shutil.copytree(folder, copy)
    session, checkpointer = go_on(copy)
    advance(session, 44)
    with pytest.MonkeyPatch.context() as patch:
        system = fail(patch, -1, Killed)
        checkpointer.save()
    checkpointer.close()
    assert system.calls > 20
    return system.calls


def test_killed_anywhere_one_of_two_checkpoints_loads(stopped: tuple[Path, dict[str, Any], dict[str, Any]]) -> None:
    folder, before, after = stopped
    outcomes = []
    for at in range(1, writings(folder) + 1):
        copy = folder.with_name(f"killed-{at}")
        shutil.copytree(folder, copy)
        session, checkpointer = go_on(copy)
        advance(session, 44)
        with pytest.MonkeyPatch.context() as patch:
            fail(patch, at, Killed)
            with pytest.raises(Killed):
                checkpointer.save()
        checkpointer._opened.close()  # as the system does
        found, again = go_on(copy)
        assert known(found) in (before, after)
        outcomes.append(known(found) == after)
        advance(found, 44)
        assert known(found) == after
        again._saved_version = None
        again.close()  # over whatever was left there
        assert known(go_on(copy)[0]) == after
        assert len(list(copy.glob("checkpoint-*.safetensors*"))) == len(list(copy.glob("best-*.safetensors*"))) == 1
    assert outcomes == sorted(outcomes)  # there is one moment from which on it is the new one
    assert {*outcomes} == {False, True}


def test_a_full_disk_is_told_once_and_training_goes_on(
    stopped: tuple[Path, dict[str, Any], dict[str, Any]],
) -> None:
    folder, before, after = stopped
    for at in range(1, writings(folder) + 1):
        copy = folder.with_name(f"full-{at}")
        shutil.copytree(folder, copy)
        session, checkpointer = go_on(copy)
        told: list[str] = []
        checkpointer._report = told.append
        advance(session, 44)
        with pytest.MonkeyPatch.context() as patch:
            fail(patch, at, full)
            checkpointer.save()
        refused = f"{copy}: cannot be written: No space left on device"
        without_losses = [
            f"{refused}; its checkpoint is whole, and the losses are there of {rows} of 7 passes"
            for rows in range(3, 7)
        ]
        older = f"{refused}; its checkpoint is of epoch 4"
        assert told in ([], [older], [refused], *([each] for each in without_losses))  # or that of the best loss
        assert bool(told) == bool(checkpointer.problem)
        assert known(session) == after
        kept = folder.with_name(f"seen-{at}")
        shutil.copytree(copy, kept)
        there = known(go_on(kept)[0])
        if told and told[0] in without_losses:
            rows = 3 + without_losses.index(told[0])
            assert there["losses"] == [*after["losses"][:rows], *["nan"] * (6 - rows), after["losses"][-1]]
            assert {**there, "losses": None, "characters": None} == {**after, "losses": None, "characters": None}
        elif told == [refused] and not there["characters"]:  # it is the file of those that is not whole
            assert {**there, "characters": None} == {**after, "characters": None}
        else:
            assert there == (before if told == [older] else after)
        checkpointer.close()  # there is space again
        assert not checkpointer.problem
        assert known(go_on(copy)[0]) == after


def test_a_disk_that_stays_full_is_told_of_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session, checkpointer = begin(LESSONS["hihello"], tmp_path / "run", every=1)
    told: list[str] = []
    checkpointer._report = told.append

    def refuse(*_: object, **__: object) -> None:
        raise full()

    for name in ("append", "write"):
        monkeypatch.setattr(whole.Folder, name, refuse)
    advance(session, 60, checkpointer)
    assert len(told) == 1
    monkeypatch.undo()
    advance(session, 66, checkpointer)
    assert not checkpointer.problem
    checkpointer.close()
    assert known(go_on(tmp_path / "run")[0]) == known(session)


def _alter_tensors(folder: Path, change: Callable[[bytes], bytes], *, sign: bool = False) -> None:
    manifest = read_manifest(folder)
    data = change((folder / manifest.tensors).read_bytes())
    (folder / manifest.tensors).write_bytes(data)
    if sign:
        _alter_manifest(folder, tensors_bytes=len(data), tensors_sha256=hashlib.sha256(data).hexdigest())


def _alter_manifest(folder: Path, **values: Any) -> None:
    path = folder / "checkpoint.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def _smaller(folder: Path) -> None:
    path = folder / read_manifest(folder).tensors
    tensors = load_file(path)
    tensors["model.weight_hh_l0"] = tensors["model.weight_hh_l0"][:4].contiguous()
    save_file(tensors, path)
    _alter_tensors(folder, lambda data: data, sign=True)


def _double(folder: Path) -> None:
    path = folder / read_manifest(folder).tensors
    save_file(
        {name: each.double() if each.is_floating_point() else each for name, each in load_file(path).items()}, path
    )
    _alter_tensors(folder, lambda data: data, sign=True)


def _other_optimizer_sizes(folder: Path) -> None:
    path = folder / read_manifest(folder).tensors
    save_file(load_file(path) | {"optimizer.weight_hh_l0.exp_avg": torch.zeros(2, 2)}, path)
    _alter_tensors(folder, lambda data: data, sign=True)


def _edit(name: str, old: str, new: str) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1))

    return edit


def _remove(pattern: str) -> Callable[[Path], None]:
    def remove(folder: Path) -> None:
        for file in folder.glob(pattern):
            file.unlink()

    return remove


def _cut(name: str, size: int) -> Callable[[Path], None]:
    return lambda folder: os.truncate(folder / name, size)


def _cut_in_row_2(folder: Path) -> None:
    header, first, *_ = (folder / "losses.csv").read_bytes().splitlines(keepends=True)
    os.truncate(folder / "losses.csv", len(header + first) + 3)


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "cut": (lambda folder: _alter_tensors(folder, lambda data: data[:-7]), "is cut: "),
    "empty": (lambda folder: _alter_tensors(folder, lambda _: b""), "is cut: 0 bytes of "),
    "longer": (lambda folder: _alter_tensors(folder, lambda data: data + b"x"), "is cut: "),
    "altered": (
        lambda folder: _alter_tensors(folder, lambda data: data[:-1] + bytes([data[-1] ^ 1])),
        "is altered: its SHA-256 is not the one in its manifest",
    ),
    "no tensors": (_remove("*.safetensors"), "there is no such file"),
    "no manifest": (_remove("checkpoint.json"), "there is no such file"),
    "no experiment": (_remove("experiment.toml"), "there is no such file"),
    "no losses": (_remove("losses.csv"), "there is no such file"),
    "no characters": (_remove("characters.csv"), "there is no such file"),
    "cut manifest": (_cut("checkpoint.json", 300), "is cut or altered"),
    "empty manifest": (_cut("checkpoint.json", 0), "is cut or altered"),
    "no object": (lambda folder: (folder / "checkpoint.json").write_text("[]"), "is cut or altered"),
    "deep manifest": (lambda folder: (folder / "checkpoint.json").write_text("[" * 10**6), "is cut or altered"),
    "no text": (lambda folder: (folder / "checkpoint.json").write_bytes(b'{"format": "\xff"}'), "is cut or altered"),
    "next format": (lambda folder: _alter_manifest(folder, format=2), "is of format 2; this rnn-tui reads format 1"),
    "no format": (lambda folder: (folder / "checkpoint.json").write_text("{}"), "is of format None"),
    "wrong type": (lambda folder: _alter_manifest(folder, tick="x"), "is cut or altered"),
    "negative": (lambda folder: _alter_manifest(folder, tick=-1), "a count in it is negative"),
    "far state": (lambda folder: _alter_manifest(folder, state_tick=21), "is altered"),
    "far tick": (lambda folder: _alter_manifest(folder, tick=10**12), "more than a pass apart"),
    "outside": (lambda folder: _alter_manifest(folder, tensors="../x.safetensors"), "beside it"),
    "losses outside": (lambda folder: _alter_manifest(folder, losses="/etc/x.csv"), "beside it"),
    "bad turn": (
        lambda folder: _alter_manifest(folder, turns=[{"tick": 1, "training": {"lr": -1.0}}]),
        "is altered: training.lr",
    ),
    "other sizes": (_smaller, "is of other sizes: model.weight_hh_l0 is 4 × 5; the experiment needs 5 × 5"),
    "other moments": (_other_optimizer_sizes, "is of other sizes: optimizer.weight_hh_l0.exp_avg"),
    "other numbers": (_double, "is altered: its numbers are not float32"),
    "other experiment": (_edit("experiment.toml", "lr = 0.1", "lr = 0.2"), "is not the experiment that its checkpoint"),
    "no experiment any more": (_edit("experiment.toml", "lr = 0.1", "lr = x"), "is not TOML"),
    "cut losses": (_cut_in_row_2, "is cut: 1 rows of the 3 that its checkpoint counts"),
    "other losses": (_edit("losses.csv", "2,12,", "2,x,"), "line 3: is not update,tick,loss"),
    "other columns": (_edit("losses.csv", "update", "epoch"), "line 1: is not update,tick,loss"),
    "wide losses": (_edit("losses.csv", "2,12,", "2,2,12,"), "line 3: is not update,tick,loss"),
    "no csv": (lambda folder: (folder / "losses.csv").write_bytes(b"\xff\xfe"), "it is not text"),
}


@pytest.mark.parametrize(("damage", "words"), DAMAGE.values(), ids=DAMAGE)
def test_damage_is_told_in_one_line(
    damage: Callable[[Path], object], words: str, stopped: tuple[Path, dict[str, Any], dict[str, Any]]
) -> None:
    folder = stopped[0]
    damage(folder)
    files = {each.name: each.read_bytes() for each in folder.iterdir()}
    with pytest.raises(ExperimentError) as caught:
        go_on(folder)
    assert words in str(caught.value)
    assert str(caught.value).startswith(str(folder))
    assert "\n" not in str(caught.value)
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == files


class Malicious:
    """Leaves a mark where it is unpickled."""

    def __init__(self, mark: str) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return os.mkdir, (self.mark,)


@pytest.mark.parametrize("as_torch", [False, True])
def test_loading_never_runs_code(
    as_torch: bool, stopped: tuple[Path, dict[str, Any], dict[str, Any]], tmp_path: Path
) -> None:
    folder, mark = stopped[0], tmp_path / "mark"
    file = tmp_path / "malicious"
    if as_torch:
        torch.save(Malicious(str(mark)), file)
    else:
        file.write_bytes(pickle.dumps(Malicious(str(mark))))
    _alter_tensors(folder, lambda _: file.read_bytes(), sign=True)
    with pytest.raises(CheckpointError, match="is not a safetensors file"):
        go_on(folder)
    assert not mark.exists()
    (folder / "checkpoint.json").write_bytes(file.read_bytes())
    with pytest.raises(CheckpointError, match="is cut or altered"):
        go_on(folder)
    assert not mark.exists()


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        session, checkpointer = begin(LESSONS["hihello"], tmp_path / "new" / "run")
        advance(session, 9, checkpointer)
        checkpointer.close()
    finally:
        os.umask(before)
    for folder in (tmp_path / "new", tmp_path / "new" / "run"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = list((tmp_path / "new" / "run").iterdir())
    assert len(files) == 7
    assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}


def test_a_folder_with_a_run_is_not_begun_again(stopped: tuple[Path, dict[str, Any], dict[str, Any]]) -> None:
    with pytest.raises(CheckpointError, match="holds a run already"):
        begin(LESSONS["ohlol"], stopped[0])
    assert known(go_on(stopped[0])[0]) == stopped[1]


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="cannot be written"):
        begin(LESSONS["hihello"], tmp_path / "file" / "run")


def test_two_processes_do_not_train_one_run(stopped: tuple[Path, dict[str, Any], dict[str, Any]]) -> None:
    folder = stopped[0]
    _, checkpointer = go_on(folder)
    with pytest.raises(CheckpointError, match="is being trained already"):
        go_on(folder)
    checkpointer.close()
    _, checkpointer = go_on(folder)
    lock = "import fcntl, os, sys; fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    other = subprocess.run([sys.executable, "-c", lock, str(folder)], capture_output=True, text=True, check=False)
    assert "BlockingIOError" in other.stderr
    checkpointer.close()


def test_checkpoints_come_by_number_or_by_time(tmp_path: Path) -> None:
    session, checkpointer = begin(LESSONS["hihello-sequence"], tmp_path / "number", every=3)
    seen = []
    for tick in range(1, 10):
        advance(session, tick, checkpointer)
        file = tmp_path / "number" / "checkpoint.json"
        seen.append(read_manifest(file.parent).tick if file.exists() else 0)
    assert seen == [0, 0, 3, 3, 3, 6, 6, 6, 9]
    checkpointer.close()
    now = [0.0]
    session = Session(LESSONS["hihello-sequence"])
    timed = begin_saving(session, SaveOptions(folder=str(tmp_path / "time")), print)
    timed._clock = lambda: now[0]
    timed._log_due = timed._save_due = 0.0
    saves: list[float] = []

    def save() -> None:
        saves.append(now[0])
        now[0] += 0.5  # seconds that it takes

    timed._save = save  # type: ignore[method-assign]
    while now[0] < 200:
        now[0] += 0.5
        session.tick()
        timed.ticked()
    assert len(saves) == 4  # of half a second each in 200: 1 %


def test_the_manifest_tells_what_a_reader_needs(stopped: tuple[Path, dict[str, Any], dict[str, Any]]) -> None:
    manifest = msgspec.to_builtins(read_manifest(stopped[0]))
    session, _ = go_on(stopped[0])
    expected = {"format": 1, "torch": str(torch.__version__), "tick": 20, "epoch": 4, "updates": 3, "epochs": 100}
    assert manifest.items() >= expected.items()
    assert manifest["loss"] == session.losses.last()
    data = (stopped[0] / manifest["tensors"]).read_bytes()
    assert (manifest["tensors_bytes"], manifest["tensors_sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    rows = (stopped[0] / "losses.csv").read_text().splitlines()
    told = "seconds,lr,gradient_norm,clipped_norm,dead,saturated,ratio_weight_ih_l0,ratio_weight_hh_l0"
    assert rows[0] == f"update,tick,loss,{told}"
    assert [row.split(",")[:2] for row in rows[1:]] == [["1", "6"], ["2", "12"], ["3", "18"]]
    assert [float(row.split(",")[2]) for row in rows[1:]] == [session.losses.at(each) for each in range(3)]


def test_where_a_run_cannot_begin_no_folder_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    write = whole.Folder.write
    for failing in ("experiment.toml", "losses.csv"):

        def fill(self: whole.Folder, name: str, data: bytes, failing: str = failing) -> None:
            return full() if name == failing else write(self, name, data)

        with monkeypatch.context() as patched:
            patched.setattr(whole.Folder, "write", fill)
            with pytest.raises(CheckpointError, match="No space left"):
                begin(LESSONS["hihello"], tmp_path / "run")
        assert not list(tmp_path.iterdir())
    (tmp_path / "mine").mkdir()
    monkeypatch.setattr(whole.Folder, "write", full)
    with pytest.raises(CheckpointError):
        begin(LESSONS["hihello"], tmp_path / "mine")
    assert (tmp_path / "mine").is_dir()


def test_a_disk_too_full_for_the_first_checkpoint_is_told_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    session = Session(LESSONS["hihello"])
    checkpointer = begin_saving(session, SaveOptions(folder=str(tmp_path / "run")), told.append)
    session.tick()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("rnn_tui.engine.store.checkpoint.write", full)
        checkpointer.save()
    assert told == [f"{tmp_path / 'run'}: cannot be written: No space left on device; it has no checkpoint yet"]
    checkpointer.save()
    with monkeypatch.context() as patched:
        session.tick()
        patched.setattr("rnn_tui.engine.store.checkpoint.write", full)
        checkpointer.save()
    problem = "cannot be written: No space left on device; its checkpoint is of epoch 1, tick 1"
    assert told[1:] == [f"{tmp_path / 'run'}: {problem}"]
    checkpointer.close()
