"""The folder of a run on the disk: requested from the beginning, found when the run is left, or none."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rnn_tui.engine.session.processes import ALONE, Processes
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.store.kept_folder import KeptFolder
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.commands import Open, SaveOptions
from rnn_tui.runs.folders import new_folder

if TYPE_CHECKING:
    from rnn_tui.engine.store.checkpointer import Checkpointer

__all__ = ["RunFolder"]


class RunFolder(KeptFolder[Session, "Checkpointer"]):
    """The folder in which a run is kept, or would be."""

    NOT_KEPT = "the run is not kept"

    def __init__(
        self, report: Callable[[str], None], processes: Callable[[Experiment], Processes] = lambda _: ALONE
    ) -> None:
        """Begin without a folder. `report` is called with what goes wrong; `processes` begins those that compute."""
        super().__init__(report)
        self._processes = processes

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
        self._saver = checkpointer
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

    def ticked(self) -> None:
        """Write losses, and checkpoints as often as requested, after a tick."""
        if self._saver is not None:
            self._saver.ticked()

    def abandon(self) -> None:
        """Write no other checkpoint; what is on the disk stays as it is."""
        if self._saver is not None:
            self._saver.abandon()
            self._saver = None

    def _begin(self, session: Session, keep: SaveOptions) -> "Checkpointer":
        from rnn_tui.engine.store.resume import begin_saving  # takes time to load

        return begin_saving(session, keep, self._report, folder=self._path)
