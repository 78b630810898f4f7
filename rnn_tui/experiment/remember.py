"""The texts of the lesson `remember`: the first character must come back after a gap of any length."""

from rnn_tui.experiment.spec import Data

__all__ = ["GAP", "LARGEST_GAP", "NAME", "asked_step", "gap_of", "remember"]

NAME = "remember"
GAP = 20  # of the lesson as it stands
LARGEST_GAP = 1000

_LETTERS = "abcd"
_FILLER, _ASKED = ".?"


def remember(gap: int) -> Data:
    """Make four rows of `gap` + 1 characters that differ in the first only: the answer to `a...?` is `....a` (gap 4).

    `gap` (at least 1) characters stand after the letter, the last of them a question mark. Nothing but the letter
    tells the rows apart, and each other answer follows from the input beside it: only the last step needs a memory.
    """
    return Data(
        inputs=tuple(letter + _FILLER * (gap - 1) + _ASKED for letter in _LETTERS),
        targets=tuple(_FILLER * gap + letter for letter in _LETTERS),
        vocabulary=_LETTERS + _FILLER + _ASKED,
    )


def gap_of(data: Data) -> int | None:
    """Return the gap with which `remember` makes these texts, or None for other texts."""
    gap = len(data.inputs[0]) - 1 if data.inputs else 0
    return gap if 1 <= gap <= LARGEST_GAP and data == remember(gap) else None


def asked_step(data: Data) -> int | None:
    """Return the time step of the question in texts like these, or None for other texts.

    Only the answer there is asked for: the target of every other step follows from the input beside it.
    """
    gap = len(data.inputs[0]) - 1 if data.inputs else 0
    if data.task != "many-to-many" or data.file or not 1 <= gap <= LARGEST_GAP:
        return None
    made = remember(gap)
    return gap if (data.inputs, data.targets) == (made.inputs, made.targets) else None
