"""The accuracy at each length of pairs: what a pane asks, and in how many pairs of a length all is right."""

from typing import ClassVar

from rnn_tui.protocol.arrays import Integers
from rnn_tui.protocol.inspect.base import Answer, Ask

__all__ = ["LengthsAsk", "LengthsFacts"]


class LengthsAsk(Ask, frozen=True, kw_only=True, tag=True):
    """The accuracy of so many pairs of each length."""

    IS_EXPENSIVE: ClassVar[bool] = True

    rows: int = 16


class LengthsFacts(Answer, frozen=True, kw_only=True, tag=True):
    """In how many pairs every target is predicted; `note` says why there are none."""

    lengths: Integers  # (n,) of the input, in time steps, ascending
    right: Integers  # (n,) pairs that are right
    rows: Integers  # (n,) pairs that were read
    learnt: Integers  # (n,) 1 if any of that length are learnt, else 0
