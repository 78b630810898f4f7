"""The engine's process: commands in, frames out, ticks in between.

    python -m rnn_tui.engine.serve FD

FD is a listening Unix-domain socket, inherited. The view pulls: a frame is sent only in answer to a look, at the
next tick boundary, so a slow link or a stalled terminal slows the pictures and never the training. When the view
goes away, so does the engine.
"""

import contextlib
import gc
import select
import shutil
import signal
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from rnn_tui.engine.session import HistoryError, Session
from rnn_tui.engine.threads import choose_threads
from rnn_tui.experiment import ExperimentError
from rnn_tui.memory import check_memory
from rnn_tui.protocol import (
    VERSION,
    Back,
    Command,
    Frame,
    GoTo,
    Greeting,
    Keep,
    Learn,
    Look,
    Message,
    NextBranch,
    NextPhase,
    Open,
    Opened,
    Play,
    Refused,
    Restart,
    SetSpeed,
    SetTick,
    SlowMotion,
    Step,
    Watch,
)
from rnn_tui.wire import Buffer, ProtocolError, decode_command, pack

if TYPE_CHECKING:
    from rnn_tui.engine.keeper import Keeper

__all__ = ["Connection", "Server", "main"]

_FAST = 30.0  # ticks a second from which single characters cannot be followed: frames then wait for the end of a pass
_PATIENCE = 0.05  # seconds that such a frame waits at most
_PREDICTIONS = 64  # distinct predictions that a frame carries at most


class Connection:
    """One view on the other end of a socket; neither reading nor writing ever blocks the training."""

    def __init__(self, peer: socket.socket) -> None:
        peer.setblocking(False)
        self._peer = peer
        self._poll = select.poll()
        self._poll.register(peer, select.POLLIN)
        self._incoming = Buffer()
        self._outgoing = bytearray()
        self.open = True

    def send(self, message: Message) -> None:
        """Queue a message and write as much of it as the socket takes."""
        self._outgoing += pack(message)
        self._flush()

    def receive(self, timeout: float | None) -> list[Command]:
        """The commands that have come, after at most `timeout` seconds (None: as long as it takes)."""
        events = self._poll.poll(None if timeout is None else timeout * 1000)
        if not events:
            return []
        if events[0][1] & select.POLLOUT:
            self._flush()
        if not events[0][1] & ~select.POLLOUT:
            return []
        try:
            data = self._peer.recv(1 << 16)
        except BlockingIOError:
            return []
        except ConnectionError:
            data = b""
        if not data:
            self.open = False
            return []
        return [decode_command(body) for body in self._incoming.feed(data)]

    def hang_up(self) -> None:
        """Read no more, as if the view had gone. May be called in the middle of anything, by a signal."""
        with contextlib.suppress(OSError):
            self._peer.shutdown(socket.SHUT_RD)

    def _flush(self) -> None:
        try:
            while self._outgoing:
                del self._outgoing[: self._peer.send(self._outgoing)]
        except BlockingIOError:
            pass
        except ConnectionError:
            self.open = False
            self._outgoing.clear()
        self._poll.modify(self._peer, select.POLLIN | (select.POLLOUT if self._outgoing else 0))


