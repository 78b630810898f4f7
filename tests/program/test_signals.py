"""Each signal to each process: the terminal is as it was, the run is kept, and nobody is left behind.

`RNN_TUI_ROUNDS=100` sends all of them; a check that runs often sends those that were not answered before.
"""

import os
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from rnn_tui.client.discovery import live_engines, stop_engine
from rnn_tui.common.signals import ENDING
from rnn_tui.runs.read_checkpoint import read_manifest
from tests.program.test_hard_to_kill import checkpoints, ends_after_the_engine, engines, found, loads, place, wait_for
from tests.terminals import PATIENCE, program, tick, tty

__all__ = ["place"]  # a fixture

pytestmark = pytest.mark.xdist_group("terminal")

ALL = [number for number in ENDING if number < signal.SIGRTMIN] + [signal.SIGRTMIN, signal.SIGRTMAX]
NUMBERS = ALL if int(os.environ.get("RNN_TUI_ROUNDS", 0)) >= len(ALL) else [signal.SIGQUIT, signal.SIGUSR1]
IGNORED = [signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD, signal.SIGURG, signal.SIGCONT, signal.SIGWINCH]
ENDLESS = ("hihello", "--epochs", "0", "--until", "never", "--speed", "max", "--save", "--checkpoint-every", "20")


def test_every_signal_that_ends_a_process_is_among_them() -> None:
    """By what they do to a process that has not said anything; those of a bug and SIGKILL aside."""
    bugs = {"SEGV", "BUS", "FPE", "ILL", "SYS", "TRAP", "KILL"}
    for number in signal.valid_signals():
        child = subprocess.Popen(["sleep", "60"], restore_signals=True)
        os.kill(child.pid, number)
        os.kill(child.pid, signal.SIGCONT)
        try:
            ended = child.wait(0.05) == -number
        except subprocess.TimeoutExpired:
            ended = False
        if not ended:
            child.kill()
            child.wait()
        other = number in {getattr(signal, f"SIG{name}") for name in bugs} | {signal.SIGPIPE, signal.SIGXFSZ}
        assert (number in ENDING) == (ended and not other), number


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.sampled(1)
def test_a_view_gives_its_terminal_back_and_its_run_goes_on(number: int, place: Path) -> None:
    with tty(program(*ENDLESS)) as terminal:
        terminal.until(lambda _: tick(terminal) > 0)
        os.kill(terminal.child.pid, number)
        assert terminal.end() == 128 + number
        terminal.assert_restored()
    ends_run = number in (signal.SIGTERM, signal.SIGINT)
    if not ends_run:
        wait_for(found, "the run does not go on")
        for each in found():
            assert not stop_engine(each, patience=PATIENCE).problem
    wait_for(lambda: not engines(place), "an engine is left")
    assert all(loads(folder) for folder in checkpoints(place))
    assert checkpoints(place)
    assert not live_engines()


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.sampled(1)
def test_an_engine_keeps_its_run(number: int, place: Path) -> None:
    with tty(program(*ENDLESS)) as terminal:
        terminal.until(lambda _: tick(terminal) > 0)
        (engine,) = engines(place)
        os.kill(engine.pid, number)
        if number == signal.SIGHUP:  # the terminal of whoever began the run is not the run's
            at = tick(terminal)
            terminal.until(lambda _: tick(terminal) > at)
            terminal.leave()
            assert terminal.end() == 0
        else:
            wait_for(lambda: not engines(place), "the engine is still there")
            ends_after_the_engine(terminal)
    wait_for(lambda: not engines(place), "an engine is left")
    (folder,) = checkpoints(place)
    assert loads(folder)
    assert not list((place / "s").iterdir())


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.sampled(1)
def test_train_ends_with_a_checkpoint_of_its_newest_update(number: int, place: Path) -> None:
    folder = place / "run"
    command = program("train", "hihello-sequence", "--epochs", "0", "--json", "--run", str(folder))
    train = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert train.stdout is not None
    for _ in range(5):
        train.stdout.readline()
    train.send_signal(number)
    rest, err = train.communicate(timeout=PATIENCE)
    assert train.returncode == 128 + number
    assert "kept as" in err
    assert "Traceback" not in err
    manifest = read_manifest(folder)
    assert f'"tick": {manifest.tick},' in rest.splitlines()[-1]
    assert loads(folder)


@pytest.mark.usefixtures("place")
def test_signals_that_end_nothing_end_nothing(place: Path) -> None:
    with tty(program(*ENDLESS)) as terminal:
        terminal.until(lambda _: tick(terminal) > 0)
        (engine,) = engines(place)
        for number in IGNORED:
            os.kill(terminal.child.pid, number)
            os.kill(engine.pid, number)
        at = tick(terminal)
        terminal.until(lambda _: tick(terminal) > at)
        for process in (terminal.child.pid, engine.pid):  # stopped from outside, and let go on
            os.kill(process, signal.SIGTSTP)
        wait_for(lambda: psutil.Process(terminal.child.pid).status() == psutil.STATUS_STOPPED, "it is not stopped")
        for process in (engine.pid, terminal.child.pid):
            os.kill(process, signal.SIGCONT)
        at = tick(terminal)
        terminal.until(lambda _: tick(terminal) > at)
        terminal.leave()
        assert terminal.end() == 0
        terminal.assert_restored()
    wait_for(lambda: not engines(place), "an engine is left")
