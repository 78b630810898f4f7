"""The folders of engines: one that is being born, or lived in, is never cleared away; one that is left always is."""

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rnn_tui.client.discovery import live_engines
from rnn_tui.protocol.engine_folders import (
    EngineFolder,
    EnginesError,
    clear_away,
    engine_folders,
    engines_folder,
    new_engine_folder,
)
from rnn_tui.protocol.rendezvous import SOCKET

pytestmark = pytest.mark.usefixtures("place")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "s"
    monkeypatch.setenv("RNN_TUI_SOCKETS", str(folder))
    return folder


def left(name: str = "left") -> Path:
    """Return what an engine of 0.1.0 that was killed has left: it made no lock."""
    folder = engines_folder() / name
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / SOCKET))
        listener.listen(1)
    return folder


def test_what_a_killed_engine_has_left_is_cleared_away() -> None:
    home = new_engine_folder()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(home.path / SOCKET))
        listener.listen(1)
    assert live_engines() == []
    assert home.path.exists()  # we live, and hold the lock
    home.close()
    assert live_engines() == []
    assert not home.path.exists()


def test_what_died_before_it_had_a_socket_is_cleared_away() -> None:
    home = new_engine_folder()
    assert live_engines() == []
    assert home.path.exists()
    home.close()
    assert live_engines() == []
    assert not home.path.exists()


def test_without_a_lock_it_has_to_be_old(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = left()
    assert live_engines() == []
    assert folder.exists()  # it may be about to listen
    monkeypatch.setattr("rnn_tui.protocol.engine_folders._BIRTH", -1.0)
    assert live_engines() == []
    assert not folder.exists()


def test_a_folder_without_lock_and_socket_is_not_ours_to_delete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnn_tui.protocol.engine_folders._BIRTH", -1.0)
    folder = engines_folder() / "other"
    folder.mkdir()
    (folder / "notes.txt").write_text("keep me")
    assert live_engines() == []
    assert (folder / "notes.txt").exists()


def test_links_are_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnn_tui.protocol.engine_folders._BIRTH", -1.0)
    elsewhere = left("elsewhere").rename(tmp_path / "elsewhere")
    (elsewhere / "precious").write_text("")
    link = engines_folder() / "link"
    link.symlink_to(elsewhere)
    inside = left("inside")
    (inside / "link").symlink_to(elsewhere)
    (inside / "lock").symlink_to(elsewhere / "precious")
    assert engine_folders() == [inside]
    assert live_engines() == []
    assert not clear_away(link)
    assert (elsewhere / "precious").exists()
    assert link.is_symlink()
    (inside / "lock").unlink()
    assert live_engines() == []
    assert not inside.exists()
    assert (elsewhere / "precious").exists()


def test_the_lock_lasts_as_long_as_the_process_that_has_inherited_it() -> None:
    home = new_engine_folder()
    child = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[home.lock], start_new_session=True
    )
    try:
        home.close()  # the view has gone
        assert not clear_away(home.path)
    finally:
        child.kill()
        child.communicate()
    assert clear_away(home.path)


def test_a_folder_that_is_cleared_away_before_it_is_locked_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody takes the lock in the moment between its making and ours."""
    real = os.open
    turns: list[os.PathLike[str]] = []

    def hasty(path: os.PathLike[str], *rest: int, **more: int) -> int:
        descriptor = real(path, *rest, **more)
        if str(path).endswith("lock") and not more and not turns:
            turns.append(path)
            assert clear_away(Path(path).parent)
        return descriptor

    monkeypatch.setattr("rnn_tui.protocol.engine_folders.os.open", hasty)
    home = new_engine_folder()
    assert turns
    assert home.path != Path(turns[0]).parent
    assert home.path.exists()
    home.close()


def test_none_is_deleted_while_it_is_being_born() -> None:
    """Four clear away all the time while folders are made, listened in, and left."""
    done = threading.Event()
    cleared: list[Path] = []

    def clear() -> None:
        while not done.is_set():
            cleared.extend(folder for folder in engine_folders() if clear_away(folder))

    threads = [threading.Thread(target=clear, daemon=True) for _ in range(4)]
    for each in threads:
        each.start()
    lived: list[tuple[EngineFolder, socket.socket]] = []
    abandoned: set[Path] = set()
    try:
        for number in range(150):
            home = new_engine_folder()
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(home.path / SOCKET))  # and does not listen yet
            listener.listen(1)
            with socket.socket(socket.AF_UNIX) as peer:
                peer.connect(str(home.path / SOCKET))
            if number % 3:
                home.close()
                listener.close()
                abandoned.add(home.path)
            else:
                lived.append((home, listener))
    finally:
        done.set()
        for each in threads:
            each.join()
    assert all((home.path / SOCKET).exists() for home, _ in lived)
    assert cleared
    assert not set(cleared) & {home.path for home, _ in lived}
    for folder in abandoned - set(cleared):
        clear_away(folder)
    assert set(engine_folders()) == {home.path for home, _ in lived}
    for home, listener in lived:
        home.close()
        listener.close()


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o701])
def test_a_folder_that_others_may_enter_is_refused(place: Path, mode: int) -> None:
    place.mkdir()
    place.chmod(mode)
    with pytest.raises(EnginesError, match=r"closed to others \(0700\); RNN_TUI_SOCKETS names another"):
        engines_folder()
    place.chmod(0o700)
    assert engines_folder() == place


def test_a_link_in_its_place_is_refused(place: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    place.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EnginesError, match="must be a folder that is yours"):
        engines_folder()


def test_a_folder_of_somebody_else_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place.mkdir(mode=0o700)
    monkeypatch.setattr(os, "getuid", lambda: place.stat().st_uid + 1)
    with pytest.raises(EnginesError, match="must be a folder that is yours"):
        engines_folder()
