"""The lesson `copy`: its characters, and where its answers are."""

from rnn_tui.experiment.built_in import built_in_of, size_of
from rnn_tui.experiment.spec import Data

__all__ = ["ASKED", "BLANK", "NAME", "SYMBOLS", "TO_COPY", "first_copied"]

NAME = "copy"
SYMBOLS = "abcdefgh"
BLANK, ASKED = ".?"
TO_COPY = 10  # symbols


def first_copied(data: Data) -> int | None:
    """Return the first time step at which a symbol is asked for in these data; None for others.

    The target of every step before it is a blank.
    """
    found = built_in_of(data.pairs)
    return TO_COPY + size_of(data.pairs) if found is not None and found.name == NAME else None
