"""Engines of other versions, and engines that do not answer: all are listed, and can be stopped; nothing hangs."""

import json
import os
import socket
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from rnn_tui import __version__
from rnn_tui.cli.main import main
from rnn_tui.client import discovery as engines
from rnn_tui.client.connect import connect
from rnn_tui.client.discovery import EnginesError, LiveEngine, live_engines
from rnn_tui.protocol.core import Farewell, Greeting
from rnn_tui.protocol.engine_folders import engines_folder
from rnn_tui.protocol.rendezvous import SOCKET, Note
from rnn_tui.protocol.version import VERSION
from rnn_tui.protocol.wire import pack
from tests.engine.guests import House, house
from tests.fake_engines import RECORDED, fake_engine, of_0_1_0, of_the_future, packed, silent_engine

OLD = "hihello-2026-11-26-d82d7b"
NEW = "novel-2031-01-31-3f9a1c"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RNN_TUI_SOCKETS", str(tmp_path / "s"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "d"))
    monkeypatch.setattr("rnn_tui.client.discovery._ANSWER", 0.3)
    monkeypatch.setattr("rnn_tui.client.find_run.PATIENCE", 0.3)
    return tmp_path / "s"


def told(*arguments: str) -> str:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(*arguments: str) -> str:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    return result.stderr.splitlines()[-1]


def rows() -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in map(json.loads, told("runs", "--json").splitlines())}


# ---- other versions ---------------------------------------------------------------------------------------------


def test_an_engine_of_0_1_0_is_listed_and_stopped_and_attach_says_what_to_do() -> None:
    with of_0_1_0() as engine:
        line = " ".join(told("runs").split())
        assert OLD in line
        assert "rnn 1×5" in line
        assert "0/100" in line
        assert line.endswith("another version (protocol 2): attach with it, or stop it")
        row = rows()[OLD]
        assert (row["epoch"], row["epochs"], row["tick"], row["state"]) == (0, 100, 0, "paused")
        assert (row["device"], row["views"], row["process"], row["alive"]) == ("cpu", 1, 2407, True)
        assert row["other_version"] == "protocol 2"
        assert refused("attach", "hihello") == (
            f"rnn-tui: {OLD}: is trained by another version of rnn-tui, protocol 2, and this is {__version__} "
            f"(protocol {VERSION}): attach with that one, or `rnn-tui stop {OLD}`"
        )
        assert "Stop" not in engine.heard
        assert told("stop", "hihello") == f"Stopped {OLD} at epoch 0, tick 0\n"
        engine.thread.join(10)
        assert engine.heard[-1] == "Stop"
    assert live_engines() == []


def test_an_engine_of_a_version_to_come_is_listed_and_stopped() -> None:
    with of_the_future() as engine:
        line = " ".join(told("runs").split())
        assert NEW in line
        assert "lru 3×8" in line
        assert "7/9" in line
        assert "0.5000" in line
        assert line.endswith("another version (rnn-tui 3.1.4 (protocol 99)): attach with it, or stop it")
        assert rows()[NEW]["state"] == "resting"
        line = refused("attach")
        assert "another version of rnn-tui, rnn-tui 3.1.4 (protocol 99)" in line
        assert f"`rnn-tui stop {NEW}`" in line
        assert told("stop", NEW) == f"Stopped {NEW} at epoch 7, tick 70\n"
        assert engine.heard[-1] == "Stop"


def test_one_whose_experiment_means_nothing_to_us_is_listed_and_stopped_by_what_is_written_down() -> None:
    note = Note(name="opera-1", kept="/somewhere/opera-1")
    with of_the_future(experiment=["a", "list"], note=note):
        (found,) = live_engines()
        assert (found.name, found.kept, found.run) == ("opera-1", "/somewhere/opera-1", None)
        assert found.other_version == "rnn-tui 3.1.4 (protocol 99)"
        assert "attach with it, or stop it" in " ".join(told("runs").split())
        assert "another version" in refused("attach", "opera")


def test_what_another_version_says_does_not_reach_the_terminal_raw() -> None:
    greeting = packed("Greeting", version=99, torch="4", program="\x1b]0;title\x07")
    where = packed("Whereabouts", process=1, name="a\x1b[31m", device="\x9b0m", status={"state": "\x1b[2J"})
    with fake_engine("odd", greeting, {"Inquire": where, "Stop": packed("Refused", problem="\x1b[7m")}.__getitem__):
        for text in (told("runs"), told("runs", "--json"), refused("attach"), refused("stop", "a\x1b[31m")):
            assert not any(each in text for each in "\x1b\x07\x9b")


def test_one_that_refuses_says_why() -> None:
    greeting = packed("Greeting", version=99, torch="4")
    with fake_engine("no", greeting, lambda _: packed("Refused", problem="ask again"), note=Note(name="no-1")):
        (found,) = live_engines()
        assert found.problem == "refuses: ask again"
        assert "refuses: ask again" in refused("stop", "no-1")


def recorded(name: str) -> bytes:
    return (RECORDED / f"{name}.bin").read_bytes()


