"""A comparison that is kept goes on with the same numbers; what is cut, altered or in use is refused in a line."""

import io
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from rnn_tui.cli.main import main
from rnn_tui.common.atomic_files import Folder
from rnn_tui.engine.field.field import Field
from rnn_tui.engine.field.field_folder import go_on_with
from rnn_tui.engine.headless.compare import compare
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.vary import comparison_of, parse_varied
from rnn_tui.runs.kept_comparison import FIELD, TABLE, read_field
from rnn_tui.runs.manifest import CheckpointError

COMPARISON = comparison_of(LESSONS["ohlol"], [parse_varied("cell=rnn,lstm"), parse_varied("epochs=4,15")], 2)

pytestmark = pytest.mark.usefixtures("quick_disk")


def run(*args: str) -> Result:
    return CliRunner().invoke(main, ["compare", *args])


def kept(folder: Path, **options: Any) -> int:
    return compare(COMPARISON, json=False, out=io.StringIO(), err=io.StringIO(), keep=str(folder), **options)


def test_it_goes_on_as_if_it_had_not_been_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert kept(tmp_path / "whole") == 0
    step, steps = Field.step, []

    def interrupted(field: Field) -> bool:
        steps.append(1)
        if len(steps) == 7:
            os.kill(os.getpid(), signal.SIGINT)
        return step(field)

    with monkeypatch.context() as patch:
        patch.setattr(Field, "step", interrupted)
        assert kept(tmp_path / "cut") == 130
    assert (tmp_path / "cut" / TABLE).read_text() != (tmp_path / "whole" / TABLE).read_text()
    result = run("--resume", str(tmp_path / "cut"), "--csv", str(tmp_path / "fared.csv"))
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "ohlol: 8 networks, cell=rnn,lstm epochs=4,15 seed=3,4"
    assert [line.split()[0] for line in lines[1:5]] == ["3", "4", "7", "8"]  # that had not ended before
    table = (tmp_path / "whole" / TABLE).read_text()
    assert (tmp_path / "cut" / TABLE).read_text() == (tmp_path / "fared.csv").read_text() == table
    again = run("--resume", str(tmp_path / "cut"), "--json")
    assert [json.loads(line).get("networks") for line in again.stdout.splitlines()] == [8]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept") / "one"
    assert kept(folder) == 0
    return folder


def test_refused(folder: Path, tmp_path: Path) -> None:
    def refused(*args: str) -> str:
        result = run(*args)
        assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1), result.output
        return result.stderr.removeprefix("rnn-tui: ").rstrip("\n")

    own = "a comparison that is resumed has its own: leave it out"
    assert refused("--resume", str(folder), "--seeds", "3") == f"--seeds: {own}"
    assert refused("--resume", str(folder), "--lr", "3") == f"--lr: {own}"
    assert refused("ohlol", "--resume", str(folder)) == f"ohlol: {own}"
    assert refused("--resume", str(tmp_path)).endswith("there is no such file: no comparison is kept in that folder")
    begun = refused("ohlol", "--seeds", "2", "--run", str(folder))
    assert begun.endswith("holds a comparison already: --resume goes on with it")
    with Folder(folder) as held:
        assert held.lock()
        assert refused("--resume", str(folder)) == f"{folder}: is being written by another process"
    (tmp_path / "file").touch()
    assert refused("ohlol", "--seeds", "2", "--run", str(tmp_path / "file")).endswith("is not a folder")


def test_a_full_disk_is_told_and_training_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, written = Folder.write, []

    def full(self: Folder, name: str, data: bytes) -> None:
        written.append(name)
        if len(written) > 3:
            raise OSError(28, "No space left on device")
        write(self, name, data)

    monkeypatch.setattr(Folder, "write", full)
    out, err = io.StringIO(), io.StringIO()
    code = compare(COMPARISON, json=False, out=out, err=err, keep=str(tmp_path / "kept"))
    assert code == 2
    assert "cannot be written: No space left on device" in err.getvalue()
    assert "8 networks · 76 passes in " in out.getvalue()


ALTERED: list[tuple[list[str | int], object]] = [
    (["comparison", "varied", 0, "path"], "run.device"),
    (["comparison", "varied", 0, "path"], "\x1b[31m"),
    (["comparison", "varied", 0, "values"], []),
    (["comparison", "varied", 0, "values", 0], "gur"),
    (["comparison", "varied", 0, "values", 0], None),
    (["comparison", "varied", 1, "values", 0], 4.5),
    (["comparison", "varied", 1, "values", 0], -4),
    (["comparison", "varied", 1, "values", 0], 2**70),
    (["comparison", "varied", 1, "values", 0], [4]),
    (["comparison", "base", "training", "lr"], -1.0),
    (["comparison", "base", "training", "lr"], 0.3),
    (["comparison", "base", "data", "inputs"], []),
    (["tensors"], "../x.safetensors"),
    (["tensors_bytes"], 3),
    (["tick"], -3),
    (["format"], 2),
    (["rnn_tui"], 7),
]


@pytest.mark.parametrize(("keys", "value"), ALTERED)
def test_an_altered_manifest_is_refused(folder: Path, keys: list[str | int], value: object) -> None:
    *path, last = keys
    good = (folder / FIELD).read_bytes()
    values = place = json.loads(good)
    for each in path:
        place = place[each]
    place[last] = value
    try:
        (folder / FIELD).write_text(json.dumps(values))
        result = run("--resume", str(folder))
        assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1), result.output
        assert result.stderr.rstrip("\n").isprintable()
    finally:
        (folder / FIELD).write_bytes(good)


def test_cut_tensors_are_refused(folder: Path) -> None:
    manifest = read_field(folder)
    file = folder / manifest.tensors
    good = file.read_bytes()
    try:
        file.write_bytes(good[:-9])
        cut = f"is cut: {len(good) - 9:,} bytes of {len(good):,}"
        assert run("--resume", str(folder)).stderr == f"rnn-tui: {file}: {cut}\n"
        with pytest.raises(CheckpointError) as refused:  # by the engine, as well
            go_on_with(folder)
        assert str(refused.value) == f"{file}: {cut}"
        file.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
        altered = "is altered: its SHA-256 is not the one in its manifest"
        assert run("--resume", str(folder)).stderr == f"rnn-tui: {file}: {altered}\n"
        (folder / FIELD).rename(folder / "away")
        with pytest.raises(CheckpointError):
            read_field(folder)
    finally:
        file.write_bytes(good)
        (folder / "away").rename(folder / FIELD)
