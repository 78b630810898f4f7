"""Any terminal, and the terminal as it was: the whole program in real pseudo-terminals, of many kinds.

What a test asks of the view alone is asked of one that joins a run: they all join the same one, which stands still.
SIGTERM, and an engine that is killed: tests/program/test_end_to_end.py.
"""

import os
import random
import re
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from rnn_tui.client.discovery import live_engines
from rnn_tui.client.start import start_engine
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.commands import Open
from rnn_tui.protocol.frame_request import FrameRequest
from rnn_tui.protocol.wire import pack
from tests.engine.kept_runs import changed
from tests.terminals import ESCAPE, PATIENCE, Tty, own_place, program, tty

pytestmark = pytest.mark.xdist_group("terminal")

STOPPING = ("--on-hangup", "stop")
Place = Mapping[str, str]  # where a run is found, in the environment's words


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Start hihello-lstm for `rnn-tui attach`; it stands still at tick 9, or where a test has stepped to."""
    with pytest.MonkeyPatch.context() as patch:
        place = own_place(tmp_path_factory.mktemp("place"), patch)
        engine = start_engine()
        try:
            experiment = changed(LESSONS["hihello-lstm"], run={"speed": 0.0, "until": ["tick=9"]})
            engine._peer.sendall(pack(Open(experiment=experiment)) + pack(FrameRequest(number=0)))
            end = time.monotonic() + PATIENCE
            while not any(each.run and each.run.status and each.run.status.tick == 9 for each in live_engines()):
                assert time.monotonic() < end
                time.sleep(0.05)
            engine.let_go()
            yield place
        finally:
            engine.close()


def playing(text: str) -> object:
    return re.search(r"(▶|>) playing", text) and re.search(r"tick [1-9]|epoch [1-9]", text)


def whole(text: str) -> object:
    """Return whether everything of that run is there."""
    return all(part in text for part in ("torch 2.", "Hidden state", "Loss")) and there(text)


def there(text: str) -> object:
    """Return whether so much of it is there as fits a smaller screen."""
    return all(part in text for part in ("paused", "by sequence", "Unrolled network", "Prediction"))


def leave(terminal: Tty) -> None:
    """Go from a run that goes on."""
    terminal.press("d")
    assert terminal.end() == 0
    terminal.assert_restored()
    assert b"Traceback" not in terminal.raw


# ---- what the terminal cannot do --------------------------------------------------------------------------------


@pytest.mark.parametrize("term", ["dumb", "", "unknown"])
def test_a_terminal_that_cannot_move_its_cursor_is_refused_in_one_line(term: str) -> None:
    with tty(program("hihello"), environment={"TERM": term}) as terminal:
        assert terminal.end() == 2
        assert b"\x1b" not in terminal.raw
        (line,) = terminal.raw.decode().split("\r\n")[:-1]
        assert line.startswith("rnn-tui: the view needs a terminal")
        assert "rnn-tui train hihello" in line


@pytest.mark.sampled(1)
def test_nothing_but_ascii_is_written(place: Place) -> None:
    with tty(program("attach", "--ascii"), environment=place) as terminal:
        terminal.until(whole)
        for keys in ("i", "g", "v", "w", "p", "a", "u", "t", "G", ESCAPE, "2", "2", "?", ESCAPE, "l", ESCAPE, "n", "n"):
            terminal.press(keys)
            terminal.again()  # it has been drawn
        terminal.resize(80, 24)
        terminal.again()
        terminal.press("q")
        terminal.until(lambda text: "Stop the run" in text)
        terminal.press(ESCAPE)
        terminal.until(lambda text: "Stop the run" not in text)
        leave(terminal)
        assert terminal.raw.isascii()


@pytest.mark.parametrize("environment", [{"LC_ALL": "C"}, {"LC_ALL": "POSIX", "NO_COLOR": "1"}])
@pytest.mark.sampled(1)
def test_the_locale_asks_for_ascii_as_well(environment: dict[str, str], place: Place) -> None:
    with tty(program("attach"), environment={**place, **environment}) as terminal:
        terminal.until(whole)
        terminal.press("?")
        terminal.until(lambda text: "/ search" in text)
        terminal.press(ESCAPE)
        terminal.until(lambda text: "/ search" not in text)
        leave(terminal)
        assert terminal.raw.isascii()


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
@pytest.mark.sampled(2)
def test_the_same_picture_on_every_kind_of_terminal(environment: dict[str, str], place: Place) -> None:
    with tty(program("attach"), environment={**place, **environment}) as terminal:
        assert "╭" in terminal.until(whole)
        assert b"\x1b[38;2;" not in terminal.raw  # no true colour where nobody said so
        leave(terminal)


@pytest.mark.parametrize("inside", [False, True])
def test_inside_gnu_screen_no_mouse_is_listened_to(inside: bool, place: Place) -> None:
    """It would hold every escape back until another key comes."""
    with tty(program("attach"), environment={**place, **({"STY": "1.pts-0.here"} if inside else {})}) as terminal:
        terminal.until(whole)
        assert any(f"\x1b[?{mode}h".encode() in terminal.raw for mode in (1000, 1003)) != inside
        leave(terminal)


# ---- sizes ------------------------------------------------------------------------------------------------------


def test_a_storm_of_sizes_leaves_the_picture_of_the_last(place: Place) -> None:
    chance = random.Random(6)
    with tty(program("attach"), environment=place) as terminal:
        terminal.until(whole)
        for keys in ("", "i", "v", ESCAPE, "2", "?"):
            terminal.press(keys)
            for _ in range(6):
                terminal.resize(chance.randint(1, 300), chance.randint(1, 100))
                terminal.read(0.01)
            terminal.resize(120, 36)
            terminal.again()
            if keys in ("?", "l"):
                terminal.press(ESCAPE)
        for _ in range(3):  # home from wherever it is: one may be spent on what the last size had made fill the screen
            terminal.press(ESCAPE)
            terminal.again()
        terminal.until(lambda text: "Unrolled network" in text and "Prediction" in text and "esc close" not in text)
        shown = terminal.rest()
        assert terminal.again() == shown  # what came in pieces was right
        leave(terminal)


def test_what_comes_in_pieces_is_what_comes_as_a_whole(place: Place) -> None:
    """Partial updates go by what the terminal is believed to show; that is true whatever has been opened and closed."""
    ways: list[tuple[list[str], bool]] = [  # keys, and whether something is open after them
        (["\x10", ESCAPE], False),
        (["\x10", "gates\r"], True),
        (["g"], False),
        (["?", ESCAPE], False),
        (["q", ESCAPE], False),
        (["i", "z", "z"], True),
        (["i"], False),
        ([], False),
    ]
    opens = {"\x10": "Search for commands", "?": "/ search", "q": "Stop the run"}
    with tty(program("attach"), environment=place) as terminal:
        terminal.until(whole)
        for keys, is_open in ways:
            words = opens.get(keys[0], "") if keys else ""
            for number, each in enumerate(keys):
                before = terminal.text
                terminal.press(each)
                if words:
                    terminal.until(lambda text: (words in text) == (number == 0))  # noqa: B023
                else:
                    terminal.until(lambda text: text != before)  # noqa: B023
            if not keys:  # there and back before anybody looks
                terminal.resize(80, 24)
                terminal.resize(120, 36)
                terminal.until(whole)
            terminal.until(lambda text: ("esc close" in text) == is_open)  # noqa: B023 - the line of keys comes last
            shown = terminal.rest(0.4)
            assert terminal.again() == shown, keys
        leave(terminal)


def test_after_a_resize_it_looks_as_if_it_had_begun_so(place: Place) -> None:
    first, *others = (120, 36), (1, 1), (300, 100), (64, 20), (97, 31)
    with tty(program("attach"), size=others[-1], environment=place) as begun_so:
        begun_so.until(there)
        picture = begun_so.rest()
        leave(begun_so)
    with tty(program("attach"), size=first, environment=place) as resized:
        resized.until(whole)
        for size in others:
            resized.resize(*size)
            resized.read(0.3)
        resized.until(lambda text: text == picture)
        leave(resized)


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
        terminal.leave()
        terminal.until(lambda text: text.rstrip().endswith("shell>"))
        terminal.assert_restored(but=("2004",))  # the shell wants pastes in brackets
        terminal.press("exit\r")
        terminal.end()


# ---- however it ends --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
@pytest.mark.sampled(1)
def test_a_signal_leaves_the_terminal_as_it_was(number: signal.Signals, place: Place) -> None:
    with tty(program("attach"), environment=place) as terminal:
        terminal.until(whole)
        os.kill(terminal.child.pid, number)
        assert terminal.end() == 128 + number
        terminal.assert_restored()


@pytest.mark.long
def test_an_exception_in_the_view_leaves_the_terminal_as_it_was(tmp_path: Path, place: Place) -> None:
    script = tmp_path / "broken.py"
    script.write_text(
        "from rnn_tui.view.panes.loss import LossPane\n"
        "from rnn_tui.cli.main import main\n"
        "picture = LossPane.picture\n"
        "def broken(self, scene, width, height):\n"
        "    if scene.frame.status.tick > 3: raise ZeroDivisionError('on purpose')\n"
        "    return picture(self, scene, width, height)\n"
        "LossPane.picture = broken\n"
        "main()\n"
    )
    command = [sys.executable, str(script), "attach"]
    with tty(command, environment={**place, "PYTHONPATH": str(Path.cwd())}) as terminal:
        assert terminal.end() == 1
        assert b"on purpose" in terminal.raw
        terminal.assert_restored()
