"""Where else the same units stay on: a stretch of a text, and the places that are like it."""

from typing import ClassVar

from rnn_tui.common.value import Value
from rnn_tui.protocol.arrays import Integers
from rnn_tui.protocol.inspect.base import Answer, Ask

__all__ = ["AlikeAsk", "AlikeFacts", "AlikePlace"]


class AlikeAsk(Ask, frozen=True, kw_only=True, tag=True):
    """A stretch of the text that is read again with the weights of this tick."""

    IS_EXPENSIVE: ClassVar[bool] = True
    layer: int = 0
    direction: int = 0
    start: int = 0  # the token of the text that it begins with
    length: int = 1
    places: int = 20  # that fit
    characters: int = 2000  # of the text, at most


class AlikePlace(Value, frozen=True, kw_only=True):
    """A stretch in which most of those units are on."""

    start: int
    length: int
    units: int  # how many of them are on in all of it
    score: float  # 0 to 1: the share of units that is on, times how alike the lengths are


class AlikeFacts(Answer, frozen=True, kw_only=True, tag=True):
    """The units that are on in a stretch, and where else they are, best first."""

    layer: int = 0
    direction: int = 0
    start: int = 0
    length: int = 0
    begins: bool = False  # whether those units turn on at its start; otherwise they were on before
    inputs: Integers  # (n,) the text
    units: Integers  # (u,) that are on throughout, with values above 0
    below: Integers  # (u,) with values below 0
    places: tuple[AlikePlace, ...] = ()
    total: int = 0  # places in all
