"""Any terminal, and the terminal as it was: the whole program in real pseudo-terminals, of many kinds."""

import os
import random
import re
import signal
import sys
from pathlib import Path

import psutil
import pytest

from tests.terminals import Tty, program, tty

pytestmark = pytest.mark.xdist_group("terminal")

STOPPING = ("--on-hangup", "stop")


def playing(text: str) -> object:
    return re.search(r"(▶|>) playing", text) and re.search(r"tick [1-9]|epoch [1-9]", text)


def leave(terminal: Tty) -> None:
    """Stop the run and go, over the question."""
    terminal.press("q")
    terminal.until(lambda text: "Stop the run" in text)
    terminal.press("q")
    assert terminal.end() == 0


def engine_of(terminal: Tty) -> psutil.Process:
    (engine,) = [
        each for each in psutil.Process(terminal.child.pid).children() if "rnn_tui.engine.serve" in each.cmdline()
    ]
    return engine


# ---- what the terminal cannot do --------------------------------------------------------------------------------


@pytest.mark.parametrize("term", ["dumb", "", "unknown"])
def test_a_terminal_that_cannot_move_its_cursor_is_refused_in_one_line(term: str) -> None:
    with tty(program("hihello"), environment={"TERM": term}) as terminal:
        assert terminal.end() == 2
        assert b"\x1b" not in terminal.raw
        (line,) = terminal.raw.decode().split("\r\n")[:-1]
        assert line.startswith("rnn-tui: the view needs a terminal")
        assert "rnn-tui train hihello" in line


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [(("--ascii",), {}), ((), {"LC_ALL": "C"}), ((), {"LC_ALL": "POSIX", "NO_COLOR": "1"})],
)
def test_nothing_but_ascii_is_written(arguments: tuple[str, ...], environment: dict[str, str]) -> None:
    with tty(program("hihello-lstm", "--speed", "0", *arguments), environment=environment) as terminal:
        terminal.until(lambda text: "Paused at tick" in text)
        for keys in ("i", "g", "v", "w", "p", "a", "u", "t", "G", "\x1b", "2", "2", "?", "\x1b", "l", "\x1b", "n", "n"):
            terminal.press(keys)
            terminal.rest(0.2)
        terminal.resize(80, 24)
        terminal.rest(0.4)
        terminal.press("q")
        terminal.until(lambda text: "Stop the run" in text)
        terminal.press("q")
        assert terminal.end() == 0
        assert terminal.raw.isascii()
        terminal.assert_restored()


@pytest.mark.parametrize(
    "environment",
    [
        {"TERM": "screen-256color", "COLORTERM": ""},
        {"TERM": "tmux-256color", "COLORTERM": ""},
        {"TERM": "linux", "COLORTERM": ""},
        {"TERM": "vt220", "COLORTERM": "", "NO_COLOR": "1"},
    ],
    ids=lambda environment: environment["TERM"],
)
def test_the_same_picture_on_every_kind_of_terminal(environment: dict[str, str]) -> None:
    with tty(program("hihello", "--paused"), environment=environment) as terminal:
        text = terminal.until(lambda text: "paused" in text and "torch 2." in text)
        for part in ("Unrolled network", "Hidden state", "Loss", "Prediction", "╭"):
            assert part in text
        if environment["TERM"] != "xterm-256color":
            assert b"\x1b[38;2;" not in terminal.raw  # no true colour where nobody said so
        leave(terminal)
        terminal.assert_restored()


# ---- sizes ------------------------------------------------------------------------------------------------------


def test_a_storm_of_sizes_leaves_the_picture_of_the_last() -> None:
    chance = random.Random(6)
    with tty(program("hihello-lstm", "--speed", "0", "--until", "tick=9")) as terminal:
        terminal.until(lambda text: "Paused at tick 9" in text)
        engine = engine_of(terminal)
        for keys in (
            "",
            "i",
            "v",
            "u",
            "\x1b",
            "2",
            "2",
            "?",
            "l",
        ):
            terminal.press(keys)
            for _ in range(10):
                terminal.resize(chance.randint(1, 300), chance.randint(1, 100))
                terminal.read(0.01)
            terminal.resize(120, 36)
            terminal.rest(0.2) if keys in ("?", "l") else terminal.read(0.05)
            if keys in ("?", "l"):
                terminal.press("\x1b")
                terminal.rest(0.3)
        terminal.press("\x1b")
        terminal.rest(1.0)  # or the next key comes with alt
        terminal.until(lambda text: "Unrolled network" in text and "Prediction" in text)
        shown = terminal.rest()
        terminal.press("\x0c")  # all of it again: what came in pieces was right
        assert terminal.rest() == shown
        assert engine.is_running()
        leave(terminal)
        terminal.assert_restored()
        assert b"Traceback" not in terminal.raw


