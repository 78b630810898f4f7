"""A script that the view has started: how it ended, what it has printed, and that nothing is left behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rnn_tui.client.script_link import ScriptLink
from rnn_tui.client.start import start_script
from rnn_tui.protocol.engine_folders import engines_folder
from rnn_tui.protocol.engine_log import log_folder, new_log
from rnn_tui.protocol.script_log import ReadLog

PATIENCE = 120.0  # seconds until a test that hangs is given up


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "s").mkdir(mode=0o700)
    monkeypatch.setenv("RNN_TUI_SOCKETS", str(tmp_path / "s"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ended(code: str, *arguments: str, stdin: int | None = None) -> ScriptLink:
    """A script that has come to its end."""
    Path("train.py").write_text(code)
    link = start_script(["train.py", *arguments], stdin=stdin)
    assert link.joined
    assert link.exit_code(patience=PATIENCE) is not None
    return link


@pytest.mark.usefixtures("folder")
def test_how_it_ended_and_what_it_printed() -> None:
    link = ended("import sys\nprint('\\x1b[31mone\\rtwo')\nprint('three', file=sys.stderr)\nsys.exit(3)\n")
    assert link.exit_code(patience=0) == 3
    assert link.last_words() == f"The script ended with exit code 3.\n\ntwo\nthree\n\nOutput: {link.output}"
    assert not any(engines_folder().iterdir())
    link.let_go()


@pytest.mark.usefixtures("folder")
def test_a_long_output_is_cut_and_its_end_says_how_it_ended() -> None:
    link = ended("import os\nfor n in range(30000): print(n)\nos.kill(os.getpid(), 9)\n")
    assert link.exit_code(patience=0) == -signal.SIGKILL
    lines = link.last_words().splitlines()
    assert lines[0] == lines[-2] == "The script was ended by signal 9."
    assert lines[-5:-3] == ["29998", "29999"]
    assert len(lines) == 205
    link.let_go()


@pytest.mark.usefixtures("folder")
def test_it_reads_what_it_is_given() -> None:
    read, write = os.pipe()
    os.write(write, b"given\n")
    os.close(write)
    given = ended("import sys\nprint(sys.argv[1:], input())\n", "a b", "--x", stdin=read)
    os.close(read)
    assert "['a b', '--x'] given" in given.last_words()
    nothing = ended("import sys\nprint(repr(sys.stdin.read()))\n")
    assert "''" in nothing.last_words().splitlines()
    for link in (given, nothing):
        link.let_go()


@pytest.mark.usefixtures("folder")
def test_what_it_prints_is_read_without_its_engine() -> None:
    link = ended("print('one')\nprint('two\\rthree')\n")
    lines = link.read_log(ReadLog(count=5, width=80))
    assert lines is not None
    assert (lines.lines, lines.total) == (("one", "three"), 2)
    link.let_go()


@pytest.mark.usefixtures("folder")
@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="the system does not list what is open")
def test_of_what_it_prints_nothing_stays_open() -> None:
    link = ended("print('one')\n")
    assert link.read_log(ReadLog()) is not None
    output = os.path.realpath(link.output)
    assert any(os.path.realpath(f"/proc/self/fd/{each}") == output for each in os.listdir("/proc/self/fd"))
    link.let_go()
    assert not any(os.path.realpath(f"/proc/self/fd/{each}") == output for each in os.listdir("/proc/self/fd"))


@pytest.mark.usefixtures("folder")
def test_closing_it_ends_a_script_that_runs() -> None:
    Path("train.py").write_text("import time\ntime.sleep(600)\n")
    link = start_script(["train.py"])
    assert link.exit_code(patience=0) is None
    link.close()
    assert link.exit_code(patience=0) == -signal.SIGTERM
    assert not any(engines_folder().iterdir())


def test_outputs_go_with_their_logs(folder: Path) -> None:
    for number in range(25):
        log = new_log(folder / "s" / f"run{number}")
        for name in (".out", ".out.1"):
            log.with_name(log.stem + name).touch()
        os.utime(log, (number, number))
    kept = {path.name.partition(".")[0] for path in log_folder().glob("*.log")}
    assert 20 <= len(kept) < 25
    for suffix in (".out", ".out.1"):
        assert {path.name.partition(".")[0] for path in log_folder().glob(f"*{suffix}")} == kept


@pytest.mark.usefixtures("folder")
def test_it_is_python_that_runs_it_and_nothing_of_ours_comes_from_the_folder() -> None:
    """Its modules come from its folder; ours do not, whatever lies there."""
    for name in ("colorsys", "logging", "contextlib", "socket", "rnn_tui"):
        Path(f"{name}.py").write_text(f"print('mine: {name}')\n")
    link = ended("import colorsys\nimport sys\nprint(__name__, sys.argv, __file__)\ndef f():\n    1 / 0\nf()\n", "a")
    plain = subprocess.run([sys.executable, "train.py", "a"], capture_output=True, text=True, check=False)
    assert "mine: colorsys" in plain.stdout
    assert link.output.read_text() == plain.stdout + plain.stderr
