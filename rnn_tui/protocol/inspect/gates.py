"""The gates over time: what a pane asks, and the values of each gate, units x time steps."""

from typing import Literal

from rnn_tui.common.value import Value
from rnn_tui.protocol.arrays import Floats, Integers
from rnn_tui.protocol.inspect.base import Answer, Ask

__all__ = ["KEEPS", "SLOPE", "GateSummary", "GateValues", "GatesAsk", "GatesFacts", "UnitOrder"]

UnitOrder = Literal["number", "rows", "varies"]
KEEPS = 0.9  # of a value: what a unit has left at the end that is said to keep it
SLOPE = "h'"  # in the place of a gate where there are none: how much of a gradient gets through


class GatesAsk(Ask, frozen=True, kw_only=True, tag=True):
    """The gates of one layer in one direction, over the window of the frame."""

    layer: int = 0
    direction: int = 0
    unit: int = 0
    units: int = 16  # that fit for each gate; if there are more, by number: those that vary most, and `unit`
    order: UnitOrder = "number"
    at: int = -1  # the time step at which rows are compared; -1: the one that was fed last


class GateSummary(Value, frozen=True, kw_only=True):
    """One gate in the whole sequence so far: all units of the layer, at all time steps, of one row.

    `begin` and `end` are the time steps that were read first and last. Of a value that the gate multiplies at each
    step, the product over all steps but the first is what is left at `end` of what it was at `begin`.
    """

    mean: float  # over units and time steps
    size: float  # the mean of |value|
    begin: int = 0
    end: int = 0
    turn: float = 0.0  # the largest change of the mean over units from one time step to the next that is read
    turn_at: int = -1  # the later of the two; -1: there is only one time step
    left: float = 1.0  # the mean over units of that product
    keeping: int = 0  # units whose product is at least `KEEPS`


class GateValues(Value, frozen=True, kw_only=True):
    """One gate over time."""

    name: str  # "i", "f", "g", "o", "c"; "r", "z", "n"; "a" and "h'" where there are no gates
    about: str  # what it does, in a few words
    word: str = ""  # its name besides the letter: "forget"
    opened: str = ""  # what it does at 1
    shut: str = ""  # and at 0
    keeps: str = ""  # "h" or "c": the state that it multiplies at each step, or that 1 − gate does; empty: neither
    signed: bool  # in (-1, 1) or unbounded; else in (0, 1)
    values: Floats  # (u, f) at the steps first .. first+f-1
    largest: float = 0.0  # the bound of |value|; without one, the largest of all units and steps; 0: unknown
    summary: GateSummary | None = None  # None: an older engine, that does not tell it
    means: Floats | None = None  # (f,) the mean over all units of the layer, at the same steps as `values`; likewise


class GatesFacts(Answer, frozen=True, kw_only=True, tag=True):
    """The gates, units x time steps. A plain RNN has none, and `note` says what is shown instead."""

    layer: int = 0
    direction: int = 0
    hidden_size: int = 0
    first: int = 0
    order: UnitOrder = "number"  # of `units`; by "rows": first those that differ most between the rows of the batch;
    # "varies": not all fit, and these are those whose c or h varies most over time, most first
    at: int = -1  # the time step at which rows were compared; -1: none
    units: Integers  # (u,)
    spread: Floats | None = None  # (u,) by "rows": the standard deviation of tanh(c) or h over the rows, at `at`
    gates: tuple[GateValues, ...] = ()
