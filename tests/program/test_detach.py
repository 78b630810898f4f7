"""Left training, found from another shell, joined by two, stopped: the whole program in real terminals."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from rnn_tui.cli.main import main
from rnn_tui.client.discovery import live_engines, stop_engine
from tests.terminals import PATIENCE, own_place, program, tick, tty

pytestmark = [pytest.mark.xdist_group("terminal"), pytest.mark.usefixtures("place")]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    own_place(tmp_path, monkeypatch)
    yield tmp_path
    for each in live_engines():
        stop_engine(each, patience=PATIENCE)


def told(*arguments: str) -> str:
    """Return what a command says that needs no terminal."""
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def runs() -> list[dict[str, Any]]:
    return [json.loads(line) for line in told("runs", "--json").splitlines()]


def test_left_found_joined_by_two_and_stopped() -> None:
    with tty(program("hihello", "--speed", "30", "--epochs", "0", "--until", "never")) as first:
        first.until(lambda _: tick(first) > 5)
        at = tick(first)
        first.press("d")
        assert first.end() == 0
        first.assert_restored()
        (name,) = re.findall(r"Left training: rnn-tui attach (\S+)", first.raw.decode())
    (run,) = runs()
    assert (run["name"], run["alive"], run["state"], run["views"], run["device"]) == (name, True, "playing", 0, "cpu")
    assert run["tick"] >= at
    with tty(program("attach")) as one, tty(program("attach", name[:9])) as other:
        one.until(lambda _: tick(one) > run["tick"])
        other.until(lambda text: "watching (T drives)" in text or "2 views" in text)
        one.until(lambda text: "watching (T drives)" in text or "2 views" in text)
        driver, watcher = (other, one) if "watching" in one.text else (one, other)
        watcher.press("T")
        watcher.until(lambda text: "2 views" in text)
        driver.until(lambda text: "watching (T drives)" in text)
        watcher.press(" ")
        driver.until(lambda text: "paused" in text)
        driver.press("q")  # it only watches now: nothing is asked
        assert driver.end() == 0
        driver.assert_restored()
        watcher.until(lambda text: "views" not in text)
        watcher.leave()
        assert watcher.end() == 0
        assert f"Saved: rnn-tui resume {name}" in watcher.raw.decode()
    (run,) = runs()
    assert (run["name"], run["alive"]) == (name, False)
    with tty(program("attach", name)) as again:  # the line still works: it opens what is on the disk
        again.until(lambda _: tick(again) >= run["tick"])
        again.press("d")
        assert again.end() == 0
    stopped = told("stop", name)
    assert stopped.startswith(f"Stopped {name} at epoch ")
    assert stopped.rstrip().endswith(f": rnn-tui resume {name}")


def test_a_view_is_told_when_its_run_is_stopped_from_elsewhere() -> None:
    with tty(program("hihello", "--epochs", "0", "--until", "never")) as terminal:
        terminal.until(lambda _: tick(terminal) > 1)
        (run,) = runs()
        assert (run["views"], run["folder"]) == (1, None)
        told("stop", run["name"])
        assert terminal.end() == 0
        terminal.assert_restored()
        assert "Another view, or `rnn-tui stop`, has stopped the run." in terminal.raw.decode()
        assert f"rnn-tui resume {run['name']}" in terminal.raw.decode()
