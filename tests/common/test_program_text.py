"""A program of ours in a process of its own: whose modules it imports."""

import os
import subprocess
import sys
from pathlib import Path

from rnn_tui.common.program_text import program_text


def printed(folder: Path, text: str, *arguments: str) -> list[str]:
    """Run a program in a folder that has a `json` and an `rnn_tui` of its own; what it prints, by lines."""
    (folder / "json.py").write_text("print('not the real one')\n")
    (folder / "rnn_tui.py").write_text("print('not the real one')\n")
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONSAFEPATH")}
    command = [sys.executable, "-c", text, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.splitlines()


def test_it_imports_ours_and_nothing_from_the_folder_it_is_in(tmp_path: Path) -> None:
    text = program_text("rnn_tui.common.wording", "counted(int(sys.argv[1]), 'run')")
    told = "import json\nprint(rnn_tui_says, json.__file__.startswith(sys.prefix) or 'lib' in json.__file__)"
    text = text.replace("counted(int(", "rnn_tui_says = counted(int(") + "\n" + told
    assert printed(tmp_path, text, "3") == ["3 runs True"]


def test_the_folder_comes_back_in_the_place_of_our_own(tmp_path: Path) -> None:
    def path(*, back: bool) -> list[str]:
        text = program_text("rnn_tui.common.wording", "shown('x')", puts_folder_back=back)
        return printed(tmp_path, f"{text}\nprint(*sys.path, sep=chr(10))")

    ours = path(back=False)
    assert ours[-1] == str(Path(__file__).parents[2])
    assert path(back=True) == ["", *ours[:-1]]
