"""What each command of a view does to the run."""

import math
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from rnn_tui.engine.host.driver import Driver
from rnn_tui.engine.network.cell_error import CellError
from rnn_tui.engine.network.out_of_memory import out_of_memory
from rnn_tui.engine.session.processes import RankLost
from rnn_tui.engine.session.replay import HistoryError
from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.memory import shortage_told
from rnn_tui.experiment.settings import setting
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.experiment.validate import from_dict, to_dict
from rnn_tui.protocol.commands import (
    Command,
    Fork,
    GoTo,
    NextBranch,
    NextPhase,
    Open,
    PhaseBack,
    Play,
    Restart,
    SetBreakpoints,
    SetSpeed,
    SetTick,
    SlowMotion,
    Step,
    StepBack,
)

__all__ = ["obey", "with_seed"]


def obey(driver: Driver, command: Command) -> None:
    """Carry out a command. Raises ExperimentError or HistoryError where that cannot be; the run stays as it was."""
    if driver.broken and not isinstance(command, Open | Restart):
        raise HistoryError(driver.broken)
    session = driver.session
    try:
        if isinstance(command, Open):
            _open(driver, session, command)
        elif session is None or type(command) not in _HANDLERS:
            return
        else:
            if session.is_shared and _is_for_one_process(command):
                raise HistoryError(_SEVERAL)
            _HANDLERS[type(command)](driver, session, command)
    except RankLost as lost:
        if driver.session is None:
            raise ExperimentError("run.processes", str(lost)) from None
        driver.lose(driver.session, lost)
    except (RuntimeError, MemoryError, CellError) as error:
        begins = driver.session is None or isinstance(command, Open | Restart)
        if driver.session is None and isinstance(command, Open) and out_of_memory(error):
            raise ExperimentError("run.device", shortage_told(command.experiment)) from None
        if driver.session is None or (begins and not out_of_memory(error)):
            raise
        driver.failed(driver.session, error)
    driver.show_anew()


def _open(driver: Driver, session: Session | None, command: Open) -> None:
    if session is not None:
        session.finish_tick()
    driver.open(replace(command, experiment=_validated(command.experiment)))  # the sender may have checked nothing


def _restart(driver: Driver, session: Session, command: Restart) -> None:
    session.finish_tick()
    experiment = session.experiment if command.seed is None else with_seed(session.began, command.seed)
    driver.restart(session, experiment)


def _play(driver: Driver, session: Session, command: Play) -> None:
    if not driver.pace.slow:
        session.finish_tick()
    if command.on and not session.is_held:
        session.play_on()
    driver.play(command.on)


def _step(driver: Driver, session: Session, command: Step) -> None:
    finished = session.finish_tick()  # which is a step as well
    driver.play(False)
    if not finished:
        session.play_on()
        driver.advance(whole=True)
    if command.unit == "epoch" and not session.progress.at_end_of_stretch:
        driver.play_to_end_of_stretch()


def _next_phase(driver: Driver, session: Session, command: NextPhase) -> None:
    if not session.is_held:
        session.play_on()
    driver.play(False)
    if command.unit == "part":
        session.phases.next_part()
    else:
        session.phases.next()


def _phase_back(driver: Driver, session: Session, _command: PhaseBack) -> None:
    driver.play(False)
    if not session.phases.show_before():
        tick, number = session.phases.before()
        _stand_at(driver, session, lambda: tick)
        session.phases.go_to(tick, number)


def _slow_motion(driver: Driver, session: Session, command: SlowMotion) -> None:
    """Enter slow motion, change its pace, or leave it. A run that plays plays on; entering it starts to play."""
    pace = _finite(command.pace) if command.on else 0.0
    if not command.on:
        session.finish_tick()
    entered = pace > 0 and not driver.pace.slow
    driver.pace.slow = pace
    if entered and not session.is_held:
        session.play_on()
    driver.play(driver.playing or entered)


def _set_speed(driver: Driver, _session: Session, command: SetSpeed) -> None:
    driver.pace.speed = _finite(command.speed)
    driver.pace.count()


def _set_tick(driver: Driver, session: Session, command: SetTick) -> None:
    session.set_tick(command.tick)
    driver.describe_anew()


def _learn(driver: Driver, session: Session, command: Fork) -> None:
    session.learn(command.training, reseed=command.reseed)
    driver.describe_anew()


def _watch(driver: Driver, session: Session, command: SetBreakpoints) -> None:
    session.watch(command.until)
    driver.describe_anew()


def _go_to(driver: Driver, session: Session, command: GoTo) -> None:
    _stand_at(driver, session, lambda: session.branch.newest if command.tick < 0 else command.tick)


def _back(driver: Driver, session: Session, command: StepBack) -> None:
    one_tick = command.unit == "tick"
    _stand_at(driver, session, lambda: session.progress.tick - 1 if one_tick else session.end_of_stretch_before())


def _stand_at(driver: Driver, session: Session, tick: Callable[[], int]) -> None:
    """Hold at a tick of this branch, which is determined once a tick that is held at a phase is finished."""
    session.finish_tick()
    driver.save()  # the newest state, before the run stands in its past
    driver.play(False)
    before = session.experiment
    session.go_to(tick())
    if session.experiment != before:
        driver.describe_anew()


def _next_branch(driver: Driver, session: Session, _command: NextBranch) -> None:
    session.finish_tick()
    driver.save()
    driver.play(False)
    session.next_branch()
    driver.describe_anew()


_HANDLERS: dict[type, Callable[[Driver, Session, Any], None]] = {
    Restart: _restart,
    Play: _play,
    Step: _step,
    NextPhase: _next_phase,
    PhaseBack: _phase_back,
    SlowMotion: _slow_motion,
    SetSpeed: _set_speed,
    SetTick: _set_tick,
    Fork: _learn,
    SetBreakpoints: _watch,
    GoTo: _go_to,
    StepBack: _back,
    NextBranch: _next_branch,
}


_SEVERAL = "Several processes share each batch: they neither go back nor tick by character, and have no slow motion."


def _is_for_one_process(command: Command) -> bool:
    """Tell whether a command asks for what several processes cannot do."""
    if isinstance(command, SetTick):
        return command.tick == "character"
    return isinstance(command, NextPhase | PhaseBack | SlowMotion | GoTo | StepBack | NextBranch)


def _validated(experiment: Experiment) -> Experiment:
    return from_dict(to_dict(experiment))


def with_seed(experiment: Experiment, seed: int) -> Experiment:
    """Return the experiment with another seed. Raises ExperimentError for one that is out of range."""
    return _validated(replace(experiment, training=replace(experiment.training, seed=seed)))


def _finite(rate: float) -> float:
    """Return a speed, or a pace, as it is. Raises ExperimentError for one from which no time follows."""
    if math.isfinite(rate):
        return rate
    raise ExperimentError("run.speed", f"{rate:g} {setting('run.speed').range_problem(rate)}")
