"""The folder of a run on the disk: requested from the beginning, found when the run is left, or none."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rnn_tui.engine.session.processes import ALONE, Processes
from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.commands import Open, SaveOptions
from rnn_tui.runs.folders import new_folder, short_name

if TYPE_CHECKING:
    from rnn_tui.engine.store.checkpointer import Checkpointer

__all__ = ["RunFolder"]


class RunFolder:
    """Where a run is kept, or would be."""

    def __init__(
        self, report: Callable[[str], None], processes: Callable[[Experiment], Processes] = lambda _: ALONE
    ) -> None:
        """Begin without a folder. `report` is called with what goes wrong; `processes` begins those that compute."""
        self._processes = processes
        self._report = report
        self._wanted: SaveOptions | None = None  # to be kept from its first tick on
        self._may_keep = True  # also where nobody asked for it
        self._checkpointer: Checkpointer | None = None
        self._path = Path()
        self._problem = ""  # why it could not begin to be kept

    @property
    def kept(self) -> str:
        """The folder on the disk; empty: none."""
        return "" if self._checkpointer is None else str(self._checkpointer.folder)

    @property
    def name(self) -> str:
        """The name by which the run is found."""
        return short_name(self._path)

    @property
    def cannot_be(self) -> str:
        """Why the run could not be kept, where nobody asked for it; empty: it could."""
        could = self._checkpointer is not None or self._may_keep
        return "" if could else "its text came in on stdin, so it cannot be kept"

    def open(self, command: Open) -> Session:
        """Return the requested session, resumed or new. The run before is closed only once that is there."""
        keep, checkpointer = command.keep, None
        processes = self._processes(command.experiment)
        if keep is not None and keep.resume:
            from rnn_tui.engine.store.resume import resume  # takes time to load

            session, checkpointer = resume(
                keep,
                command.experiment,
                self._report,
                history=command.history,
                changes=command.changes,
                processes=processes,
            )
        else:
            session = Session(command.experiment, history=command.history, changes=command.changes, processes=processes)
        self.close()
        self._checkpointer = checkpointer
        self._wanted, self._may_keep = keep, command.may_keep
        return session

    def begin(self, session: Session) -> None:
        """Choose the folder of another run."""
        named = self._wanted is not None and self._wanted.folder
        self._path = Path(named) if named else new_folder(session.began)

    def restart(self) -> None:
        """Close the run before it is begun again; a folder that was named stays that run's."""
        self.close()
        if self._wanted is not None and self._wanted.folder:
            self._wanted = None

    def settle(self, session: Session) -> bool:
        """Begin to keep the run, if that is wanted and has not been done. Return whether it has just begun."""
        if self._wanted is None or self._checkpointer is not None:
            return False
        return self._begin_saving(session, self._wanted)

    def keep(self, session: Session) -> str:
        """Save the run as it stands, in a folder of its own if it has none. Return why that cannot be, or ""."""
        if self._checkpointer is None:
            self._begin_saving(session, self._wanted or SaveOptions())
        if self._checkpointer is None:
            return f"the run is not kept: {self._problem}"
        self._checkpointer.save()
        return self._checkpointer.problem

    def save(self) -> None:
        """Write a checkpoint, if the run is kept."""
        if self._checkpointer is not None:
            self._checkpointer.save()

    def ticked(self) -> None:
        """Write losses, and checkpoints as often as requested, after a tick."""
        if self._checkpointer is not None:
            self._checkpointer.ticked()

    def close(self) -> None:
        """Write the last checkpoint, if the run is kept."""
        if self._checkpointer is not None:
            self._checkpointer.close()
            self._checkpointer = None

    def abandon(self) -> None:
        """Write no other checkpoint; what is on the disk stays as it is."""
        if self._checkpointer is not None:
            self._checkpointer.abandon()
            self._checkpointer = None

    def _begin_saving(self, session: Session, keep: SaveOptions) -> bool:
        from rnn_tui.engine.store.resume import begin_saving  # these take time to load
        from rnn_tui.runs.manifest import CheckpointError

        try:
            self._checkpointer = begin_saving(session, keep, self._report, folder=self._path)
        except CheckpointError as error:
            self._problem = str(error)
            self._report(self._problem)
            self._wanted = None
        return self._checkpointer is not None