class Server:
    """Drives one session as its view commands."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._session: Session | None = None
        self._runs = 0  # begun so far
        self._revision = 0  # grows with everything that a look could see
        self._playing = False
        self._to_end_of_stretch = False  # hold there, at full speed until then
        self._to_tick = False  # at full speed until a breakpoint
        self._changes = 0  # of the session, that the view has been told
        self._speed = 0.0
        self._slow = 0.0  # phases a second; 0: whole ticks
        self._due = 0.0  # when the next tick is
        self._look: Look | None = None  # waiting for an answer
        self._looked_at = 0.0
        self._keep: Keep | None = None  # the run on the disk, from its first tick on
        self._keeper: Keeper | None = None

    def run(self) -> None:
        """Serve until the view has gone."""
        connection = self._connection
        connection.send(Greeting(version=VERSION, torch=str(torch.__version__)))
        while connection.open:
            try:
                commands = connection.receive(self._patience())
            except ProtocolError as error:
                connection.send(Refused(problem=str(error)))
                break
            for command in commands:
                try:
                    self._obey(command)
                except ExperimentError as error:
                    connection.send(Refused(problem=str(error), path=error.path))
                except HistoryError as error:
                    connection.send(Refused(problem=str(error)))
            if self._playing and time.perf_counter() >= self._due:
                self._advance()
            elif self._session is not None and self._session.is_judging:
                self._session.judge(seconds=_PATIENCE)
                self._revision += not self._session.is_judging
            if self._look is not None and self._may_answer():
                self._answer(self._look)
        self._close_keeper()

    def _patience(self) -> float | None:
        """How long the socket may be waited for: not at all at full speed, forever while nothing is to do."""
        if not self._playing:
            return 0.0 if self._session is not None and self._session.is_judging else None
        return max(0.0, self._due - time.perf_counter()) if self._due else 0.0

    def _obey(self, command: Command) -> None:
        session = self._session
        left_over = session is not None and self._leaves_phase(command) and session.finish_tick()
        if self._keeper is not None and isinstance(command, GoTo | Back | NextBranch):
            self._keeper.save()  # where it has come to, before it stands in its past
        match command:
            case Look():
                self._look, self._looked_at = command, time.perf_counter()
                return
            case Open(experiment=experiment, play=play):
                session = self._opened_session(command)
                self._begin(session)
                self._slow = 0.0
                self._speed = experiment.run.speed
                self._play(play, to_tick=session.heads_for_a_tick)
            case _ if session is None:
                return
            case Restart(seed=seed):
                self._close_keeper()
                if self._keep is not None and self._keep.folder:
                    self._keep = None  # the folder is that of the run before
                session.begin(session.experiment if seed is None else session.with_seed(seed))
                self._begin(session)
                self._play(self._playing)
            case Play(on=on):
                if on and not session.is_held:
                    session.play_on()
                self._play(on)
            case Step(unit=unit):
                self._play(False)
                if not left_over:  # to the end of a tick that was held is a step as well
                    session.play_on()
                    self._advance(whole=True)
                if unit == "epoch" and not session.at_end_of_stretch:
                    self._play(True)
                    self._to_end_of_stretch, self._due = True, 0.0
            case NextPhase():
                if not session.is_held:
                    session.play_on()
                self._play(False)
                session.next_phase()
            case SlowMotion(on=on, pace=pace):
                self._set_slow(session, pace if on else 0.0)
            case SetSpeed(speed=speed):
                self._speed = speed
                self._pace()
            case SetTick(tick=tick):
                session.set_tick(tick)
                self._runs += 1  # its description has changed
            case GoTo(tick=tick):
                self._stand_at(session, session.branch.newest if tick < 0 else tick)
            case Back(unit=unit):
                self._stand_at(
                    session, session.trainer.ticks - 1 if unit == "tick" else session.end_of_stretch_before()
                )
            case Learn(training=training, reseed=reseed):
                session.learn(training, reseed=reseed)
                self._runs += 1
            case Watch(until=until):
                session.watch(until)
                self._runs += 1
            case NextBranch():
                self._play(False)
                session.next_branch()
                self._runs += 1
        self._revision += 1
        if self._session is not None:
            self._changes = self._session.changes

    def _opened_session(self, command: Open) -> Session:
        """The session that is asked for. What has been kept so far is closed only once that is there."""
        experiment, keep = command.experiment, command.keep
        check_memory(experiment)
        choose_threads(experiment)
        keeper: Keeper | None = None
        if keep is not None and keep.resume:
            from rnn_tui.engine.kept import resume

            session, keeper = resume(keep, experiment, self._tell, history=command.history, turns=command.turns)
        else:
            session = Session(experiment, history=command.history, turns=command.turns)
        self._close_keeper()
        self._keeper = keeper
        self._keep = keep
        return session

    def _begin_keeping(self, session: Session, keep: Keep) -> None:
        """The run begins for good: it gets its folder."""
        from rnn_tui.engine.kept import begin_keeping
        from rnn_tui.manifest import CheckpointError

        try:
            self._keeper = begin_keeping(session, keep, self._tell)
            self._runs += 1
        except CheckpointError as error:
            self._tell(str(error))
            self._keep = None

    def _close_keeper(self) -> None:
        if self._keeper is not None:
            self._keeper.close()
            self._keeper = None

    def _tell(self, problem: str) -> None:
        self._connection.send(Refused(problem=problem))

    def _leaves_phase(self, command: Command) -> bool:
        """Whether a command cannot be obeyed, or makes no sense, in the middle of a tick."""
        match command:
            case Look() | NextPhase() | SetSpeed() | Watch():
                return False
            case SlowMotion(on=on):
                return not on
            case Play():
                return not self._slow
        return True

    def _set_slow(self, session: Session, pace: float) -> None:
        """Into slow motion, another pace, or out of it; what plays plays on, and who enters it wants to see it."""
        entered = pace > 0 and not self._slow
        self._slow = pace
        if entered and not session.is_held:
            session.play_on()
        self._play(self._playing or entered)

    def _stand_at(self, session: Session, tick: int) -> None:
        """Hold at a tick of this branch. Another way of learning there is another description of the run."""
        self._play(False)
        before = session.experiment
        session.go_to(tick)
        if session.experiment != before:
            self._runs += 1

    def _begin(self, session: Session) -> None:
        self._session = session
        self._runs += 1
        gc.collect()
        gc.freeze()  # what lives as long as the run need not be looked at again

    def _play(self, on: bool, *, to_tick: bool = False) -> None:
        self._playing = on
        self._to_end_of_stretch = False
        self._to_tick = on and to_tick
        self._pace()

    def _pace(self) -> None:
        """Count the time to the next tick, or phase, from now."""
        speed = self._slow or self._speed
        hurried = not speed or self._to_end_of_stretch or self._to_tick
        self._due = 0.0 if hurried else time.perf_counter() + 1 / speed

    def _advance(self, *, whole: bool = False) -> None:
        """One tick, or in slow motion one phase."""
        session = self._session
        assert session is not None
        if self._keep is not None and self._keeper is None:
            self._begin_keeping(session, self._keep)
        slow = bool(self._slow) and not whole and not self._to_end_of_stretch
        if slow:
            going = session.next_phase()
        else:
            session.finish_tick()
            going = session.tick()
        if self._keeper is not None:
            self._keeper.ticked()
        self._revision += 1
        if session.changes != self._changes:
            self._changes = session.changes
            self._runs += 1  # its description has changed
        if not going or (self._to_end_of_stretch and session.at_end_of_stretch):
            self._play(False)
        elif self._due:
            self._due = max(self._due + 1 / (self._slow or self._speed), time.perf_counter() - 0.1)

    def _may_answer(self) -> bool:
        session, look = self._session, self._look
        if session is None or look is None or look.seen == self._revision:
            return False
        hurried = self._to_end_of_stretch or self._to_tick or not 0 < self._speed <= _FAST
        fast = self._playing and not self._slow and hurried
        if fast and not session.trainer.at_end_of_pass:
            return time.perf_counter() - self._looked_at > _PATIENCE
        return True

    def _answer(self, look: Look) -> None:
        session = self._session
        assert session is not None
        wanted = look.wanted
        status = session.status(playing=self._playing, speed=self._speed, slow=self._slow)
        curve, learns = wanted.curve, session.trainer.learns
        tensors, found = session.probe.tensors(wanted)
        frame = Frame(
            look=look.number,
            revision=self._revision,
            status=status,
            opened=None if look.opened == self._runs else self._opened(),
            steps=session.probe.steps(wanted) if wanted.count else None,
            states=session.probe.states(wanted) if wanted.count and wanted.units else (),
            phase=session.probe.phase(wanted) if wanted.count else None,
            curve=session.losses.envelope(curve.columns, log_x=curve.log_x) if curve and learns else None,
            characters=session.character_curve(curve) if curve and learns else None,
            held_out=session.branch.held_out.told(curve.columns, session.whole_passes) if curve and learns else None,
            others=session.other_curves(curve) if curve and learns else (),
            predictions=session.predictions.newest(_PREDICTIONS, by=session.whole_passes) if wanted.top else (),
            learnt=session.learnt,
            tensors=tensors,
            checks=found,
            inside=session.probe.inside(wanted),
            forecast=session.probe.forecast(wanted),
        )
        self._look = None
        self._connection.send(frame)

    def _opened(self) -> Opened:
        session = self._session
        assert session is not None
        weights = sum(parameter.numel() for parameter in session.trainer.model.parameters())
        return Opened(
            run=self._runs,
            experiment=session.experiment,
            began=session.began,
            turns=session.turns,
            weights=weights,
            device=str(session.device),
            origin=session.origin,
            torch=str(torch.__version__),
            kept=str(self._keeper.folder) if self._keeper is not None else "",
            scale=session.scale,
        )


def main() -> None:
    """Wait for the view that started this process, and serve it."""
    listener = socket.socket(fileno=int(sys.argv[1]))
    folder = Path(listener.getsockname()).parent
    peer, _ = listener.accept()
    connection = Connection(peer)
    signal.signal(signal.SIGTERM, lambda *_: connection.hang_up())
    Server(connection).run()
    shutil.rmtree(folder, ignore_errors=True)  # the view has gone, perhaps without a chance to tidy up


if __name__ == "__main__":
    main()
