"""The ranks of a script as a view sees them: from notes that may be old, of processes that may be gone."""

import math
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rnn_tui.client.discovery import LiveEngine
from rnn_tui.client.find_run import NoLiveRun, find_live, newest_live
from rnn_tui.client.link import EngineLink
from rnn_tui.client.ranks_seen import RanksSeen
from rnn_tui.protocol.engine_folders import EnginesError
from rnn_tui.protocol.rank_notes import (
    PLACE,
    RankNote,
    marked,
    ranks_folder,
    read_rank_notes,
    remove_rank_note,
    write_rank_note,
)
from rnn_tui.protocol.ranks import RankFigures
from rnn_tui.protocol.rendezvous import Note
from tests.fake_ranks import ranks_of

HERE = socket.gethostname()


def write(folder: Path, rank: int, *, count: int = 2, figures: dict[str, Any] | None = None, **more: Any) -> RankNote:
    odd: Any = {f"r{rank}": figures or {}}
    made = ranks_of(count, **odd)[rank]
    given = {"host": HERE, "process": os.getpid(), "socket": str(folder), "name": f"a-rank{rank}", "beat": 1, **more}
    note = RankNote(figures=made, count=count, **given)
    write_rank_note(folder, note)
    return note


def phases(figures: tuple[RankFigures, ...]) -> list[str]:
    return [each.phase for each in figures]


def test_notes_are_read_as_they_were_written(tmp_path: Path) -> None:
    notes = [write(tmp_path, rank, figures={"waiting": math.inf, "phase": "held"}) for rank in (0, 1)]
    assert read_rank_notes(tmp_path) == notes
    write(tmp_path, 1, figures={"loss": math.nan})
    assert math.isnan(RanksSeen(tmp_path).look()[1].loss)
    remove_rank_note(tmp_path, 1)
    remove_rank_note(tmp_path, 0)
    assert not tmp_path.exists()


@pytest.mark.parametrize("content", [b"", b"\xff" * 99, b"\x90", b"\x91" * 9999, b"a" * 99999])
def test_what_is_no_note_is_left_out(content: bytes, tmp_path: Path) -> None:
    write(tmp_path, 0)
    (tmp_path / "rank-1.msgpack").write_bytes(content)
    (tmp_path / "rank-7.msgpack").symlink_to(tmp_path / "rank-0.msgpack")
    (tmp_path / "rank-x.msgpack").write_bytes((tmp_path / "rank-0.msgpack").read_bytes())
    (tmp_path / "rank-3.msgpack").mkdir()
    assert [each.figures.rank for each in read_rank_notes(tmp_path)] == [0]
    assert RanksSeen(tmp_path).look() == ()  # it is alone


def test_of_an_earlier_start_with_more_ranks_nothing_is_shown(tmp_path: Path) -> None:
    write(tmp_path, 2, count=3)
    for rank in (0, 1):
        write(tmp_path, rank, count=2)
    assert [each.rank for each in RanksSeen(tmp_path).look()] == [0, 1]


def test_one_that_has_ended_is_remembered(tmp_path: Path) -> None:
    for rank in (0, 1, 2):
        write(tmp_path, rank, count=3)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        write(tmp_path, 1, count=3, process=other.pid, figures={"phase": "waiting"})
        seen = RanksSeen(tmp_path)
        assert phases(seen.look()) == ["", "waiting", ""]
        other.kill()
        while phases(seen.look()) != ["", "ended", ""]:
            pass  # also before its parent has noticed
    remove_rank_note(tmp_path, 2)
    assert phases(seen.look()) == ["", "ended", "ended"]


def test_one_that_says_nothing_is_called_silent(tmp_path: Path) -> None:
    now = 0.0
    seen = RanksSeen(tmp_path, lambda: now)
    for rank in (0, 1):
        write(tmp_path, rank, host=f"node{rank}")
    assert phases(seen.look()) == ["", ""]
    now = 9.0
    write(tmp_path, 0, host="node0", beat=2)
    figures = seen.look()
    assert phases(figures) == ["", "silent"]
    assert (figures[1].since, figures[1].node) == (9.0, "node1")


def test_looking_leaves_a_mark(tmp_path: Path) -> None:
    now = 0.0
    seen = RanksSeen(tmp_path, lambda: now)
    seen.look()
    os.utime(tmp_path / "looked-at", (1, 1))
    seen.look()
    assert marked(tmp_path) == 1
    now = 1.0
    seen.look()
    assert marked(tmp_path) > 1


def test_a_link_leads_to_a_rank_of_this_machine(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "engine.sock"))
        listener.listen()
        for rank in (0, 1):
            write(tmp_path, rank, count=4)
        write(tmp_path, 2, count=4, host="other")
        seen = RanksSeen(tmp_path)
        seen.look()
        link = seen.link_to(1)
        assert isinstance(link, EngineLink)
        link.let_go()
        assert seen.link_to(2) == "Rank 2 is on other: `rnn-tui attach a-rank2` shows it there."
        assert seen.link_to(3) == "Rank 3 has not been heard of."
    assert seen.link_to(1) == "Rank 1 cannot be reached: it has ended, or is watched no more."


def test_a_folder_that_others_could_enter_is_refused(tmp_path: Path) -> None:
    environment = {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "a", "MASTER_PORT": "1", PLACE: str(tmp_path)}
    folder = ranks_folder(environment)
    assert folder is not None
    assert folder == ranks_folder({**environment, "RANK": "1"})
    assert folder != ranks_folder({**environment, "MASTER_PORT": "2"})
    folder.chmod(0o755)
    with pytest.raises(EnginesError, match="closed to others"):
        ranks_folder(environment)
    with pytest.raises(EnginesError, match=f"cannot be made: .*; {PLACE} names another"):
        ranks_folder({**environment, PLACE: "/dev/null"})


def test_what_ranks_have_left_that_were_killed_is_removed(tmp_path: Path) -> None:
    def folder(name: str) -> Path:
        found = ranks_folder({"RANK": "0", "WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": name, PLACE: str(tmp_path)})
        assert found is not None
        return found

    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    killed, half, elsewhere = map(folder, ("killed", "half", "elsewhere"))
    for rank in (0, 1):
        write(killed, rank, process=ended.pid)
        write(elsewhere, rank, process=ended.pid, host="other")
    write(half, 0, process=ended.pid)
    write(half, 1)
    new = folder("new")
    assert set(tmp_path.iterdir()) == {half, elsewhere, new}


def test_what_was_left_long_ago_is_removed(tmp_path: Path) -> None:
    environment = {"RANK": "0", "WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": "old", PLACE: str(tmp_path)}
    old = ranks_folder(environment)
    assert old is not None
    write(old, 0)
    os.utime(old, (1, 1))
    new = ranks_folder({**environment, "TORCHELASTIC_RUN_ID": "new"})
    assert list(tmp_path.iterdir()) == [new]


def test_a_name_of_all_ranks_stands_for_the_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def alive(*names: str) -> None:
        found = [LiveEngine(folder=tmp_path, note=Note(name=name)) for name in names]
        monkeypatch.setattr("rnn_tui.client.find_run.live_engines", lambda: found)

    alive("train-12ab34-rank10", "train-12ab34-rank2", "hihello-2026")
    assert find_live("train").name == newest_live().name == "train-12ab34-rank2"
    assert find_live("train-12ab34-rank10").name == "train-12ab34-rank10"
    alive("hihello-2026", "train-12ab34-rank0", "train-56cd78-rank0")
    assert newest_live().name == "hihello-2026"
    with pytest.raises(NoLiveRun, match="is the beginning of 2 runs"):
        find_live("train")
