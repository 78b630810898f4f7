"""What a frame is made of: where the run is, and the numbers of each picture, as values.

Numbers go as they are, NaN and infinities too.
"""

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rnn_tui.common.value import Value
from rnn_tui.protocol.arrays import Doubles, Floats, Integers

__all__ = [
    "BranchCurve",
    "Check",
    "Curve",
    "Failure",
    "Forecast",
    "GpuLoad",
    "HeldOut",
    "Numbers",
    "PredictionSeen",
    "SeriesScale",
    "States",
    "Status",
    "Steps",
    "TensorFact",
]


_SMALL, _LARGE = 3e-3, 1e15  # deviations between which a value is drawn in its own unit


class GpuLoad(Value, frozen=True, kw_only=True):
    """How much of a GPU is taken, by whomever."""

    used: int  # bytes of its memory
    total: int
    busy: float | None  # the share of the last moment in which it computed; None: it does not tell


class Status(Value, frozen=True, kw_only=True):
    """Where the run is. Everything else in a frame belongs to this tick."""

    tick: int  # ticks done; 0: nothing has happened yet
    newest: int  # the newest tick of this branch; larger than `tick` after going back
    branch: str
    branches: int  # how many there are
    epochs: int  # where it stops; 0: never
    epoch: int  # the one that the last tick belongs to, from 1; 0 before the first
    batch: int = 1  # the pass of that epoch, from 1
    batches: int = 1  # passes in an epoch: more than one where the data is a text
    fed: int  # time steps of that pass that have been fed
    loss: float | None  # of the newest whole pass
    running_loss: float | None  # of the pass under way, summed or averaged over the steps fed
    state: Literal["playing", "paused", "done", "loading"]  # loading: the view's own word, before there is an engine
    speed: float  # asked for, ticks/s; 0: as fast as it can
    ticks_per_second: float  # reached
    lr: float  # of the next update
    seconds_left: float | None = None  # until its epochs are over; None: nobody knows
    slow: float = 0.0  # phases a second in slow motion; 0: not in slow motion
    gpu: GpuLoad | None = None  # where it is on one
    notice: str = ""  # why it holds, or another thing to know

    @property
    def update(self) -> int:
        """The pass that the last tick belongs to, from 1: each ends in an update."""
        return (self.epoch - 1) * self.batches + self.batch if self.epoch else 0


class Numbers(Value, frozen=True, kw_only=True):
    """Input, target and prediction where they are numbers, in the units of the series."""

    values: Doubles  # (n,)
    truth: Doubles  # (n,) the values after them, or (0,) where nothing is learnt
    said: Doubles  # (f,), or (0,)


class Steps(Value, frozen=True, kw_only=True):
    """Input, target and prediction of the time steps `first .. first+n-1` of one row. `f` of them have been fed.

    Behind the end of a row that is shorter than others, inputs are -1, and nothing is ever fed. Where nothing is to be
    said, the target is -1, and `target_p` and `losses` are 0: they count for nothing.
    Where they are numbers, indices are 0, and nothing is likely or right.
    """

    first: int
    inputs: Integers  # (n,) indices into the vocabulary, or -1
    targets: Integers  # (n,) the same, or (0,) where there are none
    top: Integers  # (f, k) the likeliest characters, best first; k may be 0
    top_p: Floats  # (f, k) their probabilities
    target_p: Floats  # (f,) the probability of the right one, or (0,)
    losses: Floats  # (f,) -log of it, in nats, or (0,); of numbers the squared errors of standardised values
    right: int = 0  # of the scored characters of the whole row, not only of the window
    due: int | None = None  # scored characters in the whole row; None: one at each time step
    due_fed: int | None = None  # of those, the ones whose steps have been fed
    right_rows: int | None = None  # rows with every scored character right; None: in the middle of a pass, or of a text
    outputs: Floats | None = None  # (f, features) where nothing is learnt: the output itself
    numbers: Numbers | None = None  # of a series


class States(Value, frozen=True, kw_only=True):
    """The hidden states of one layer in one direction; c is the cell of an LSTM."""

    layer: int  # from 0
    direction: int  # 0: from the left, 1: from the right
    units: Integers  # (u,) which units these are
    h: Floats  # (u, f)
    c: Floats | None = None  # (u, f)
    skip: int = 0  # columns on the left that are not there yet: in slow motion, read from the right
    largest_h: float = 0.0  # the largest finite |h| of all units and steps, not only of those above; 0: not told
    largest_c: float = 0.0


