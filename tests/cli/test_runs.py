"""Runs as people meet them: the commands, what they refuse, and what an export is to plain PyTorch."""

import json
import os
import resource
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result
from torch import nn

from rnn_tui.cli.main import main
from rnn_tui.client.start import start_engine
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.store.resume import load_run
from rnn_tui.engine.store.run_folder import RunFolder
from rnn_tui.engine.training.prediction import predicted_text
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.toml_file import read as read_file
from rnn_tui.protocol.commands import Open, SaveOptions
from rnn_tui.protocol.frame_request import FrameRequest
from rnn_tui.protocol.wire import pack
from rnn_tui.runs.read_checkpoint import read_experiment, read_manifest
from tests.engine.kept_runs import changed, known
from tests.engine.text_runs import letters
from tests.warm_python import run_python

pytestmark = pytest.mark.usefixtures("quick_disk", "empty_place")


@pytest.fixture
def empty_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("rnn_tui.runs.folders.user_data_folder", lambda _: tmp_path)


def run(*args: str) -> Result:
    return CliRunner().invoke(main, list(args))


def refused(*args: str) -> str:
    result = run(*args)
    assert result.exit_code == 2, result.output
    assert not result.stdout
    assert result.stderr.count("\n") == 1
    return result.stderr.removeprefix("rnn-tui: ").removesuffix("\n")


def listed() -> list[dict[str, Any]]:
    return [json.loads(line) for line in run("runs", "--json").stdout.splitlines()]


def printed(*args: str) -> list[dict[str, Any]]:
    """Return what `train --json` prints that is the same every time."""
    return untimed(run("train", *args, "--json").stdout)


def untimed(output: str) -> list[dict[str, Any]]:
    """Lines of JSON without the seconds, and without the size of updates: a resumed run has not seen the last one."""
    found = [json.loads(line) for line in output.splitlines()]
    return [{key: value for key, value in line.items() if key not in ("seconds", "ratios")} for line in found]


def test_train_keeps_its_run_and_goes_on_with_it() -> None:
    whole = printed("hihello", "--no-save")
    assert not listed()
    first = printed("hihello", "--until", "tick=100")
    (found,) = listed()
    assert found["name"].startswith("hihello-20")
    assert (found["tick"], found["epoch"], found["epochs"], found["problem"]) == (100, 17, 100, None)
    assert found["loss"] == first[-1]["loss"]
    rest = run("train", "--resume", "hihello", "--json")
    assert first + untimed(rest.stdout) == whole
    assert f"kept as {found['name']}" in rest.stderr
    again = run("train", "--resume", found["name"])
    assert again.exit_code == 0
    assert again.stdout.startswith("learnt ihello: first right in epoch 10 · loss 2.74")
    more = printed("--resume", found["folder"], "--epochs", "103")
    assert whole + more == printed("hihello", "--no-save", "--epochs", "103")


def test_resumed_with_fewer_epochs_it_ends_there_or_says_where_it_is() -> None:
    run("train", "hihello", "--epochs", "50000", "--until", "epoch=12", "--json")
    assert refused("train", "--resume", "hihello", "--epochs", "10") == (
        "--epochs 10: is too small: the run is in epoch 12; it must be at least that, or 0"
    )
    assert "is in epoch 12" in refused("resume", "hihello", "--epochs", "11")
    rest = run("train", "--resume", "hihello", "--epochs", "15", "--json")
    assert [json.loads(line)["epoch"] for line in rest.stdout.splitlines()] == [13, 14, 15]
    assert (listed()[0]["epoch"], listed()[0]["epochs"]) == (15, 15)


def test_forks_to_come_are_kept_as_well() -> None:
    forks = ("--fork", "60: lr=0.02", "--fork", "90: optimizer=sgd")
    whole = printed("hihello", "--epochs", "20", "--no-save", *forks)
    first = printed("hihello", "--epochs", "20", "--until", "tick=64", *forks)
    assert first + printed("--resume", "hihello") == whole


