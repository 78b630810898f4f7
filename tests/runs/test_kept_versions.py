"""Runs that older versions kept go on, write, are exported and are listed: for ever, whatever settings come after them.

Losses on another machine than theirs agree in five digits, not to the bit.
"""

import json
import re
import runpy
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

import rnn_tui
from rnn_tui.cli.main import main
from rnn_tui.experiment.hash import experiment_hash
from rnn_tui.experiment.setting import FIRST_VERSION
from rnn_tui.experiment.settings import SETTINGS
from rnn_tui.experiment.spec import Data, Experiment, Network, Training
from rnn_tui.runs.manifest import MANIFEST
from rnn_tui.runs.read_checkpoint import read_experiment, read_manifest
from tests.kept_versions import KEPT, NAMES, copied, gone_on, losses, reference
from tests.message_schema import FOLDER as SCHEMA
from tests.message_schema import messages
from tests.setting_trial import grown, run_by

pytestmark = pytest.mark.usefixtures("quick_disk")

ANSWERS = {  # of what has learnt answers, which 0.1.0 fed with its own outputs; see tests/cli/test_sample_answers.py
    "0.1.0/lessons-remember": "??????",
    "0.1.0/pairs": "s" * 30,
}
SAMPLED = tuple(name for name in NAMES if (KEPT / f"{name}.sample.txt").exists())
SECTIONS = {"data": Data, "network": Network, "training": Training}


def told(*arguments: str) -> str:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


def close(found: list[float], expected: list[float]) -> bool:
    return found == pytest.approx(expected, rel=1e-5)


def test_there_is_a_run_of_each_kind() -> None:
    assert len(NAMES) >= 10
    assert len(SAMPLED) >= 7


@pytest.mark.parametrize("name", NAMES)
def test_it_goes_on_as_if_it_had_not_been_stopped(name: str, tmp_path: Path) -> None:
    folder, expected = copied(name, tmp_path), reference(name)
    done = read_manifest(folder).updates
    before = losses(folder / read_manifest(folder).losses)
    found = gone_on(folder, len(expected))
    assert 0 < done < len(expected)
    assert found[:done] == before[:done]
    assert close(found, expected)
    assert read_manifest(folder).rnn_tui == rnn_tui.__version__


@pytest.mark.parametrize("name", ["0.1.0/lstm-text", "0.1.0/text-stateful"])
def test_it_goes_on_from_the_command_line(name: str, tmp_path: Path) -> None:
    folder = copied(name, tmp_path)
    told("train", "--resume", str(folder), "--epochs", str(2 * read_manifest(folder).epochs))
    assert close(losses(folder / "losses.csv"), reference(name))


@pytest.mark.parametrize("name", SAMPLED)
def test_it_writes_what_it_wrote(name: str, tmp_path: Path) -> None:
    found = told("sample", str(copied(name, tmp_path)), "--length", "30", "--temperature", "0")
    expected = ANSWERS.get(name, (KEPT / f"{name}.sample.txt").read_text("utf-8"))
    assert found.rstrip("\n") == expected.rstrip("\n")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("which", ["newest", "best"])
def test_it_is_exported_and_its_script_loads(name: str, which: str, tmp_path: Path) -> None:
    folder = copied(name, tmp_path)
    best = ("--best",) if which == "best" else ()
    weights, script = told("export", str(folder), "--to", str(tmp_path / "out"), *best).split()
    model = runpy.run_path(script)["load"]()
    state = torch.load(weights, weights_only=True)
    assert sum(each.numel() for each in state.values()) == read_manifest(folder).weights
    assert {key: tuple(each.shape) for key, each in model.state_dict().items()} == {
        key: tuple(each.shape) for key, each in state.items()
    }


def test_they_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("RNN_TUI_SOCKETS", str(tmp_path / "s"))
    version = KEPT / "0.1.0"
    names = [name.partition("/")[2] for name in NAMES if name.startswith(f"{version.name}/")]
    for name in names:
        copied(f"{version.name}/{name}", tmp_path / "rnn-tui" / "runs")
    rows = {row["name"]: row for row in map(json.loads, told("runs", "--json").splitlines())}
    assert set(rows) == set(names)
    for name, row in rows.items():
        written = json.loads((version / name / MANIFEST).read_text())
        assert (row["epoch"], row["tick"], row["loss"]) == (written["epoch"], written["tick"], written["loss"])
        assert row["best"] is not None
        assert row["problem"] is None


# ---- settings that are still to come ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return grown(tmp_path_factory.mktemp("later"))


