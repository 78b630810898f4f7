"""The part of the seam that looks inside: what a pane asks about a network, and what the engine answers.

An ask travels in `Wanted.inside`, its answer in `Frame.inside`. An answer whose `note` is not empty shows something
else than was asked for, or nothing, and the note says why, in words that are safe to print. Values that are NaN or
infinite travel as such. `layer` and `direction` count from 0; direction 1 reads from the right.
"""

from typing import Annotated, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from rnn_tui.common.value import Value
from rnn_tui.data.text_properties import PropertyName
from rnn_tui.experiment.sampling_settings import MOST_GENERATED, MOST_PRIME
from rnn_tui.experiment.task_layout import Says

__all__ = [
    "MOST_GENERATED",
    "MOST_PRIME",
    "Answer",
    "Ask",
    "CellAsk",
    "CellFacts",
    "Compared",
    "Follower",
    "Gate",
    "GateTerms",
    "GatesAsk",
    "GatesFacts",
    "GradientFlow",
    "GradientWay",
    "GradientsAsk",
    "GradientsFacts",
    "MatrixFact",
    "ReadingAsk",
    "ReadingFacts",
    "ReadingOrder",
    "SaliencyAsk",
    "SaliencyFacts",
    "SampleAsk",
    "SampleFacts",
    "SpaceAsk",
    "SpaceFacts",
    "WeightsAsk",
    "WeightsFacts",
    "name_of",
    "name_of_answer",
]

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Integers = NDArray[np.int32]
Squash = Literal["tanh", "relu", "σ"]
WeightKind = Literal["value", "gradient", "update"]
SpaceKind = Literal["states", "embedding"]
UnitOrder = Literal["number", "rows"]
OutputKind = Literal["predicted", "target"]
ReadingOrder = Literal["variance", PropertyName]


# ---- the cell, in numbers ---------------------------------------------------------------------------------------


class CellAsk(Value, frozen=True, kw_only=True, tag=True):
    """One cell at one time step."""

    step: int  # -1: the one that was fed last
    layer: int = 0
    direction: int = 0
    unit: int = 0  # the one whose row is wanted whole
    units: int = 16  # units that fit; fewer than there are: a sample that holds `unit`
    features: int = 16  # columns of W_ih that fit
    compare: bool = False  # also compute it from the equations, beside torch's own


class GateTerms(Value, frozen=True, kw_only=True):
    """One line of the equations, for the units that are shown: value = squash(from_input + b_ih + from_state + b_hh).

    In n of a GRU the last two are multiplied by r before they are added.
    """

    name: str  # "h" for a plain RNN; "r", "z", "n"; "i", "f", "g", "o"
    squash: Squash
    w_ih: Floats  # (u, e) rows of the units, columns of the features
    from_input: Floats  # (u,) W_ih x_t, of all features: how well the row as a template matches x_t
    b_ih: Floats  # (u,)
    w_hh: Floats  # (u, k) columns of the states in `CellFacts.states`
    from_state: Floats  # (u,) W_hh h_{t-1}, of all states
    b_hh: Floats  # (u,)
    total: Floats  # (u,) the sum that goes into the non-linearity
    value: Floats  # (u,)


class Compared(Value, frozen=True, kw_only=True):
    """The equations written out, beside torch's fused module, with the same weights."""

    h: Floats  # (u,) h_t from the equations
    c: Floats | None = None  # (u,)
    difference: float  # largest absolute, over every layer, direction, unit and time step compared
    steps: int  # how many steps were compared, up to this one: all, or as many as take little time