def test_what_comes_in_pieces_is_what_comes_as_a_whole() -> None:
    """Partial updates go by what the terminal is believed to show; that is true whatever has been opened and closed."""
    ways: list[tuple[str, ...]] = [
        ("\x10", "\x1b"),
        ("\x10", "gates\r"),
        ("g",),
        ("?", "\x1b"),
        ("q", "\x1b"),
        ("i", "z", "z"),
        ("i",),
    ]
    with tty(program("hihello", "--paused", *STOPPING)) as terminal:
        terminal.until(lambda text: "paused" in text)
        for number, keys in enumerate([*ways, ()]):
            for each in keys:
                terminal.press(each)
                terminal.rest(0.4)
            if not keys:  # there and back before anybody looks
                terminal.resize(80, 24)
                terminal.resize(120, 36)
            terminal.rest(0.6)
            shown = terminal.text
            terminal.press("\x0c")
            assert terminal.rest(0.6) == shown, (number, keys)
        leave(terminal)


def test_after_a_resize_it_looks_as_if_it_had_begun_so() -> None:
    command = program("hihello", "--seed", "4", "--speed", "0", "--until", "tick=9")
    pictures = []
    for sizes in [((97, 31),), ((120, 36), (1, 1), (300, 100), (64, 20), (97, 31))]:
        with tty(command, size=sizes[0]) as terminal:
            terminal.until(lambda text: "Paused at tick 9" in text)
            for size in sizes[1:]:
                terminal.resize(*size)
                terminal.rest(0.3)
            pictures.append(terminal.rest(1.0))
            leave(terminal)
    assert pictures[0] == pictures[1]


# ---- to the shell and back --------------------------------------------------------------------------------------


def test_ctrl_z_gives_the_shell_back_and_fg_the_picture() -> None:
    with tty(["bash", "--norc", "--noprofile", "-i"], environment={"PS1": "shell> "}) as terminal:
        terminal.until(lambda text: "shell>" in text)
        terminal.press(" ".join(program("hihello", "--speed", "50", *STOPPING)) + "\r")
        terminal.until(playing)
        terminal.press("\x1a")
        terminal.until(lambda text: "Stopped" in text and text.rstrip().endswith("shell>"))
        terminal.assert_restored(but=("2004",))  # the shell wants pastes in brackets
        terminal.press("stty -a | tr ';' '\\n' | grep -o '[-]*echo\\b' | head -1\r")
        terminal.until(lambda text: re.search(r"^echo\b", text.rpartition("head -1")[2].strip()))
        terminal.resize(100, 30)
        terminal.press("fg\r")
        parts = ("playing", "Unrolled network", "Hidden state", "Prediction")
        text = terminal.until(lambda text: all(part in text for part in parts) and "quit" in text.splitlines()[-1])
        assert all(line.strip() for line in text.splitlines())  # down to the last row of the new size
        terminal.press("q")
        terminal.until(lambda text: "Stop the run" in text)
        terminal.press("q")
        terminal.until(lambda text: text.rstrip().endswith("shell>"))
        terminal.assert_restored(but=("2004",))  # the shell wants pastes in brackets
        terminal.press("exit\r")
        terminal.end()


# ---- however it ends --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_terminal_as_it_was(number: signal.Signals) -> None:
    with tty(program("hihello", *STOPPING)) as terminal:
        terminal.until(playing)
        os.kill(terminal.child.pid, number)
        assert terminal.end() == 128 + number
        terminal.assert_restored()


def test_q_twice_and_a_dead_engine_leave_the_terminal_as_it_was() -> None:
    with tty(program("hihello")) as terminal:
        terminal.until(playing)
        leave(terminal)
        terminal.assert_restored()
    with tty(program("hihello")) as terminal:
        terminal.until(playing)
        engine_of(terminal).kill()
        terminal.until(lambda text: "signal 9" in text)
        terminal.press("q")
        assert terminal.end() == 1
        terminal.assert_restored()


def test_an_exception_in_the_view_leaves_the_terminal_as_it_was(tmp_path: Path) -> None:
    script = tmp_path / "broken.py"
    script.write_text(
        "from rnn_tui.view.panes.loss import LossPane\n"
        "from rnn_tui.cli import main\n"
        "picture = LossPane.picture\n"
        "def broken(self, scene, width, height):\n"
        "    if scene.frame.status.tick > 3: raise ZeroDivisionError('on purpose')\n"
        "    return picture(self, scene, width, height)\n"
        "LossPane.picture = broken\n"
        "main()\n"
    )
    command = [sys.executable, str(script), "hihello", "--speed", "50", *STOPPING]
    with tty(command, environment={"PYTHONPATH": str(Path.cwd())}) as terminal:
        assert terminal.end() == 1
        assert b"on purpose" in terminal.raw
        terminal.assert_restored()
