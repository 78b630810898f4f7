"""`rnn-tui rm`: what it deletes, what it leaves, and when it asks; and what `resume` takes without a name."""

import os
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from rnn_tui.cli.errors import UsageError
from rnn_tui.cli.main import main
from rnn_tui.cli.options import NEWEST
from rnn_tui.cli.run_args import resumed_run
from rnn_tui.client import discovery as engines
from rnn_tui.client.discovery import LiveEngine
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.store.resume import begin_saving
from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.commands import SaveOptions
from rnn_tui.protocol.core import RunSummary
from rnn_tui.runs.remove import is_ours, remove_run
from tests.engine.kept_runs import advance, begin
from tests.engine.text_runs import letters, on_text
from tests.terminals import program, tty

pytestmark = pytest.mark.usefixtures("quick_disk")


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "data" / "rnn-tui" / "runs"
    folder.mkdir(parents=True)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return folder


def kept(folder: Path, ticks: int = 12) -> Path:
    session, checkpointer = begin(LESSONS["hihello"], folder)
    advance(session, ticks, checkpointer)
    checkpointer.close()
    return folder


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def everything(folder: Path) -> set[str]:
    return {str(each.relative_to(folder)) for each in folder.rglob("*")}


def test_every_file_that_a_run_writes_is_known_and_goes(place: Path, tmp_path: Path) -> None:
    """With a fork, characters, something held out, the best, and a write that was cut short."""
    experiment = on_text(tmp_path, letters(60), holdout=0.2, training={"tick": "character"})
    session = Session(experiment)
    checkpointer = begin_saving(session, SaveOptions(folder=str(place / "one")), print)
    advance(session, 40, checkpointer)
    checkpointer.save()
    session.go_to(20)
    session.learn(replace(session.experiment.training, lr=0.5))
    advance(session, 40, checkpointer)
    checkpointer.close()
    (place / "one" / "checkpoint-9-0123456789ab.safetensors.part").write_bytes(b"cut")
    names = os.listdir(place / "one")
    assert {"experiment.toml", "losses.csv", "losses-2.csv", "characters-2.csv", "held-out-2.csv"} <= {*names}
    assert all(map(is_ours, names))
    assert remove_run(place / "one") == []
    assert os.listdir(place) == []
    assert isinstance(session.changes[0], Change)


def test_several_names_each_told(place: Path) -> None:
    for name in ("first", "second", "third"):
        kept(place / name)
    result = run("rm", "first", "nothing", "sec", "first", "--yes")
    assert result.exit_code == 2
    assert result.stdout == "Deleted first\nDeleted second\n"
    assert result.stderr == "rnn-tui: nothing: no such run; `rnn-tui runs` lists them\n"
    assert os.listdir(place) == ["third"]


def test_what_is_not_ours_stays_and_is_named(place: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "losses.csv").write_text("another's")
    folder = kept(place / "one")
    (folder / "notes.txt").write_text("mine")
    (folder / "losses-2.csv").symlink_to(outside / "losses.csv")
    (folder / "best-1-0123456789ab.safetensors").mkdir()
    os.mkfifo(folder / "characters-2.csv")
    result = run("rm", "one", "--yes")
    assert result.exit_code == 0
    assert result.stdout == "Deleted one\n"
    assert (
        "stays, with what rnn-tui has not written: best-1-0123456789ab.safetensors, characters-2.csv, losses-2.csv, …"
        in result.stderr
    )
    assert {*os.listdir(folder)} == {"notes.txt", "losses-2.csv", "best-1-0123456789ab.safetensors", "characters-2.csv"}
    assert (outside / "losses.csv").read_text() == "another's"


def test_a_folder_that_is_a_link_is_not_followed(place: Path, tmp_path: Path) -> None:
    elsewhere = kept(tmp_path / "elsewhere")
    before = everything(tmp_path)
    (place / "link").symlink_to(elsewhere)
    result = run("rm", "link", "--yes")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "rnn-tui: link: is a link to a folder; it is not followed\n"
    assert everything(tmp_path) == before | {"data/rnn-tui/runs/link"}