def test_runs_are_listed_newest_first(tmp_path: Path) -> None:
    assert run("runs").stdout.startswith("No runs yet in ")
    for age, name in ((60, "ohlol"), (0, "hihello-gru")):
        run("train", name, "--epochs", "3")
        (folder,) = (tmp_path / "runs").glob(f"{name}-*")
        for each in (*folder.iterdir(), folder):
            os.utime(each, (time.time() - age,) * 2)
    (tmp_path / "runs" / "no-run").mkdir()
    lines = run("runs").stdout.splitlines()
    assert lines[0].split()[:7] == ["run", "epoch", "loss", "best", "lr", "seed", "cell"]
    assert [line.split()[0].rpartition("-20")[0] for line in lines[1:] if line[0] != " "] == ["hihello-gru", "ohlol"]
    assert " 3/3 " in lines[1]
    folder = Path(listed()[0]["folder"])
    (folder / "checkpoint.json").write_text("{")
    result = run("runs")
    assert result.exit_code == 0
    assert [line.split()[0].rpartition("-20")[0] for line in result.stdout.splitlines() if line[0] != " "] == [
        "",
        "hihello-gru",
        "ohlol",
    ]
    assert "is cut or altered" in result.stderr
    assert "is cut or altered" in refused("resume", folder.name)


