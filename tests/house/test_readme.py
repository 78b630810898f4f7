"""The README speaks of what there is."""

import re
from pathlib import Path

import pytest

from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.settings import FIELDS
from rnn_tui.experiment.validate import choices
from rnn_tui.view.model.keys import KEYS

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", LESSONS)
def test_names_every_lesson(name: str) -> None:
    """The table of lessons is whole."""
    assert f"`{name}`" in README


@pytest.mark.parametrize("shown", [key.shown for key in KEYS])
def test_names_every_key(shown: str) -> None:
    """The table of keys is whole."""
    assert f"`{shown}`" in README


def test_shows_pictures_that_exist() -> None:
    """Every picture is in the repository."""
    root = Path(__file__).parents[2]
    shown = [part.partition(")")[0] for part in README.split("](screenshots/")[1:]]
    assert shown
    assert all((root / "screenshots" / name).is_file() for name in shown)


@pytest.mark.parametrize("word", choices("network.implementation"))
def test_names_every_implementation(word: str) -> None:
    """What can compute the states is told where the option is."""
    (paragraph,) = [each for each in README.split("\n\n") if each.startswith("`--implementation`")]
    assert re.search(rf"[` ]{word}`", paragraph)


def test_names_options_that_exist() -> None:
    """No option of the examples is made up."""
    words = set(re.findall(r"--[a-z][a-z-]*", README))
    known = {each.option for each in FIELDS} | {
        "--experiment",
        "--fork",
        "--gap",
        "--history",
        "--json",
        "--every",
        "--help",
        "--million",
        "--python",
        "--torch-backend",
        "--run",
        "--save",
        "--no-save",
        "--resume",
        "--fps",
        "--colors",
        "--theme",
        "--ascii",
        "--on-hangup",
        "--checkpoint-every",
        "--tensorboard",
        "--to",
        "--best",
        "--yes",
        "--prime",
        "--prime-file",
        "--skip-unknown",
        "--forecast",
        "--temperature",
        "--top-k",
    }
    assert words - known == set()


def test_the_two_commands_make_an_environment_and_are_what_the_whole_check_runs() -> None:
    """A system's own Python refuses a bare `pip install`; torch's range is that of pyproject.toml."""
    root = Path(__file__).parents[2]
    first, second = re.findall(r"^(?:python3 -m venv|\.venv).*#", README, re.M)
    assert first.startswith("python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/rnn-tui ")
    assert second.startswith(".venv/bin/pip install -e '.[test]' && .venv/bin/pytest ")
    check = (root / ".ci" / "run").read_text(encoding="utf-8")
    assert "python3 -m venv" in check
    assert re.search(r"pip install .*-e '\.\[test\]'", check)
    (torch,) = re.findall(r'"(torch>=[^"]+)"', (root / "pyproject.toml").read_text(encoding="utf-8"))
    assert f"--torch-backend cpu '{torch}'" in README
