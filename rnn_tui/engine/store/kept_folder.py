"""The folder of what trains, on the disk: requested from the beginning, found when it is left, or none."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Generic, Protocol, TypeVar

from rnn_tui.protocol.save_options import SaveOptions
from rnn_tui.runs.folders import short_name

__all__ = ["KeptFolder", "Saver"]


class Saver(Protocol):
    """What writes into a folder as training goes on."""

    folder: Path
    problem: str  # why the last attempt to write failed; empty: it did not

    def save(self) -> None:
        """Write a checkpoint, unless that is on the disk."""

    def close(self) -> None:
        """Write the last checkpoint, and unlock the folder."""


Trained = TypeVar("Trained")
Saving = TypeVar("Saving", bound=Saver)


class KeptFolder(Generic[Trained, Saving]):
    """The folder in which a run or a comparison is kept, or would be."""

    NOT_KEPT: ClassVar[str]  # that it is not, as the beginning of a sentence

    def __init__(self, report: Callable[[str], None]) -> None:
        """Begin without a folder. `report` is called with what goes wrong."""
        self._report = report
        self._wanted: SaveOptions | None = None  # to be kept from its first tick on
        self._may_keep = True  # also where nobody asked for it
        self._saver: Saving | None = None
        self._path = Path()
        self._problem = ""  # why it could not begin to be kept

    def _begin(self, trained: Trained, keep: SaveOptions) -> Saving:
        """Begin to keep it. Raises CheckpointError."""
        raise NotImplementedError

    @property
    def kept(self) -> str:
        """The folder on the disk; empty: none."""
        return "" if self._saver is None else str(self._saver.folder)

    @property
    def name(self) -> str:
        """The name by which it is found."""
        return short_name(self._path)

    @property
    def cannot_be(self) -> str:
        """Why it could not be kept, where nobody asked for it; empty: it could."""
        could = self._saver is not None or self._may_keep
        return "" if could else "its text came in on stdin, so it cannot be kept"

    def settle(self, trained: Trained) -> bool:
        """Begin to keep it, if that is wanted and has not been done. Return whether it has just begun."""
        if self._wanted is None or self._saver is not None:
            return False
        return self._begin_or_tell(trained, self._wanted)

    def keep(self, trained: Trained) -> str:
        """Save it as it stands, in a folder of its own if it has none. Return why that cannot be, or ""."""
        if self.cannot_be:
            return self.cannot_be
        if self._saver is None:
            self._begin_or_tell(trained, self._wanted or SaveOptions())
        if self._saver is None:
            return f"{self.NOT_KEPT}: {self._problem}"
        self._saver.save()
        return self._saver.problem

    def save(self) -> None:
        """Write a checkpoint, if it is kept."""
        if self._saver is not None:
            self._saver.save()

    def close(self) -> None:
        """Write the last checkpoint, if it is kept."""
        if self._saver is not None:
            self._saver.close()
            self._saver = None

    def _begin_or_tell(self, trained: Trained, keep: SaveOptions) -> bool:
        from rnn_tui.runs.manifest import CheckpointError  # it takes time to load

        try:
            self._saver = self._begin(trained, keep)
        except CheckpointError as error:
            self._problem = str(error)
            self._report(self._problem)
            self._wanted = None
        return self._saver is not None
