"""What a view says to an engine: requests for frames, and commands that change the run.

A request is answered by one frame; a command is not answered, unless it is refused.
"""

from typing import Annotated, Literal

import msgspec

from rnn_tui.common.value import Value
from rnn_tui.experiment.changes import Turn
from rnn_tui.experiment.spec import Experiment, Tick, Training
from rnn_tui.protocol.core import Detach, Inquire, Stop
from rnn_tui.protocol.frame_request import FrameRequest

__all__ = [
    "HISTORY",
    "Command",
    "Fork",
    "GoTo",
    "Keep",
    "NextBranch",
    "NextPhase",
    "Open",
    "Play",
    "Restart",
    "SetBreakpoints",
    "SetSpeed",
    "SetTick",
    "SlowMotion",
    "Step",
    "StepBack",
    "TakeControls",
]

HISTORY = 256 * 2**20  # bytes for states to go back to, where nothing else is asked for


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


class StepBack(Value, frozen=True, kw_only=True, tag="Back"):
    """One tick back, or to the end of the epoch before, and hold."""

    unit: Literal["tick", "epoch"] = "tick"


class Fork(Value, frozen=True, kw_only=True, tag="Learn"):
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


class SetBreakpoints(Value, frozen=True, kw_only=True, tag="Watch"):
    """Pause at these breakpoints from now on, and at no others."""

    until: tuple[str, ...]


class TakeControls(Value, frozen=True, kw_only=True, tag=True):
    """Several views look at one run, and one of them drives it: from now on this one."""


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
    | SlowMotion
    | SetBreakpoints
    | TakeControls
    | Detach
    | Stop
    | Inquire
)
