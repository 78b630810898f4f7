"""Saliency: what a pane asks about one output, and how much each input character mattered for it."""

from typing import Literal

from rnn_tui.common.value import Value
from rnn_tui.protocol.arrays import Doubles, Floats, Integers

__all__ = ["OutputKind", "SaliencyAsk", "SaliencyFacts"]

OutputKind = Literal["predicted", "target"]


class SaliencyAsk(Value, frozen=True, kw_only=True, tag=True):
    """How much each input character mattered for one output."""

    step: int  # -1: the one that was fed last
    output: OutputKind = "predicted"


class SaliencyFacts(Value, frozen=True, kw_only=True, tag=True):
    """Gradient x input: (∂ logit / ∂ x_k) · x_k of every step k, for the logit of one character at one step.

    Of a series it is that of the number said.
    """

    note: str = ""
    step: int = 0
    character: int = 0  # whose logit it is
    output: OutputKind = "predicted"
    inputs: Integers  # (T,) the whole row; zeros where it is numbers; empty where nothing is learnt
    numbers: Doubles | None = None  # (T,) those, in the units of the series; `character` is 0 then
    said: float | None = None  # the number whose gradient it is, in those units
    values: Floats  # (f,) of the steps read so far
