"""How surprised a network is by each character of a text: what a pane asks, and the surprise after each character."""

from typing import ClassVar

from rnn_tui.protocol.arrays import Floats, Integers
from rnn_tui.protocol.inspect.base import Answer, Ask

__all__ = ["SurpriseAsk", "SurpriseFacts"]


class SurpriseAsk(Ask, frozen=True, kw_only=True, tag=True):
    """A text that is read again with the weights of this tick."""

    IS_EXPENSIVE: ClassVar[bool] = True
    characters: int = 2000  # at most


class SurpriseFacts(Answer, frozen=True, kw_only=True, tag=True):
    """Each token of a text with its surprise: −log₂ of the probability that it had before it was read."""

    inputs: Integers  # (n,) the text
    bits: Floats  # (n,) NaN for the first, which nothing comes before
    expected: Integers  # (n,) the token that was likeliest in its place; −1 for the first
    expected_p: Floats  # (n,) and its probability
    order: Integers  # (k,) the places of the largest surprises, the largest first
    mean: float = 0.0  # of all but the first, in bits
