"""VERSION stands for what is said: the messages are those written down for it, and those of a released version stay."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from rnn_tui.protocol.version import VERSION
from tests.message_schema import Schema, description, messages, problem, released, write


class Part(msgspec.Struct, frozen=True):
    numbers: NDArray[np.float32]
    more: NDArray[np.int32] | None = None


class Told(msgspec.Struct, frozen=True, tag=True):
    count: Annotated[int, msgspec.Meta(ge=0)] = 3
    word: Literal["a", "b"] = "a"
    parts: tuple[Part, ...] = ()


class Asked(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    told: Told = Told()


SCHEMA = description(Told | Asked)


def test_the_messages_are_those_of_this_version() -> None:
    assert not problem(messages(), VERSION)


def test_a_description_says_all_that_decides_what_is_understood() -> None:
    assert SCHEMA == {
        "Asked": {"(tag)": "type = 'Asked'", "(others)": "refused", "told": "Told = Told()"},
        "Part": {"numbers": "array of float32", "more": "array of int32 | none = null"},
        "Told": {
            "(tag)": "type = 'Told'",
            "count": "int ge 0 = 3",
            "word": "'a' | 'b' = \"a\"",
            "parts": "[Part, …] = []",
        },
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Version 1 has been released, version 2 has not."""
    (tmp_path / "released.json").write_text("{}")
    write(SCHEMA, 1, tmp_path, release=True)
    write(SCHEMA, 2, tmp_path)
    assert set(released(tmp_path)) == {1}
    return tmp_path


def changed(**fields: str) -> Schema:
    return SCHEMA | {"Told": SCHEMA["Told"] | fields}


def test_a_version_that_is_out_keeps_its_messages(folder: Path) -> None:
    assert not problem(SCHEMA, 1, folder)
    found = problem(changed(count="int = 4"), 1, folder)
    assert "Told.count was int ge 0 = 3, and is int = 4" in found
    assert "VERSION in rnn_tui/protocol/version.py 2, then run `python -m tests.message_schema`" in found
    with pytest.raises(ValueError, match=r"Told\.count was"):
        write(changed(count="int = 4"), 1, folder)
    assert not problem(SCHEMA, 1, folder)


def test_a_version_that_is_not_out_only_needs_its_description_anew(folder: Path) -> None:
    now = changed(new="int = 0")
    found = problem(now, 2, folder)
    assert "Told.new was not there, and is int = 0" in found
    assert "VERSION stays" in found
    write(now, 2, folder)
    assert not problem(now, 2, folder)


def test_what_describes_a_released_version_is_not_altered(folder: Path) -> None:
    file = folder / "messages-1.json"
    file.write_text(file.read_text().replace("int", "float"))
    assert "messages-1.json describes a released version" in problem(SCHEMA, 2, folder)
    file.unlink()
    assert "messages-1.json describes a released version" in problem(SCHEMA, 2, folder)


def test_versions_are_counted_one_by_one(folder: Path) -> None:
    assert "it must be 1 or 2" in problem(SCHEMA, 3, folder)
    assert "can only grow" in problem(SCHEMA, 0, folder)
