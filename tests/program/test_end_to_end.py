"""The whole program in a real pseudo-terminal, with a real engine: what a person would see, and what is left behind."""

import base64
import os
import re
import shlex
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.terminals import ESCAPE, PATIENCE, Tty, program, tick, tty

pytestmark = pytest.mark.xdist_group("terminal")  # one after another


@pytest.fixture
def folder() -> Iterator[Path]:
    """All that the program may leave behind; with a short name: a socket's path goes there."""
    with tempfile.TemporaryDirectory(prefix="e2e-", dir="/tmp") as folder:
        yield Path(folder)


@contextmanager
def opened(folder: Path, *arguments: str) -> Iterator[Tty]:
    with tty(program(*arguments), environment={"TMPDIR": str(folder), "RNN_TUI_SOCKETS": str(folder)}) as terminal:
        yield terminal


def all_of(*parts: str) -> Callable[[str], bool]:
    return lambda text: all(part in text for part in parts)


def without(*parts: str) -> Callable[[str], bool]:
    return lambda text: not any(part in text for part in parts)


def playing(text: str) -> bool:
    return "▶ playing" in text


def cursor(terminal: Tty) -> int:
    """The time step whose numbers the prediction shows; -1: none."""
    found = re.search(r"\bt=(\d) (?:p\(|not fed)", terminal.text)
    return int(found[1]) if found else -1


def assert_nothing_left(folder: Path, *engines: psutil.Process) -> None:
    for engine in engines:
        psutil.wait_procs([engine], timeout=PATIENCE)
        assert not engine.is_running() or engine.status() == psutil.STATUS_ZOMBIE
    assert list(folder.iterdir()) == []


def assert_restored(terminal: Tty) -> None:
    terminal.assert_restored()
    assert b"\x1b[?1000h" in terminal.raw
    assert b"Traceback" not in terminal.raw


def test_a_session_from_the_command_to_the_prompt(folder: Path) -> None:
    with opened(folder, "hihello") as terminal:
        terminal.until(all_of("Unrolled network"))  # also before torch is there
        terminal.until(lambda text: playing(text) and re.search(r"epoch [2-9]/100", text))
        engine = terminal.engine()
        (place,) = folder.iterdir()
        assert place.stat().st_mode & 0o777 == 0o700

        terminal.press(" ")
        parts = ("paused", "hihello", "Hidden state", "Loss", "floor 2.596", "Prediction", "torch 2.")
        terminal.until(lambda text: all_of(*parts)(text) and tick(terminal) > 0 and cursor(terminal) >= 0)
        rows = [line.split() for line in terminal.again().splitlines()]
        assert any(row[1:8] == ["input", *"hihell"] for row in rows)
        assert any(row[1:8] == ["target", *"ihello"] for row in rows)
        now, at = tick(terminal), cursor(terminal)
        terminal.press("]" if at < 5 else "[")
        terminal.until(lambda _: cursor(terminal) == (at + 1 if at < 5 else 4))
        assert tick(terminal) == now
        terminal.press("\x1b[C")  # right
        terminal.until(lambda _: tick(terminal) == now + 1)
        assert "paused" in terminal.again()

        terminal.press("l")
        terminal.until(all_of("Lessons", "ohlol-lstm"))
        terminal.press("\x1b")  # as most terminals say escape
        terminal.until(lambda text: without("Lessons")(text) and all_of("Hidden state", "Prediction")(text))
        terminal.leave()
        assert terminal.end() == 0
        assert_restored(terminal)
        assert_nothing_left(folder, engine)


@pytest.mark.long
def test_told_to_end_it_leaves_the_terminal_as_it_was(folder: Path) -> None:
    with opened(folder, "hihello") as terminal:
        terminal.until(playing)
        engine = terminal.engine()
        os.kill(terminal.child.pid, signal.SIGTERM)
        assert terminal.end() == 128 + signal.SIGTERM
        assert_restored(terminal)
        assert_nothing_left(folder, engine)


def test_an_engine_that_is_killed_is_told_and_started_again(folder: Path) -> None:
    with opened(folder, "hihello") as terminal:
        terminal.until(playing)
        first = terminal.engine()
        first.kill()
        terminal.until(all_of("signal 9"))
        terminal.press("\r")
        # it began at 0 again
        terminal.until(lambda text: "signal 9" not in text and playing(text) and tick(terminal) > 0)
        second = terminal.engine()
        assert second.pid != first.pid
        second.kill()
        terminal.until(all_of("signal 9"))
        terminal.press("q")  # there is no run to be stopped, and nothing is asked
        assert terminal.end() == 1
        assert_restored(terminal)
        assert not first.is_running()


def test_a_command_line_leads_to_the_tick_that_it_was_copied_at(folder: Path) -> None:
    line = "rnn-tui hihello --clip 1 --fork '30: optimizer=sgd lr=0.3' --until tick=62"
    with opened(folder, *shlex.split(line)[1:]) as terminal:
        terminal.until(all_of("tick 62 by", "Paused at tick 62, epoch 11", "sgd lr 0.3", "4 ticks/s"))
        terminal.press("c")
        terminal.until(all_of("The way to tick 62"))
        (copied,) = re.findall(rb"\x1b\]52;c;([A-Za-z0-9+/=]+)\x07", terminal.raw)
        assert base64.b64decode(copied).decode() == line
        terminal.press("c")
        terminal.until(without("The way to"))
        terminal.press("B")
        terminal.until(all_of("pause at tick=62"))
        terminal.press(ESCAPE)
        terminal.until(without("pause at"))
        terminal.leave()
        assert terminal.end() == 0
        assert_nothing_left(folder)


@pytest.mark.long
def test_keys_in_one_write_never_end_the_run_while_a_dialog_is_open(folder: Path) -> None:
    dialogs = {
        "c": "The way to",
        "l": "esc close",
        "B": "The run pauses when",
        "e": "ctrl+s start",
        "F": "Fork at",
        "h": "tab next pane",
        "?": "/ search",
    }
    with opened(folder, "hihello") as terminal:
        terminal.until(playing)
        engine = terminal.engine()
        for key, words in dialogs.items():
            terminal.press(key)
            terminal.until(all_of(words))
            terminal.press("\r\r\r")
            terminal.again()  # they have arrived
            terminal.press(ESCAPE)
            terminal.until(lambda text: words not in text and "Unrolled network" in text)  # noqa: B023
        assert terminal.engine().pid == engine.pid
        terminal.leave()
        assert terminal.end() == 0
        assert_restored(terminal)
        assert_nothing_left(folder, engine)
