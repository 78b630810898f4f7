"""How the processes of a run come together: started here, one beside the other, or everywhere by `torchrun`."""

import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import torch
from torch._C._distributed_c10d import FileStore
from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, Std, start_processes
from torch.distributed.elastic.multiprocessing.api import SubprocessContext

from rnn_tui.common.program_text import program_text
from rnn_tui.common.wording import shown
from rnn_tui.engine.ranks.ranks import Ranks, follow
from rnn_tui.engine.ranks.team import Place, Team, why_not_met
from rnn_tui.engine.ranks.torchrun_store import store_of_torchrun
from rnn_tui.engine.session.processes import CannotMeet, RankLost
from rnn_tui.experiment.spec import Experiment

__all__ = ["follow_on_this_machine", "place_given_by", "processes_here", "processes_of_torchrun"]

_PROGRAM = program_text("rnn_tui.engine.ranks.start", "follow_on_this_machine(sys.argv[1], *map(int, sys.argv[2:]))")
_MEETING = "meeting"  # a file in a folder of our own: a TCPStore would listen to every network that there is
_HERE = "here/{}"  # what a rank writes there
_PATIENCE = 3.0  # seconds in which a process that has closed its connections has ended
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_NAMES = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")  # which torchrun sets, all of them


def place_given_by(environment: Mapping[str, str]) -> Place | None:
    """Return the place that `torchrun` has given this process; None: it was not started so.

    Raises CannotMeet where only some of what it sets is there, or it is no number.
    """
    if "RANK" not in environment and "WORLD_SIZE" not in environment:
        return None
    missing = [name for name in _NAMES if not environment.get(name)]
    if missing:
        there = next(name for name in _NAMES if environment.get(name))
        raise CannotMeet(
            f"{there} is set in the environment, and {missing[0]} is not: begin with torchrun, which sets both, "
            f"or unset {there}",
        )
    try:
        rank, world_size, local = (int(environment.get(name, "0")) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"))
    except ValueError:
        raise CannotMeet("RANK and WORLD_SIZE in the environment must be numbers") from None
    if not 0 <= rank < world_size:
        raise CannotMeet(f"RANK {rank} is none of WORLD_SIZE {world_size}, in the environment")
    port = environment["MASTER_PORT"]
    if not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise CannotMeet(f"MASTER_PORT {shown(port)}, in the environment, must be a port")
    return Place(rank=rank, world_size=world_size, local_rank=local)


@contextmanager
def processes_of_torchrun(place: Place, experiment: Experiment) -> Iterator[Ranks | None]:
    """Join the processes that torchrun has started; None: this one has followed, and there is no more to do."""
    on_gpu = _wants_gpu(experiment)
    timeout = timedelta(seconds=experiment.run.timeout)
    try:
        store = store_of_torchrun(os.environ, place, timeout)
    except RuntimeError as error:
        raise CannotMeet(why_not_met(error, place, timeout)) from None
    team = Team(place, store, on_gpu=on_gpu, timeout=timeout)
    try:
        if team.leads:
            ranks = Ranks(team)
            yield ranks
            ranks.end()
        else:
            _note_signals(team)
            follow(team)
            yield None
    finally:
        team.leave()


@contextmanager
def processes_here(experiment: Experiment) -> Iterator[Ranks]:
    """Start the other processes on this machine, and end them afterwards, whatever has happened.

    Raises RankLost where one of them does not come, or is lost later.
    """
    count = experiment.run.processes
    timeout = timedelta(seconds=experiment.run.timeout)
    _use_loopback()
    with tempfile.TemporaryDirectory(prefix="rnn-tui-ranks-") as logs:
        meeting, on_gpu = os.path.join(logs, _MEETING), _wants_gpu(experiment)
        store = FileStore(meeting, count)
        others = _Others(count, meeting, on_gpu=on_gpu, timeout=experiment.run.timeout, logs=logs)
        try:
            others.await_all(store, experiment.run.timeout)
            team = Team(Place(rank=0, world_size=count), store, on_gpu=on_gpu, timeout=timeout)
            team.is_anyone_gone = others.have_any_ended
            try:
                ranks = Ranks(team)
                yield ranks
                ranks.end()
                others.wait()
            finally:
                team.leave()
        except RankLost as error:
            raise type(error)(others.last_words() or str(error)) from None
        finally:
            others.close()


def follow_on_this_machine(meeting: str, rank: int, world_size: int, on_gpu: int, timeout: int) -> None:
    """Join rank 0 on this machine, and do what it says until it ends, or is gone."""
    _ignore_signals()
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    wait = timedelta(seconds=timeout)
    try:
        store = FileStore(meeting, world_size)
        store.set(_HERE.format(rank), "")
        place = Place(rank=rank, world_size=world_size, local_rank=rank)
        follow(Team(place, store, on_gpu=bool(on_gpu), timeout=wait))
    except RankLost:
        os._exit(0)  # rank 0 says what has happened; threads that wait for it are not waited for
    finally:
        Team.leave()


def _end_with(parent: int) -> None:
    """End this process once the one that has started it is gone."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


class _Others:
    """The processes of the other ranks on this machine."""

    def __init__(self, count: int, meeting: str, *, on_gpu: bool, timeout: float, logs: str) -> None:
        numbers = range(count - 1)
        handlers = {each: signal.getsignal(each) for each in signal.valid_signals()}
        context = start_processes(
            "rank",
            sys.executable,
            {
                number: ("-c", _PROGRAM, meeting, str(number + 1), str(count), str(int(on_gpu)), str(int(timeout)))
                for number in numbers
            },
            {number: {"OMP_NUM_THREADS": "1"} for number in numbers},
            DefaultLogsSpecs(log_dir=logs, redirects=Std.ALL),
        )
        for each, handler in handlers.items():  # torch has taken those that end a process
            if signal.getsignal(each) is not handler:
                signal.signal(each, handler)
        assert isinstance(context, SubprocessContext)
        self._context = context
        self._logs = context.stderrs

    def await_all(self, store: FileStore, seconds: float) -> None:
        """Wait until all have begun, at most so long. Raises RankLost where one has ended, or time is over."""
        keys = [_HERE.format(number + 1) for number in self._context.subprocess_handlers]
        until = time.monotonic() + seconds
        while not store.check(keys):
            if self.have_any_ended():
                raise RankLost("a process has ended before it could begin")
            if time.monotonic() > until:
                raise RankLost(f"not all processes have begun within {seconds:g} seconds (--timeout)")
            time.sleep(0.02)

    def have_any_ended(self) -> bool:
        """Return whether one of them is there no more."""
        return any(each.proc.poll() is not None for each in self._context.subprocess_handlers.values())

    def wait(self) -> None:
        """Wait until all have ended of themselves, for a while."""
        self._ended(all)

    def last_words(self) -> str:
        """Say which rank has ended of itself, how, and the last line that it wrote; empty: none has."""
        handlers = self._context.subprocess_handlers
        self._ended(any)
        for number, each in handlers.items():
            code = each.proc.poll()
            if code:
                how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"has ended with exit code {code}"
                return f"rank {number + 1} (process {each.proc.pid}) {how}{self._last_line(number)}"
        return ""

    def close(self) -> None:
        """End those that are still there."""
        for each in self._context.subprocess_handlers.values():
            if each.proc.poll() is None:
                each.proc.kill()
            each.proc.wait()

    def _ended(self, which: Callable[[Iterable[bool]], bool]) -> None:
        until = time.monotonic() + _PATIENCE
        processes = [each.proc for each in self._context.subprocess_handlers.values()]
        while not which(each.poll() is not None for each in processes) and time.monotonic() < until:
            time.sleep(0.02)

    def _last_line(self, number: int) -> str:
        try:
            lines = Path(self._logs[number]).read_text(errors="replace").strip().splitlines()
        except OSError:
            return ""
        return f"; its last words: {lines[-1][:200]}" if lines else ""


def _wants_gpu(experiment: Experiment) -> bool:
    return experiment.run.device != "cpu" and torch.cuda.is_available()


def _use_loopback() -> None:
    """Let gloo use the loopback device: the name of this machine may stand for another address, or for none."""
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo0" if sys.platform == "darwin" else "lo")


def _ignore_signals() -> None:
    """Leave it to rank 0 to end: it completes the pass, which takes all ranks."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)


def _note_signals(team: Team) -> None:
    """Have rank 0 told that this process was asked to end, with the figures of the next pass: it may know of no signal.

    Where torchrun is asked to end on one machine of several, the processes of that one alone are.
    """

    def note(number: int, _: object) -> None:
        team.signal = number

    for number in _ENDING:
        signal.signal(number, note)
