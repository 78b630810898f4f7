"""A pane that looks inside is whole: it has its key, its explanation, and tests of its own."""

import pytest

from rnn_tui.view.model.keys import KEYS
from rnn_tui.view.panes.registry import INSIDE, inside_pane
from tests.house.manual import ROOT


@pytest.mark.parametrize("name", INSIDE)
def test_a_pane_has_a_key_and_explains_itself(name: str) -> None:
    assert [key.keys for key in KEYS if key.action == f"inside('{name}')"]
    words = inside_pane(name).EXPLANATION
    assert all((words.shows, words.read, words.then))


@pytest.mark.parametrize("name", INSIDE)
def test_a_pane_has_tests(name: str) -> None:
    folders = ("tests/engine/answers", "tests/view", "tests/draw")
    assert [folder for folder in folders if (ROOT / folder / f"test_{name}.py").is_file()]
