"""As many as before: what a network can only answer if it counts."""

__all__ = ["three", "two"]

_LONGER = 4  # times the longest that is learnt: the longest that is judged


def two(seed: int, longest: int) -> tuple[list[str], list[str]]:
    """Return aⁿ as inputs and bⁿ as targets: n from `longest` down to 1, then from there up to four times as many.

    Gers and Schmidhuber (2001), "LSTM Recurrent Networks Learn Simple Context Free and Context Sensitive Languages".
    There is no chance in it: it is the same with every seed.
    """
    del seed
    numbers = [*range(longest, 0, -1), *range(longest + 1, _LONGER * longest + 1)]
    return ["a" * n for n in numbers], ["b" * n for n in numbers]


def three(seed: int, longest: int) -> tuple[list[str], list[str]]:
    """Return aⁿ as inputs and bⁿcⁿ as targets, as `two` does: a language that no stack alone accepts."""
    inputs, targets = two(seed, longest)
    return inputs, [row + "c" * len(row) for row in targets]
