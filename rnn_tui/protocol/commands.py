"""What a view says to an engine: requests for frames, and commands that change the run.

A request is answered by one frame; a command is not answered, unless it is refused.
"""

from typing import Annotated, Literal

import msgspec

from rnn_tui.common.value import Value
from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.memory import HISTORY
from rnn_tui.experiment.spec import Experiment, Tick, Training
from rnn_tui.protocol.core import Detach, Inquire, Stop
from rnn_tui.protocol.field import KeepMember, OpenField, SelectMember
from rnn_tui.protocol.frame_request import FrameRequest
from rnn_tui.protocol.save_options import SaveOptions
from rnn_tui.protocol.script_log import ReadLog

__all__ = [
    "Command",
    "Fork",
    "GoTo",
    "Interrupt",
    "NextBranch",
    "NextPhase",
    "Open",
    "PhaseBack",
    "Play",
    "Restart",
    "SaveOptions",
    "SelectNetwork",
    "SetBreakpoints",
    "SetSpeed",
    "SetTick",
    "SlowMotion",
    "Step",
    "StepBack",
    "TakeControls",
]


class Open(Value, frozen=True, kw_only=True, tag=True):
    """Start this experiment from tick 0. If a breakpoint names a tick, the run goes there at full speed."""

    experiment: Experiment
    play: bool = True
    history: Annotated[int, msgspec.Meta(ge=0)] = HISTORY  # bytes for the states of each branch; 0: going back is off
    changes: tuple[Change, ...] = msgspec.field(default=(), name="turns")  # that will be made, by tick
    keep: SaveOptions | None = None  # None: not saved
    may_keep: bool = True  # save it unasked when its last view has gone


class Restart(Value, frozen=True, kw_only=True, tag=True):
    """Start the same experiment again, with the same seed or with this one."""

    seed: int | None = None


class Play(Value, frozen=True, kw_only=True, tag=True):
    """Play or pause."""

    on: bool


class Step(Value, frozen=True, kw_only=True, tag=True):
    """Do one tick, or go on to the end of the epoch, and pause there."""

    unit: Literal["tick", "epoch"] = "tick"


class SetSpeed(Value, frozen=True, kw_only=True, tag=True):
    """Play at this speed."""

    speed: Annotated[float, msgspec.Meta(ge=0)]  # ticks a second; 0: as fast as possible


class SetTick(Value, frozen=True, kw_only=True, tag=True):
    """Tick by character or by sequence."""

    tick: Tick


class GoTo(Value, frozen=True, kw_only=True, tag=True):
    """Go to a tick of this branch, and pause there."""

    tick: Annotated[int, msgspec.Meta(ge=-1)]  # -1: the newest


class StepBack(Value, frozen=True, kw_only=True, tag="Back"):
    """Go back one tick, or to the end of the previous epoch, and pause there."""

    unit: Literal["tick", "epoch"] = "tick"


class Fork(Value, frozen=True, kw_only=True, tag="Learn"):
    """Train differently from the tick on the screen on; from a tick in the past this makes a new branch."""

    training: Training
    reseed: bool = False  # restart the random numbers from the seed in `training`


class NextBranch(Value, frozen=True, kw_only=True, tag=True):
    """Go to the newest tick of the next branch, and pause there."""


class NextPhase(Value, frozen=True, kw_only=True, tag=True):
    """Do one phase of a tick, or those up to the next part of training (forward, backward, update), and pause there."""

    unit: Literal["phase", "part"] = "phase"


class PhaseBack(Value, frozen=True, kw_only=True, tag=True):
    """Go back one phase of a tick, and pause there."""


class SlowMotion(Value, frozen=True, kw_only=True, tag=True):
    """Turn slow motion, which plays phase by phase, on or off."""

    on: bool
    pace: Annotated[float, msgspec.Meta(gt=0)] = 1.5  # phases a second


class SetBreakpoints(Value, frozen=True, kw_only=True, tag="Watch"):
    """Pause at these breakpoints, and at no others, from now on."""

    until: tuple[str, ...]


class SelectNetwork(Value, frozen=True, kw_only=True, tag=True):
    """Look at another recurrent network of a script that is watched."""

    number: Annotated[int, msgspec.Meta(ge=0)]  # of those that `Subject.networks` names


class Interrupt(Value, frozen=True, kw_only=True, tag=True):
    """Interrupt a script that is watched, as ctrl+C does: it saves and ends as it would."""


class TakeControls(Value, frozen=True, kw_only=True, tag=True):
    """Give this view the controls: of several views of a run, one controls it."""


Command = (
    FrameRequest
    | Open
    | Restart
    | Play
    | Step
    | SetSpeed
    | SetTick
    | GoTo
    | StepBack
    | Fork
    | NextBranch
    | NextPhase
    | PhaseBack
    | SlowMotion
    | SetBreakpoints
    | SelectNetwork
    | OpenField
    | SelectMember
    | KeepMember
    | Interrupt
    | TakeControls
    | ReadLog
    | Detach
    | Stop
    | Inquire
)
