"""What an engine says: frames as answers to requests, a greeting, refusals, the state of its run, and goodbye.

The part of it that engines and clients of all versions understand is in `core.py`.
"""

import msgspec
from msgspec.structs import replace

from rnn_tui.common.value import Value
from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.core import Greeting, Refused
from rnn_tui.protocol.diagnostics import Diagnostics
from rnn_tui.protocol.field import FieldFacts, FieldPicture, FieldSummary, KeptMember
from rnn_tui.protocol.frame import (
    BranchCurve,
    Check,
    Curve,
    Failure,
    Forecast,
    HeldOut,
    PredictionSeen,
    SeriesFacts,
    States,
    Status,
    Steps,
    TensorFact,
)
from rnn_tui.protocol.inspect import Answer
from rnn_tui.protocol.phase import Phase
from rnn_tui.protocol.ranks import RankFigures
from rnn_tui.protocol.script_log import LogLines
from rnn_tui.protocol.subject import Subject
from rnn_tui.protocol.touch import TouchFacts

__all__ = ["EngineMessage", "Frame", "Left", "Opened", "Whereabouts"]


class Opened(Value, frozen=True, kw_only=True):
    """The description of a run: what stays the same from frame to frame."""

    run: int  # its number among the runs of this engine
    name: str = ""  # for `rnn-tui attach`
    experiment: Experiment  # as it runs now, with changes since tick 0
    began: Experiment  # as it was at tick 0
    changes: tuple[Change, ...] = msgspec.field(default=(), name="turns")  # the changes of this branch since then
    weights: int  # how many numbers are trained
    origin: str = ""  # identifies the data, if they may differ from machine to machine
    device: str
    torch: str
    kept: str = ""  # its folder on the disk; empty: none
    series: SeriesFacts | None = None  # if the data are a series
    subject: Subject | None = None  # if it is somebody else's training that is watched
    guessing: float | None = None  # the loss of a network that knows the frequency of each answer and nothing else
    field: FieldFacts | None = None  # if many networks learn at once; the rest is about the selected one
    beside: tuple["Opened", ...] = ()  # the descriptions of the members that `Wanted.beside` asks for

    @property
    def shown(self) -> object:
        """What tells this run from others, while its description may change: of a script from pass to pass."""
        return self.run if self.subject is None else self.subject.shown(self.experiment)

    def completed(self, before: "Opened | None") -> "Opened":
        """Return the description with what it leaves out, since it follows from its numbers or from the one before."""
        subject = self.subject
        if subject is None:
            return self
        if subject.has_words and before is not None and before.subject is not None:
            subject = replace(subject, words=before.subject.words, has_words=False)
        experiment = subject.with_vocabulary(self.experiment)
        began = experiment if self.began == self.experiment else subject.with_vocabulary(self.began)
        return replace(self, subject=subject, experiment=experiment, began=began)


class Frame(Value, frozen=True, kw_only=True, tag=True):
    """The newest state of the run, as far as the request asked for it."""

    request: int = msgspec.field(name="look")  # the number of the request that it answers
    revision: int
    status: Status
    views: int = 1  # of this run, how many there are
    controls: bool = True  # whether this view may control the run
    opened: Opened | None = None  # if the view does not have it yet
    steps: Steps | None = None
    states: tuple[States, ...] = ()
    phase: Phase | None = None  # if the run is paused inside a tick, or has just ended one in slow motion
    curve: Curve | None = None  # one point for each update
    characters: Curve | None = None  # the losses of single characters, if it ticks by character
    held_out: HeldOut | None = None  # beside the curve, if some data are held out
    others: tuple[BranchCurve, ...] = ()  # beside the curve: one for each other branch
    predictions: tuple[PredictionSeen, ...] = ()  # newest first
    learnt: int | None = None  # the epoch at which the prediction was first right
    tensors: tuple[TensorFact, ...] = ()
    checks: tuple[Check, ...] = ()
    inside: tuple[Answer, ...] = ()  # to the asks that could be answered, in their order
    forecast: Forecast | None = None  # if a series is learnt
    touch: TouchFacts | None = None  # if something was to be touched
    field: FieldPicture | None = None  # if many networks learn at once
    beside: tuple["Frame", ...] = ()  # of each member that `Wanted.beside` asks for
    failures: tuple[Failure, ...] = ()  # parts that could not be computed
    diagnostics: Diagnostics | None = None  # beside the curve, if it is asked for
    ranks: tuple[RankFigures, ...] = ()  # if several processes share each batch, each one's last update


class Whereabouts(Value, frozen=True, kw_only=True, tag=True):
    """The state of the engine's run, for a client that is no view; other versions read a `RunSummary` in it."""

    process: int  # the engine's
    views: int
    name: str = ""  # empty: no experiment is open yet
    kept: str = ""  # the folder on the disk; empty: none
    experiment: Experiment | None = None
    status: Status | None = None
    device: str = ""
    subject: Subject | None = None  # if it is somebody else's training that is watched
    field: FieldSummary | None = None  # if many networks learn at once


class Left(Value, frozen=True, kw_only=True, tag=True):
    """Goodbye: what becomes of the run. Other versions read a `Farewell` in it."""

    run: Whereabouts
    stopped: bool  # else it goes on without the view
    problem: str = ""  # with saving the run; empty: none


EngineMessage = Greeting | Refused | Frame | Whereabouts | LogLines | KeptMember | Left
