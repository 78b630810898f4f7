"""The list of runs as people read it: in any width, with nothing left out."""

import json
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from rnn_tui.cli.main import main
from rnn_tui.cli.run_table import Column, table_lines
from rnn_tui.runs.annotations import annotate
from rnn_tui.runs.read_checkpoint import read_manifest
from tests.kept_versions import copied
from tests.terminals import own_place

words = st.text("abc 表é-→", max_size=60).map(lambda text: " ".join(text.split()))


@given(
    rows=st.lists(st.fixed_dictionaries({"run": words, "loss": words, "note": words}), min_size=1, max_size=4),
    width=st.integers(20, 100),
)
def test_every_letter_is_there_and_no_line_is_too_wide(rows: list[dict[str, str]], width: int) -> None:
    columns = [Column("run"), Column("loss", right=True), Column("note", below=True)]
    lines = table_lines(columns, rows, width)
    assert max(map(cell_len, lines), default=0) <= width
    text = "".join(lines)
    for letter in "bc表é→-":
        assert text.count(letter) >= sum(cell.count(letter) for row in rows for cell in row.values())


def test_columns_stand_in_the_row_while_there_is_room() -> None:
    rows = [{"run": "one", "lr": "0.1", "cell": "gru", "note": "a b"}, {"run": "two", "lr": "0.05", "cell": ""}]
    columns = [Column("run"), Column("lr", right=True), Column("cell"), Column("none"), Column("note", below=True)]
    assert table_lines(columns, rows, 80) == [
        "run    lr  cell",
        "one   0.1  gru",
        "    note a b",
        "two  0.05",
    ]
    assert table_lines(columns, rows, 12) == ["run    lr", "one   0.1", "    cell gru", "    note a b", "two  0.05"]


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    own_place(tmp_path, monkeypatch)
    monkeypatch.delenv("COLUMNS", raising=False)
    runs = tmp_path / "d" / "rnn-tui" / "runs"
    for name in ("forks", "by-sequence-gru", "lstm-text"):
        copied(f"0.1.0/{name}", runs)
    annotate(runs / "forks", note="where \x1b[31mit\x07 began, " * 8, add=["good"])
    return runs


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["runs", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.usefixtures("kept")
def test_old_runs_are_listed_filtered_and_sorted_in_80_columns() -> None:
    lines = run("--sort", "name").splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines if line[0] != " "] == ["run", "by-sequence-gru", "forks", "lstm-text"]
    assert lines[0].split()[:6] == ["run", "epoch", "loss", "best", "lr", "seed"]
    text = " ".join(" ".join(lines).split())
    assert "optimizer adam→sgd" in text
    assert text.count("began,") == 8
    assert "\x1b" not in text
    assert [
        json.loads(line)["name"] for line in run("--where", "lr=0.05", "--where", "tag=good", "--json").splitlines()
    ] == ["forks"]
    assert run("--where", "cell=rnn-relu") == "None of the 3 runs fits.\n"
    held_out = [json.loads(line)["held_out"] for line in run("--sort", "held-out", "--json").splitlines()]
    assert held_out[0] is not None
    assert held_out[1:] == [None, None]


@pytest.mark.usefixtures("kept")
def test_json_has_all_of_it() -> None:
    (found,) = map(json.loads, run("--json", "--where", "name=forks").splitlines())
    assert (found["updates"], found["tags"], found["settings"]["training.lr"]) == (8, ["good"], 0.05)
    assert found["changes"] == [{"tick": 3}, {"tick": 6, "optimizer": "sgd"}]
    assert found["differs"] == {}
    found = {each["name"]: each["differs"] for each in map(json.loads, run("--json").splitlines())}
    assert found["lstm-text"]["network.cell"] == "lstm"
    assert {*found["forks"]} == {*found["lstm-text"]} >= {"training.lr", "training.optimizer"}


@pytest.mark.parametrize("option", ["--where", "--sort"])
def test_a_word_that_is_none_is_refused_before_anything_is_read(option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnn_tui.runs.catalog.list_runs", lambda: pytest.fail("read"))
    result = CliRunner().invoke(main, ["runs", option, "los<3"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"rnn-tui: {option} los<3: nothing is called los")
    assert result.stderr.count("\n") == 1


@pytest.mark.usefixtures("kept")
def test_what_no_run_knows_is_named() -> None:
    result = CliRunner().invoke(main, ["runs", "--sort", "time"])
    assert result.stderr == "rnn-tui: --sort time: none of these runs has it\n"
    assert len([line for line in result.stdout.splitlines() if line[0] != " "]) == 4


def test_what_runs_are_sorted_by_has_a_column(kept: Path) -> None:
    lines = [line.split() for line in run("--sort=-weights").splitlines() if line[0] != " "]
    at = lines[0].index("weights")
    assert [(row[0], row[at]) for row in lines[1:]] == [
        (name, f"{read_manifest(kept / name).weights:,}") for name in ("lstm-text", "by-sequence-gru", "forks")
    ]
    assert "updates" in run("--sort", "updates").split()


def test_the_shell_completes_what_runs_can_be_sorted_by() -> None:
    completion = ShellComplete(main, {}, "rnn-tui", "_RNN_TUI_COMPLETE")
    offered = {
        start: [each.value for each in completion.get_completions(["runs", "--sort"], start)] for start in ("lo", "h")
    }
    assert offered["lo"] == ["loss"]
    assert {*offered["h"]} >= {"held-out", "hidden"}
