"""The folder of a comparison on the disk: requested from the beginning, found when it is left, or none."""

from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from rnn_tui.engine.field.field import Field
from rnn_tui.engine.field.field_folder import FieldFolder, begin_keeping, go_on_with
from rnn_tui.engine.store.kept_folder import KeptFolder
from rnn_tui.protocol.field import OpenField
from rnn_tui.protocol.save_options import SaveOptions
from rnn_tui.runs.folders import new_folder

__all__ = ["KeptField"]


class KeptField(KeptFolder[Field, FieldFolder]):
    """The folder in which a comparison is kept, or would be."""

    NOT_KEPT = "the networks are not kept"

    def __init__(self, report: Callable[[str], None]) -> None:
        """Begin without a folder. `report` is called with what goes wrong."""
        super().__init__(report)
        self._command: OpenField | None = None

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
        self._command, self._saver, self._problem = command, folder, ""
        self._wanted, self._may_keep = keep, command.may_keep
        self._path = Path(keep.folder) if keep is not None and keep.folder else new_folder(field.comparison.base)
        return field

    def again(self, field: Field) -> OpenField:
        """Return the command that begins the same comparison again; a folder that was named stays the one before's."""
        assert self._command is not None
        keep = self._command.keep
        keep = None if keep is not None and keep.folder else keep
        return replace(self._command, comparison=field.comparison, keep=keep)

    def stepped(self) -> None:
        """Write a checkpoint, if it is time for one."""
        if self._saver is not None:
            self._saver.stepped()

    def _begin(self, field: Field, keep: SaveOptions) -> FieldFolder:
        assert self._command is not None
        stops = self._command.stops_when_learnt
        return begin_keeping(self._path, field, stops_when_learnt=stops, every=keep.every, report=self._report)
