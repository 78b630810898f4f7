"""The engine's last words outlive it: in a file of its own, closed to others, and in the view's line."""

import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from rnn_tui.client.link import EngineError, EngineLink
from rnn_tui.client.start import start_engine
from rnn_tui.protocol.core import Greeting
from rnn_tui.protocol.engine_log import find_log, last_line, log_folder, new_log, open_for_log


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


@pytest.fixture
def engine(place: Path) -> Iterator[EngineLink]:  # noqa: ARG001
    it = start_engine()
    yield it
    it.close()


async def words_of(engine: EngineLink) -> str:
    try:
        async for message in engine.messages():
            assert isinstance(message, Greeting)
    except EngineError as error:
        return str(error)
    raise AssertionError("it still speaks")


async def test_the_view_shows_the_last_line_and_the_path(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine fails where nothing guards it, and its folder is gone when that is told."""
    (place / "broken").mkdir()
    (place / "broken" / "sitecustomize.py").write_text(
        "import sys\n"
        "if 'rnn_tui.engine.host.serve' in ' '.join(sys.orig_argv):\n"
        "    import rnn_tui.engine.host.server as server\n"
        "    def run(self): raise RuntimeError('a bug\\x1b[2J\\nin two lines')\n"
        "    server.Server.run = run\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{place / 'broken'}{os.pathsep}{Path(__file__).parents[2]}")
    engine = start_engine()
    assert engine._process is not None
    try:
        engine._process.wait(120)
        line, log = (await words_of(engine)).splitlines()
        assert line == "The engine ended with exit code 1: RuntimeError: a bug␛[2J"
        assert log == f"Log: {find_log(engine._folder)}"
        assert not (engine._folder / "engine.sock").exists()
    finally:
        engine.close()
    path = find_log(engine._folder)
    assert path.parent == log_folder()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "Traceback" in path.read_text()


async def test_a_crash_leaves_its_traceback(engine: EngineLink) -> None:
    messages = engine.messages()
    await anext(messages)
    os.kill(engine.pid, signal.SIGSEGV)
    with pytest.raises(EngineError, match="ended by signal 11: Fatal Python error: Segmentation fault"):
        await anext(messages)
    assert "most recent call first" in find_log(engine._folder).read_text()


def test_what_is_told_is_an_error_and_nothing_before_it(tmp_path: Path) -> None:
    path = tmp_path / "log"
    stamp = "2026-01-31 10:00:00,000"
    path.write_text(f"{stamp} WARNING a.b: a picture failed\nTraceback\n  File x\nValueError: x\n")
    assert last_line(path) == "ValueError: x"
    path.write_text(f"{path.read_text()}{stamp} INFO a.b: goes on: well\n")
    assert last_line(path) == ""
    path.write_text(f"{stamp} CRITICAL a.b: RuntimeError: why\n")
    assert last_line(path) == "RuntimeError: why"
    assert last_line(tmp_path / "none") == ""


def test_no_link_is_followed_and_nobody_else_may_read(place: Path) -> None:
    (place / "mine").write_text("precious")
    (place / "link").symlink_to(place / "mine")
    os.link(place / "mine", place / "hard")
    os.mkfifo(place / "pipe")
    for name in ("link", "hard", "pipe"):
        with pytest.raises(OSError, match=r"link|regular|device|levels"):
            open_for_log(place / name)
    assert (place / "mine").read_text() == "precious"


def test_only_so_many_are_kept_and_none_of_an_engine_that_is_there(place: Path) -> None:
    sockets = place / "s"
    for number in range(50):
        (sockets / str(number)).mkdir(parents=True)
        path = new_log(sockets / str(number))
        os.utime(path, (number, number))
        if number:
            (sockets / str(number)).rmdir()
    new_log(sockets / "last")
    names = {path.name for path in log_folder().iterdir()}
    assert {"0.log", "49.log", "last.log"} <= names
    assert len(names) <= 23


def test_without_a_place_for_logs_it_lies_beside_the_socket(place: Path) -> None:
    (place / "state").write_text("no folder")
    (place / "s").mkdir()
    assert new_log(place / "s") == find_log(place / "s") == place / "s" / "engine.log"