def test_with_a_setting_more_every_run_goes_on(later: Path, tmp_path: Path) -> None:
    found = json.loads(run_by(later, "-m", "tests.kept_versions", str(tmp_path)).splitlines()[-1])
    assert set(found) == set(NAMES)
    for name in NAMES:
        assert close(found[name], reference(name)), name
        assert "inertia" not in (tmp_path / name.partition("/")[2] / "experiment.toml").read_text()


HASHES = """
import json, sys
from msgspec.structs import replace
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.hash import experiment_hash
kept = Experiment()
other = replace(kept, training=replace(kept.training, inertia=0.25))
print(json.dumps([experiment_hash(kept), experiment_hash(other)]))
"""


def test_the_hash_changes_with_a_new_setting_only_where_that_is_used(later: Path) -> None:
    same, other = json.loads(run_by(later, "-c", HASHES))
    assert same == experiment_hash(Experiment()) != other


def test_a_run_of_a_later_version_is_told_as_that(later: Path, tmp_path: Path) -> None:
    init = later / "rnn_tui" / "__init__.py"
    present = init.read_text()
    init.write_text(present.replace(f'"{rnn_tui.__version__}"', '"9.1.0"'))
    folder = tmp_path / "run"
    try:
        run_by(later, "-m", "rnn_tui", "train", "hihello", "--epochs", "2", "--run", str(folder), "--fork", "6: lr=0.5")
    finally:
        init.write_text(present)
    both = f"was written by rnn-tui 9.1.0, and this is {rnn_tui.__version__}, which"
    line = refused("train", "--resume", str(folder))
    assert "experiment.toml, line " in line
    assert f"{both} knows no setting training.inertia" in line

    toml = folder / "experiment.toml"
    toml.write_text(re.sub(r"inertia = .*\n", "", toml.read_text()))  # as one may do who reads that
    line = refused("train", "--resume", str(folder))
    assert f"checkpoint.json: {both} cannot read it" in line
    assert "unknown field `inertia`" in line


def refused(*arguments: str) -> str:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == 2, result.output
    assert result.stderr.count("\n") == 1
    return result.stderr


@pytest.mark.parametrize("file", ["checkpoint.json", "best.json"])
def test_a_checkpoint_of_a_later_version_is_told_as_that(file: str, tmp_path: Path) -> None:
    folder = copied("0.1.0/by-sequence-gru", tmp_path)
    manifest = json.loads((folder / file).read_text())
    command = ("sample", str(folder), "--temperature", "0", *(["--best"] if file == "best.json" else []))
    fine = told(*command)

    def line(**values: Any) -> str:
        (folder / file).write_text(json.dumps(manifest | values))
        return refused(*command)

    both = f"was written by rnn-tui 10.0, and this is {rnn_tui.__version__}"
    assert f"{file}: {both}, which knows no setting averaged" in line(rnn_tui="10.0", averaged=[1])
    assert both in line(rnn_tui="10.0", tick="7")
    assert both in line(rnn_tui="10.0", format=2)
    assert "is cut or altered" in line(tick="7")
    (folder / file).write_text(json.dumps(manifest | {"rnn_tui": "10.0"}))  # newer, and says nothing new
    assert told(*command) == fine
    (folder / file).write_text(json.dumps(manifest | {"rnn_tui": "0.0.9", "averaged": [1]}))  # a word of an older one
    assert told(*command) == fine


def first_settings(section: str) -> set[str]:
    return {each.name for each in SETTINGS if each.section == section and each.since == FIRST_VERSION}


def test_the_settings_of_the_first_version_are_as_they_were() -> None:
    first = json.loads((SCHEMA / "messages-2.json").read_text())  # what 0.1.0 spoke
    for section, kind in SECTIONS.items():
        assert first_settings(section) == {each for each in first[kind.__name__] if "(" not in each}
    for folder in (KEPT / "0.1.0").iterdir():
        if (folder / MANIFEST).exists():
            assert read_manifest(folder).experiment == experiment_hash(read_experiment(folder))


def test_the_default_of_a_setting_that_came_later_never_changes() -> None:
    """It stands for what is not hashed, and for what is missing in a file."""
    now = messages()
    for file in sorted(SCHEMA.glob("messages-*.json")):
        then = json.loads(file.read_text())
        for section, kind in SECTIONS.items():
            for name in set(then[kind.__name__]) - first_settings(section) - {"(others)"}:
                assert now[kind.__name__][name].partition(" = ")[2] == then[kind.__name__][name].partition(" = ")[2]
