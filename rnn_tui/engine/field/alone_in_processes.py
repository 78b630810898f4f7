"""Large members that learn side by side, each in a process of its own; how they fare comes back as messages."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any

import torch

from rnn_tui.common.program_text import program_text
from rnn_tui.engine.field.alone import Alone
from rnn_tui.engine.field.lone_member import LoneMember, PassMade
from rnn_tui.engine.field.results import Results
from rnn_tui.engine.network.cells import parts
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.protocol.field import LEARNING

__all__ = ["AloneInProcesses", "build_alone", "train_members"]

# Not `multiprocessing`, whose processes run the script once more that has imported us. Nothing is imported from the
# folder that we are in, whose random.py or torch.py would run in place of the real one.
_PROGRAM = program_text("rnn_tui.engine.field.alone_in_processes", "train_members(*map(int, sys.argv[1:]))")

_EVERY = 0.2  # seconds from one message of a process to the next
_PATIENCE = 0.2  # seconds that a step waits for a message


def build_alone(
    numbers: Sequence[int],
    experiments: Sequence[Experiment],
    results: Results,
    *,
    stops_when_learnt: bool = False,
    jobs: int = 1,
) -> Alone:
    """Return what trains large members: one after another in this process, or several at once in their own."""
    if min(jobs, len(numbers)) < 2:
        return Alone(numbers, experiments, results, stops_when_learnt=stops_when_learnt)
    return AloneInProcesses(numbers, experiments, results, stops_when_learnt=stops_when_learnt, jobs=jobs)


class AloneInProcesses(Alone):
    """Large members, so many of which learn at once."""

    def __init__(
        self,
        numbers: Sequence[int],
        experiments: Sequence[Experiment],
        results: Results,
        *,
        stops_when_learnt: bool = False,
        jobs: int,
    ) -> None:
        super().__init__(numbers, experiments, results, stops_when_learnt=stops_when_learnt)
        self._jobs = jobs
        self._processes: dict[Connection, subprocess.Popen[bytes]] = {}
        self._learning: dict[Connection, int] = {}  # the member that each process trains

    @property
    def is_over(self) -> bool:
        """Whether all of them have come to their end."""
        return not self._waiting and not self._learning

    def step(self) -> None:
        """Give work to processes that have none, and wait a moment for what comes from the others."""
        while self._waiting and len(self._learning) < self._jobs:
            self._begin(*self._waiting.pop(0))
        for ready in wait(list(self._learning), _PATIENCE):
            assert isinstance(ready, Connection)
            self._hear(ready)

    def close(self) -> None:
        """End the processes, whatever they are doing."""
        for connection, process in self._processes.items():
            connection.close()
            process.terminate()
        for process in self._processes.values():
            process.wait()
        self._processes.clear()
        self._learning.clear()

    def _begin(self, number: int, experiment: Experiment) -> None:
        idle = [each for each in self._processes if each not in self._learning]
        connection = idle[0] if idle else self._start()
        self._learning[connection] = number
        self._results.states[number] = LEARNING
        connection.send((experiment, self._stops_when_learnt))

    def _start(self) -> Connection:
        ours, theirs = Pipe()
        self._processes[ours] = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(theirs.fileno()), str(os.getpid())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # what goes wrong comes as a message
            pass_fds=[theirs.fileno()],
            start_new_session=True,  # Ctrl+C is for the process that has started it
        )
        theirs.close()
        return ours

    def _hear(self, connection: Connection) -> None:
        """Note what a process has to say. Raises ExperimentError where it has failed or has gone."""
        number = self._learning[connection]
        try:
            message: Any = connection.recv()
        except (EOFError, OSError):
            raise _failure(number, "its process has ended, perhaps for want of memory") from None
        if isinstance(message, str):
            raise _failure(number, message)
        made, weights, h_0 = message
        for each in made:
            self._note(number, each)
        if weights is not None:
            self._weights[number] = torch.from_numpy(weights)
            states = [torch.from_numpy(each) for each in h_0]
            self._h_0[number] = (states[0], states[1]) if len(states) > 1 else states[0]
            del self._learning[connection]


def _failure(number: int, problem: str) -> ExperimentError:
    return ExperimentError("run.device", f"network {number + 1:,}: {problem}")


def train_members(descriptor: int, parent: int) -> None:
    """Train the members that come in, until nobody sends any: runs in a process of its own."""
    connection = Connection(descriptor)
    torch.set_num_threads(1)
    try:
        while True:
            _train_member(connection, parent, *connection.recv())
    except (EOFError, OSError):  # the one that started it has gone
        return


def _train_member(connection: Connection, parent: int, experiment: Experiment, stops_when_learnt: bool) -> None:
    try:
        member = LoneMember(experiment, stops_when_learnt=stops_when_learnt)
        made: list[PassMade] = []
        told = time.monotonic()
        while not made or made[-1].state == LEARNING:
            made.append(member.make_pass())
            if made[-1].state == LEARNING and time.monotonic() - told >= _EVERY:
                if os.getppid() != parent:
                    raise EOFError
                connection.send((made, None, None))
                made, told = [], time.monotonic()
    except (EOFError, OSError):
        raise
    except Exception as error:  # whatever it is, somebody should see it
        connection.send(" ".join(f"{error or type(error).__name__}".split())[:300])
        return
    connection.send((made, member.weights.numpy(), [each.detach().numpy() for each in parts(member.h_0)]))
