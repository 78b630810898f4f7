"""Symbols that must be repeated after a wait."""

from rnn_tui.data.made_up.random import numbers_of
from rnn_tui.experiment.copying import ASKED, BLANK, SYMBOLS, TO_COPY

__all__ = ["copying"]

_PAIRS = 5_000


def copying(seed: int, wait: int) -> tuple[list[str], list[str]]:
    """Return 5,000 rows of `wait` + 20 steps: ten of eight symbols, blanks, a question mark, ten blanks.

    The targets are blanks, and from the step after the question mark on the ten symbols: `wait` blanks stand between
    the last symbol that is read and the first that is asked for, the last of them the question mark. So are the data
    of Arjovsky, Shah and Bengio (2016), "Unitary Evolution Recurrent Neural Networks", section 4.1.
    """
    drawn = numbers_of(seed).randint(0, len(SYMBOLS), (_PAIRS, TO_COPY)).tolist()
    rows = ["".join(SYMBOLS[each] for each in row) for row in drawn]
    inputs = [row + BLANK * (wait - 1) + ASKED + BLANK * TO_COPY for row in rows]
    return inputs, [BLANK * (TO_COPY + wait) + row for row in rows]
