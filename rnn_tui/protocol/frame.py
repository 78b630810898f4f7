"""The parts of a frame: the status of the run, and the numbers of each picture. NaN and infinities travel as such."""

import math
from typing import Literal

import numpy as np
from msgspec import field
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
    "PredictionSeen",
    "SeriesFacts",
    "SeriesNumbers",
    "SeriesScale",
    "States",
    "Status",
    "Steps",
    "TensorFact",
]

_SMALL, _LARGE = 3e-3, 1e15  # standard deviations between which values are drawn in their own unit


class GpuLoad(Value, frozen=True, kw_only=True):
    """How much of a GPU is in use, by any process."""

    used: int  # bytes of its memory
    total: int
    busy: float | None  # the share of the last moment in which it computed; None: unknown


class Status(Value, frozen=True, kw_only=True):
    """How far the run is. Everything else in a frame belongs to this tick."""

    tick: int  # ticks done
    newest: int  # the newest tick of this branch; larger than `tick` after going back
    branch: str
    branches: int  # how many there are
    epochs: int  # after which it stops; 0: never
    epoch: int  # of the last tick, from 1; 0 before the first tick
    batch: int = 1  # the pass within that epoch, from 1
    batches: int = 1  # passes in an epoch: more than one if the data are a text
    fed: int  # time steps of that pass that have been fed
    loss: float | None  # of the last complete pass
    running_loss: float | None  # of the unfinished pass, summed or averaged over the steps fed
    state: Literal["playing", "paused", "done", "loading"]  # loading: used by the view before there is an engine
    speed: float  # asked for, ticks/s; 0: as fast as possible
    ticks_per_second: float  # achieved
    lr: float  # of the next update
    lr_groups: tuple[float, ...] = ()  # of each parameter group of a script's optimizer, where there are several
    seconds_left: float | None = None  # until its epochs are over; None: unknown
    slow: float = 0.0  # phases a second in slow motion; 0: not in slow motion
    gpu: GpuLoad | None = None  # if the run is on one
    notice: str = ""  # why it is paused, or something else to know
    hits: tuple[str, ...] = ()  # the breakpoints that the newest tick has come to, if that is the one on the screen
    ended: bool = False  # whether this member of a field stands still, while others may go on
    exit_code: int | None = None  # of a script that was watched and has ended; negative: the signal that ended it

    @property
    def update(self) -> int:
        """The number of the last tick's pass, from 1: each pass ends with an update."""
        return (self.epoch - 1) * self.batches + self.batch if self.epoch else 0


class SeriesNumbers(Value, frozen=True, kw_only=True):
    """Input, target and prediction of a column of a series, in its units; or those of a script that says numbers."""

    values: Doubles  # (n,), or (0,) if a script reads other things than a number at each step
    truth: Doubles  # (n,) the next values, or (0,) if nothing is learnt; of a script NaN at a step without a target
    predicted: Doubles = field(name="said")  # (f,), or (0,)
    of: int = 1  # how many numbers are predicted at each step; this is the first of them


class Steps(Value, frozen=True, kw_only=True):
    """Input, target and prediction of the time steps `first .. first+n-1` of one row, `f` of which have been fed.

    After the end of a row that is shorter than others, inputs are -1, and nothing is ever fed. At a step without a
    target, `targets` is -1, and `target_p` and `losses` are 0, which do not count.
    Of a series, all indices and probabilities are 0.
    """

    first: int
    inputs: Integers  # (n,) indices into the vocabulary, or -1
    targets: Integers  # (n,) the same, or (0,) if there are none
    top: Integers  # (f, k) the likeliest characters, likeliest first; k may be 0
    top_p: Floats  # (f, k) their probabilities
    target_p: Floats  # (f,) the probability of the target, or (0,)
    losses: Floats  # (f,) −log target_p in nats, or (0,); of a series the squared errors of standardised values
    right: int = 0  # scored characters of the whole row, not only of the window, that are predicted right
    scored: int | None = field(default=None, name="due")  # characters in the whole row; None: one at each step
    scored_fed: int | None = field(default=None, name="due_fed")  # of those, the ones that have been fed
    right_rows: int | None = None  # rows with every scored character right; None: in the middle of a pass, or in a text
    outputs: Floats | None = None  # (f, features) if nothing is learnt: the output itself
    numbers: SeriesNumbers | None = None  # if the data are a series


class States(Value, frozen=True, kw_only=True):
    """The states of one layer in one direction; c is the cell state of an LSTM."""

    layer: int  # from 0
    direction: int  # 0: reads from the left, 1: from the right
    units: Integers  # (u,) which units the rows are
    h: Floats  # (u, f)
    c: Floats | None = None  # (u, f)
    skip: int = 0  # columns missing on the left: in slow motion, a layer that reads from the right is unfinished
    largest_h: float = 0.0  # the largest finite |h| of all units and steps, not only of those shown; 0: unknown
    largest_c: float = 0.0
    order: Literal["number", "varies"] = "number"  # of `units`; "varies": those that vary most over time, most first
    dead: int = 0  # of all units, if not all are shown: those whose |h| is below 0.01 at all steps fed
    saturated: int = 0  # likewise: those of a bounded h whose |h| is above 0.97 at all steps fed
    size: Floats | None = None  # (f,) the mean of |h| over all units; None: an older engine, that does not tell it


