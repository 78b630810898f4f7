"""Each side of the seam in a fresh interpreter: no torch in the view, no terminal in the engine."""

import importlib.util
import subprocess
import sys

import pytest

TERMINAL = ("textual", "rich", "plotext", "click")
SHARED = (
    "rnn_tui",
    "rnn_tui.protocol",
    "rnn_tui.experiment",
    "rnn_tui.fields",
    "rnn_tui.lessons",
    "rnn_tui.text",
)
ENGINE = {"rnn_tui.engine.serve": TERMINAL, "rnn_tui.engine.headless": (*TERMINAL, "click")}  # both bring the session
VIEW = ("rnn_tui.view.app", "rnn_tui.link")


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


def test_the_first_screen_waits_for_nothing_that_reads_run_folders() -> None:
    code = "import sys, rnn_tui.cli, rnn_tui.view_commands, rnn_tui.link, rnn_tui.view.app; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names = set(done.stdout.split())
    assert "rnn_tui.view.app" in names
    assert names.isdisjoint({"tomlkit", "rnn_tui.manifest", "rnn_tui.runs", "rnn_tui.csv_table"})
