"""Where engines are found, who may enter, and what is said of a run that nobody finds."""

import os
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from rnn_tui.cli.main import main
from rnn_tui.client.discovery import EnginesError, engines_folder, live_engines
from rnn_tui.protocol.rendezvous import SOCKET, Note, write_note


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "s"
    monkeypatch.setenv("RNN_TUI_SOCKETS", str(folder))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "d"))
    return folder


def refused(*args: str) -> str:
    result = CliRunner().invoke(main, list(args))
    assert result.exit_code == 2, result.output
    assert result.stderr.count("\n") == 1
    return result.stderr


def test_the_folder_is_its_owner_s_alone(place: Path) -> None:
    assert engines_folder() == place
    assert place.stat().st_mode & 0o777 == 0o700
    assert live_engines() == []


@pytest.mark.parametrize("mode", [0o701, 0o750, 0o777])
def test_a_folder_that_others_may_enter_is_not_trusted(place: Path, mode: int) -> None:
    place.mkdir()
    place.chmod(mode)
    with pytest.raises(EnginesError, match="0700"):
        engines_folder()
    assert "0700" in refused("runs")
    assert "0700" in refused("attach")


def test_a_link_or_a_file_is_no_folder(place: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    place.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EnginesError, match="0700"):
        engines_folder()
    place.unlink()
    place.write_text("")
    with pytest.raises(EnginesError):
        engines_folder()


@pytest.mark.usefixtures("place")
def test_a_path_that_is_too_long_for_a_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNN_TUI_SOCKETS", "/tmp/" + 100 * "x")
    assert "too long" in refused("runs")


@pytest.mark.usefixtures("place")
def test_one_that_speaks_nonsense_is_told_of_and_hurts_nobody() -> None:
    folder = engines_folder() / "odd"
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / SOCKET))
        listener.listen(1)
        child = os.fork()
        if not child:
            peer, _ = listener.accept()
            peer.sendall(b"\xff\xff\xff\xff nonsense")
            os._exit(0)
        (found,) = live_engines()
        os.waitpid(child, 0)
    assert "another version" in found.problem


@pytest.mark.usefixtures("place")
def test_who_is_busy_is_found_by_what_is_written_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnn_tui.client.find_run.PATIENCE", 0.1)
    folder = engines_folder() / "busy"
    folder.mkdir()
    write_note(folder, Note(name="novel-1", kept="/somewhere/novel-1"))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / SOCKET))
        listener.listen(8)
        (found,) = live_engines()
        assert (found.name, found.kept, found.run) == ("novel-1", "/somewhere/novel-1", None)
        line = " ".join(CliRunner().invoke(main, ["runs"]).stdout.split())
        assert "novel-1" in line
        assert line.endswith("does not answer")
        result = CliRunner().invoke(main, ["attach", "nov"])
        assert result.exit_code == 2
        assert result.stderr.splitlines()[0] == "rnn-tui: waiting for the run to answer, 0.1 s at most …"
        assert "does not answer" in result.stderr.splitlines()[1]


@pytest.mark.usefixtures("place")
def test_a_run_that_nobody_finds_is_told_in_one_line() -> None:
    assert "no run is alive" in refused("attach")
    assert refused("attach", "nobody").startswith("rnn-tui: nobody: no run of that name is alive; none is")
    assert refused("stop", "nobody").startswith("rnn-tui: nobody: no run of that name is alive; none is")
