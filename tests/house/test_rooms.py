"""The house is what its front door says: the map in `rnn_tui/__init__.py` is the one that the imports draw."""

import re
from pathlib import Path

import rnn_tui
from tests.house.rooms import draw_map

PACKAGE = Path(rnn_tui.__file__).parent


def test_the_map_in_the_docstring_is_that_of_the_imports() -> None:
    assert draw_map() in (rnn_tui.__doc__ or ""), "run `python -m tests.house.rooms`"


def test_nothing_stands_loose_at_the_top() -> None:
    there = {each.name for each in PACKAGE.iterdir() if each.is_file()}
    assert there == {"__init__.py", "__main__.py", "py.typed"}
    rooms = [each for each in PACKAGE.iterdir() if each.is_dir() and each.name != "__pycache__"]
    assert 8 <= len(rooms) <= 14


def test_every_room_says_what_it_is_for() -> None:
    for room in PACKAGE.rglob("__init__.py"):
        first = room.read_text("utf-8").split("\n", 1)[0]
        assert re.match(r'"""\S.{10,}', first), room
