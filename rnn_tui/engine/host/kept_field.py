"""The folder of a comparison on the disk: requested from the beginning, found when it is left, or none."""

from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from rnn_tui.engine.field.field import Field
from rnn_tui.engine.field.field_folder import FieldFolder, begin_keeping, go_on_with
from rnn_tui.protocol.commands import SaveOptions
from rnn_tui.protocol.field import OpenField
from rnn_tui.runs.folders import new_folder, short_name
from rnn_tui.runs.manifest import CheckpointError

__all__ = ["ON_STDIN", "KeptField"]

ON_STDIN = "its text came in on stdin, so it cannot be kept"


class KeptField:
    """Where a comparison is kept, or would be; as `engine/store/run_folder.py` for a run."""

    def __init__(self, report: Callable[[str], None]) -> None:
        """Begin without a folder. `report` is called with what goes wrong."""
        self._report = report
        self._command: OpenField | None = None
        self._wanted: SaveOptions | None = None  # to be kept from its first step on
        self._folder: FieldFolder | None = None
        self._path = Path()
        self._problem = ""  # why it could not begin to be kept

    @property
    def kept(self) -> str:
        """The folder on the disk; empty: none."""
        return "" if self._folder is None else str(self._folder.path)

    @property
    def may_keep(self) -> bool:
        """Whether its networks can be kept, though nobody has asked for it."""
        return self._wanted is not None or self._folder is not None or self._command is None or self._command.may_keep

    @property
    def name(self) -> str:
        """The name by which the comparison is found."""
        return short_name(self._path)

    def open(self, command: OpenField) -> Field:
        """Return the requested field, resumed or new; the one before is closed only once that is there.

        Raises CheckpointError, ExperimentError.
        """
        keep, folder = command.keep, None
        if keep is not None and keep.resume:
            field, folder = go_on_with(Path(keep.folder), every=keep.every, report=self._report)
        else:
            field = Field(command.comparison, stops_when_learnt=command.stops_when_learnt)
        self.close()
        self._command, self._wanted, self._folder, self._problem = command, keep, folder, ""
        self._path = Path(keep.folder) if keep is not None and keep.folder else new_folder(field.comparison.base)
        return field

    def again(self, field: Field) -> OpenField:
        """Return the command that begins the same comparison again; a folder that was named stays the one before's."""
        assert self._command is not None
        keep = self._command.keep
        keep = None if keep is not None and keep.folder else keep
        return replace(self._command, comparison=field.comparison, keep=keep)

    def settle(self, field: Field) -> bool:
        """Begin to keep the comparison, if that is wanted and has not been done. Return whether it has just begun."""
        if self._wanted is None or self._folder is not None:
            return False
        return self._begin(field, self._wanted)

    def keep(self, field: Field) -> str:
        """Save the field as it stands, in a folder of its own if it has none. Return why that cannot be, or ""."""
        if not self.may_keep:
            return ON_STDIN
        if self._folder is None:
            self._begin(field, self._wanted or SaveOptions())
        if self._folder is None:
            return f"the networks are not kept: {self._problem}"
        self._folder.save()
        return self._folder.problem and f"{self._folder.path}: {self._folder.problem}"

    def stepped(self) -> None:
        """Write a checkpoint, if it is time for one."""
        if self._folder is not None:
            self._folder.stepped()

    def save(self) -> None:
        """Write a checkpoint, if the comparison is kept."""
        if self._folder is not None:
            self._folder.save()

    def close(self) -> None:
        """Write the last checkpoint, if the comparison is kept."""
        if self._folder is not None:
            self._folder.close()
            self._folder = None

    def _begin(self, field: Field, keep: SaveOptions) -> bool:
        assert self._command is not None
        stops = self._command.stops_when_learnt
        try:
            self._folder = begin_keeping(
                self._path, field, stops_when_learnt=stops, every=keep.every, report=self._report
            )
        except CheckpointError as error:
            self._problem = str(error)
            self._report(self._problem)
            self._wanted = None
        return self._folder is not None
