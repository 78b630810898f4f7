"""The recipes of CONTRIBUTING.md work: each is followed in a copy of the tree, and its checks pass there."""

import os
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pytest

from tests.house.recipes import RECIPES, Step, apply, copy_tree, run

NAMES = {"cell", "lesson", "pane", "setting"}


def followed(name: str, root: Path, *, without: Collection[str] = ()) -> Step:
    """Follow a recipe in a copy, leaving out the steps for these files or of these kinds, and return its check."""
    copy_tree(root)
    steps = RECIPES[name]
    assert set(without) <= {each for step in steps for each in (step.file, step.kind)}
    for step in steps:
        if step.file not in without and step.kind not in without:
            apply(step, root)
    (check,) = (step for step in steps if step.kind == "check")
    return check


def test_these_are_the_recipes() -> None:
    assert set(RECIPES) == NAMES
    assert len({step.file for step in RECIPES["pane"] if step.file}) <= 6


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_recipe_works(name: str, tmp_path: Path) -> None:
    if name != "pane" and "RNN_TUI_ROUNDS" not in os.environ:
        pytest.skip("every recipe is followed where RNN_TUI_ROUNDS is set; tests of their own hold settings and cells")
    check = followed(name, tmp_path)
    done = run(check, tmp_path)
    assert done.returncode == 0, done.stdout


@pytest.mark.long
def test_a_step_of_a_pane_left_out_is_found(tmp_path: Path) -> None:
    """Tests, help and the version of the messages, each by the command of the check with that number."""
    left_out = {"tests/view/test_drift.py": 1, "rnn_tui/manual/keys.md": 2, "run": 3}
    check = followed("pane", tmp_path, without=left_out)
    for step, command in left_out.items():
        done = run(replace(check, text=check.text.strip().split("\n")[command]), tmp_path)
        assert done.returncode == 1, f"{step}: {done.stdout}"  # a test failed: neither all passed, nor were none found
