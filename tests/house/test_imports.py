"""Each side of the seam in a fresh interpreter: no torch in the view, no terminal in the engine."""

import importlib.util
import subprocess
import sys
from pathlib import Path

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


# The command itself is run, up to where the app begins. The first line has what the engine's start has waited for,
# the second what the first screen has.
OPENING = """
import sys
from rnn_tui.cli import view
from rnn_tui.client import start
from rnn_tui.cli.main import main

def start_engine(*_):
    print(*sys.modules)
    import rnn_tui.view.app.run as run
    run.run_app = lambda *_: print(*sys.modules) or 0

view.need_terminal, start.start_engine = lambda *_: None, start_engine
main()
"""


@pytest.fixture(scope="module")
def waited_for() -> list[set[str]]:
    """Return the modules that are there when the engine starts, and when the app begins."""
    command = [sys.executable, "-c", OPENING, "hihello"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [set(line.split()) for line in done.stdout.splitlines()]


def test_the_engine_starts_before_anything_that_takes_long_is_imported(waited_for: list[set[str]]) -> None:
    before, _ = waited_for
    assert "rnn_tui.client.start" in before  # or this test looks at the wrong thing
    assert before.isdisjoint({"numpy", "textual", "asyncio"})


def test_the_first_screen_waits_for_nothing_that_reads_files(waited_for: list[set[str]]) -> None:
    _, names = waited_for
    assert {"rnn_tui.view.app.run", "rnn_tui.view.panes.states"} <= names
    reading = {"tomlkit", "tomllib", "safetensors", "importlib.resources"}
    assert names.isdisjoint(reading | {"rnn_tui.runs.manifest", "rnn_tui.runs.catalog", "rnn_tui.data.csv.table"})


def test_the_first_screen_waits_for_no_other_command_and_for_no_pane_that_is_not_on_it(
    waited_for: list[set[str]],
) -> None:
    _, names = waited_for
    commands = {"compare", "compare_printed", "manual", "note", "remove", "runs", "sample", "show", "tour", "train"}
    assert names.isdisjoint({f"rnn_tui.cli.{each}" for each in (*commands, "watch")})
    panes = {f"rnn_tui.view.panes.{each}" for each in ("map", "bundle", "cell", "gates", "gradients", "weights")}
    assert names.isdisjoint({*panes, "rnn_tui.client.ranks_seen", "rnn_tui.draw.ranks.strip", "rnn_tui.draw.field.map"})


def test_values_of_the_first_screen_are_structs(waited_for: list[set[str]]) -> None:
    """A frozen dataclass takes 0.5 ms to be made where a struct takes 0.02, and there are dozens."""
    _, names = waited_for
    ours = [each for each in names if each.startswith(("rnn_tui.view", "rnn_tui.draw"))]
    sources = {each: Path(str(importlib.util.find_spec(each).origin)) for each in ours}  # type: ignore[union-attr]
    assert [each for each, path in sources.items() if "@dataclass(frozen" in path.read_text("utf-8")] == []
