"""What the keys tell the engine: each command by the name that the table of keys has for it."""

from collections.abc import Callable

from rnn_tui.protocol.commands import (
    Command,
    GoTo,
    NextBranch,
    NextPhase,
    PhaseBack,
    Play,
    Restart,
    SetSpeed,
    SetTick,
    SlowMotion,
    Step,
    StepBack,
    TakeControls,
)
from rnn_tui.view.model.run_state import RunState
from rnn_tui.view.model.speeds import FIRST_PACE, next_pace, next_speed

__all__ = ["command_for"]


def command_for(name: str, run: RunState) -> Command | str:
    """Return the command of that name for a run in this state, or why there is none, as a sentence."""
    return _COMMANDS[name](run)


def _next_branch(run: RunState) -> Command | str:
    if run.frame is not None and run.frame.status.branches < 2:
        return "There is only one branch: go back (←), then fork (F)."
    return NextBranch()


def _back(run: RunState) -> Command:
    return PhaseBack() if run.is_slow else StepBack(unit="tick")


def _slow_motion(run: RunState) -> Command:
    on = run.frame is None or not run.frame.status.slow
    return SlowMotion(on=on, pace=FIRST_PACE)


def _change_speed(run: RunState, by: int) -> Command:
    slow = run.frame.status.slow if run.frame is not None else 0.0
    if slow:
        return SlowMotion(on=True, pace=next_pace(slow, by))
    shown = run.frame.status.speed if run.frame is not None else run.experiment.run.speed
    run.asked_speed = next_speed(shown if run.asked_speed is None else run.asked_speed, by)
    return SetSpeed(speed=run.asked_speed)


def _toggle_tick(run: RunState) -> Command:
    return SetTick(tick="sequence" if run.experiment.training.tick == "character" else "character")


def _take_controls(run: RunState) -> Command | str:
    return TakeControls() if run.watches else "This view has the controls already."


_COMMANDS: dict[str, Callable[[RunState], Command | str]] = {
    "play": lambda run: Play(on=run.held),
    "tick": lambda run: Step(unit="tick"),
    "epoch": lambda run: Step(unit="epoch"),
    "tick_back": _back,
    "epoch_back": lambda run: StepBack(unit="epoch"),
    "first_tick": lambda run: GoTo(tick=0),
    "newest_tick": lambda run: GoTo(tick=-1),
    "next_branch": _next_branch,
    "next_phase": lambda run: NextPhase(),
    "next_part": lambda run: NextPhase(unit="part"),
    "slow_motion": _slow_motion,
    "faster": lambda run: _change_speed(run, 1),
    "slower": lambda run: _change_speed(run, -1),
    "toggle_tick": _toggle_tick,
    "restart": lambda run: Restart(),
    "new_seed": lambda run: Restart(seed=run.experiment.training.seed + 1),
    "take_controls": _take_controls,
}
