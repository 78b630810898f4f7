"""Ctrl+C before there is anything to interrupt: the exit code says so, and nothing else is said."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2] / "pyproject.toml"
INTERRUPTED = """
import os, signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == WHERE:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
sys.argv = ["rnn-tui", "lessons"]
from MODULE import main
main()
"""


@pytest.mark.parametrize("where", ["rnn_tui.cli.main", "click", "msgspec", "rnn_tui.experiment.settings", "nowhere"])
def test_it_ends_without_a_traceback(where: str) -> None:
    """Interrupt the program at various places in its imports."""
    module, _, name = tomllib.loads(PROJECT.read_text())["project"]["scripts"]["rnn-tui"].partition(":")
    assert name == "main"
    code = INTERRUPTED.replace("WHERE", repr(where)).replace("MODULE", module)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.returncode == (0 if where == "nowhere" else 130)
    assert ("hihello" in done.stdout) == (where == "nowhere")
