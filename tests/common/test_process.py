"""What a process may lack: streams that are closed or full, a folder to be in, a home, names that are UTF-8."""

import os
import subprocess
from functools import partial
from pathlib import Path

import platformdirs
import pytest

from rnn_tui.common.process import home_problem, user_data_folder
from tests.terminals import PATIENCE, own_place, program
from tests.warm_python import run_python

TRAIN = ("train", "hihello", "--epochs", "1", "--no-save")
COMMANDS = [TRAIN, ("runs",), ("show",), ("lessons",), ("--help",), ("nothing",), ("sample", "nothing"), ("stop", "x")]
NO_PASSWD = """
import pwd, sys
def getpwuid(uid):
    raise KeyError(uid)
pwd.getpwuid = getpwuid
from rnn_tui.__main__ import main
main()
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    own_place(tmp_path, monkeypatch)
    return tmp_path


def shell(words: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Return what a shell makes of `words` after the command, such as `>&-`."""
    command = ["sh", "-c", f'"$@" {words}', "sh", *program(*arguments)]
    return subprocess.run(command, capture_output=True, timeout=PATIENCE, stdin=subprocess.DEVNULL, check=False)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("closed", "arguments"),
    [
        *((closed, TRAIN) for closed in ("<&-", ">&-", "2>&-")),
        *((closed, each) for closed in (">&-", "<&- >&- 2>&-") for each in COMMANDS),
    ],
    ids=str,
)
def test_closed_streams(closed: str, arguments: tuple[str, ...]) -> None:
    """Check that only the printed lines are lost."""
    done = shell(closed, *arguments)
    refused = arguments[0] in ("nothing", "sample", "stop")
    assert done.returncode == (2 if refused else 0)
    assert b"Traceback" not in done.stderr + done.stdout
    if "2>&-" not in closed:
        assert done.stderr.count(b"\n") == refused
    if closed == "<&-":
        assert bool(done.stdout) == (not refused)


def test_no_file_gets_the_number_of_a_closed_stream(place: Path) -> None:
    """Check that no printed line lands in the file that takes the free descriptor."""
    done = shell("<&- >&- 2>&-", "train", "hihello", "--epochs", "2", "--run", str(place / "run"))
    assert done.returncode == 0
    header, first, *_ = (place / "run" / "losses.csv").read_text().splitlines()
    assert header.startswith("update,tick,loss,")
    assert first.startswith("1,6,")
    assert (place / "run" / "experiment.toml").read_text().startswith("# written by")
    assert shell("<&-", "train", "--text", "-").stderr == b"rnn-tui: --text -: stdin is empty\n"


@pytest.mark.sampled(1)
@pytest.mark.parametrize("arguments", [TRAIN, ("show",), ("lessons",), ("--help",), ("--version",)])
def test_a_full_stdout(arguments: tuple[str, ...]) -> None:
    done = shell(">/dev/full", *arguments)
    assert (done.returncode, done.stderr) == (1, b"rnn-tui: the system refuses: No space left on device\n")


def test_a_full_stderr() -> None:
    assert shell("2>/dev/full", "nothing").returncode == 2
    assert shell(">/dev/full 2>/dev/full", "lessons").returncode == 1
    assert shell("2>/dev/full", *TRAIN).returncode == 0


@pytest.mark.parametrize("arguments", [TRAIN, ("resume",), ("export", "x"), ("sample", "x"), ("--input", "ab")])
def test_a_folder_that_has_been_deleted(arguments: tuple[str, ...], place: Path) -> None:
    (place / "gone").mkdir()
    line = f'cd "{place}/gone" && rmdir "{place}/gone" && "$@"'
    command = ["sh", "-c", line, "sh", *program(*arguments)]
    done = subprocess.run(command, capture_output=True, timeout=PATIENCE, stdin=subprocess.DEVNULL, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"rnn-tui: the folder that you are in has been deleted: go to another one (cd)\n"


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (TRAIN, 0, ""),
        (("train", "hihello", "--epochs", "1"), 2, "HOME or XDG_DATA_HOME, or name a folder with --run DIR, or keep"),
        (("train", "hihello", "--epochs", "1", "--run", "here"), 0, ""),
        (("runs",), 0, "No runs: no home folder is known: set HOME or XDG_DATA_HOME."),
        (("resume",), 2, "no home folder is known: set HOME or XDG_DATA_HOME"),
        (("sample", "x"), 2, "x: no home folder is known: set HOME or XDG_DATA_HOME"),
        (("rm", "x", "--yes"), 2, "x: no home folder is known: set HOME or XDG_DATA_HOME"),
        (("stop", "x"), 2, "x: no run of that name is alive"),
    ],
)
def test_no_home(
    arguments: tuple[str, ...], code: int, words: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container whose user has no entry in /etc/passwd. No folder called ~ comes to be."""
    for name in ("HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    done = run_python("-c", NO_PASSWD, *arguments, cwd=place)
    assert done.returncode == code, done.stderr
    assert words in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert {each.name for each in place.iterdir()} <= {"s", "d", "here"}


def test_where_data_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert user_data_folder("it") == Path("/data/it")
    assert not home_problem(Path("/data/it"))
    monkeypatch.setattr(platformdirs, "user_data_path", lambda *_, **__: Path("~/.local/share/it"))
    assert home_problem(user_data_folder("it") / "runs")


def test_names_that_are_not_utf_8(place: Path) -> None:
    command = partial(run_python, "-m", "rnn_tui")
    text, series = os.fsencode(place) + b"/caf\xe9.txt", os.fsencode(place) + b"/caf\xe9.csv"
    for path in (text, series):
        Path(os.fsdecode(path)).write_text("x\n" + "1\n2\n3\n" * 9)
    folder = os.fsdecode(os.fsencode(place) + b"/r\xe9")
    for option, path in (("--text", text), ("--series", series), ("--pairs", text)):
        done = command("train", option, os.fsdecode(path), "--epochs", "1")
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert "has a name that is not UTF-8: rename it" in done.stderr
    assert command("train", "hihello", "--epochs", "1", "--run", folder).returncode == 0
    assert command("train", "--resume", folder, "--epochs", "2").returncode == 0
    assert len(command("sample", folder, "--length", "9").stdout) == 11
    assert command("export", folder, "--to", os.fsdecode(os.fsencode(place) + b"/out\xe9")).returncode in (0, 2)
    done = command("rm", folder, "--yes")
    assert (done.returncode, done.stdout) == (0, "Deleted r�\n")
    assert not os.path.exists(folder)
