"""The gates over time: what a pane asks, and the values of each gate, units x time steps."""

from typing import Literal

from rnn_tui.common.value import Value
from rnn_tui.protocol.arrays import Floats, Integers
from rnn_tui.protocol.inspect.base import Answer, Ask

__all__ = ["GateValues", "GatesAsk", "GatesFacts", "UnitOrder"]

UnitOrder = Literal["number", "rows"]


class GatesAsk(Ask, frozen=True, kw_only=True, tag=True):
    """The gates of one layer in one direction, over the window of the frame."""

    layer: int = 0
    direction: int = 0
    unit: int = 0
    units: int = 16  # that fit for each gate; if there are more, by number: a sample with `unit` in it
    order: UnitOrder = "number"
    at: int = -1  # the time step at which rows are compared; -1: the one that was fed last


class GateValues(Value, frozen=True, kw_only=True):
    """One gate over time."""

    name: str  # "i", "f", "g", "o", "c"; "r", "z", "n"; "a" and "h'" where there are no gates
    about: str  # what it does, in a few words
    signed: bool  # in (-1, 1) or unbounded; else in (0, 1)
    values: Floats  # (u, f) at the steps first .. first+f-1
    largest: float = 0.0  # the bound of |value|; without one, the largest of all units and steps; 0: unknown


class GatesFacts(Answer, frozen=True, kw_only=True, tag=True):
    """The gates, units x time steps. A plain RNN has none, and `note` says what is shown instead."""

    layer: int = 0
    direction: int = 0
    hidden_size: int = 0
    first: int = 0
    order: UnitOrder = "number"  # of `units`; by "rows": first those that differ most between the rows of the batch
    at: int = -1  # the time step at which rows were compared; -1: none
    units: Integers  # (u,)
    spread: Floats | None = None  # (u,) by "rows": the standard deviation of tanh(c) or h over the rows, at `at`
    gates: tuple[GateValues, ...] = ()
