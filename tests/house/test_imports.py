"""Each side of the seam in a fresh interpreter: no torch in the view, no terminal in the engine."""

import importlib.util
import subprocess
import sys

import pytest

TERMINAL = ("textual", "rich", "plotext", "click")
SHARED = (
    "rnn_tui",
    "rnn_tui.protocol.wire",
    "rnn_tui.experiment.spec",
    "rnn_tui.experiment.settings",
    "rnn_tui.experiment.lessons",
    "rnn_tui.common.glyphs",
)
ENGINE = {"rnn_tui.engine.host.serve": TERMINAL, "rnn_tui.engine.headless.train": (*TERMINAL, "click")}
VIEW = ("rnn_tui.view.app.run", "rnn_tui.client.start")


def loaded(*modules: str) -> set[str]:
    """The packages that importing the modules brings in."""
    code = f"import sys, {', '.join(modules)}; print(*sorted(name.partition('.')[0] for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    packages = set(done.stdout.split())
    assert "rnn_tui" in packages
    return packages


def test_what_both_sides_share_brings_neither() -> None:
    assert loaded(*SHARED).isdisjoint({"torch", *TERMINAL})


@pytest.mark.parametrize("module", ENGINE)
def test_the_engine_brings_no_terminal(module: str) -> None:
    packages = loaded(module)
    assert packages.isdisjoint(ENGINE[module])
    assert "torch" in packages  # or this test looks at the wrong thing


def test_the_view_brings_no_torch() -> None:
    packages = loaded(*VIEW)
    assert "torch" not in packages
    assert "textual" in packages  # likewise


def test_the_terminal_packages_are_called_so() -> None:
    assert all(importlib.util.find_spec(name) for name in ("torch", "click", *TERMINAL))


OPENING = """
import sys
import rnn_tui.cli.view, rnn_tui.client.start, rnn_tui.view.app.run
rnn_tui.cli.view.need_terminal = rnn_tui.client.start.start_engine = lambda *_: None
rnn_tui.view.app.run.run_app = lambda *_: print("first screen", *sys.modules) or 0
from rnn_tui.cli.main import main
main()
"""


def test_the_first_screen_waits_for_nothing_that_reads_files() -> None:
    """The command itself is run, up to where the app begins."""
    command = [sys.executable, "-c", OPENING, "hihello"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("first screen"), done.stderr
    names = set(done.stdout.split())
    assert "rnn_tui.view.app.run" in names
    reading = {"tomlkit", "safetensors", "rnn_tui.runs.manifest", "rnn_tui.runs.catalog", "rnn_tui.data.csv.table"}
    assert names.isdisjoint(reading)