class OldView:
    """One of 0.1.0: it sends the bytes that a view of that version sent."""

    def __init__(self, folder: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        self.socket.connect(str(folder / SOCKET))
        self._stream = self.socket.makefile("rb")

    def hear(self) -> dict[str, Any]:
        size = int.from_bytes(self._stream.read(4), "big")
        message = msgspec.msgpack.decode(self._stream.read(size))
        assert isinstance(message, dict)
        return message

    def hears_the_end(self) -> bool:
        return self._stream.read(1) == b""


def test_this_engine_does_as_a_view_of_0_1_0_says() -> None:
    folder = engines_folder() / "present"
    folder.mkdir()
    with house(folder) as it:
        view = OldView(folder)
        assert view.hear()["version"] == VERSION
        view.socket.sendall(recorded("say-open") + recorded("say-look"))
        assert view.hear()["type"] == "Frame"
        view.socket.sendall(recorded("say-inquire"))
        where = view.hear()
        assert (where["type"], where["views"], where["experiment"]["name"]) == ("Whereabouts", 1, "hihello")
        other = OldView(folder)
        assert other.hear()["type"] == "Greeting"
        view.socket.sendall(recorded("say-detach"))
        assert (left := view.hear())["type"] == "Left"
        assert not left["stopped"]
        other.socket.sendall(recorded("say-stop"))
        assert other.hear()["stopped"] is True
        assert other.hears_the_end()
        assert isinstance(it, House)


# ---- engines that do not answer ---------------------------------------------------------------------------------


@pytest.mark.parametrize("full", [False, True])
def test_one_that_does_not_accept_is_listed_as_that(full: bool) -> None:
    with silent_engine("novel-1", full=full):
        line = " ".join(told("runs").split())
        assert "novel-1" in line
        assert line.endswith("does not answer")
        assert (rows()["novel-1"]["alive"], rows()["novel-1"]["process"]) == (True, 4711)
        assert refused("attach", "novel").endswith(
            "the run does not answer; it may be in a long step, or stopped (process 4711): try again"
        )
        later = "" if full else "; it has been told to, and stops as soon as it goes on"
        assert refused("stop", "novel").endswith(f"novel: does not answer within 0.3 s (process 4711){later}")
        with pytest.raises(TimeoutError) if full else pytest.raises(AssertionError):
            connect(engines_folder() / "novel-1", patience=0.1).close()
            raise AssertionError


def test_what_is_written_down_is_read_only_from_a_file() -> None:
    with silent_engine("novel-1", full=True):
        note = engines_folder() / "novel-1" / "run.json"
        note.unlink()
        os.mkfifo(note)
        assert live_engines() == []
        note.unlink()
        note.write_text("[" * 50_000)
        assert live_engines() == []


def test_stop_waits_for_a_checkpoint_but_not_for_a_first_word() -> None:
    """The last checkpoint of a large network takes long; an engine that has not greeted is not writing one."""
    asked = threading.Event()

    def slow(_: str) -> bytes:
        asked.wait(60)
        return recorded("stopped")

    with fake_engine("slow", recorded("greeting"), slow):
        timer = threading.Timer(0.4, asked.set)
        timer.start()
        left = engines.stop_engine(LiveEngine(folder=engines_folder() / "slow"), patience=60, first_word=0.1)
        assert isinstance(left, Farewell)
    with silent_engine("stuck"), pytest.raises(EnginesError, match=r"within 0\.1 s"):
        engines.stop_engine(LiveEngine(folder=engines_folder() / "stuck"), patience=3600, first_word=0.1)


def test_all_are_asked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answers only when all have been asked: one after the other, none would ever."""
    monkeypatch.setattr("rnn_tui.client.discovery._ANSWER", 60.0)
    everybody = threading.Barrier(12)

    def reply(_: str) -> bytes:
        everybody.wait(60)
        return recorded("whereabouts")

    def nest(number: int) -> None:
        if not number:
            assert [each.run is not None for each in live_engines()] == 12 * [True]
            return
        with fake_engine(f"engine-{number}", recorded("greeting"), reply):
            nest(number - 1)

    nest(12)


def test_one_that_hangs_up_on_everybody_is_listed() -> None:
    """As one with no room for another connection does."""
    folder = engines_folder() / "crowded"
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / SOCKET))
        listener.listen(8)

        def hang_up() -> None:
            while True:
                try:
                    listener.accept()[0].close()
                except OSError:
                    return

        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        try:
            (found,) = live_engines()
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
    assert found.problem == "has no room for another connection"


def test_one_that_ends_while_it_is_asked_is_not_there() -> None:
    folder = engines_folder() / "ending"
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / SOCKET))
        listener.listen(8)

        def end() -> None:
            peer = listener.accept()[0]
            peer.sendall(pack(Greeting(version=VERSION, torch="2")))
            listener.close()
            peer.close()

        thread = threading.Thread(target=end, daemon=True)
        thread.start()
        assert live_engines() == []
        thread.join()


def test_one_that_never_stops_talking_does_not_hold_us() -> None:
    ended = threading.Event()
    folder = engines_folder() / "chatty"
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / SOCKET))
        listener.listen(8)

        def chat() -> None:
            peer = listener.accept()[0]
            try:
                while not ended.is_set():
                    peer.sendall(packed("Chat", words="x" * 1000))
            except OSError:
                pass
            peer.close()

        thread = threading.Thread(target=chat, daemon=True)
        thread.start()
        try:
            assert live_engines() == []  # nobody knows its name
        finally:
            ended.set()
            thread.join()
