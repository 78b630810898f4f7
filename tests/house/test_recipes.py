"""The recipes of CONTRIBUTING.md work: each is followed in a copy of the tree, and its checks pass there."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.house.recipes import RECIPES, Step, apply, copy_tree, run

NAMES = {"cell", "lesson", "setting"}


def followed(name: str, root: Path, *, without: str = "") -> Step:
    """Follow a recipe in a copy, leaving out the steps for one file, and return its check."""
    copy_tree(root)
    steps = RECIPES[name]
    assert not without or any(step.file == without for step in steps)
    for step in steps:
        if not without or step.file != without:
            apply(step, root)
    (check,) = (step for step in steps if step.kind == "check")
    return check


def test_these_are_the_recipes() -> None:
    assert set(RECIPES) == NAMES


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_recipe_works(name: str, tmp_path: Path) -> None:
    check = followed(name, tmp_path)
    done = run(check, tmp_path)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("name", "without", "command"),
    [
        ("lesson", "rnn_tui/manual/lessons.md", 0),
        ("lesson", "tests/engine/training/test_lessons_against_plain_loops.py", 2),
    ],
)
def test_a_step_left_out_is_found(name: str, without: str, command: int, tmp_path: Path) -> None:
    check = followed(name, tmp_path, without=without)
    line = check.text.strip().split("\n")[command]
    done = run(replace(check, text=line), tmp_path)
    assert done.returncode == 1, done.stdout  # a test failed: neither all passed, nor were none found
