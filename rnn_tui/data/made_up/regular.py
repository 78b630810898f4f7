"""Pairs that an automaton of a few states answers: the value of a row of bits, or of digits, whatever its length.

Trained on short rows, and judged on longer ones, which stand at the end. So are the tasks of Delétang et al. (2023),
"Neural Networks and the Chomsky Hierarchy", at smaller lengths.
"""

import numpy as np
from numpy.typing import NDArray

from rnn_tui.data.made_up.random import numbers_of

__all__ = ["modular", "parity"]

_LEARNT, _JUDGED = 4_000, 1_000  # rows
_LONGER = 4  # times the longest that is learnt: the longest that is judged
_MODULUS = 5
_SIGNS = "+-*"


def parity(seed: int, longest: int) -> tuple[list[str], list[str]]:
    """Return 4,000 rows of 1 to `longest` bits, then 1,000 longer ones, and whether each has an odd number of ones."""
    random = numbers_of(seed)
    rows = [random.randint(0, 2, length) for length in _lengths(random, longest).tolist()]
    return ["".join(map(str, row.tolist())) for row in rows], [str(int(row.sum()) % 2) for row in rows]


def modular(seed: int, longest: int) -> tuple[list[str], list[str]]:
    """Return as many rows of 1 to `longest` numbers below 5 with signs between them, and their values modulo 5.

    A product comes before sums and differences, as in `2+3*4`, which is 4. It is "modular arithmetic (simple)" there.
    """
    random = numbers_of(seed)
    inputs, targets = [], []
    for length in _lengths(random, longest).tolist():
        numbers = random.randint(0, _MODULUS, length).tolist()
        signs = [_SIGNS[each] for each in random.randint(0, len(_SIGNS), length - 1)]
        inputs.append(str(numbers[0]) + "".join(f"{sign}{each}" for sign, each in zip(signs, numbers[1:], strict=True)))
        total, product = 0, numbers[0]
        for sign, each in zip(signs, numbers[1:], strict=True):
            if sign == "*":
                product = product * each % _MODULUS
            else:
                total, product = (total + product) % _MODULUS, each if sign == "+" else -each
        targets.append(str((total + product) % _MODULUS))
    return inputs, targets


def _lengths(random: np.random.RandomState, longest: int) -> NDArray[np.int64]:
    """Return the lengths of all rows: at random those that are learnt, and of the longer ones equally many of each."""
    longer = np.arange(longest + 1, _LONGER * longest + 1)
    return np.concatenate([random.randint(1, longest + 1, _LEARNT), np.sort(np.resize(longer, _JUDGED))])
