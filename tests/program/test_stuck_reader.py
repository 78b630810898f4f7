"""A terminal that takes nothing any more, as behind a link that hangs: the view can be ended all the same."""

import signal
import time
from pathlib import Path

import psutil
import pytest

from rnn_tui.client.discovery import live_engines
from tests.terminals import PATIENCE, own_place, program, tty

pytestmark = pytest.mark.xdist_group("terminal")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.sampled(1)
def test_it_ends_while_nobody_reads(number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGTERM ends the run too; after SIGHUP it goes on, and can be found."""
    own_place(tmp_path, monkeypatch)
    options = ("hihello", "--epochs", "0", "--until", "never", "--speed", "max")
    with tty(program(*options)) as terminal:
        terminal.until(lambda text: "▶ playing" in text)
        view = psutil.Process(terminal.child.pid)
        (engine,) = view.children()
        try:
            _wait_until_it_is_blocked(view)
            view.send_signal(number)
            assert view.wait(PATIENCE) is not None or not view.is_running()
            if number == signal.SIGTERM:
                engine.wait(PATIENCE)
            else:
                (found,) = live_engines()
                assert found.run is not None
                assert found.run.process == engine.pid
        finally:
            if engine.is_running():
                engine.kill()


def _wait_until_it_is_blocked(view: psutil.Process) -> None:
    """Nobody reads; until the terminal has taken all that it can, and the view has written nothing more for a while."""
    end, written, same = time.monotonic() + PATIENCE, -1, 0
    while same < 5:
        assert time.monotonic() < end
        time.sleep(0.2)
        now = view.io_counters().write_chars
        same = same + 1 if now == written else 0
        written = now
