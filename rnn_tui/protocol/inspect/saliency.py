"""Saliency: what a pane asks about one output, and how much each input character mattered for it."""

from typing import Literal

from msgspec import field

from rnn_tui.protocol.arrays import Doubles, Floats, Integers
from rnn_tui.protocol.inspect.base import Answer, Ask

__all__ = ["OutputKind", "SaliencyAsk", "SaliencyFacts"]

OutputKind = Literal["predicted", "target", "state"]


class SaliencyAsk(Ask, frozen=True, kw_only=True, tag=True):
    """How much each input character mattered for one output."""

    step: int  # -1: the one that was fed last
    output: OutputKind = "predicted"
    column: int = 0  # of a series: which of the numbers that are read and that are predicted


class SaliencyFacts(Answer, frozen=True, kw_only=True, tag=True):
    """Gradient x input: (∂ logit / ∂ x_k) · x_k at every step k, for the logit of one character at one step.

    For a series it is the gradient of the predicted number. Of the state it is the norm of (∂ h / ∂ x_k) · x_k over its
    units: how much of x_k it still holds.
    """

    step: int = 0
    character: int = 0  # whose logit it is
    output: OutputKind = "predicted"
    inputs: Integers  # (T,) the whole row; zeros for a series; empty if nothing is learnt
    numbers: Doubles | None = None  # (T,) the input of a series, in its units; `character` is 0 then
    predicted: float | None = field(default=None, name="said")  # the number, in those units
    values: Floats  # (f,) at the steps read so far
