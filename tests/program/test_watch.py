"""`rnn-tui watch` in a real terminal: a script trains, is shown, prints, ends, and its exit code is passed on."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from rnn_tui.client.discovery import live_engines, stop_engine
from tests.program.test_hard_to_kill import wait_for
from tests.terminals import PATIENCE, Tty, own_place, program, tty

pytestmark = [pytest.mark.xdist_group("terminal"), pytest.mark.usefixtures("place")]

SCRIPT = """
import sys, time, torch
from pathlib import Path
from torch import nn

print("reads:", sys.stdin.readline().strip() or "nothing", file=sys.stderr)
network, head = nn.LSTM(4, 5), nn.Linear(5, 3)
optimizer = torch.optim.Adam([*network.parameters(), *head.parameters()], 0.01)
results = open("results.txt", "w")  # and never closed
try:
    while not Path("enough").exists():
        states, _ = network(torch.randn(6, 2, 4))
        loss = nn.functional.cross_entropy(head(states).flatten(0, 1), torch.randint(3, (12,)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        time.sleep(0.02)
except KeyboardInterrupt:
    Path("saved").touch()
    raise
results.write("done")
print("\\x1b[31mthe end of", *sys.argv[1:])
sys.exit(3)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    own_place(tmp_path, monkeypatch)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(SCRIPT)
    yield tmp_path
    for each in live_engines():
        stop_engine(each, patience=PATIENCE)


def runs(terminal: Tty) -> bool:
    """Return whether an update is on the screen."""
    return bool(re.search(r"running · update [1-9]", terminal.text))


def script() -> psutil.Process:
    """The process of the script that is watched."""
    (found,) = [
        each
        for each in psutil.process_iter(["cmdline"])
        if "rnn_tui.engine.watch.run_script" in " ".join(each.info["cmdline"] or ())
        and each.environ().get("RNN_TUI_SOCKETS") == os.environ["RNN_TUI_SOCKETS"]
    ]
    return found


def test_it_is_seen_it_prints_and_its_exit_code_is_passed_on(place: Path) -> None:
    with tty(program("watch", "train.py", "--fps", "x")) as terminal:
        terminal.until(lambda _: runs(terminal))
        terminal.press("L")
        terminal.until(lambda text: "Output of train.py --fps x" in text and "1  reads: nothing" in text)
        (place / "enough").touch()
        terminal.until(lambda text: "2  ␛" not in text and "2  the end of --fps x" in text)
        terminal.press("q")
        terminal.until(lambda text: "ended with exit code 3" in text)
        assert (place / "results.txt").read_text() == "done"  # the process is still there, but all of it is written
        terminal.press("q")
        assert terminal.end() == 3
        terminal.assert_restored()
        (output,) = re.findall(r"Output: (\S+)", terminal.raw.decode())
    assert Path(output).read_text() == "reads: nothing\n\x1b[31mthe end of --fps x\n"
    assert Path(output).stat().st_mode & 0o777 == 0o600
    assert list((place / "s").iterdir()) == []


def test_it_is_left_running_and_shown_again(place: Path) -> None:
    with tty(program("watch", "-m", "train")) as terminal:
        terminal.until(lambda _: runs(terminal))
        terminal.press("d")
        assert terminal.end() == 0
        terminal.assert_restored()
        (name,) = re.findall(r"Left running: rnn-tui attach (\S+)", terminal.raw.decode())
    process = script()
    with tty(program("attach", name)) as terminal:
        terminal.until(lambda _: runs(terminal))
        terminal.press("L")
        terminal.until(lambda text: "1  reads: nothing" in text)
        terminal.press("qd")
        assert terminal.end() == 0
    (place / "enough").touch()
    wait_for(lambda: not process.is_running(), "the script does not end")


def test_an_interrupted_script_saves_as_it_would(place: Path) -> None:
    with tty(program("watch", "train.py")) as terminal:
        terminal.until(lambda _: runs(terminal))
        terminal.press("q")
        terminal.until(lambda text: "Interrupt it" in text)
        terminal.press("q")
        assert terminal.end() == 128 + signal.SIGINT
    assert (place / "saved").exists()


def test_a_script_that_fails_before_it_imports_torch_shows_what_it_printed(place: Path) -> None:
    (place / "train.py").write_text("import os\nprint('begun')\nos.nothing\n")
    with tty(program("watch", "train.py")) as terminal:
        lines = ("ended with exit code 1", "begun", "Traceback (most recent", "AttributeError: module 'os' has no")
        terminal.until(lambda text: all(line in text for line in lines))
        terminal.press("q")
        assert terminal.end() == 1
    assert list((place / "s").iterdir()) == []


@pytest.mark.long
def test_a_script_that_is_killed_is_said_to_be() -> None:
    with tty(program("watch", "train.py")) as terminal:
        terminal.until(lambda _: runs(terminal))
        script().kill()
        terminal.until(lambda text: "was ended by signal 9" in text)
        terminal.press("q")
        assert terminal.end() == 128 + signal.SIGKILL


@pytest.mark.long
def test_a_file_on_stdin_is_the_scripts(place: Path) -> None:
    (place / "answers").write_text("an answer\n")
    with tty(["sh", "-c", f"exec {' '.join(program('watch', 'train.py'))} < answers"]) as terminal:
        terminal.until(lambda _: runs(terminal))
        terminal.press("L")
        terminal.until(lambda text: "1  reads: an answer" in text)
        terminal.press("q")
        (place / "enough").touch()
        terminal.until(lambda text: "ended with exit code 3" in text)
        terminal.press("q")
        assert terminal.end() == 3
