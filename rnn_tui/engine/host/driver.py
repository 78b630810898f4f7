"""Drives one session as it is told: commands, pace, and the run's place on the disk. Nothing about who tells it."""

import gc
import logging
import math
import os
import time
from collections.abc import Callable, Sequence

import torch
from msgspec.structs import replace

from rnn_tui.engine.answers.guard import Guard
from rnn_tui.engine.answers.weights import wants_update
from rnn_tui.engine.host.frames import bare_status, frame_of, opened_of
from rnn_tui.engine.host.pace import Pace
from rnn_tui.engine.session.session import HistoryError, Session
from rnn_tui.engine.store.run_folder import Place
from rnn_tui.engine.training.gpu import GpuWatch, out_of_memory
from rnn_tui.engine.training.threads import choose_threads, fills_cores
from rnn_tui.experiment.memory import check_memory, shortage_told
from rnn_tui.experiment.settings import setting
from rnn_tui.experiment.spec import ExperimentError
from rnn_tui.experiment.validate import from_dict, to_dict
from rnn_tui.protocol.commands import (
    Command,
    Fork,
    GoTo,
    NextBranch,
    NextPhase,
    Open,
    Play,
    Restart,
    SetBreakpoints,
    SetSpeed,
    SetTick,
    SlowMotion,
    Step,
    StepBack,
)
from rnn_tui.protocol.core import Refused
from rnn_tui.protocol.engine_messages import Frame, Opened, Whereabouts
from rnn_tui.protocol.frame import Failure, Status
from rnn_tui.protocol.frame_request import FrameRequest, Wanted
from rnn_tui.protocol.inspect import Ask

__all__ = ["PATIENCE", "Driver"]

_log = logging.getLogger(__name__)
PATIENCE = 0.05  # seconds that a frame waits at most for the end of a pass