class Curve(Value, frozen=True, kw_only=True):
    """The losses so far, thinned to the columns of a chart: nothing is left out of the extremes."""

    x: NDArray[np.float64]  # (n,) epochs
    low: NDArray[np.float64]  # (n,)
    high: NDArray[np.float64]  # (n,)


class BranchCurve(Value, frozen=True, kw_only=True):
    """The losses of another branch."""

    name: str
    curve: Curve


class HeldOut(Value, frozen=True, kw_only=True):
    """What the network makes of the text or the series that is kept away from learning.

    Losses are per character, in nats; of numbers they are squared errors, of standardised values.
    """

    update: int  # whose weights were judged
    loss: float
    accuracy: float  # the share of the characters that were the likeliest; NaN for numbers
    characters: int  # that had to be said
    rows: float | None = None  # of pairs, the share in which all of them were
    whole: bool  # all that is held out, rather than the part that is judged every time
    parted: int | None = None  # the update since which its loss rises while that of what is learnt falls
    curve: Curve

    @property
    def bits(self) -> float:
        """The loss in bits."""
        return self.loss / math.log(2)


class SeriesScale(Value, frozen=True, kw_only=True):
    """What a series is called, and how its values become those that the network reads: (value − mean) / deviation."""

    name: str
    mean: float  # of what is learnt
    deviation: float

    @property
    def offset(self) -> float:
        """What is taken off all values where they are drawn, so that few digits tell them apart: a round number, or 0.

        It is 0 unless the mean is more than 1,000 deviations away from 0, or more than 100 and has five digits.
        """
        size = abs(self.mean)
        if not size > (100 if size >= 1e4 else 1000) * self.deviation > 0:
            return 0.0
        step = 10.0 ** math.ceil(math.log10(self.deviation) + 1)  # at least ten deviations
        return math.trunc(self.mean / step) * step

    @property
    def unit(self) -> float:
        """What all values are divided by where they are drawn: a power of 1,000, 1 unless the deviation is extreme."""
        if not 0 < self.deviation < math.inf or _SMALL <= self.deviation < _LARGE:
            return 1.0
        return 10.0 ** (3 * math.floor(math.log10(self.deviation) / 3))

    @property
    def label(self) -> str:
        """The name of what is drawn: `v`, `v − 1600000000`, `(v − 20) / 1e-06`."""
        offset = f" {'−' if self.offset > 0 else '+'} {abs(self.offset):.15g}" if self.offset else ""
        if self.unit == 1:
            return self.name + offset
        return f"({self.name}{offset}) / {self.unit:g}" if offset else f"{self.name} / {self.unit:g}"

    def drawn(self, values: Doubles) -> Doubles:
        """Values as they are drawn: less the offset, by the unit."""
        return (values - self.offset) / self.unit


class Forecast(Value, frozen=True, kw_only=True):
    """The end of what is learnt of a series, one step ahead and beyond, in its units; places count from 0."""

    first: int  # place of the first value of `truth`
    end: int  # place of the first value that is not learnt
    truth: Doubles  # (n,) up to where the free run ends, or the series
    said: Doubles  # (m,) for the places end-m .. end-1, each from the true values before it
    free: Doubles  # (k,) for the places end .. end+k-1, each from the true values before `end` and what it has said
    note: str = ""  # why there is no free run


class PredictionSeen(Value, frozen=True, kw_only=True):
    """What is scored of a distinct prediction, the rows apart by a space, and the epoch at which it first came up."""

    text: str
    epoch: int
    right: bool
    tick: int = 0  # at the end of that epoch; 0: not known
    wrong: int | None = None  # the index of the first character that is not the right one


class TensorFact(Value, frozen=True, kw_only=True):
    """A tensor of the forward pass by name."""

    name: str
    shape: tuple[int, ...]
    dimensions: tuple[str, ...]  # what each dimension counts
    values: Floats | None = None  # where it is small: as many rows and columns as fit a hand's breadth


class Failure(Value, frozen=True, kw_only=True):
    """A part of a frame that could not be computed: it is missing, and the rest is as ever.

    Parts are named after the fields of a frame ("steps", "curve", ...); an answer to a pane that looks inside is named
    after its ask ("cell", "gates", ...: see `protocol.inspect.name_of`).
    """

    part: str
    problem: str  # one line, safe to print


class Check(Value, frozen=True, kw_only=True):
    """Two computations that must agree, and by how much they differ."""

    claim: str
    holds: bool
    difference: float  # largest absolute
