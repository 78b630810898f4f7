"""Comparisons that are kept, among the runs: listed, found by name, noted, resumed, removed."""

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from rnn_tui.cli.main import main
from rnn_tui.engine.headless.compare import compare
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.vary import comparison_of, parse_varied
from rnn_tui.protocol.commands import SaveOptions
from rnn_tui.runs.kept_comparison import FIELD
from rnn_tui.view.model.launch import LaunchOptions
from tests.engine.kept_runs import advance, begin

COMPARISON = comparison_of(LESSONS["ohlol"], [parse_varied("cell=rnn,lstm")], 3)

pytestmark = pytest.mark.usefixtures("quick_disk")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A comparison, and a run."""
    place = tmp_path_factory.mktemp("made")
    compare(COMPARISON, json=False, out=io.StringIO(), err=io.StringIO(), keep=str(place / "many"))
    session, checkpointer = begin(LESSONS["hihello"], place / "one")
    advance(session, 12, checkpointer)
    checkpointer.close()
    return place


@pytest.fixture
def place(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The usual place of runs, with a copy of both."""
    monkeypatch.setattr("rnn_tui.runs.folders.user_data_folder", lambda _: tmp_path)
    return Path(shutil.copytree(made, tmp_path / "runs"))


def run(*args: str) -> Result:
    return CliRunner().invoke(main, list(args))


def listed(*args: str) -> dict[str, dict[str, Any]]:
    result = run("runs", "--json", *args)
    assert result.exit_code == 0, result.output
    return {values["name"]: values for values in map(json.loads, result.stdout.splitlines())}


def test_it_is_listed_among_the_runs(place: Path) -> None:
    run("note", "many", "is it luck?", "--tag", "luck")
    found = listed()
    many, one = found["many"], found["one"]
    rows = (place / "many" / "networks.csv").read_text().splitlines()
    columns = rows[0].split(",")
    learnt = sum(bool(row.split(",")[columns.index("learnt")]) for row in rows[1:])
    assert many["comparison"] == {
        "varied": {"network.cell": ["rnn", "lstm"], "training.seed": [3, 4, 5]},
        "learnt": learnt,
        "ended": 6,
        "diverged": 0,
    }
    assert (many["networks"], many["epoch"], many["epochs"]) == (6, 15, 15)
    assert (many["note"], many["tags"]) == ("is it luck?", ["luck"])
    assert many["bytes"] == sum(each.stat().st_size for each in (place / "many").iterdir())
    assert many["settings"]["network.cell"] is None  # it varies
    assert (one["networks"], one["comparison"]) == (1, None)
    table = run("runs").stdout
    for text in (f"6, {learnt} learnt", "rnn,lstm 1×4", "3..5", "15/15", "is it luck?", "tags luck"):
        assert text in table
    assert list(listed("--where", "networks>1")) == ["many"]
    assert list(listed("--where", "cell=rnn")) == ["one"]
    assert list(listed("--where", "tag=luck")) == ["many"]
    assert list(listed("--sort=-networks")) == ["many", "one"]
    assert set(listed("--sort", "loss")) == set(listed("--sort", "seed")) == set(listed("--sort", "size")) == set(found)


def test_one_that_did_not_count_yet_is_read(place: Path) -> None:
    values = json.loads((place / "many" / FIELD).read_text())
    for name in ("learnt", "ended", "diverged"):
        del values[name]
    (place / "many" / FIELD).write_text(json.dumps(values))
    assert listed()["many"]["comparison"]["learnt"] is None
    assert run("compare", "--resume", "many").exit_code == 0


def test_one_that_cannot_be_read_is_listed_all_the_same(place: Path) -> None:
    (place / "many" / FIELD).write_text("{")
    assert "is cut or altered" in listed()["many"]["problem"]
    result = run("compare", "--resume", "many")
    assert (result.exit_code, result.stdout, result.stderr.count(str(place))) == (2, "", 1)


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[LaunchOptions]:
    """What a view is opened on, on a terminal."""
    found: list[LaunchOptions] = []

    def run_view(launch: LaunchOptions, **_: str) -> None:
        found.append(launch)
        raise SystemExit(0)

    for module in ("compare", "view"):
        monkeypatch.setattr(f"rnn_tui.cli.{module}.run_view", run_view)
    monkeypatch.setattr("rnn_tui.cli.compare.has_terminal", lambda: True)
    return found


def test_a_view_goes_on_with_it(place: Path, launched: list[LaunchOptions]) -> None:
    folder = str(place / "many")
    for args in (("compare", "--resume", "man"), ("resume", "many"), ("attach", "many"), ("resume", folder)):
        assert run(*args).exit_code == 0
        launch = launched.pop()
        assert launch.comparison == COMPARISON
        assert launch.keep == SaveOptions(folder=folder, resume=True)
    own = "a comparison that is resumed has its own: leave it out"
    assert run("resume", "many", "--epochs", "3").stderr == f"rnn-tui: --epochs: {own}\n"
    assert run("compare", "--resume", "many", "--no-view").stdout.startswith("ohlol: 6 networks, ")
    assert not launched


def test_a_view_keeps_it_as_it_keeps_a_run(
    tmp_path: Path, launched: list[LaunchOptions], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for args, keep in ((("--run", "here"), str(tmp_path / "here")), (("--save",), ""), ((), None)):
        run("compare", "hihello", "--seeds", "2", *args)
        launch = launched.pop()
        assert launch.keep == (None if keep is None else SaveOptions(folder=keep))
        assert launch.may_keep


def test_what_is_for_one_network_says_so(place: Path) -> None:
    for args in (("sample", "many"), ("export", "many"), ("train", "--resume", "many"), ("compare", "many")):
        result = run(*args)
        again = "`rnn-tui compare --resume many` goes on with it"
        assert result.stderr == f"rnn-tui: many: is a comparison of many networks: {again}\n"
        assert result.exit_code == 2
    result = run("compare", "--resume", "one")
    assert result.stderr == "rnn-tui: --resume one: is a run of one network: `rnn-tui resume` goes on with it\n"
    result = run("train", "hihello", "--epochs", "1", "--run", str(place / "many"))
    assert "holds a run already" in result.stderr


def test_it_is_removed(place: Path) -> None:
    assert run("rm", "many", "--yes").stdout == "Deleted many\n"
    assert [each.name for each in place.iterdir()] == ["one"]