@pytest.mark.parametrize("name", ["", ".", "..", "/", "./", "../runs", "no\0thing", "\x1b[31m", "on*"])
def test_no_other_folder_is_ever_meant(name: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(place / "one")
    monkeypatch.chdir(place)
    result = run("rm", name, "--yes")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert "\x1b" not in result.stderr
    assert os.listdir(place) == ["one"]


def test_one_that_cannot_be_read_goes_by_its_whole_name_alone(place: Path) -> None:
    broken, cut, longer = kept(place / "broken"), kept(place / "cut"), kept(place / "cutter")
    (broken / "experiment.toml").write_bytes(b"\xff nonsense")
    (cut / "experiment.toml").unlink()
    assert run("rm", "broken", "cut", "--yes").stdout == "Deleted broken\nDeleted cut\n"
    assert os.listdir(place) == [longer.name]


def test_without_a_terminal_it_needs_yes(place: Path) -> None:
    kept(place / "one")
    result = run("rm", "one")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "rnn-tui: rm: needs a terminal to ask on; --yes deletes 1 run without asking\n"
    assert os.listdir(place) == ["one"]


@pytest.mark.parametrize(("answer", "code", "left"), [("y", 0, []), ("n", 1, ["one"]), ("\x03", 130, ["one"])])
def test_on_a_terminal_it_asks(answer: str, code: int, left: list[str], place: Path) -> None:
    kept(place / "one")
    with tty(program("rm", "one")) as terminal:
        text = terminal.until(lambda text: "for good? [y/N]" in text)
        assert f"{place / 'one'}: 2 epochs" in "".join(line.strip() for line in text.splitlines())
        terminal.press(f"{answer}\r")
        assert terminal.end() == code
    assert os.listdir(place) == left


def test_one_that_is_alive_stays(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told by its lock, and by its engine where the file system knows no locks."""
    session, checkpointer = begin(LESSONS["hihello"], place / "one")
    advance(session, 6, checkpointer)
    checkpointer.save()
    result = run("rm", "one", "--yes")
    assert (result.exit_code, result.stderr) == (2, "rnn-tui: one: is being trained; `rnn-tui stop` ends it\n")
    checkpointer.close()
    engine = LiveEngine(folder=Path("/"), run=RunSummary(name="one", kept=str(place / "one"), views=0, process=1))
    monkeypatch.setattr(engines, "live_engines", lambda: [engine])
    result = run("rm", str(place / "one"), "--yes")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "is alive; `rnn-tui stop one` ends it" in result.stderr
    assert "one: is being trained already: `rnn-tui attach one` opens the view on it" in run("resume", "one").stderr
    assert (place / "one" / "experiment.toml").exists()


@pytest.mark.usefixtures("place")
def test_a_live_run_that_is_kept_elsewhere_is_listed_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = kept(tmp_path / "mine")
    engine = LiveEngine(folder=Path("/"), run=RunSummary(name=str(folder), kept=str(folder), views=0, process=1))
    monkeypatch.setattr(engines, "live_engines", lambda: [engine])
    rows = run("runs").stdout
    assert str(folder) in rows.replace("\n", "")  # a long path has lines of its own
    assert "hihello: rnn 1×5" in rows
    assert time.strftime("%H:%M", time.localtime((folder / "checkpoint.json").stat().st_mtime)) in rows
    assert "not kept" not in rows
    assert f'"folder": "{folder}"' in run("runs", "--json").stdout
    assert '"best": null' not in run("runs", "--json").stdout


def test_without_a_name_it_is_the_one_that_was_changed_last(place: Path) -> None:
    assert "no run is kept in" in run("resume").stderr
    for age, name in enumerate(("newest", "older", "oldest")):
        folder = kept(place / name)
        for file in (folder, folder / "experiment.toml", folder / "checkpoint.json"):
            os.utime(file, (10**9 - age, 10**9 - age))
    broken = kept(place / "broken")
    (broken / "checkpoint.json").write_text("{")
    nothing = {"tensorboard": None, "checkpoint_every": None}
    assert resumed_run(NEWEST, nothing, ())[2].folder == str(place / "newest")
    result = run("train", "--resume", "--epochs", "3")
    assert "kept as newest" in result.stdout
    with pytest.raises(UsageError, match="'': no such run"):
        resumed_run("", nothing, ())
