"""Drives one session at its pace, and has it saved. Knows nothing about views."""

import gc
import logging
from collections.abc import Callable, Sequence

import torch

from rnn_tui.engine.answers.weights import wants_update
from rnn_tui.engine.host.pace import Pace
from rnn_tui.engine.host.pool import Pool
from rnn_tui.engine.network.cell_error import CellError, blamed
from rnn_tui.engine.network.out_of_memory import out_of_memory
from rnn_tui.engine.session.cell_file import LOOK_EVERY, CellFile
from rnn_tui.engine.session.processes import RankLost
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.store.run_folder import RunFolder
from rnn_tui.engine.training.threads import choose_threads, fills_cores
from rnn_tui.experiment.cell_kinds import OWN
from rnn_tui.experiment.memory import check_memory, shortage_told
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.commands import Command, Open
from rnn_tui.protocol.core import Refused
from rnn_tui.protocol.field import KeptMember
from rnn_tui.protocol.inspect import Ask

__all__ = ["Driver"]

_log = logging.getLogger(__name__)
_EVALUATION = 0.05  # seconds of evaluating held-out data between two looks at the socket


class Driver:
    """Plays one session, or holds it, or waits for one to be opened."""

    def __init__(self, obey: Callable[["Driver", Command], None]) -> None:
        """Begin without a session. `obey` carries out a command: see `engine/host/commands.py`."""
        self._obey = obey
        self.tell: Callable[[Refused | KeptMember], None] = lambda _: None  # what goes wrong between two commands
        self.session: Session | None = None
        self.playing = False
        self.pace = Pace()
        self.attended = True  # whether anybody looks; breakpoints are for those who do
        self.revision = 0  # grows with everything that a view could see
        self.description = 0  # the number of the newest description of a run, see `protocol.engine_messages.Opened`
        self.broken = ""  # why the run cannot go on, until another begins
        self._asked_to_play = False  # the last command about it, though a breakpoint or the end may have come since
        self.goes_on_alone = False
        self._changes = 0  # of the session, that the description takes account of
        self._pool = Pool()
        self._folder = RunFolder(self._say, self._pool.processes)
        self._cell_file = CellFile()

    # ---- what is known ----------------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether there is something to do without being asked."""
        return self.playing or (self.session is not None and self.session.recording.evaluation.is_busy)

    @property
    def fills_cores(self) -> bool:
        """Whether training leaves no core to other processes, or tries to."""
        session = self.session
        if not self.playing or session is None or session.device.type != "cpu":
            return False
        return fills_cores() or session.tries_threads

    @property
    def kept(self) -> str:
        """The run's folder on the disk; empty: none."""
        return self._folder.kept

    @property
    def name(self) -> str:
        """The name by which the run is found; empty as long as there is none."""
        return "" if self.session is None else self._folder.name

    @property
    def is_open(self) -> bool:
        """Whether there is a session."""
        return self.session is not None

    @property
    def is_done(self) -> bool:
        """Whether its epochs are over."""
        return self.session is not None and self.session.done

    @property
    def is_worth_keeping(self) -> bool:
        """Whether anything has been learnt that would be lost."""
        session = self.session
        return session is not None and session.experiment.training.learn and session.progress.tick > 0

    def patience(self) -> float | None:
        """Return for how many seconds it may be waited for commands: 0 at full speed, None while nothing is to do."""
        if not self.playing:
            return 0.0 if self.busy else LOOK_EVERY if self._has_own_cell else None
        return self.pace.wait()

    @property
    def _has_own_cell(self) -> bool:
        return self.session is not None and self.session.experiment.network.cell == OWN

    # ---- the loop ---------------------------------------------------------------------------------------------

    def turn(self) -> None:
        """Do a tick if one is due, or else a piece of the evaluation at the end."""
        session = self.session
        if session is None:
            return
        try:
            if self._has_own_cell and self._cell_file.read_again(session):
                self._go_on_with_new_code(session)
            if self.playing and self.pace.is_due:
                self.advance()
            elif session.recording.evaluation.is_busy:
                session.recording.evaluate(seconds=_EVALUATION)
                if not session.recording.evaluation.is_busy:
                    self.revision += 1
                    self._folder.save()
        except RankLost as lost:
            self.lose(session, lost)
        except Exception as error:
            self.failed(session, error)

    def failed(self, session: Session, error: Exception) -> None:
        """End the run where memory ran out; hold it where its own cell is to blame. Raises any other error."""
        if out_of_memory(error):
            self.give_up(session)
            return
        own = blamed(error, session.experiment)
        if own is None:
            raise error
        self.hold_at_error(session, own)

    def hold_at_error(self, session: Session, error: CellError) -> None:
        """Hold, because the author of the cell must mend it; nothing is lost, and the file is read when it changes."""
        self.playing = False
        self.pace.begin()
        session.trainer.undo_beginning()
        session.hold.notice = f"{error.value}, {error}"
        _log.info("tick %d: %s", session.progress.tick, session.hold.notice)
        self.revision += 1

    def _go_on_with_new_code(self, session: Session) -> None:
        session.hold.notice = "The file of the cell was read again; the run goes on with its weights."
        self.playing = self._asked_to_play
        self.pace.begin()
        self.describe_anew()
        self.revision += 1

    def advance(self, *, whole: bool = False) -> None:
        """Do one tick; in slow motion one phase, unless `whole`."""
        session = self.session
        assert session is not None
        self.description += self._folder.settle(session)
        if self.pace.slow and not whole and not self.pace.to_end_of_stretch:
            going = session.phases.next()
        else:
            session.finish_tick()
            going = session.tick()
        self._folder.ticked()
        self.revision += 1
        if session.change_count != self._changes:
            self._changes = session.change_count
            self.describe_anew()
        if not going and not self.attended and session.hold.hits and not session.has_ended:
            going = True
        if not going or (self.pace.to_end_of_stretch and session.progress.at_end_of_stretch):
            self.playing = False
            self.pace.begin()
        else:
            self.pace.ticked()

    def obey(self, command: Command) -> None:
        """Carry out a command. Raises ExperimentError or HistoryError where that cannot be; the run stays as it was."""
        self._obey(self, command)

    # ---- what commands are made of ----------------------------------------------------------------------------

    def open(self, command: Open) -> None:
        """Begin or resume a run, in place of the one before. Raises ExperimentError, CheckpointError."""
        experiment = command.experiment
        check_memory(experiment)
        choose_threads(experiment)
        session = self._folder.open(command)
        self._begin(session)
        self.pace.slow, self.pace.speed = 0.0, experiment.run.speed
        to_tick = session.heads_for_a_tick
        self.play(command.play and (to_tick or not session.has_ended), to_tick=to_tick)

    def restart(self, session: Session, experiment: Experiment) -> None:
        """Begin again in the same session, as another run; with new processes where some have been lost."""
        processes = self._pool.processes(experiment)
        self._folder.restart()
        session.begin(experiment, processes=processes)
        self.broken = ""
        self._begin(session)
        self.play(self._asked_to_play)

    def play(self, on: bool, *, to_tick: bool = False) -> None:
        """Play, or hold."""
        self.playing = self._asked_to_play = on
        self.pace.begin(to_tick=on and to_tick)

    def pause(self) -> None:
        """Hold."""
        self.play(False)

    def play_to_end_of_stretch(self) -> None:
        """Play as fast as possible to the end of the pass or the epoch, and hold there."""
        self.playing = True
        self.pace.begin(to_end_of_stretch=True)

    def describe_anew(self) -> None:
        """Have the run described to all views again, because what `Opened` says has changed."""
        self.description += 1

    def show_anew(self) -> None:
        """Have the run shown to all views again, because a command was carried out."""
        self.revision += 1
        if self.session is not None:
            self._changes = self.session.change_count

    def save(self) -> None:
        """Write a checkpoint, if the run is on the disk."""
        self._folder.save()

    def keep(self) -> str:
        """Have the run on the disk as of its newest tick, in a folder of its own if it has none.

        Returns why that cannot be done; empty: it is done.
        """
        session = self.session
        if session is None or self.broken or self._folder.cannot_be:
            return self.broken or self._folder.cannot_be
        session.finish_tick()
        session.go_to(session.branch.newest)
        self.revision += 1
        before = self._folder.kept
        problem = self._folder.keep(session)
        self.description += self._folder.kept != before
        return problem

    def keep_updates(self, asks: Sequence[Ask]) -> None:
        """Have every update kept from now on if one of these asks shows it, whichever of several views it is from."""
        if self.session is not None:
            self.session.keep_updates(wants_update(asks))

    def give_up(self, session: Session) -> None:
        """End the run as it was last saved, because memory ran out in a tick, whose numbers are half computed."""
        self.play(False)
        _log.error("out of memory in tick %d", session.progress.tick)
        self.broken = session.hold.notice = shortage_told(session.experiment, str(session.device))
        self._folder.abandon()
        if session.device.type == "cuda":
            torch.cuda.empty_cache()
        self.revision += 1
        self._say(self.broken)

    def lose(self, session: Session, lost: RankLost) -> None:
        """End the run as it was last saved, because one of its processes is gone, and what it has computed with it."""
        self.play(False)
        self.broken = session.hold.notice = f"{self._pool.why(lost)}. Press b to begin again."
        _log.error("tick %d: %s", session.progress.tick, self.broken)
        self._folder.abandon()
        self.revision += 1
        self._say(self.broken)

    def stop(self) -> None:
        """End the run: the same as to close it."""
        self.close()

    def close(self) -> None:
        """Write the last checkpoint, if the run is on the disk, and end its processes."""
        try:
            self._folder.close()
        except RankLost as lost:
            _log.error("%s", self._pool.why(lost))
            self._folder.abandon()
        self._pool.close()

    def _begin(self, session: Session) -> None:
        self.session = session
        self._cell_file.begin()
        self.broken = ""
        self.description += 1
        self._folder.begin(session)
        _log.info("run %r begins at tick %d on %s", self.name, session.progress.tick, session.device)
        gc.collect()
        gc.freeze()  # what lives as long as the run need not be looked at again

    def _say(self, problem: str) -> None:
        self.tell(Refused(problem=problem))
