"""What the indices of a script stand for."""

from collections.abc import Sequence
from typing import Any

__all__ = ["words_of"]


def words_of(vocabulary: Sequence[str] | dict[Any, Any]) -> tuple[str, ...]:
    """Return words in the order of their indices: of a list, or of a dictionary from words to indices or back."""
    if not isinstance(vocabulary, dict):
        return tuple(map(str, vocabulary))
    by_number = all(isinstance(key, int) for key in vocabulary)
    pairs = vocabulary.items() if by_number else ((index, word) for word, index in vocabulary.items())
    by_index = {int(index): str(word) for index, word in pairs}
    return tuple(by_index.get(index, "") for index in range(max(by_index, default=-1) + 1))