class CellFacts(Value, frozen=True, kw_only=True, tag=True):
    """Everything that goes into h_t of one cell, and what comes out."""

    note: str = ""
    step: int = 0
    layer: int = 0
    direction: int = 0
    unit: int = 0
    character: int = 0  # that is read at that step
    input_size: int = 0
    hidden_size: int = 0
    features: Integers  # (e,) which features are shown
    units: Integers  # (u,) which units are shown; `unit` is one of them
    states: Integers  # (k,) which parts of h_{t-1} are shown
    x: Floats  # (e,)
    h_before: Floats  # (k,) h_{t-1}; h_{t+1} where it reads from the right
    h_before_units: Floats  # (u,) the same, of the units: GRU's h_t = (1 - z) n + z h_{t-1}
    c_before: Floats | None = None  # (u,)
    gates: tuple[GateTerms, ...] = ()
    c: Floats | None = None  # (u,)
    h: Floats  # (u,)
    compared: Compared | None = None
    largest_w: float = 0.0  # |value| of all of W_ih and W_hh, not only of what is shown; 0: not told
    largest_sum: float = 0.0  # of the terms and the sums of all units and gates at this step
    largest_held: float = 0.0  # of x_t, h_{t-1} and h_t
    largest_c: float = 0.0  # of c_{t-1} and c_t


# ---- gates over time --------------------------------------------------------------------------------------------


class GatesAsk(Value, frozen=True, kw_only=True, tag=True):
    """The gates of one layer in one direction, over the window of the frame."""

    layer: int = 0
    direction: int = 0
    unit: int = 0
    units: int = 16  # that fit for each gate; fewer than there are, in order of number: a sample that holds `unit`
    order: UnitOrder = "number"
    at: int = -1  # the time step at which the rows are compared; -1: the one that was fed last


class Gate(Value, frozen=True, kw_only=True):
    """One gate over time."""

    name: str  # "i", "f", "g", "o", "c"; "r", "z", "n"; "a" and "h'" where there are no gates
    about: str  # what it does, in a few words
    signed: bool  # in (-1, 1) or unbounded; else in (0, 1)
    values: Floats  # (u, f) of the steps first .. first+f-1
    largest: float = 0.0  # the bound of |value|; where it has none, the largest of all units and steps; 0: not told


class GatesFacts(Value, frozen=True, kw_only=True, tag=True):
    """The gates, units x time steps. A plain RNN has none: `note` says what it shows instead."""

    note: str = ""
    layer: int = 0
    direction: int = 0
    hidden_size: int = 0
    first: int = 0
    order: UnitOrder = "number"  # of `units`; by "rows" those come first that tell the rows of the batch apart
    at: int = -1  # the time step at which the rows were compared; -1: they were not
    units: Integers  # (u,)
    spread: Floats | None = None  # (u,) by "rows": standard deviation of tanh(c), or h, over the rows, at `at`
    gates: tuple[Gate, ...] = ()


# ---- gradients through time -------------------------------------------------------------------------------------


class GradientsAsk(Value, frozen=True, kw_only=True, tag=True):
    """How the loss depends on the states, over the window of the frame."""

    at: int  # the time step whose loss alone is asked for as well; -1: the one that was fed last
    layer: int = 0  # whose W_hh is looked at
    direction: int = 0


class GradientWay(Value, frozen=True, kw_only=True):
    """One way of a gradient through a layer, over the whole sequence and not only the window; -1: no such step.

    Steps are told in the order of the way, so that the first one is the nearest to the loss.
    """

    direction: int  # 0: back to earlier time steps, 1: on to later ones
    steps: int  # on the way
    start: int = -1  # the first step to which something flows; -1: nothing flows
    start_norm: float = 0.0
    end: int = -1  # the last one
    end_norm: float = 0.0
    peak: float = 0.0  # the largest finite norm
    peak_step: int = -1
    largest: float = 0.0  # of the norms that do not explode; 0 where some are not finite
    exploding: int = 0  # steps with a norm above 1 and over ten times `start_norm`
    first_exploding: int = -1
    vanished: int = 0  # steps with a norm under a millionth of `largest`
    first_vanished: int = -1
    broken: int = 0  # steps whose norm is not finite
    first_broken: int = -1


