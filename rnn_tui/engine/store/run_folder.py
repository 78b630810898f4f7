"""The run's place on the disk: asked for from the beginning, found when it is left, or none."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rnn_tui.engine.session.session import Session
from rnn_tui.protocol.commands import Keep, Open
from rnn_tui.runs.catalog import new_folder, short_name

if TYPE_CHECKING:
    from rnn_tui.engine.store.checkpointer import Keeper

__all__ = ["Place"]


class Place:
    """Where a run is kept, or would be. `tell` hears of what goes wrong."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._asked: Keep | None = None  # to be kept from its first tick on
        self._may_keep = True  # also where nobody asked for it
        self._keeper: Keeper | None = None
        self._folder = Path()
        self._problem = ""  # why it could not begin to be kept

    @property
    def kept(self) -> str:
        """The folder on the disk; empty: none."""
        return "" if self._keeper is None else str(self._keeper.folder)

    @property
    def name(self) -> str:
        """What the run is found by."""
        return short_name(self._folder)

    def session(self, command: Open) -> Session:
        """The session that is asked for, resumed or new. What has been kept so far is closed only once it is there."""
        keep, keeper = command.keep, None
        if keep is not None and keep.resume:
            from rnn_tui.engine.store.resume import resume

            session, keeper = resume(keep, command.experiment, self._tell, history=command.history, turns=command.turns)
        else:
            session = Session(command.experiment, history=command.history, turns=command.turns)
        self.close()
        self._keeper = keeper
        self._asked, self._may_keep = keep, command.may_keep
        return session

    def begin(self, session: Session) -> None:
        """Another run begins: this is where it would be."""
        named = self._asked is not None and self._asked.folder
        self._folder = Path(named) if named else new_folder(session.began)

    def restart(self) -> None:
        """The run is begun again: a folder that was named is that of the run before."""
        self.close()
        if self._asked is not None and self._asked.folder:
            self._asked = None

    def settle(self, session: Session) -> bool:
        """Begin to keep it, where that was asked for and has not been done. Whether it has just begun."""
        if self._asked is None or self._keeper is not None:
            return False
        return self._begin_keeping(session, self._asked)

    def keep(self, session: Session) -> str:
        """Have it on the disk as it stands, in a folder of its own if it has none. Why that cannot be, or nothing."""
        if self._keeper is None:
            self._begin_keeping(session, self._asked or Keep())
        if self._keeper is None:
            return f"the run is not kept: {self._problem}"
        self._keeper.save()
        return self._keeper.problem

    @property
    def cannot_be(self) -> str:
        """Why it could not be kept, where nobody asked for it; or nothing."""
        return "" if self._keeper is not None or self._may_keep else "its text came in on stdin, so it cannot be kept"

    def save(self) -> None:
        """A checkpoint, where the run is kept."""
        if self._keeper is not None:
            self._keeper.save()

    def ticked(self) -> None:
        """The run has gone on: losses, and checkpoints as often as they were asked for."""
        if self._keeper is not None:
            self._keeper.ticked()

    def close(self) -> None:
        """The last checkpoint, where the run is kept."""
        if self._keeper is not None:
            self._keeper.close()
            self._keeper = None

    def abandon(self) -> None:
        """No checkpoint more: what is on the disk stays as it is."""
        if self._keeper is not None:
            self._keeper.abandon()
            self._keeper = None

    def _begin_keeping(self, session: Session, keep: Keep) -> bool:
        from rnn_tui.engine.store.resume import begin_keeping
        from rnn_tui.runs.manifest import CheckpointError

        try:
            self._keeper = begin_keeping(session, keep, self._tell, folder=self._folder)
        except CheckpointError as error:
            self._problem = str(error)
            self._tell(self._problem)
            self._asked = None
        return self._keeper is not None
