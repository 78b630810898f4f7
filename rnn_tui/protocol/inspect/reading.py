"""A unit's view of a text: which unit a pane asks for, and its value after every character."""

from typing import ClassVar, Literal

from rnn_tui.common.value import Value
from rnn_tui.data.text_properties import PropertyName
from rnn_tui.protocol.arrays import Floats, Integers
from rnn_tui.protocol.inspect.base import Answer, Ask

__all__ = ["Follower", "ReadingAsk", "ReadingFacts", "ReadingOrder"]

ReadingOrder = Literal["variance", PropertyName]


class ReadingAsk(Ask, frozen=True, kw_only=True, tag=True):
    """One unit of a layer, over a whole text that is read again with the weights of this tick."""

    IS_EXPENSIVE: ClassVar[bool] = True
    layer: int = 0
    direction: int = 0
    rank: int = 0  # of the unit in that order; 0: the first
    order: ReadingOrder = "variance"  # or absolute correlation with that property
    characters: int = 2000  # at most


class Follower(Value, frozen=True, kw_only=True):
    """The unit that correlates best with a property of the text."""

    property: PropertyName
    varies: bool = True  # False: the property is constant in this text
    unit: int = -1  # -1: none
    score: float = 0.0  # Pearson's r with the property, of either sign
    own: float = 0.0  # the same for the unit that is shown; NaN if it has none


class ReadingFacts(Answer, frozen=True, kw_only=True, tag=True):
    """The text as one unit sees it; for an LSTM its cell state c, which it may keep without showing it in h."""

    layer: int = 0
    direction: int = 0
    hidden_size: int = 0
    order: ReadingOrder = "variance"
    rank: int = 0
    unit: int = 0
    score: float = 0.0  # its variance over the text, or Pearson's r with the property that gives the order
    inputs: Integers  # (n,) the text
    h: Floats  # (n,) after each character
    c: Floats | None = None  # (n,) of an LSTM
    followers: tuple[Follower, ...] = ()  # one for each property

    @property
    def values(self) -> Floats:
        """What is shown, and what units are ordered by: c if there is one, else h."""
        return self.h if self.c is None else self.c
