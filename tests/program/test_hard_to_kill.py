"""Both processes killed at random moments: the terminal is restored, nobody is left behind, the checkpoint loads.

`RNN_TUI_ROUNDS=100` does it a hundred times over; a check that runs often does it once in each way.
"""

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from rnn_tui.client.discovery import LiveEngine, live_engines, stop_engine
from rnn_tui.runs.manifest import MANIFEST
from rnn_tui.runs.read_checkpoint import read_experiment, read_manifest, read_tensors
from tests.terminals import PATIENCE, Tty, own_place, program, tick, tty

pytestmark = pytest.mark.xdist_group("terminal")

ENDLESS = ("hihello", "--epochs", "0", "--until", "never", "--speed", "max")
WAYS = ("view KILL", "view HUP", "view TERM", "view INT", "engine KILL", "engine TERM")
ROUNDS = int(os.environ.get("RNN_TUI_ROUNDS", len(WAYS)))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Sockets and runs of our own; whoever is still there at the end is counted, and ended."""
    own_place(tmp_path, monkeypatch)
    yield tmp_path
    for each in engines(tmp_path):
        each.kill()


def engines(place: Path) -> list[psutil.Process]:
    """The engines that run there."""
    found = []
    for each in psutil.process_iter():
        try:
            sockets = each.environ().get("RNN_TUI_SOCKETS")
            if "rnn_tui.engine.host.serve" in " ".join(each.cmdline()) and sockets == str(place / "s"):
                found.append(each)
        except psutil.Error:
            continue
    return [each for each in found if each.status() != psutil.STATUS_ZOMBIE]


def wait_for(condition: object, what: str) -> None:
    assert callable(condition)
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def read_for(terminal: Tty, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and terminal.read(0.02):
        pass


def checkpoints(place: Path) -> list[Path]:
    return sorted(each.parent for each in (place / "d").rglob(MANIFEST))


def loads(folder: Path) -> bool:
    """Return whether a run can be resumed; read as `resume` does, before torch is there."""
    experiment = read_experiment(folder)
    manifest = read_manifest(folder)
    read_tensors(folder, manifest, experiment)
    return manifest.tick > 0


@pytest.mark.sampled(1)
@pytest.mark.parametrize("number", range(ROUNDS))
def test_killed_at_a_random_moment(number: int, place: Path) -> None:
    chance = random.Random(number)
    way = WAYS[number % len(WAYS)]
    saving = chance.random() < 0.5
    with tty(program(*ENDLESS, *(["--save", "--checkpoint-every", "20"] if saving else []))) as terminal:
        wait_for(lambda: engines(place), "no engine")
        (engine,) = engines(place)
        if number % 2:  # while it trains; else while it begins, and on a quick machine soon after
            terminal.until(lambda _: tick(terminal) > 0)
        read_for(terminal, chance.uniform(0.0, 2.0))
        who, _, signal_name = way.partition(" ")
        os.kill(engine.pid if who == "engine" else terminal.child.pid, getattr(signal, f"SIG{signal_name}"))
        if who == "engine":
            wait_for(lambda: not engines(place), "the engine is still there")
            ends_after_the_engine(terminal)
        elif signal_name == "KILL":
            assert terminal.end() == -signal.SIGKILL
        else:
            ended = terminal.end()
            assert ended in (128 + getattr(signal, f"SIG{signal_name}"), -getattr(signal, f"SIG{signal_name}"))
            if ended > 0 and b"\x1b[?1049h" in terminal.raw:
                terminal.assert_restored()
    if way in ("view TERM", "view INT"):
        wait_for(lambda: not engines(place), "told to end, it left its engine behind")
    else:
        wait_for(lambda: found() or not engines(place), "an engine that nobody can find")
        for each in found():
            left = stop_engine(each, patience=PATIENCE)
            assert not left.problem
            assert left.run.kept
    wait_for(lambda: not engines(place), "an engine is left")
    assert all(loads(folder) for folder in checkpoints(place))
    assert not list((place / "s").iterdir()) or way == "engine KILL"
    assert not live_engines()
    assert not list((place / "s").iterdir())  # what was left of one that was killed is cleared away


def found() -> list[LiveEngine]:
    """The runs that can be found, once their engines have noticed that nobody looks."""
    return [each for each in live_engines() if each.run is not None and not each.run.views and each.run.kept]


def ends_after_the_engine(terminal: Tty) -> None:
    """The view tells of it, and leaves when it is told to."""
    end = time.monotonic() + PATIENCE
    while terminal.read(0.1) and time.monotonic() < end:
        if "q quit" in terminal.text:
            terminal.press("q")
    assert terminal.end() == 1
    terminal.assert_restored()
