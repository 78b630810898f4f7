"""The words of a vocabulary from the files that people have."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.data.vocabulary_file import read_vocabulary, words_of


def read(folder: Path, data: str | bytes, name: str = "words.txt") -> tuple[str, ...]:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_vocabulary(path)


def test_a_word_on_each_line(tmp_path: Path) -> None:
    assert read(tmp_path, "<pad>\nthe\n\n▁of \r\nlast") == ("<pad>", "the", "", "▁of ", "last")
    assert read(tmp_path, "\ufeffa\nb\n") == ("a", "b")


def test_json_of_a_list_of_words_or_of_their_ids(tmp_path: Path) -> None:
    assert read(tmp_path, '["a", "b c"]', "v.json") == ("a", "b c")
    assert read(tmp_path, '{"the": 2, "<pad>": 0}', "v.json") == ("<pad>", "", "the")
    assert read(tmp_path, '{"2": "the", "0": "<pad>"}', "v.json") == ("<pad>", "", "the")
    assert read(tmp_path, '{"2": 0, "0": 1}', "v.json") == ("2", "0")  # words that are digits


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        ("a.txt", b"", "is empty"),
        ("a.txt", b"\xff\xfe\x00", "is not UTF-8"),
        ("a.json", b"{", "is not JSON"),
        ("a.json", b"[" * 100_000, "is not JSON"),
        ("a.json", b"3", "must have a word on each line"),
        ("a.json", b'{"a": -1}', "must have a word on each line"),
        ("a.json", b'{"a": true}', "must have a word on each line"),
        ("a.json", b'["a", 1]', "must have a word on each line"),
        ("a.json", b"{}", "must have a word on each line"),
        ("a.json", b'{"a": 99999999999}', "ids must be below"),
    ],
)
def test_what_is_none_is_refused(name: str, data: bytes, problem: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=problem):
        read(tmp_path, data, name)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="pipe"):
        read_vocabulary(tmp_path / "pipe")
    with pytest.raises(FileNotFoundError):
        read_vocabulary(tmp_path / "nothing")


@given(found=st.dictionaries(st.text(), st.integers(0, 50), min_size=1, max_size=20))
def test_every_word_is_at_its_id(found: dict[str, int], tmp_path_factory: pytest.TempPathFactory) -> None:
    words = read(tmp_path_factory.mktemp("v"), json.dumps(found), "v.json")
    assert len(words) == max(found.values()) + 1
    last = {index: word for word, index in found.items()}
    assert {index: word for index, word in enumerate(words) if index in last} == last


@pytest.mark.parametrize(
    "found", [["a", "b", "c"], ("a", "b", "c"), {"a": 0, "b": 1, "c": 2}, {0: "a", 1: "b", 2: "c"}]
)
def test_a_script_gives_words_as_a_list_or_a_dictionary_either_way(found: Any) -> None:
    assert words_of(found) == ("a", "b", "c")


def test_what_is_no_vocabulary_is_refused() -> None:
    for wrong in ({0: "a", "b": "c"}, {"a": -1}, [1, 2], 7):
        with pytest.raises(ValueError, match="must"):
            words_of(wrong)
