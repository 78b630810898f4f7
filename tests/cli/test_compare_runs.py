"""`rnn-tui compare RUN RUN`: what it prints, and what it refuses."""

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from rnn_tui.cli.main import main
from rnn_tui.runs.annotations import annotate
from rnn_tui.runs.read_checkpoint import read_manifest
from tests.kept_versions import copied
from tests.terminals import own_place


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    own_place(tmp_path, monkeypatch)
    place = tmp_path / "d" / "rnn-tui" / "runs"
    for name in ("forks", "by-sequence-gru", "lstm-text", "pairs"):
        copied(f"0.1.0/{name}", place)
    annotate(place / "forks", note="n", add=["t"])
    return place


def refused(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["compare", *arguments])
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1), result.output
    return result.stderr.removeprefix("rnn-tui: ").rstrip("\n")


def test_json_has_whole_curves_and_what_differs(runs: Path) -> None:
    result = CliRunner().invoke(main, ["compare", "forks", str(runs / "by-sequence-gru"), "lstm", "pairs", "--json"])
    assert result.exit_code == 0, result.output
    found = {each["name"]: each for each in map(json.loads, result.stdout.splitlines())}
    assert [*found] == ["forks", "by-sequence-gru", "lstm-text", "pairs"]
    for name, each in found.items():
        manifest = read_manifest(runs / name)
        with open(runs / name / manifest.losses, newline="") as stream:
            assert each["losses"] == [float(row["loss"]) for row in csv.DictReader(stream)]
        assert each["updates"] == [*range(1, manifest.updates + 1)]
        assert each["seconds"] is None
        assert each["held_out"]["losses"] == [judged.loss for judged in manifest.held_out]
        assert each["differs"]["network.cell"] == {"by-sequence-gru": "gru", "lstm-text": "lstm"}.get(
            name, each["differs"]["network.cell"]
        )
        assert {*each["differs"]} == {*found["forks"]["differs"]}
    assert found["forks"]["characters"] == [6 * each for each in found["forks"]["updates"]]
    assert found["pairs"]["characters"] is None
    assert (found["forks"]["note"], found["forks"]["tags"]) == ("n", ["t"])


def test_what_is_refused(runs: Path) -> None:
    assert refused("forks") == "compare: needs two runs or more; `rnn-tui runs` lists them"
    assert refused("forks", "nothing") == "nothing: no such run; `rnn-tui runs` lists them"
    assert refused("forks", "lstm-text", str(runs / "forks")) == f"{str(runs / 'forks')[:47]}…: is given twice"
    assert refused("forks", "lstm-text") == "the view needs a terminal; `rnn-tui compare --json` works without one"
    (runs / "pairs" / "losses.csv").write_text("x\n")
    result = CliRunner().invoke(main, ["compare", "pairs", "forks", "--json"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "losses.csv: line 1: has no column update" in result.stderr
    (runs / "pairs" / "experiment.toml").write_text("[")
    assert refused("forks", "pairs").startswith(str(runs / "pairs" / "experiment.toml"))


def test_sixty_four_are_the_most(runs: Path) -> None:
    folders = []
    for number in range(65):
        (runs / f"run-{number}").mkdir()
        (runs / f"run-{number}" / "experiment.toml").touch()
        folders.append(str(runs / f"run-{number}"))
    assert refused(*folders) == "compare: takes 64 runs at most, and 65 are given"
