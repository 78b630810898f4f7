"""The whole program in a real pseudo-terminal, with a real engine: what a person would see, and what is left behind."""

import base64
import os
import re
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import psutil
import pyte
import pytest

PATIENCE = 120.0  # seconds that the screen may need
pytestmark = pytest.mark.xdist_group("terminal")  # one after another

MODES = ("1049", "1000", "1003", "1006", "2004", "1004")  # alternate screen, mouse, paste, focus


class Terminal:
    """`rnn-tui hihello` on a screen that can be read."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("NO_COLOR", "XDG_RUNTIME_DIR", "COLUMNS", "LINES") and not name.startswith("TEXTUAL")
        }
        environment |= {
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "TMPDIR": str(folder),
            "RNN_TUI_SOCKETS": str(folder),
        }
        self.folder = folder
        self.screen = pyte.Screen(120, 36)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.child = pexpect.spawn(
            sys.executable, ["-m", "rnn_tui", *arguments], dimensions=(36, 120), env=environment, timeout=60
        )

    def read(self) -> bool:
        """What has been written since; up to a fifth of a second for it. Whether there was anything."""
        try:
            data = self.child.read_nonblocking(1 << 16, timeout=0.2)
        except pexpect.TIMEOUT:
            return False
        self.raw += data
        self.stream.feed(data)
        return True

    def text(self) -> str:
        return "\n".join(self.screen.display)

    def until(self, condition: Callable[[str], object]) -> str:
        """Read until the screen fulfils something and rests, so that no frame is half there."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if not self.read() and condition(self.text()):
                return self.text()
        raise AssertionError("waited in vain; the screen was\n" + self.text())

    def tick(self) -> int:
        found = re.search(r"tick ([\d,]+) by", self.text())
        assert found, self.text()
        return int(found[1].replace(",", ""))

    def cursor(self) -> int:
        """The time step whose numbers the prediction shows."""
        found = re.search(r"\bt=(\d) (?:p\(|not fed)", self.text())
        assert found, self.text()
        return int(found[1])

    def press(self, keys: str) -> None:
        self.child.send(keys)

    def leave(self) -> None:
        """Stop the run and go, over the question."""
        self.press("q")
        self.until(lambda text: "Stop the run" in text)
        self.press("q")

    def engine(self) -> psutil.Process:
        """The one process below."""
        (engine,) = [
            each for each in psutil.Process(self.child.pid).children() if "rnn_tui.engine.serve" in each.cmdline()
        ]
        return engine

    def end(self) -> int:
        """Read to the end; the exit code."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                self.read()
            except pexpect.EOF:
                break
        self.child.close()
        assert self.child.signalstatus is None
        return int(self.child.exitstatus)

    def assert_restored(self) -> None:
        """Everything that was switched on is off again, and the cursor is back."""
        for mode in MODES:
            on, off = self.raw.rfind(f"\x1b[?{mode}h".encode()), self.raw.rfind(f"\x1b[?{mode}l".encode())
            assert off > on or on == -1, mode
        assert b"\x1b[?1049h" in self.raw
        assert b"\x1b[?1000h" in self.raw
        assert self.raw.rfind(b"\x1b[?25h") > self.raw.rfind(b"\x1b[?25l")
        assert b"Traceback" not in self.raw

    def assert_nothing_left(self, *engines: psutil.Process) -> None:
        for engine in engines:
            psutil.wait_procs([engine], timeout=30)
            assert not engine.is_running() or engine.status() == psutil.STATUS_ZOMBIE
        assert list(self.folder.iterdir()) == []


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    with tempfile.TemporaryDirectory(prefix="e2e-", dir="/tmp") as folder:  # short: a socket's path goes there
        terminal = Terminal(Path(folder), "hihello")
        yield terminal
        terminal.child.close(force=True)


def test_a_session_from_the_command_to_the_prompt(terminal: Terminal) -> None:
    terminal.until(lambda text: "Unrolled network" in text)  # also before torch is there
    text = terminal.until(lambda text: "▶ playing" in text and re.search(r"epoch [2-9]/100", text))
    engine = terminal.engine()
    folder = next(terminal.folder.iterdir())
    assert folder.stat().st_mode & 0o777 == 0o700
    for part in ("hihello", "Hidden state", "Loss", "floor 2.596", "Prediction", "torch 2."):
        assert part in text
    rows = [line.split() for line in text.splitlines()]
    assert any(row[1:8] == ["input", *"hihell"] for row in rows)
    assert any(row[1:8] == ["target", *"ihello"] for row in rows)

    terminal.press(" ")
    terminal.until(lambda text: "paused" in text)
    tick, cursor = terminal.tick(), terminal.cursor()
    terminal.press("]" if cursor < 5 else "[")
    terminal.until(lambda _: terminal.cursor() == (cursor + 1 if cursor < 5 else 4))
    assert terminal.tick() == tick
    terminal.press("\x1b[C")  # right
    terminal.until(lambda _: terminal.tick() == tick + 1)
    assert "paused" in terminal.text()

    terminal.press("l")
    terminal.until(lambda text: "Lessons" in text and "ohlol-lstm" in text)
    terminal.press("\x1b")
    terminal.until(lambda text: "ohlol-lstm" not in text)
    terminal.leave()
    assert terminal.end() == 0
    terminal.assert_restored()
    terminal.assert_nothing_left(engine)


def test_told_to_end_it_leaves_the_terminal_as_it_was(terminal: Terminal) -> None:
    terminal.until(lambda text: "▶ playing" in text)
    engine = terminal.engine()
    os.kill(terminal.child.pid, signal.SIGTERM)
    assert terminal.end() == 128 + signal.SIGTERM
    terminal.assert_restored()
    terminal.assert_nothing_left(engine)


def test_an_engine_that_is_killed_is_told_and_started_again(terminal: Terminal) -> None:
    terminal.until(lambda text: "▶ playing" in text)
    first = terminal.engine()
    first.kill()
    terminal.until(lambda text: "signal 9" in text)
    terminal.press("\r")
    terminal.until(lambda text: "signal 9" not in text)
    terminal.until(lambda text: "▶ playing" in text and re.search(r"tick [1-9]", text))  # it began at 0 again
    second = terminal.engine()
    assert second.pid != first.pid
    terminal.leave()
    assert terminal.end() == 0
    terminal.assert_restored()
    terminal.assert_nothing_left(first, second)


def test_a_command_line_leads_to_the_tick_that_it_was_copied_at() -> None:
    line = "rnn-tui hihello --clip 1 --fork '30: optimizer=sgd lr=0.3' --until tick=62"
    with tempfile.TemporaryDirectory(prefix="e2e-", dir="/tmp") as folder:
        terminal = Terminal(Path(folder), *shlex.split(line)[1:])
        text = terminal.until(lambda text: "tick 62 by" in text and "Paused at tick 62, epoch 11" in text)
        assert "sgd lr 0.3" in text
        assert "4 ticks/s" in text
        terminal.press("c")
        terminal.until(lambda text: "The way to tick 62" in text)
        (copied,) = re.findall(rb"\x1b\]52;c;([A-Za-z0-9+/=]+)\x07", terminal.raw)
        assert base64.b64decode(copied).decode() == line
        terminal.press("c")
        terminal.until(lambda text: "The way to" not in text)
        terminal.press("B")
        terminal.until(lambda text: "pause at tick=62" in text)
        terminal.press("\x1b")
        terminal.until(lambda text: "pause at" not in text)
        terminal.leave()
        assert terminal.end() == 0
        terminal.assert_nothing_left()


def test_keys_in_one_write_never_end_the_run_while_a_dialog_is_open(terminal: Terminal) -> None:
    opened = {
        "c": "The way to",
        "l": "esc close",
        "B": "The run pauses when",
        "e": "ctrl+s begin",
        "F": "Fork at",
        "h": "tab next pane",
        "?": "Keys and panes",
    }
    terminal.until(lambda text: "▶ playing" in text)
    engine = terminal.engine()
    for key, words in opened.items():
        terminal.press(key)
        terminal.until(lambda text: words in text)  # noqa: B023
        terminal.press("\r\r\r")
        for _ in range(5):
            terminal.read()
        terminal.press("\x1b")
        time.sleep(1)  # an escape and a key that follow one another closely are a key with alt
        terminal.until(lambda text: words not in text and "Unrolled network" in text)  # noqa: B023
    assert terminal.engine().pid == engine.pid
    terminal.leave()
    assert terminal.end() == 0
    terminal.assert_restored()
    terminal.assert_nothing_left(engine)