class Curve(Value, frozen=True, kw_only=True):
    """The losses so far, thinned to the columns of a chart; each column keeps its minimum and maximum."""

    x: NDArray[np.float64]  # (n,) epochs
    low: NDArray[np.float64]  # (n,)
    high: NDArray[np.float64]  # (n,)


class BranchCurve(Value, frozen=True, kw_only=True):
    """The losses of another branch."""

    name: str
    curve: Curve


class HeldOut(Value, frozen=True, kw_only=True):
    """The evaluation on validation data: the part of a text or a series that is held out from training.

    Losses are per character, in nats; of a series they are squared errors of standardised values.
    """

    update: int  # whose weights were evaluated
    loss: float
    accuracy: float  # the share of the characters that are predicted right; NaN for a series
    characters: int  # how many had to be predicted
    rows: float | None = None  # of pairs, the share with every character right
    whole: bool  # whether all validation data were used, rather than the part used every time
    counting: tuple[float, ...] = ()  # of a text, the losses of n-gram models for n = 1, 2, …; empty: not known yet
    parted: int | None = None  # the update since which this loss rises while the training loss falls
    curve: Curve

    @property
    def best_counting(self) -> tuple[int, float] | None:
        """The n of the best n-gram model, and its loss."""
        return min(enumerate(self.counting, 1), key=lambda each: each[1], default=None)


class SeriesScale(Value, frozen=True, kw_only=True):
    """The name of a series, and how it is standardised: the network reads (value − mean) / deviation."""

    name: str
    mean: float  # of the training data
    deviation: float  # their standard deviation

    @property
    def offset(self) -> float:
        """The round number that is subtracted from values before they are drawn, so that few digits distinguish them.

        It is 0 unless the mean is more than 1,000 deviations away from 0, or more than 100 and has five digits.
        """
        size = abs(self.mean)
        if not size > (100 if size >= 1e4 else 1000) * self.deviation > 0:
            return 0.0
        step = 10.0 ** math.ceil(math.log10(self.deviation) + 1)  # at least ten deviations
        return math.trunc(self.mean / step) * step

    @property
    def unit(self) -> float:
        """The power of 1,000 by which values are divided before they are drawn: 1 unless the deviation is extreme."""
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
        """Return values as they are drawn: less the offset, divided by the unit."""
        return (values - self.offset) / self.unit


class SeriesFacts(Value, frozen=True, kw_only=True):
    """The columns of a series: those that are read, in their order, and those that are predicted."""

    read: tuple[SeriesScale, ...]  # (E,)
    said: tuple[SeriesScale, ...]  # (K,)
    ahead: int = 1  # time steps from what is read to what is predicted

    @property
    def count(self) -> int:
        """How many columns there are to look at: the first that is read with the first that is predicted, and so on."""
        return max(len(self.read), len(self.said))

    def read_at(self, column: int) -> SeriesScale:
        """Return the column that is read in that place, or the last."""
        return self.read[min(column, len(self.read) - 1)]

    def said_at(self, column: int) -> SeriesScale:
        """Return the column that is predicted in that place, or the last."""
        return self.said[min(column, len(self.said) - 1)]


class Forecast(Value, frozen=True, kw_only=True):
    """Predictions at the end of the training data of a series, in its units; places count from 0.

    Where a sequence has one target, they are those of the last pass instead, from the smallest target to the largest.
    """

    first: int  # place of the first value of `truth`
    end: int  # place of the first value after the training data
    truth: Doubles  # (n,) up to the end of the free run or of the series
    predicted: Doubles = field(name="said")  # (m,) for the places end-m .. end-1, each from the true values before it
    free: Doubles  # (k,) for the places end .. end+k-1, from the true values before `end` and its own predictions
    note: str = ""  # why there is no free run
    over: Literal["steps", "sequences"] = "steps"  # what places are


class PredictionSeen(Value, frozen=True, kw_only=True):
    """The scored characters of a distinct prediction, with a space between rows, and when it first occurred."""

    text: str
    epoch: int
    right: bool
    tick: int = 0  # at the end of that epoch; 0: unknown
    wrong: int | None = None  # the index of the first wrong character


class TensorFact(Value, frozen=True, kw_only=True):
    """A tensor of the forward pass."""

    name: str
    shape: tuple[int, ...]
    dimensions: tuple[str, ...]  # what each dimension stands for
    values: Floats | None = None  # if it is small: a few rows and columns


class Failure(Value, frozen=True, kw_only=True):
    """A part of a frame that could not be computed; it is missing, and the rest is complete.

    Parts are named after the fields of a frame ("steps", "curve", ...); an answer to a pane that looks inside is named
    after its ask ("cell", "gates", ...: see `protocol.inspect.name_of`).
    """

    part: str
    problem: str  # one line, safe to print


class Check(Value, frozen=True, kw_only=True):
    """Two computations that must agree, and how much they differ."""

    claim: str
    holds: bool
    difference: float  # largest absolute
