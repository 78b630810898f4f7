"""The words of a vocabulary, from a file: what the ids that a network reads stand for."""

import json
from pathlib import Path
from typing import Any

from rnn_tui.common.atomic_files import read_regular

__all__ = ["read_vocabulary", "words_of"]

_MOST = 64 * 2**20  # bytes
_LARGEST = 10_000_000  # ids
_RIGHT = "must have a word on each line, or be JSON: a list of words, or an object of words and their ids"


def read_vocabulary(path: str | Path) -> tuple[str, ...]:
    """Return the word of each id, empty where there is none.

    A JSON file holds a list of words, an object from words to ids (as `vocab.json` of a tokenizer), or one from ids to
    words. Any other file has a word on each line, the first for id 0. Raises OSError, and
    ValueError with what is wrong.
    """
    data = read_regular(path, _MOST, follow=True)
    if len(data) > _MOST:
        raise ValueError(f"is larger than {_MOST // 2**20} MiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"is not UTF-8: {_RIGHT}") from None
    if not text.strip():
        raise ValueError(f"is empty: {_RIGHT}")
    if str(path).endswith(".json"):
        try:
            return words_of(json.loads(text))
        except (json.JSONDecodeError, RecursionError):
            raise ValueError(f"is not JSON: {_RIGHT}") from None
    return tuple(line.rstrip("\r") for line in text.removesuffix("\n").split("\n"))


def words_of(found: Any) -> tuple[str, ...]:
    """Return the word of each id: of a list of words, or of a dictionary from words to ids or back.

    Raises ValueError for anything else.
    """
    if isinstance(found, list | tuple) and all(isinstance(word, str) for word in found):
        return tuple(found)
    if isinstance(found, dict) and found:
        if all(_is_id(index) for index in found.values()):
            return _by_id({index: str(word) for word, index in found.items()})
        if all(map(_stands_for_id, found)) and all(isinstance(word, str) for word in found.values()):
            return _by_id({int(key): word for key, word in found.items()})
    raise ValueError(_RIGHT)


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _stands_for_id(key: Any) -> bool:
    return _is_id(key) or (isinstance(key, str) and key.isascii() and key.isdecimal())  # JSON has no other keys


def _by_id(words: dict[int, str]) -> tuple[str, ...]:
    if max(words) >= _LARGEST:
        raise ValueError(f"has the id {max(words)}: ids must be below {_LARGEST:,}")
    return tuple(words.get(index, "") for index in range(max(words) + 1))