def test_what_cannot_be_found_or_said(tmp_path: Path) -> None:
    run("train", "ohlol", "--epochs", "2")
    run("train", "ohlol", "--epochs", "2")
    name = listed()[0]["name"]
    for command in ("export", "sample"):  # resume takes the newest
        assert refused(command) == "RUN: is missing; `rnn-tui runs` lists what there is"
    assert refused("resume", "xyzzy") == "xyzzy: no such run; `rnn-tui runs` lists them"
    assert refused("resume", "").startswith("'': no such run")
    assert refused("resume", "ohlol").startswith("ohlol: is the beginning of 2 runs: ohlol-20")
    assert "is not the folder of a run" in refused("train", "--resume", f"{tmp_path}/")
    assert refused("train", "--resume", name, "--lr", "1").startswith("--lr: is the run's own")
    assert refused("train", "ohlol", "--resume", name).startswith("ohlol: give it or a run to resume")
    assert "is in the past" in refused("train", "--resume", name, "--fork", "1: lr=1")
    assert refused("train", "--run", listed()[0]["folder"]).endswith("resume it, or name another folder")
    assert refused("train", "--checkpoint-every", "0") == "--checkpoint-every 0: must be a whole number, 1 or more"
    assert refused("train", "--no-save", "--run", "x") == "--run x: cannot be combined with --no-save"
    assert refused("--run", "").startswith("--run '': is not a folder")
    (tmp_path / "file").write_text("")
    assert "file is not a folder" in refused("train", "--run", str(tmp_path / "file" / "run"))
    assert "the view needs a terminal; `rnn-tui train --resume" in refused("resume", name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    assert "cannot be written" in refused("train", "--run", str(tmp_path / "locked" / "run"))


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("name", "implementation"),
    [("ohlol-lstm", "fused"), ("ohlol-cell", "cell"), ("hihello-gru", "written-out")],
)
def test_an_export_says_the_same_in_plain_pytorch(name: str, implementation: str, tmp_path: Path) -> None:
    run("train", name, "--implementation", implementation)
    (found,) = listed()
    exported = run("export", found["name"], "--to", str(tmp_path / "out"))
    weights, code = map(Path, exported.stdout.splitlines())
    session, _ = load_run(Path(found["folder"]), read_experiment(Path(found["folder"])))
    experiment, network = session.experiment, session.experiment.network
    state = torch.load(weights, weights_only=True)
    recurrent = {each.removeprefix("recurrent."): state[each] for each in state if each.startswith("recurrent.")}
    kind = {"lstm": nn.LSTM, "gru": nn.GRU}.get(network.cell, nn.RNN)
    module = kind(experiment.input_size, network.hidden_size, network.layers, bidirectional=network.bidirectional)
    module.load_state_dict(recurrent)
    if network.embedding:
        nn.Embedding(len(experiment.vocabulary), network.embedding).load_state_dict(
            {"weight": state["embedding.weight"]}
        )
    text = experiment.data.inputs[0]
    script = (
        "import runpy, sys; code, text = sys.argv.pop(), sys.argv[1]; m = runpy.run_path(code, run_name='__main__');"
        "print(m['logits'](m['load'](), text).tolist())"
    )
    said, numbers = run_python("-c", script, text, code, cwd="/").stdout.splitlines()
    assert said == f"{text} -> {predicted_text(session.trainer)}"
    expected = torch.cat(session.trainer.logits)[:, 0]
    torch.testing.assert_close(torch.tensor(json.loads(numbers)), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.sampled(1)
def test_interrupted_by_a_signal_it_goes_on_the_same(number: signal.Signals, tmp_path: Path) -> None:
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from rnn_tui.cli.main import main\nmain()"
    )
    folder = tmp_path / "run"
    command = [sys.executable, "-c", code, "train", "hihello", "--epochs", "0", "--json", "--run", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.send_signal(number)
        out, err = process.communicate()
    assert process.returncode == 128 + number
    assert "Traceback" not in err
    assert any("learnt" in line and " · loss " in line for line in err.splitlines())
    assert all(json.loads(line) for line in out.splitlines())
    epochs = read_manifest(folder).epoch + 2
    rest = printed("--resume", str(folder), "--until", f"epoch={epochs}")
    whole = printed("hihello", "--no-save", "--epochs", str(epochs))
    assert rest
    assert rest == whole[-len(rest) :]


def _rows(file: Path) -> int:
    """Losses that have been written so far."""
    return max(0, file.read_text().count("\n") - 1) if file.exists() else 0


def test_the_engine_keeps_the_run_that_the_view_leaves(tmp_path: Path) -> None:
    experiment = changed(LESSONS["hihello"], run={"speed": 0.0, "until": []}, training={"epochs": 0})
    engine = start_engine()
    engine.patience = 60.0
    engine._peer.sendall(pack(Open(experiment=experiment, keep=SaveOptions(folder=str(tmp_path / "run")))))
    engine._peer.sendall(pack(FrameRequest(number=0)))
    deadline = time.monotonic() + 60
    while not _rows(tmp_path / "run" / "losses.csv"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    engine.close()
    session, _ = load_run(tmp_path / "run", read_experiment(tmp_path / "run"))
    assert session.trainer.ticks > 0
    whole = known(session)
    assert (
        run("train", "--resume", str(tmp_path / "run"), "--until", f"tick={session.trainer.ticks + 7}").exit_code == 0
    )
    later, _ = load_run(tmp_path / "run", read_experiment(tmp_path / "run"))
    assert later.trainer.ticks == session.trainer.ticks + 7
    assert known(later)["losses"][: len(whole["losses"])] == whole["losses"]


def test_tensorboard_reads_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where two of them begin in the same second: it reads them in the order of their names."""
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    board = tmp_path / "board"
    monkeypatch.setattr(secrets, "token_hex", lambda *_: "ffff")
    run("train", "hihello", "--until", "tick=100", "--tensorboard", str(board))
    monkeypatch.setattr(secrets, "token_hex", lambda *_: "0000")
    result = run("train", "--resume", "hihello", "--tensorboard", str(board), "--epochs", "110")
    assert result.exit_code == 0
    events = accumulator.EventAccumulator(str(board))
    events.Reload()
    session, _ = load_run(Path(listed()[0]["folder"]), LESSONS["hihello"])
    points = {each.step: each.value for each in events.Scalars("loss")}
    assert points == {each + 1: session.losses.at(each) for each in range(110)}


def test_tensorboard_has_what_is_held_out_as_well(tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    board, text = tmp_path / "board", tmp_path / "text.txt"
    text.write_text(letters(3000))
    sizes = ("--batch", "2", "--length", "10", "--hidden", "4", "--holdout", "0.3", "--run", str(tmp_path / "run"))
    run("train", "--text", str(text), *sizes, "--epochs", "2", "--tensorboard", str(board))
    resumed = run("train", "--resume", str(tmp_path / "run"), "--tensorboard", str(board), "--epochs", "4")
    assert resumed.exit_code == 0
    events = accumulator.EventAccumulator(str(board))
    events.Reload()
    judged = [each for each in read_manifest(tmp_path / "run").held_out if each.part]
    assert [each.update for each in judged] == [1, 100, 200, 300, 400]
    for tag in ("loss", "accuracy"):
        points = [(each.step, each.value) for each in events.Scalars(f"held_out/{tag}")]
        assert points == [(each.update, pytest.approx(getattr(each, tag))) for each in judged]


def test_without_tensorboard_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    line = refused("train", "--tensorboard", "x")
    assert line == "--tensorboard: needs another package: pip install 'rnn-tui[tensorboard]'"


def test_an_export_replaces_nothing_unless_it_is_told_to(tmp_path: Path) -> None:
    run("train", "ohlol", "--epochs", "2", "--run", str(tmp_path / "mine"))
    out = tmp_path / "out"
    arguments = ("export", str(tmp_path / "mine"), "--to", str(out))
    assert run(*arguments).exit_code == 0
    (out / "bait").write_text("bait")
    (out / "mine.pt").unlink()
    (out / "mine.py").unlink()
    (out / "mine.py").symlink_to("bait")
    assert refused(*arguments) == f"{out / 'mine.py'}: is there already; --force replaces it"
    assert sorted(each.name for each in out.iterdir()) == ["bait", "mine.py"]
    assert run(*arguments, "--force").exit_code == 0
    assert "VOCABULARY" in (out / "mine.py").read_text()
    assert (out / "bait").read_text() == "bait"


@pytest.mark.parametrize("name", ["torch", "random", "numpy", "click"])
def test_an_export_hides_no_module(name: str, tmp_path: Path) -> None:
    run("train", "ohlol", "--epochs", "2", "--run", str(tmp_path / name))
    said = refused("export", str(tmp_path / name), "--to", str(tmp_path / "out"), "--force")
    assert said.startswith(f"{tmp_path / 'out' / name}.py: beside it nobody could import the module {name}; ")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_may_not_be_entered_hides_no_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("train", "ohlol", "--epochs", "2")
    name = listed()[0]["name"]
    (tmp_path / "runs" / "closed").mkdir()

    def closed(function: Any) -> Any:
        def call(path: Any, *rest: Any, **keywords: Any) -> Any:
            if "closed/" in str(path):
                raise PermissionError(13, "Permission denied", str(path))
            return function(path, *rest, **keywords)

        return call

    monkeypatch.setattr(os, "lstat", closed(os.lstat))
    monkeypatch.setattr(os, "open", closed(os.open))
    assert {each["name"] for each in listed()} == {name, "closed"}
    assert "closed: " in run("runs").stderr
    assert "Permission denied" in run("runs").stderr
    assert "Permission denied" in refused("sample", "closed")
    assert run("sample", name, "--length", "3").exit_code == 0


def test_runs_that_cannot_be_listed_are_not_said_to_be_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listdir = os.listdir

    def refuse(path: Any) -> list[str]:
        if path == tmp_path / "runs":
            raise PermissionError(13, "Permission denied")
        return listdir(path)

    monkeypatch.setattr(os, "listdir", refuse)
    assert refused("runs") == f"{tmp_path / 'runs'}: cannot be read: Permission denied"
    assert refused("sample", "x") == f"x: cannot be found: {tmp_path / 'runs'}: cannot be read: Permission denied"


def test_what_could_not_be_read_again_is_refused_before_it_is_trained(tmp_path: Path) -> None:
    file = tmp_path / "long.toml"
    file.write_text(f'[data]\ninputs = ["{"ab" * 280_000}"]\n[network]\nhead = "linear"\n')
    place = tmp_path / "run"
    said = refused("train", "--experiment", str(file), "--epochs", "1", "--run", str(place))
    assert said.startswith("--input: is too long to be written down: the experiment would be a file of 1,1")
    assert said.endswith("; --no-save trains without keeping the run")
    assert refused("show", "--experiment", str(file)).startswith("--input ")
    session = Session(read_file(file))
    told: list[str] = []
    home = RunFolder(told.append)
    home.begin(session)
    assert "the run is not kept: " in home.keep(session)
    assert "is too long to be written down" in told[0]
    assert not place.exists()


@pytest.mark.parametrize("where", ["--experiment", "--text", "--pairs", "--series"])
def test_a_pipe_for_a_file_is_refused_not_waited_for(where: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    said = refused("train", where, str(tmp_path / "pipe"))
    assert "it is a pipe, not a regular file" in said or "is not a file that can be read again" in said


@pytest.mark.long
def test_files_may_be_no_larger_than_so(tmp_path: Path) -> None:
    """As `ulimit -f` has it: what fits of the losses is there, and the checkpoint, and it is said.

    Without -B Python would cut its own files of bytecode, and stumble over them later.
    """
    command = [sys.executable, "-B", "-m", "rnn_tui", "train", "hihello-sequence", "--epochs", "1000", "--json"]
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (16384, 16384))  # noqa: E731
    folder = tmp_path / "run"
    done = subprocess.run(
        [*command, "--run", str(folder)], capture_output=True, text=True, check=False, preexec_fn=limit
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    size = (folder / "losses.csv").stat().st_size
    rows = (folder / "losses.csv").read_text().count("\n") - 1
    assert 16384 - 250 < size <= 16384  # a row is that long at most
    assert f"kept without the losses of {1000 - rows} passes, as {folder}" in done.stderr
    assert (
        f"losses are there of {rows:,} of 1,000 passes" in done.stderr
        or "cannot be written: File too large" in done.stderr
    )
    assert read_manifest(folder).epoch == 1000
    session, _ = load_run(folder, read_experiment(folder))
    whole = Session(LESSONS["hihello-sequence"])
    assert (session.trainer.ticks, session.progress.whole_passes) == (1000, 1000)
    assert session.losses.at(rows) != session.losses.at(rows)  # NaN
    while whole.trainer.ticks < 1000:
        whole.tick()
    assert session.losses.last() == whole.losses.last()
    assert session.losses.at(rows - 1) == whole.losses.at(rows - 1)
