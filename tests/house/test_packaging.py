"""What is published says what it is, and has everything that it needs.

`python -m build && twine check --strict dist/* && check-wheel-contents dist/*.whl` checks the files themselves.
"""

import re
import tomllib
from typing import Any

import pytest

import rnn_tui
from rnn_tui.manual import TOPICS
from rnn_tui.tours import TOPICS as TOURS
from rnn_tui.tours import tour_file
from tests.house.manual import ROOT


@pytest.fixture(scope="module")
def declared() -> dict[str, Any]:
    """`pyproject.toml`."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def test_the_project_says_what_it_is(declared: dict[str, Any]) -> None:
    project = declared["project"]
    assert len(project["description"]) <= 100
    assert project["readme"] == "README.md"
    assert project["license"] == "MIT"
    assert (ROOT / project["license-files"][0]).is_file()
    assert project["keywords"] == sorted(project["keywords"])
    assert project["authors"]
    assert all(address.startswith("https://") for address in project["urls"].values())


def test_the_classifiers_agree_with_the_rest(declared: dict[str, Any]) -> None:
    project = declared["project"]
    classifiers = project["classifiers"]
    assert classifiers == sorted(classifiers)
    assert not [each for each in classifiers if each.startswith("License ::")]  # `license` says it
    assert "Typing :: Typed" in classifiers
    assert (ROOT / "rnn_tui" / "py.typed").is_file()
    assert not [each for each in classifiers if "Windows" in each]  # no Unix-domain sockets there
    lowest = min(int(each.rpartition(".")[2]) for each in classifiers if re.fullmatch(r".*Python :: 3\.\d+", each))
    assert project["requires-python"] == f">=3.{lowest}"


def test_the_version_is_that_of_the_package(declared: dict[str, Any]) -> None:
    assert declared["tool"]["hatch"]["version"]["path"] == "rnn_tui/__init__.py"
    assert re.fullmatch(r"\d+\.\d+\.\d+", rnn_tui.__version__)


def test_the_manual_and_the_tours_are_part_of_the_package(declared: dict[str, Any]) -> None:
    """hatchling takes whatever lies in the package and git does not ignore."""
    targets = declared["tool"]["hatch"]["build"]["targets"]
    assert targets["wheel"] == {"packages": ["rnn_tui"]}
    assert "sdist" not in targets
    ignored = (ROOT / ".gitignore").read_text("utf-8").split()
    assert not [each for each in ignored if each.endswith(".md") or "manual" in each]
    assert not [each for each in ignored if each.endswith((".toml", ".txt")) or "tours" in each]
    assert all((ROOT / "rnn_tui" / "manual" / f"{topic}.md").is_file() for topic in TOPICS)
    assert all(tour_file(topic).is_file() for topic in TOURS)
