"""Each side of the seam in a fresh interpreter: no torch in the view, no terminal in the engine."""

import importlib.util
import subprocess
import sys

import pytest

TERMINAL = ("textual", "rich", "plotext")
SHARED = (
    "rnn_tui",
    "rnn_tui.protocol",
    "rnn_tui.experiment",
    "rnn_tui.fields",
    "rnn_tui.lessons",
    "rnn_tui.text",
)
ENGINE = ("rnn_tui.engine.session", "rnn_tui.engine.serve", "rnn_tui.engine.headless")
VIEW = ("rnn_tui.view.app", "rnn_tui.link")


def loaded(module: str) -> set[str]:
    """The packages that importing the module brings in."""
    code = f"import sys, {module}; print(*sorted(name.partition('.')[0] for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    packages = set(done.stdout.split())
    assert "rnn_tui" in packages
    return packages


@pytest.mark.parametrize("module", SHARED)
def test_what_both_sides_share_brings_neither(module: str) -> None:
    assert loaded(module).isdisjoint({"torch", *TERMINAL})


@pytest.mark.parametrize("module", ENGINE)
def test_the_engine_brings_no_terminal(module: str) -> None:
    packages = loaded(module)
    assert packages.isdisjoint(TERMINAL)
    assert "torch" in packages  # or this test looks at the wrong thing


@pytest.mark.parametrize("module", VIEW)
def test_the_view_brings_no_torch(module: str) -> None:
    assert "torch" not in loaded(module)


def test_the_terminal_packages_are_called_so() -> None:
    assert all(importlib.util.find_spec(name) for name in ("torch", *TERMINAL))
    assert "textual" in loaded("rnn_tui.view.app")
