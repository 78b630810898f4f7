"""The weights: what a pane asks, and every tensor of them, its gradient, or its last update."""

import math
from typing import Literal

from rnn_tui.common.value import Value
from rnn_tui.protocol.arrays import Floats, Integers
from rnn_tui.protocol.inspect.base import Answer, Ask

__all__ = ["MatrixFact", "WeightKind", "WeightsAsk", "WeightsFacts"]

WeightKind = Literal["value", "gradient", "update"]


class WeightsAsk(Ask, frozen=True, kw_only=True, tag=True):
    """All weight tensors by name, and some as pictures."""

    kind: WeightKind = "value"
    matrix: int = 0  # the first one with a picture
    matrices: int = 1  # how many have one
    rows: int = 32  # of a picture
    columns: int = 32
    bins: int = 24  # of a histogram


class MatrixFact(Value, frozen=True, kw_only=True):
    """A weight tensor, its gradient, or its last update."""

    name: str  # "weight_ih_l0"
    shape: tuple[int, ...]
    norm: float  # of the kind asked for; NaN if there is none
    relative: float = math.nan  # of an update, this norm over the norm of the weights; NaN if there is none
    lowest: float = 0.0
    highest: float = 0.0
    mean: float = 0.0
    rows: Integers | None = None  # (r,) which rows the picture shows; None: it has no picture
    columns: Integers | None = None  # (k,)
    values: Floats | None = None  # (r, k); a vector is one column
    counts: Integers | None = None  # (bins,) a histogram of all finite values from lowest to highest
    not_finite: int = 0  # values that are NaN or infinite


class WeightsFacts(Answer, frozen=True, kw_only=True, tag=True):
    """All weight tensors."""

    kind: WeightKind = "value"
    matrices: tuple[MatrixFact, ...] = ()