class Driver:
    """One session, or none yet. `tell` hears of what goes wrong between two commands."""

    def __init__(self, tell: Callable[[Refused], None]) -> None:
        self._tell = tell
        self.session: Session | None = None
        self.playing = False
        self._asked_to_play = False  # the last word about it, though it may have come to a breakpoint or its end since
        self.attended = True  # somebody looks; breakpoints are for who does
        self.revision = 0  # grows with everything that a look could see
        self.runs = 0  # begun so far, and described anew
        self._pace = Pace()
        self._changes = 0  # of the session, that have been told
        self._place = Place(self._say)
        self._gpu = GpuWatch()
        self._guard = Guard()  # for pictures: one that fails harms nothing else
        self._broken = ""  # why the run cannot go on, until another begins

    # ---- what is known ----------------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether there is something to do that nobody has to ask for."""
        return self.playing or (self.session is not None and self.session.is_judging)

    @property
    def fills_cores(self) -> bool:
        """Whether training leaves no core to others, or would not if they left it all."""
        session = self.session
        if not self.playing or session is None or session.device.type != "cpu":
            return False
        return fills_cores() or session.tries_threads

    @property
    def kept(self) -> str:
        """The folder on the disk; empty: none."""
        return self._place.kept

    @property
    def name(self) -> str:
        """What the run is found by; empty as long as there is none."""
        return "" if self.session is None else self._place.name

    @property
    def is_worth_keeping(self) -> bool:
        """Whether something has been learnt that would be lost."""
        return self.session is not None and self.session.trainer.learns and self.session.trainer.ticks > 0

    def patience(self) -> float | None:
        """How long it may be waited for commands: not at all at full speed, forever while nothing is to do."""
        if not self.playing:
            return 0.0 if self.busy else None
        return self._pace.wait()

    def whereabouts(self, *, views: int) -> Whereabouts:
        """Where the run is, for who does not look at it."""
        session = self.session
        if session is None:
            return Whereabouts(views=views, process=os.getpid())
        status = self._status(session)
        return Whereabouts(
            name=self.name,
            kept=self.kept,
            experiment=session.experiment,
            status=status,
            device=str(session.device),
            views=views,
            process=os.getpid(),
        )

    def _status(self, session: Session) -> Status:
        """Where the run is. The losses that wait are fetched first: what goes wrong there is training's own."""
        session.drain()
        playing, speed, slow = self.playing, self._pace.speed, self._pace.slow

        def status() -> Status:
            load = self._gpu.load(session.device)
            return replace(session.status(playing=playing, speed=speed, slow=slow), gpu=load)

        return self._guard.make("status", status, bare_status(session, playing=playing, speed=speed, slow=slow))

    # ---- what it does -----------------------------------------------------------------------------------------

    def turn(self) -> None:
        """One turn of the loop: a tick if it is due, or else what is to be judged."""
        try:
            self._turn()
        except (RuntimeError, MemoryError) as error:
            if self.session is None or not out_of_memory(error):
                raise
            self._break(self.session)

    def _turn(self) -> None:
        if self.playing and self._pace.is_due:
            self._advance()
        elif self.session is not None and self.session.is_judging:
            self.session.judge(seconds=PATIENCE)
            if not self.session.is_judging:
                self.revision += 1
                self._place.save()

    def obey(self, command: Command) -> None:
        """Do it. Raises ExperimentError or HistoryError where that cannot be; the run goes on as it was then."""
        if self._broken and not isinstance(command, Open | Restart):
            raise HistoryError(self._broken)
        try:
            self._obey(command)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            if self.session is None:
                assert isinstance(command, Open)
                raise ExperimentError("run.device", shortage_told(command.experiment)) from None
            self._break(self.session)

    def _obey(self, command: Command) -> None:
        session = self.session
        left_over = session is not None and self._leaves_phase(command) and session.finish_tick()
        if isinstance(command, GoTo | StepBack | NextBranch):
            self._place.save()  # where it has come to, before it stands in its past
        match command:
            case Open(play=play):
                experiment = from_dict(to_dict(command.experiment))  # who opens it may have checked nothing
                command = replace(command, experiment=experiment)
                check_memory(experiment)
                choose_threads(experiment)
                session = self._place.session(command)
                self._begin(session)
                self._pace.slow, self._pace.speed = 0.0, experiment.run.speed
                to_tick = session.heads_for_a_tick
                self.play(play and (to_tick or not session.rests), to_tick=to_tick)
            case _ if session is None:
                return
            case Restart(seed=seed):
                self._broken = ""
                self._place.restart()
                session.begin(session.experiment if seed is None else session.with_seed(seed))
                self._begin(session)
                self.play(self._asked_to_play)
            case Play(on=on):
                if on and not session.is_held:
                    session.play_on()
                self.play(on)
            case Step(unit=unit):
                self.play(False)
                if not left_over:  # to the end of a tick that was held is a step as well
                    session.play_on()
                    self._advance(whole=True)
                if unit == "epoch" and not session.at_end_of_stretch:
                    self.playing = True
                    self._pace.begin(to_end_of_stretch=True)
            case NextPhase():
                if not session.is_held:
                    session.play_on()
                self.play(False)
                session.next_phase()
            case SlowMotion(on=on, pace=pace):
                self._set_slow(session, _finite(pace) if on else 0.0)
            case SetSpeed(speed=speed):
                self._pace.speed = _finite(speed)
                self._pace.count()
            case SetTick(tick=tick):
                session.set_tick(tick)
                self.runs += 1  # its description has changed
            case GoTo(tick=tick):
                self._stand_at(session, session.branch.newest if tick < 0 else tick)
            case StepBack(unit=unit):
                self._stand_at(
                    session, session.trainer.ticks - 1 if unit == "tick" else session.end_of_stretch_before()
                )
            case Fork(training=training, reseed=reseed):
                session.learn(training, reseed=reseed)
                self.runs += 1
            case SetBreakpoints(until=until):
                session.watch(until)
                self.runs += 1
            case NextBranch():
                self.play(False)
                session.next_branch()
                self.runs += 1
        self.revision += 1
        if self.session is not None:
            self._changes = self.session.changes

    def play(self, on: bool, *, to_tick: bool = False) -> None:
        """Run, or hold."""
        self.playing = self._asked_to_play = on
        self._pace.begin(to_tick=on and to_tick)

    def keep(self) -> str:
        """Have the run on the disk as of its newest tick, in a folder of its own if it has none.

        Why that cannot be, or nothing.
        """
        session = self.session
        if session is None or self._broken or self._place.cannot_be:
            return self._broken or self._place.cannot_be
        session.finish_tick()
        session.go_to(session.branch.newest)
        self.revision += 1
        before = self._place.kept
        problem = self._place.keep(session)
        self.runs += self._place.kept != before  # its description has changed
        return problem

    def close(self) -> None:
        """The last checkpoint, where the run is kept."""
        self._place.close()

    def may_answer(self, look: FrameRequest, asked: float) -> bool:
        """Whether there is something new for a look that came at that time, and this is the moment to show it."""
        session = self.session
        if session is None or look.seen == self.revision:
            return False
        if self.playing and self._pace.is_too_fast_for_characters and not session.trainer.at_end_of_pass:
            return time.perf_counter() - asked > PATIENCE
        return True

    def frame(self, wanted: Wanted) -> Frame:
        """The newest state of the run, as far as it is wanted, not made out to any view. What fails is told in it."""
        session = self.session
        assert session is not None
        self._guard.take_failures()  # of who asked where the run is
        status = self._status(session)
        return frame_of(session, wanted, self._guard, revision=self.revision, status=status)

    def opened(self, look: FrameRequest) -> Opened | None:
        """The description of the run, where the look does not know it yet."""
        session = self.session
        if session is None or look.opened == self.runs:
            return None
        return self._guard.make("opened", lambda: self._opened(session), None)

    def take_failures(self) -> tuple[Failure, ...]:
        """What has failed since the last frame was made."""
        return self._guard.take_failures()

    def keep_updates(self, asks: Sequence[Ask]) -> None:
        """Keep every update from now on, if one of these asks for it: whichever of several views that is."""
        if self.session is not None:
            self.session.trainer.keeps_update = wants_update(asks)

    def _break(self, session: Session) -> None:
        """Memory has run out in the middle of a tick, whose numbers are half done: the run ends as it was kept last."""
        self.play(False)
        _log.error("out of memory in tick %d", session.trainer.ticks)
        self._broken = session.notice = shortage_told(session.experiment, str(session.device))
        self._place.abandon()
        if session.device.type == "cuda":
            torch.cuda.empty_cache()
        self.revision += 1
        self._say(self._broken)

    # ---- how it does it ---------------------------------------------------------------------------------------

    def _say(self, problem: str) -> None:
        self._tell(Refused(problem=problem))

    def _leaves_phase(self, command: Command) -> bool:
        """Whether a command cannot be obeyed, or makes no sense, in the middle of a tick."""
        match command:
            case FrameRequest() | NextPhase() | SetSpeed() | SetBreakpoints():
                return False
            case SlowMotion(on=on):
                return not on
            case Play():
                return not self._pace.slow
        return True

    def _set_slow(self, session: Session, pace: float) -> None:
        """Into slow motion, another pace, or out of it; what plays plays on, and who enters it wants to see it."""
        entered = pace > 0 and not self._pace.slow
        self._pace.slow = pace
        if entered and not session.is_held:
            session.play_on()
        self.play(self.playing or entered)

    def _stand_at(self, session: Session, tick: int) -> None:
        """Hold at a tick of this branch. Another way of learning there is another description of the run."""
        self.play(False)
        before = session.experiment
        session.go_to(tick)
        if session.experiment != before:
            self.runs += 1

    def _begin(self, session: Session) -> None:
        self.session = session
        self._broken = ""
        self.runs += 1
        self._place.begin(session)
        _log.info("run %r begins at tick %d on %s", self.name, session.trainer.ticks, session.device)
        gc.collect()
        gc.freeze()  # what lives as long as the run need not be looked at again

    def _advance(self, *, whole: bool = False) -> None:
        """One tick, or in slow motion one phase."""
        session = self.session
        assert session is not None
        self.runs += self._place.settle(session)  # its description has changed
        if self._pace.slow and not whole and not self._pace.to_end_of_stretch:
            going = session.next_phase()
        else:
            session.finish_tick()
            going = session.tick()
        self._place.ticked()
        self.revision += 1
        if session.changes != self._changes:
            self._changes = session.changes
            self.runs += 1  # its description has changed
        if not going and not self.attended and session.stopped and not (session.done or session.early or session.lost):
            going = True
        if not going or (self._pace.to_end_of_stretch and session.at_end_of_stretch):
            self.playing = False
            self._pace.begin()
        else:
            self._pace.ticked()

    def _opened(self, session: Session) -> Opened:
        return opened_of(session, run=self.runs, name=self.name, kept=self.kept)


def _finite(rate: float) -> float:
    """Return a speed, or a pace, as it is. Raises ExperimentError where no time follows from it."""
    if math.isfinite(rate):
        return rate
    raise ExperimentError("run.speed", f"{rate:g} {setting('run.speed').range_problem(rate)}")
