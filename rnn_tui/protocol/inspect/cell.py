"""One cell in numbers: what a pane asks about a cell at one time step, and everything that goes into its h_t."""

from rnn_tui.common.value import Value
from rnn_tui.experiment.cell_kinds import Squash
from rnn_tui.protocol.arrays import Floats, Integers
from rnn_tui.protocol.inspect.base import Answer, Ask

__all__ = ["CellAsk", "CellFacts", "Compared", "GateTerms"]


class CellAsk(Ask, frozen=True, kw_only=True, tag=True):
    """One cell at one time step."""

    step: int  # -1: the one that was fed last
    layer: int = 0
    direction: int = 0
    unit: int = 0  # the one that is shown in full
    units: int = 16  # units that fit; if there are more, a sample with `unit` in it
    features: int = 16  # columns of W_ih that fit
    compare: bool = False  # also compute it from the equations, for comparison with torch


class GateTerms(Value, frozen=True, kw_only=True):
    """A line of the equations, for the units that are shown: value = squash(from_input + b_ih + from_state + b_hh).

    In n of a GRU the last two are multiplied by r before they are added.
    """

    name: str  # "h" for a plain RNN; "r", "z", "n"; "i", "f", "g", "o"
    squash: Squash
    w_ih: Floats  # (u, e) rows of the units, columns of the features
    from_input: Floats  # (u,) W_ih x_t, over all features: how well x_t matches the row as a template
    b_ih: Floats  # (u,)
    w_hh: Floats  # (u, k) columns of the states in `CellFacts.states`
    from_state: Floats  # (u,) W_hh h_{t-1}, over all states
    b_hh: Floats  # (u,)
    total: Floats  # (u,) the argument of the non-linearity
    value: Floats  # (u,)


class Compared(Value, frozen=True, kw_only=True):
    """The equations written out, compared with torch's fused module on the same weights."""

    h: Floats  # (u,) h_t from the equations
    c: Floats | None = None  # (u,)
    difference: float  # largest absolute, over every layer, direction, unit and time step compared
    steps: int  # up to this one that were compared: all, or as many as take little time


class CellFacts(Answer, frozen=True, kw_only=True, tag=True):
    """Everything that goes into h_t of one cell, and what comes out."""

    step: int = 0
    layer: int = 0
    direction: int = 0
    unit: int = 0
    character: int = 0  # the input at that step
    input_size: int = 0
    hidden_size: int = 0
    features: Integers  # (e,) which features are shown
    units: Integers  # (u,) which units are shown; `unit` is one of them
    states: Integers  # (k,) which parts of h_{t-1} are shown
    x: Floats  # (e,)
    h_before: Floats  # (k,) h_{t-1}; h_{t+1} where it reads from the right
    h_before_units: Floats  # (u,) the same for the units: a GRU's h_t = (1 - z) n + z h_{t-1}
    c_before: Floats | None = None  # (u,)
    gates: tuple[GateTerms, ...] = ()
    c: Floats | None = None  # (u,)
    h: Floats  # (u,)
    source: str = ""  # the equations of a cell that is a module, as they are written in its file
    matrix: Floats | None = None  # (u, k) the state of a cell whose state is a matrix: rows of the units
    compared: Compared | None = None
    largest_w: float = 0.0  # |value| in W_ih and W_hh, not only in what is shown; 0: unknown
    largest_sum: float = 0.0  # in the terms and sums of all units and gates at this step
    largest_held: float = 0.0  # in x_t, h_{t-1} and h_t
    largest_c: float = 0.0  # in c_{t-1} and c_t
