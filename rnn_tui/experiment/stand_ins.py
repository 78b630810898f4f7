"""Characters that stand for the tokens and the classes of a script: its vocabulary is known by its size alone."""

from functools import lru_cache

__all__ = ["stand_in", "stand_ins"]

_PRIVATE = range(0xE000, 0xF8FF), range(0xF0000, 0xFFFFE), range(0x100000, 0x10FFFE)  # characters that mean nothing


def stand_in(index: int) -> str:
    """Return the character that stands for a token or a class in the vocabulary of a watched network."""
    for each in _PRIVATE:
        if index < len(each):
            return chr(each[index])
        index -= len(each)
    return chr(_PRIVATE[-1][-1])


@lru_cache(maxsize=8)
def stand_ins(count: int) -> str:
    """Return the vocabulary of a network with so many tokens and classes."""
    return "".join(map(stand_in, range(count)))
