"""THE SEAM: everything that the view and the engine say to each other, as values.

The view speaks commands and looks, the engine answers looks with frames: one look is answered by one frame, and
nothing else is ever sent but a greeting, refusals, and a word to who asks where the run is, or leaves. What a frame is
made of is in `frame.py`, what engines and clients of all versions understand in `core.py`; `wire.py` turns them into
bytes and back.
"""

from typing import Annotated, Literal

import msgspec

from rnn_tui.common.value import Value
from rnn_tui.experiment.changes import Turn
from rnn_tui.experiment.spec import Experiment, Tick, Training
from rnn_tui.protocol.core import Detach, Greeting, Inquire, Refused, Stop
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
from rnn_tui.protocol.inspect import Answer, Ask
from rnn_tui.protocol.phase import Phase

__all__ = [
    "HISTORY",
    "VERSION",
    "Back",
    "Command",
    "CurveWanted",
    "Detach",
    "Frame",
    "GoTo",
    "Greeting",
    "Inquire",
    "Keep",
    "Learn",
    "Left",
    "Look",
    "Message",
    "NextBranch",
    "NextPhase",
    "Open",
    "Opened",
    "Play",
    "Refused",
    "Restart",
    "SetSpeed",
    "SetTick",
    "SlowMotion",
    "Step",
    "Stop",
    "TakeControls",
    "Wanted",
    "Watch",
    "Whereabouts",
]

VERSION = 3  # of all that is said here, as `tests/schema` has it: `python -m tests.message_schema`
HISTORY = 256 * 2**20  # bytes for states to go back to, where nothing else is asked for


# ---- what the view says -----------------------------------------------------------------------------------------


class CurveWanted(Value, frozen=True, kw_only=True):
    """How the loss chart is to be thinned."""

    columns: int  # at most two points a column come back
    log_x: bool = False


class Wanted(Value, frozen=True, kw_only=True):
    """What is on the screen, and how large: the engine computes this and no more."""

    row: int = 0  # of the batch
    first: int | None = None  # first time step of the window; None: follow the step being fed
    count: int = 0  # time steps that fit; 0: none is shown
    top: int = 0  # candidates for each step, best first; 0: predictions are not shown
    units: int = 0  # hidden units that fit for each layer and direction; 0: states are not shown
    layers: tuple[int, int] = (0, 0)  # first recurrent layer to show, and how many
    tensors: bool = False  # shapes and checks
    inside: tuple[Ask, ...] = ()  # one for each pane that looks inside
    forecast: int = 0  # time steps that a chart of the end of a series has room for; 0: none is shown
    curve: CurveWanted | None = None


class Look(Value, frozen=True, kw_only=True, tag=True):
    """A request for the newest frame. Held back while the engine has nothing newer than `seen`."""

    number: int
    opened: int = -1  # the run that the view knows the description of
    seen: int = -1  # `Frame.revision` on the screen
    wanted: Wanted = Wanted()
    drawing: Annotated[float, msgspec.Meta(ge=0)] = 0.0  # seconds of a core that the view has used since its last look


class Keep(Value, frozen=True, kw_only=True):
    """That and where a run is kept on the disk."""

    folder: str = ""  # empty: a new one in the usual place
    resume: bool = False  # it is there already, and goes on where it was left
    every: Annotated[int, msgspec.Meta(ge=0)] = 0  # updates between two checkpoints; 0: by time
    tensorboard: str = ""  # a folder for TensorBoard's event files


class Open(Value, frozen=True, kw_only=True, tag=True):
    """Begin this experiment afresh. Where a breakpoint names a tick, it goes there as fast as it can."""

    experiment: Experiment
    play: bool = True
    history: Annotated[int, msgspec.Meta(ge=0)] = HISTORY  # bytes for the states of each branch; 0: no way back
    turns: tuple[Turn, ...] = ()  # changes to come, in the order of their ticks
    keep: Keep | None = None  # None: nowhere
    may_keep: bool = True  # also where nobody asked for it: when its last view has gone


class Restart(Value, frozen=True, kw_only=True, tag=True):
    """Begin the same experiment again: with the same seed, or the one given."""

    seed: int | None = None


class Play(Value, frozen=True, kw_only=True, tag=True):
    """Run, or hold."""

    on: bool


class Step(Value, frozen=True, kw_only=True, tag=True):
    """One tick, or on to the end of an epoch, and hold there."""

    unit: Literal["tick", "epoch"] = "tick"


class SetSpeed(Value, frozen=True, kw_only=True, tag=True):
    """Ticks a second; 0: as fast as it can."""

    speed: Annotated[float, msgspec.Meta(ge=0)]


class SetTick(Value, frozen=True, kw_only=True, tag=True):
    """By character or by sequence."""

    tick: Tick


class GoTo(Value, frozen=True, kw_only=True, tag=True):
    """Stand at a tick of this branch, and hold. -1: the newest."""

    tick: Annotated[int, msgspec.Meta(ge=-1)]


class Back(Value, frozen=True, kw_only=True, tag=True):
    """One tick back, or to the end of the epoch before, and hold."""

    unit: Literal["tick", "epoch"] = "tick"


class Learn(Value, frozen=True, kw_only=True, tag=True):
    """Learn in another way from the tick on the screen; from one in the past this is another branch."""

    training: Training
    reseed: bool = False  # the random numbers begin anew with its seed


class NextBranch(Value, frozen=True, kw_only=True, tag=True):
    """On to the newest tick of the next branch, and hold."""


class NextPhase(Value, frozen=True, kw_only=True, tag=True):
    """One phase of a tick, and hold there."""


class SlowMotion(Value, frozen=True, kw_only=True, tag=True):
    """Play phase by phase, or as before."""

    on: bool
    pace: Annotated[float, msgspec.Meta(gt=0)] = 1.5  # phases a second


class Watch(Value, frozen=True, kw_only=True, tag=True):
    """Pause at these breakpoints from now on, and at no others."""

    until: tuple[str, ...]


class TakeControls(Value, frozen=True, kw_only=True, tag=True):
    """Several views look at one run, and one of them drives it: from now on this one."""


Command = (
    Look
    | Open
    | Restart
    | Play
    | Step
    | SetSpeed
    | SetTick
    | GoTo
    | Back
    | Learn
    | NextBranch
    | NextPhase
    | SlowMotion
    | Watch
    | TakeControls
    | Detach
    | Stop
    | Inquire
)


# ---- what the engine says ---------------------------------------------------------------------------------------


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


Message = Greeting | Refused | Frame | Whereabouts | Left