class GradientFlow(Value, frozen=True, kw_only=True):
    """The norms for one layer in one direction; of the steps first .. first+f-1."""

    layer: int
    direction: int
    whole: Floats  # (f,) ‖∂L/∂h_t‖, L of the steps fed so far
    alone: Floats  # (f,) ‖∂ℓ/∂h_t‖, ℓ the loss of the step `at` of this row alone
    whole_c: Floats | None = None  # (f,) the same for c_t of an LSTM
    alone_c: Floats | None = None
    saturated: float  # share of the units and steps fed with |h_t| > 0.97 (|tanh'| < 0.06); for relu: h_t = 0; or NaN
    whole_ways: tuple[GradientWay, ...] = ()  # the same as the arrays, over the whole sequence: one way, or two that
    alone_ways: tuple[GradientWay, ...] = ()  # lead to either side of `at`, where a lower layer is read in both
    whole_c_ways: tuple[GradientWay, ...] = ()  # directions
    alone_c_ways: tuple[GradientWay, ...] = ()


class GradientsFacts(Value, frozen=True, kw_only=True, tag=True):
    """The vanishing and the exploding gradient."""

    note: str = ""
    first: int = 0
    at: int = 0  # -1: that step has not been fed
    flows: tuple[GradientFlow, ...] = ()
    layer: int = 0
    direction: int = 0
    radius: tuple[tuple[str, float], ...] = ()  # spectral radius of each gate's W_hh, by the gate's name
    norm: float | None = None  # ‖∂L/∂θ‖ of all weights, once the pass is over
    clipped: float | None = None  # the same after clipping; None: nothing is clipped
    peak: float = 0.0  # the largest finite one of all norms of the pass, also outside of the window


# ---- weights ----------------------------------------------------------------------------------------------------


class WeightsAsk(Value, frozen=True, kw_only=True, tag=True):
    """The tensors of weights: all by name, and some as pictures."""

    kind: WeightKind = "value"
    matrix: int = 0  # the first that is wanted as a picture
    matrices: int = 1  # how many
    rows: int = 32  # of a picture
    columns: int = 32
    bins: int = 24  # of a histogram


class MatrixFact(Value, frozen=True, kw_only=True):
    """One tensor of weights, its gradient, or its last update."""

    name: str  # "weight_ih_l0"
    shape: tuple[int, ...]
    norm: float  # of the kind asked for; NaN where it is not there
    lowest: float = 0.0
    highest: float = 0.0
    mean: float = 0.0
    rows: Integers | None = None  # (r,) which rows the picture has; None: no picture was asked for
    columns: Integers | None = None  # (k,)
    values: Floats | None = None  # (r, k); a vector is one column
    counts: Integers | None = None  # (bins,) the histogram of all finite values from lowest to highest
    not_finite: int = 0  # values that are NaN or infinite


class WeightsFacts(Value, frozen=True, kw_only=True, tag=True):
    """All tensors of weights."""

    note: str = ""
    kind: WeightKind = "value"
    matrices: tuple[MatrixFact, ...] = ()


# ---- state space ------------------------------------------------------------------------------------------------


class SpaceAsk(Value, frozen=True, kw_only=True, tag=True):
    """The way of h_t in two dimensions, or the embedding vectors."""

    kind: SpaceKind = "states"
    layer: int = 0
    direction: int = 0
    rows: int = 8  # of the batch, at most; the one that is looked at is among them


class SpaceFacts(Value, frozen=True, kw_only=True, tag=True):
    """Points on the first two principal components. For the embedding: one row with a point for each character."""

    note: str = ""
    kind: SpaceKind = "states"
    layer: int = 0
    direction: int = 0
    rows: Integers  # (n,) which rows of the batch
    characters: Integers  # (n, p) indices into the vocabulary: what had been read when the state was left
    points: NDArray[np.float32]  # (n, p, 2); states: p steps fed, in the order of the text
    start: Floats  # (n, 2) where h_0 lies; (0, 2) for the embedding
    shares: tuple[float, float] = (0.0, 0.0)  # of the variance that each axis explains
    furthest: tuple[float, float] = (0.0, 0.0)  # the largest coordinate on each axis, also of rows that are not shown


# ---- saliency ---------------------------------------------------------------------------------------------------


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


# ---- free generation --------------------------------------------------------------------------------------------


