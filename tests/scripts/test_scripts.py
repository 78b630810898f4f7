"""The scripts run with plain `python`, quickly, and always print the same."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.scripts.people import SCRIPTS, Script, own_random_numbers, run_here

POSSIBLE = [script for script in SCRIPTS.values() if script.is_possible]
UPDATES = 12


def _python(script: Script, *options: object) -> list[str]:
    return [sys.executable, str(script.path), *map(str, options)]


def test_every_script_is_known() -> None:
    not_run_by_people = {"people", "oracle", "recorder", "stepwise", "equations"}
    found = {file.stem for file in Path(__file__).parent.glob("*.py") if not file.stem.startswith("test_")}
    assert found == SCRIPTS.keys() | not_run_by_people


@pytest.mark.sampled(1)
@pytest.mark.sampled(1)
@pytest.mark.parametrize("script", [each for each in POSSIBLE if each.code == 0], ids=lambda script: script.name)
def test_python_runs_it_as_it_runs_here(script: Script) -> None:
    run = subprocess.run(_python(script, "--updates", UPDATES), capture_output=True, check=True)
    with own_random_numbers():
        assert run.stdout.decode() == run_here(script.name, "--updates", UPDATES)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("script", [each for each in POSSIBLE if each.code == 0], ids=lambda script: script.name)
def test_it_prints_the_same_again(script: Script) -> None:
    with own_random_numbers():
        first = run_here(script.name, "--updates", UPDATES)
        assert any(character.isdecimal() for character in first)
        torch.rand(7)
        assert run_here(script.name, "--updates", UPDATES) == first
        assert run_here(script.name, "--updates", UPDATES, "--seed", 42) != first


@pytest.mark.long
def test_it_fails_at_its_seventh_update() -> None:
    run = subprocess.run(_python(SCRIPTS["broken"]), capture_output=True, text=True, check=False)
    assert run.returncode == SCRIPTS["broken"].code == 1
    assert run.stdout.count("update") == 6
    assert "in records" not in run.stderr
    assert run.stderr.splitlines()[-1].startswith("RuntimeError: input.size(-1) must be equal")


def test_it_goes_on_until_it_is_interrupted(tmp_path: Path) -> None:
    kept = tmp_path / "kept.pt"
    process = subprocess.Popen(_python(SCRIPTS["endless"], "--save", kept), stdout=subprocess.PIPE)
    assert process.stdout is not None
    seen = b""
    while b"     40 " not in seen:
        seen += os.read(process.stdout.fileno(), 4096)
    process.send_signal(signal.SIGINT)
    seen += process.stdout.read()
    assert process.wait() == 0
    assert seen.count(b"\r[") >= 40
    last = seen.decode().splitlines()[-1]
    assert last == f"stopped after {torch.load(kept)['update']} updates"
