"""Notes and tags: beside the run, whoever else writes there, and never more than data."""

import json
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.cli.main import main
from rnn_tui.common.glyphs import is_harmful
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.rendezvous import Note, write_note
from rnn_tui.runs.annotations import ANNOTATIONS, Annotations, annotate, note_problem, read_annotations, tag_problem
from rnn_tui.runs.catalog import list_runs
from rnn_tui.runs.manifest import CheckpointError
from rnn_tui.runs.remove import remove_run
from tests.engine.kept_runs import advance, begin
from tests.kept_versions import copied
from tests.terminals import own_place

pytestmark = pytest.mark.usefixtures("quick_disk")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    own_place(tmp_path, monkeypatch)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def refused(*arguments: str) -> str:
    result = run(*arguments)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1), result.output
    return result.stderr.removeprefix("rnn-tui: ").rstrip("\n")


def test_a_note_and_tags_are_written_shown_and_removed(place: Path) -> None:
    folder = copied("0.1.0/forks", place)
    name = str(folder)
    assert run("note", name).stdout == "forks: no note, and no tags\n"
    assert run("note", name, "the first", "try", "--tag", "good", "--tag", "slow").stdout == (
        "forks: the first try · tags good, slow\n"
    )
    assert run("note", name, "--untag", "good", "--tag", "slow", "--tag", "é").stdout == (
        "forks: the first try · tags slow, é\n"
    )
    assert run("note", name, "").stdout == "forks: tags slow, é\n"
    assert read_annotations(folder) == Annotations(tags=("slow", "é"))


def test_what_is_refused_changes_nothing(place: Path) -> None:
    folder = copied("0.1.0/forks", place)
    name = str(folder)
    annotate(folder, note="kept", add=["a"])
    assert refused("note", "none") == "none: no such run; `rnn-tui runs` lists them"
    assert refused("note", name, "x", "--untag", "b") == f"{name}: has no tag b: its tags are a"
    assert refused("note", name, "--tag", "two words") == "--tag two words: must be one word, without a comma"
    assert refused("note", name, "--tag", "") == "--tag '': must be one word, without a comma"
    assert refused("note", name, "--tag", "x" * 41).endswith("is too long: it must have at most 40 characters")
    assert refused("note", name, "--tag", "b", "--untag", "b") == "--tag b: cannot be combined with --untag b"
    assert refused("note", name, "x" * 2001).endswith("is too long: 2,001 characters, and a note has at most 2,000")
    assert refused("note", name, "\udcff") == "�: must be UTF-8"
    many = [each for number in range(32) for each in ("--tag", f"t{number}")]
    assert refused("note", name, *many) == f"{name}: has too many tags: 33, and 32 are the most"
    assert read_annotations(folder) == Annotations(note="kept", tags=("a",))


def test_a_run_that_trains_loses_nothing_by_it(place: Path) -> None:
    session, checkpointer = begin(LESSONS["hihello-sequence"], place / "run")
    advance(session, 10, checkpointer)
    annotate(place / "run", note="while it trains", add=["live"])
    advance(session, 20, checkpointer)
    checkpointer.close()
    assert read_annotations(place / "run") == Annotations(note="while it trains", tags=("live",))
    assert (place / "run" / "losses.csv").read_text().count("\n") == 21


def test_of_many_at_once_none_is_lost(place: Path) -> None:
    (place / "run").mkdir()
    threads = [
        threading.Thread(target=annotate, args=(place / "run",), kwargs={"add": [f"t{n}"]}, daemon=True)
        for n in range(16)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(read_annotations(place / "run").tags) == sorted(f"t{number}" for number in range(16))
    assert [each.name for each in (place / "run").iterdir()] == [ANNOTATIONS]


def test_a_note_does_not_make_a_run_the_newest(place: Path) -> None:
    for name in ("old", "new"):
        session, checkpointer = begin(LESSONS["hihello-sequence"], place / "d" / "rnn-tui" / "runs" / name)
        advance(session, 1)
        checkpointer.close()
    order = [each.name for each in list_runs()]
    annotate(Path(list_runs()[-1].folder), note="later than all")
    assert [each.name for each in list_runs()] == order


def test_it_goes_with_the_run(place: Path) -> None:
    folder = copied("0.1.0/forks", place)
    annotate(folder, note="x")
    assert remove_run(folder) == []
    assert not folder.exists()


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"{", "is cut or altered"),
        (b"[]", "is cut or altered"),
        (b'{"note": 1}', "is altered"),
        (b'{"tags": ["a b"]}', "is altered: must be one word"),
        (b'{"note": "' + b"x" * 70_000 + b'"}', "is altered: it is larger than 64 KiB"),
        (b'{"note": "' + b"x" * 2_001 + b'"}', "is altered: is too long"),
    ],
)
def test_a_file_that_is_altered_is_named_and_the_run_still_listed(place: Path, data: bytes, problem: str) -> None:
    folder = copied("0.1.0/forks", place / "d" / "rnn-tui" / "runs")
    (folder / ANNOTATIONS).write_bytes(data)
    assert refused("note", "forks").startswith(f"{folder / ANNOTATIONS}: {problem}")
    assert refused("note", "forks", "new").startswith(f"{folder / ANNOTATIONS}: {problem}")
    assert (folder / ANNOTATIONS).read_bytes() == data
    (entry,) = list_runs()
    assert (entry.problem, entry.manifest is not None) == ("", True)
    assert problem in entry.note_problem


def test_links_are_not_followed_and_keys_of_later_versions_stay(place: Path) -> None:
    folder = copied("0.1.0/forks", place)
    (place / "bait").write_text("bait")
    (folder / ANNOTATIONS).symlink_to(place / "bait")
    with pytest.raises(CheckpointError, match="cannot be written"):
        annotate(folder, note="x")
    assert (place / "bait").read_text() == "bait"
    (folder / ANNOTATIONS).unlink()
    (folder / ANNOTATIONS).write_text('{"colour": "red", "note": "x"}')
    annotate(folder, note="y")
    assert json.loads((folder / ANNOTATIONS).read_text())["colour"] == "red"


@given(note=st.text(max_size=80), tags=st.lists(st.text(max_size=8), max_size=4, unique=True))
def test_any_text_comes_back_as_it_was_and_is_printed_as_data(
    tmp_path_factory: pytest.TempPathFactory, note: str, tags: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("run")
    (folder / "experiment.toml").touch()
    tags = [each for each in tags if not tag_problem(each)]
    note = "" if note_problem(note) else note
    annotate(folder, note=note, add=tags)
    assert read_annotations(folder) == Annotations(note=note, tags=tuple(tags))
    result = run("note", str(folder))
    assert result.exit_code == 0
    assert not any(is_harmful(each) for each in result.stdout.replace("\n", ""))
    assert result.stdout.count("\n") == 1


@pytest.mark.parametrize("command", [("note", "live", "x"), ("compare", "live", "other")])
def test_a_run_in_memory_alone_has_no_folder(
    command: tuple[str, ...], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_note(place, Note(name="live"))
    monkeypatch.setattr("rnn_tui.protocol.engine_folders.engine_folders", lambda: [place])
    assert refused(*command).startswith("live: is not kept on the disk, and ")