class SampleAsk(Value, frozen=True, kw_only=True, tag=True):
    """What the network makes up when it goes on from a text by itself."""

    prime: Annotated[str, msgspec.Meta(max_length=MOST_PRIME)] = ""
    temperature: Annotated[float, msgspec.Meta(ge=0, le=1e6)] = 1.0  # 0: always the likeliest
    top_k: Annotated[int, msgspec.Meta(ge=0)] = 0  # only of the k likeliest; 0: of all
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] = 0
    length: Annotated[int, msgspec.Meta(ge=0, le=MOST_GENERATED)] = 200  # characters
    default: bool = False  # nobody has chosen the prime: where it is empty the engine takes one that the run learns


class SampleFacts(Value, frozen=True, kw_only=True, tag=True):
    """Two texts that follow the prime. Probabilities are the network's own, softmax(logits), if not said otherwise.

    Where it answers, they are the answer, and `next` is what may come first, or of a character for each what is said to
    the last. A text ends early with the end of an answer, and where the probabilities are no numbers any more.
    """

    note: str = ""
    skipped: int = 0  # characters of a long prime, before those in `prime`, that were not fed
    prime: Integers  # (n,) what was fed; -1: not in the vocabulary, and left out
    prime_p: Floats  # (n,) how likely each was after those before it; 0 for the first one fed, and for what is left out
    greedy: Integers  # (g,) always the likeliest
    greedy_p: Floats  # (g,)
    sampled: Integers  # (s,) drawn with the temperature, of the top k, from the seed
    sampled_p: Floats  # (s,)
    next: Integers  # (k,) the likeliest characters after the prime, best first
    next_p: Floats  # (k,)
    next_drawn: Floats  # (k,) the probability with which each is drawn: with the temperature, of the top k
    says: Says = "text"  # whether it goes on with the prime, or answers; then `prime_p` means nothing
    refused: bool = False  # this network can say nothing to any text; the note says why


# ---- a unit's view of the text -----------------------------------------------------------------------------------


class ReadingAsk(Value, frozen=True, kw_only=True, tag=True):
    """One unit of a layer, over a whole text that is read anew with the weights of this tick."""

    layer: int = 0
    direction: int = 0
    rank: int = 0  # in that order; 0: the unit that comes first
    order: ReadingOrder = "variance"  # or the absolute correlation with that property
    characters: int = 2000  # at most


class Follower(Value, frozen=True, kw_only=True):
    """Which unit follows a property of the text best."""

    property: PropertyName
    varies: bool = True  # False: the property is the same everywhere in this text
    unit: int = -1  # -1: none
    score: float = 0.0  # Pearson's r with the property; its sign may be either
    own: float = 0.0  # the same of the unit that is shown; NaN where it has none


class ReadingFacts(Value, frozen=True, kw_only=True, tag=True):
    """The text as one unit sees it. Of an LSTM that is its cell c: what it remembers, shown in h or not."""

    note: str = ""
    layer: int = 0
    direction: int = 0
    hidden_size: int = 0
    order: ReadingOrder = "variance"
    rank: int = 0
    unit: int = 0
    score: float = 0.0  # its variance over the text, or Pearson's r with the property of the order
    inputs: Integers  # (n,) the text
    h: Floats  # (n,) after each character
    c: Floats | None = None  # (n,) of an LSTM
    followers: tuple[Follower, ...] = ()  # one for each property

    @property
    def values(self) -> Floats:
        """What is shown, and what the units are put in order by: c where there is one, else h."""
        return self.h if self.c is None else self.c


Ask = CellAsk | GatesAsk | GradientsAsk | WeightsAsk | SpaceAsk | SaliencyAsk | SampleAsk | ReadingAsk
Answer = (
    CellFacts | GatesFacts | GradientsFacts | WeightsFacts | SpaceFacts | SaliencyFacts | SampleFacts | ReadingFacts
)


def name_of(ask: Ask) -> str:
    """Return the name of what is asked: "cell", "gates", ..., which is also the ID of the pane that asks."""
    return type(ask).__name__.removesuffix("Ask").lower()


def name_of_answer(kind: type[Answer]) -> str:
    """Return the name of what is answered: the same as that of its ask."""
    return kind.__name__.removesuffix("Facts").lower()
