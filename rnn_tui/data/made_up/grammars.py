"""Texts that follow a grammar."""

from rnn_tui.data.made_up.random import numbers_of

__all__ = ["brackets", "reber"]

_STRINGS = 2_000
_REBER = (  # of each node: the letters that may come, and where they lead; from the last one the string is over
    (("B", 1),),
    (("T", 2), ("P", 3)),
    (("S", 2), ("X", 4)),
    (("T", 3), ("V", 5)),
    (("X", 3), ("S", 6)),
    (("P", 4), ("V", 6)),
    (("E", 7),),
)
_BRACKETS = 30_000  # characters


def reber(seed: int) -> str:
    """Return 2,000 strings of the embedded Reber grammar, one after the other: about 24,000 letters.

    `B`, then T or P, a string of Reber's grammar, the same T or P again, `E`. Hochreiter and Schmidhuber (1997), "Long
    Short-Term Memory", experiment 1; Cleeremans, Servan-Schreiber and McClelland (1989).
    """
    random = numbers_of(seed)
    found = []
    for outer in random.randint(0, 2, _STRINGS).tolist():
        node, inner = 0, ""
        while node < len(_REBER):
            choices = _REBER[node]
            letter, node = choices[random.randint(0, len(choices))]
            inner += letter
        found.append(f"B{'TP'[outer]}{inner}{'TP'[outer]}E")
    return "".join(found)


def brackets(seed: int, deepest: int) -> str:
    """Return about 30,000 brackets, properly nested, at most `deepest` deep.

    At depth d the next one closes with a chance of d / `deepest`: how deep it is must be known to say what comes. After
    Karpathy, Johnson and Fei-Fei (2015), "Visualizing and Understanding Recurrent Networks", who found such a unit.
    """
    random = numbers_of(seed)
    depth = 0
    found: list[str] = []
    while len(found) < _BRACKETS or depth:
        closes = random.rand() * deepest < depth
        found.append(")" if closes else "(")
        depth += -1 if closes else 1
    return "".join(found)
