"""Files of a run are regular files of ours: nothing else is followed, waited for, read or changed."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from rnn_tui.common.atomic_files import CutShort, Folder, NotTheSame, read_regular, write_atomic


def _socket(path: Path) -> None:
    where = os.getcwd()
    os.chdir(path.parent)  # a socket's path may have 107 bytes
    try:
        socket.socket(socket.AF_UNIX).bind(path.name)
    finally:
        os.chdir(where)


SPECIAL: dict[str, tuple[Callable[[Path], object], str]] = {
    "pipe": (lambda path: os.mkfifo(path), "a pipe"),
    "socket": (_socket, "a socket or a pipe"),
    "folder": (lambda path: path.mkdir(), "a folder"),
    "link to zeros": (lambda path: path.symlink_to("/dev/zero"), "a link"),
    "link to a file": (lambda path: path.symlink_to(path.with_name("bait")), "a link"),
    "link to nothing": (lambda path: path.symlink_to("nowhere"), "a link"),
    "link to itself": (lambda path: path.symlink_to(path.name), "a link"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bait").write_text("bait\n")
    return tmp_path


@pytest.mark.parametrize(("make", "kind"), SPECIAL.values(), ids=SPECIAL)
def test_what_is_no_regular_file_is_named_and_not_touched(
    make: Callable[[Path], object], kind: str, folder: Path
) -> None:
    make(folder / "file")
    with pytest.raises(OSError, match=f"it is {kind}, not a regular file"):
        read_regular(folder / "file", 10)
    with Folder(folder) as opened:
        with pytest.raises(NotTheSame):
            opened.append("file", b"more\n", at=0)
        if kind == "a folder":
            with pytest.raises(IsADirectoryError):
                opened.write("file", b"ours\n")
        else:
            opened.write("file", b"ours\n")
            assert (folder / "file").read_bytes() == b"ours\n"
            assert not (folder / "file").is_symlink()
    assert (folder / "bait").read_text() == "bait\n"
    assert not (folder / "nowhere").exists()


@pytest.mark.parametrize("make", [make for make, kind in SPECIAL.values() if kind != "a folder"])
def test_the_name_of_what_is_being_written_is_no_way_out_either(make: Callable[[Path], object], folder: Path) -> None:
    make(folder / "file.part")
    write_atomic(folder / "file", b"ours\n")
    os.link(folder / "bait", folder / "file.part")
    write_atomic(folder / "file", b"again\n")
    assert (folder / "file").read_bytes() == b"again\n"
    assert (folder / "bait").read_text() == "bait\n"
    assert not os.path.lexists(folder / "file.part")


def test_a_file_with_another_name_is_copied_not_changed(folder: Path) -> None:
    os.link(folder / "bait", folder / "file")
    with Folder(folder) as opened:
        opened.append("file", b"more\n", at=5)
        assert (folder / "file").read_text() == "bait\nmore\n"
        opened.append("file", b"other\n", at=5)
    assert (folder / "file").read_text() == "bait\nother\n"
    assert (folder / "bait").read_text() == "bait\n"


def test_a_file_that_was_cut_or_removed_is_not_made_up(folder: Path) -> None:
    with Folder(folder) as opened:
        for at, name in ((6, "bait"), (0, "none")):
            with pytest.raises(NotTheSame):
                opened.append(name, b"more\n", at=at)
    assert (folder / "bait").read_text() == "bait\n"
    assert not (folder / "none").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_file_of_somebody_else_is_not_changed(folder: Path) -> None:
    os.chown(folder / "bait", 65534, 65534)
    with Folder(folder) as opened:
        with pytest.raises(NotTheSame):
            opened.append("bait", b"more\n", at=5)
        os.chown(folder, 65534, -1)  # it is that of the folder: then it is as one would have it
        opened.append("bait", b"more\n", at=5)


def test_as_many_whole_lines_as_fit_are_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room, write = [0], os.write

    def limited(descriptor: int, data: memoryview) -> int:
        if not room[0]:
            raise OSError(27, "File too large")
        room[0] -= (done := write(descriptor, data[: room[0]]))
        return done

    monkeypatch.setattr(os, "write", limited)
    for size, kept in ((0, 0), (3, 0), (4, 4), (11, 8)):
        room[0] = size
        with Folder(folder) as opened, pytest.raises(CutShort, match="File too large") as caught:
            opened.append("bait", b"one\ntwo\nthree\n", at=5)
        assert caught.value.kept == kept
        assert (folder / "bait").read_bytes() == b"bait\n" + b"one\ntwo\n"[:kept]


def test_what_is_written_goes_to_the_folder_that_was_opened(folder: Path) -> None:
    (folder / "run").mkdir()
    with Folder(folder / "run") as opened:
        (folder / "run").rename(folder / "moved")
        (folder / "run").mkdir()
        opened.write("file", b"ours\n")
    assert [each.name for each in (folder / "moved").iterdir()] == ["file"]
    assert not list((folder / "run").iterdir())


def test_links_are_followed_where_somebody_has_named_the_file(folder: Path) -> None:
    (folder / "link").symlink_to("bait")
    assert read_regular(folder / "link", 10, follow=True) == b"bait\n"
    os.mkfifo(folder / "pipe")
    (folder / "link to pipe").symlink_to("pipe")
    with pytest.raises(OSError, match="it is a pipe, not a regular file"):
        read_regular(folder / "link to pipe", 10, follow=True)
