"""A script shows its run in its terminal, and goes on with it as it was left there."""

import sys
from pathlib import Path

import pytest

from tests.terminals import own_place, tick, tty

SCRIPT = """
from rnn_tui import Run, show

run = Run("hihello", epochs=50)
for _ in range(9):
    run.step()
assert show(run) is run
print("left at", run.tick, len(run.losses), run.step().tick)
"""


def test_a_script_shows_its_run_and_goes_on_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = own_place(tmp_path, monkeypatch)
    (tmp_path / "script.py").write_text(SCRIPT)
    with tty([sys.executable, str(tmp_path / "script.py")], environment=place) as terminal:
        terminal.until(lambda _: tick(terminal) == 9)
        terminal.press("\x1b[C")
        terminal.until(lambda _: tick(terminal) == 10)
        terminal.leave()
        assert terminal.end() == 0
        assert b"left at 10 1 11" in terminal.raw
        terminal.assert_restored()
