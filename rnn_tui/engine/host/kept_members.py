"""Single networks of a field that are kept on the disk as runs of their own, while the field goes on.

A network's run is made again from its first update to where the network stands, since that is what a kept run is: its
losses, its best weights, its checkpoints. It takes as long as the run alone, in short stretches between the field's.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from rnn_tui.engine.network.out_of_memory import out_of_memory
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.store.checkpointer import Checkpointer
from rnn_tui.engine.store.resume import begin_saving, resume
from rnn_tui.experiment.memory import check_memory, shortage_told
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.protocol.commands import SaveOptions
from rnn_tui.protocol.field import KeptMember
from rnn_tui.runs.folders import new_folder, short_name
from rnn_tui.runs.read_checkpoint import read_experiment

__all__ = ["KeptMembers"]


@dataclass
class _Run:
    """The run of one network that is being made again."""

    member: int
    experiment: Experiment
    passes: int  # to be made
    folder: Path
    session: Session | None = None
    checkpointer: Checkpointer | None = None
    random: Tensor | None = None  # torch's, where the run stands; those of the field are others
    problems: list[str] = field(default_factory=list)  # of the disk

    @property
    def is_there(self) -> bool:
        """Whether it has come to where its network stands, or to its own end."""
        session = self.session
        return session is not None and (len(session.branch.ends) >= self.passes or session.has_ended)


class KeptMembers:
    """Keeps networks one after another."""

    def __init__(self, tell: Callable[[KeptMember], None]) -> None:
        """Begin with none. `tell` is called when one is on the disk, or cannot be."""
        self._tell = tell
        self._runs: list[_Run] = []  # to be made, the first one now
        self._kept: dict[int, _Run] = {}  # by member

    @property
    def is_busy(self) -> bool:
        """Whether there is one to be made."""
        return bool(self._runs)

    def keep(self, member: int, experiment: Experiment, passes: int) -> None:
        """Keep a network as it is after so many passes; one that is kept already goes on in its folder."""
        waiting = next((each for each in self._runs if each.member == member), None)
        before = self._kept.get(member)
        if waiting is not None:
            waiting.passes = passes
        elif before is not None and before.passes >= passes:
            self._say(before)
        else:
            folder = new_folder(experiment) if before is None else before.folder
            self._runs.append(_Run(member, experiment, passes, folder))

    def work(self, seconds: float) -> None:
        """Go on with the first one for a short time."""
        run, before = self._runs[0], torch.get_rng_state()
        try:
            self._go_on(run, seconds)
        except ExperimentError as error:
            self._give_up(run, str(error))
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            self._give_up(run, shortage_told(run.experiment))
        finally:
            torch.set_rng_state(before)

    def close(self) -> None:
        """Save those that are being made as far as they are: they can be gone on with."""
        before = torch.get_rng_state()
        runs, self._runs, self._kept = self._runs, [], {}
        for each in runs:
            if each.checkpointer is None or each.session is None:
                problem = "the networks have ended or begun again before its turn"
                self._tell(KeptMember(member=each.member, passes=each.passes, problem=problem))
            else:
                each.passes = len(each.session.branch.ends)
                each.checkpointer.close()
                self._say(each)
        torch.set_rng_state(before)

    def _go_on(self, run: _Run, seconds: float) -> None:
        until = time.perf_counter() + seconds
        if run.session is None or run.checkpointer is None:
            self._begin(run)
        elif run.random is not None:
            torch.set_rng_state(run.random)
        session, checkpointer = run.session, run.checkpointer
        assert session is not None
        assert checkpointer is not None
        while not run.is_there and time.perf_counter() < until:
            session.tick()
            checkpointer.ticked()
        run.random = torch.get_rng_state()
        if run.is_there:
            checkpointer.close()
            self._end(run)
            self._kept[run.member] = run
            self._say(run)

    def _begin(self, run: _Run) -> None:
        check_memory(run.experiment)
        keep = SaveOptions(folder=str(run.folder), resume=run.member in self._kept)
        if keep.resume:
            experiment = read_experiment(run.folder)
            run.session, run.checkpointer = resume(keep, experiment, run.problems.append, history=0)
        else:
            run.session = Session(run.experiment, history=0)
            run.checkpointer = begin_saving(run.session, keep, run.problems.append)

    def _end(self, run: _Run) -> None:
        self._runs.remove(run)
        run.session = run.checkpointer = run.random = None

    def _give_up(self, run: _Run, problem: str) -> None:
        if run.checkpointer is not None:
            run.checkpointer.abandon()
        self._end(run)
        self._tell(KeptMember(member=run.member, passes=run.passes, problem=problem))

    def _say(self, run: _Run) -> None:
        problem = run.problems[-1] if run.problems else ""
        self._tell(KeptMember(member=run.member, passes=run.passes, name=short_name(run.folder), problem=problem))
