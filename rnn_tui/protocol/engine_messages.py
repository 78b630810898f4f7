"""What an engine says: frames as answers to requests, a greeting, refusals, where its run is, and goodbye.

What engines and clients of all versions understand of it is in `core.py`.
"""

from rnn_tui.common.value import Value
from rnn_tui.experiment.changes import Turn
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.core import Greeting, Refused
from rnn_tui.protocol.frame import (
    BranchCurve,
    Check,
    Curve,
    Failure,
    Forecast,
    HeldOut,
    PredictionSeen,
    SeriesScale,
    States,
    Status,
    Steps,
    TensorFact,
)
from rnn_tui.protocol.inspect import Answer
from rnn_tui.protocol.phase import Phase

__all__ = ["EngineMessage", "Frame", "Left", "Opened", "Whereabouts"]


class Opened(Value, frozen=True, kw_only=True):
    """What does not change from frame to frame of one run."""

    run: int  # counts the runs of this engine
    name: str = ""  # what `rnn-tui attach` finds it by
    experiment: Experiment  # as it runs now: its seed, its tick
    began: Experiment  # as it was at tick 0
    turns: tuple[Turn, ...] = ()  # the changes of this branch since then
    weights: int
    origin: str = ""  # what identifies the data, where they differ from machine to machine
    device: str
    torch: str
    kept: str = ""  # the folder on the disk; empty: none
    scale: SeriesScale | None = None  # of a series
    guessing: float | None = None  # the loss of knowing how often each answer comes, and nothing else


class Frame(Value, frozen=True, kw_only=True, tag=True):
    """The newest state of the run, as far as the look asked for it."""

    look: int  # the number of the look that it answers
    revision: int
    status: Status
    views: int = 1  # that look at this run
    controls: bool = True  # whether this view has them
    opened: Opened | None = None  # where the view does not know this run yet
    steps: Steps | None = None
    states: tuple[States, ...] = ()
    phase: Phase | None = None  # where the run is held inside a tick, or has just ended one in slow motion
    curve: Curve | None = None  # one point for each update
    characters: Curve | None = None  # the losses of single characters, in character ticks
    held_out: HeldOut | None = None  # beside the curve, where some of a text is
    others: tuple[BranchCurve, ...] = ()  # beside the curve: one for each other branch
    predictions: tuple[PredictionSeen, ...] = ()  # newest first
    learnt: int | None = None  # the epoch at which the prediction was first right
    tensors: tuple[TensorFact, ...] = ()
    checks: tuple[Check, ...] = ()
    inside: tuple[Answer, ...] = ()  # one for each ask that could be answered, in their order
    forecast: Forecast | None = None  # of a series that is learnt
    failures: tuple[Failure, ...] = ()  # parts that could not be computed


class Whereabouts(Value, frozen=True, kw_only=True, tag=True):
    """A run that is in memory, for who does not look at it; other versions read `RunSummary` in it."""

    process: int  # the engine's
    views: int
    name: str = ""  # empty: no experiment is open yet
    kept: str = ""  # the folder on the disk; empty: none
    experiment: Experiment | None = None
    status: Status | None = None
    device: str = ""


class Left(Value, frozen=True, kw_only=True, tag=True):
    """Goodbye: how the run is left, and what went wrong with keeping it, if anything. Others read `Farewell` in it."""

    run: Whereabouts
    stopped: bool
    problem: str = ""


EngineMessage = Greeting | Refused | Frame | Whereabouts | Left
