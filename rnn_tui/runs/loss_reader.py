"""The losses of a kept run as arrays, read bit by bit and again as its files grow. No torch.

Columns are found by their names, so that files of older and newer versions are read alike. A row that is not whole yet
waits.
"""

import contextlib
import io
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rnn_tui.common.atomic_files import open_regular
from rnn_tui.experiment.spec import Experiment
from rnn_tui.runs.loss_points import LossPoints
from rnn_tui.runs.loss_tail import SECONDS
from rnn_tui.runs.manifest import MANIFEST, CheckpointError
from rnn_tui.runs.read_checkpoint import read_manifest

__all__ = ["MOST_POINTS", "LossReader", "characters_per_update"]

MOST_POINTS = 50_000  # kept of one file

_LONGEST = 2**16  # bytes of a header
_LARGEST = 2**53  # of a count
_COLUMNS = ("update", "loss", SECONDS, "accuracy")


def characters_per_update(experiment: Experiment) -> int | None:
    """Return how many characters (values of a series) a pass reads; None for pairs, which differ in their lengths."""
    data = experiment.data
    if data.pairs:
        return None
    if data.file:
        return data.batch * data.length
    more = data.targets if data.task == "one-to-many" else ()  # which are spelled after the input has been read
    return sum(map(len, (*data.inputs, *more)))


class LossReader:
    """The losses of the run in a folder: of its passes, and of what is held out."""

    def __init__(self, folder: Path, *, most: int = MOST_POINTS) -> None:
        """Begin with nothing read; of each file at most `most` points are kept; see `LossPoints`."""
        self.folder = folder
        self.problem = ""  # why the file of losses cannot be read; empty: it can
        self._most = most
        self._name = "losses.csv"
        self._manifest: tuple[int, int] | None = None  # when it was written, and its size
        self._begin_files()

    def _begin_files(self) -> None:
        self._passes = _GrowingFile(self.folder / self._name, self._most)
        self._held_out = _GrowingFile(self.folder / self._name.replace("losses", "held-out", 1), self._most)

    @property
    def passes(self) -> LossPoints:
        """The losses of passes."""
        return self._passes.points

    @property
    def held_out(self) -> LossPoints:
        """The losses of what is held out; no points where nothing is."""
        return self._held_out.points

    @property
    def is_behind(self) -> bool:
        """Whether the last `read` left whole rows unread."""
        return self._passes.is_behind or self._held_out.is_behind

    @property
    def share(self) -> float:
        """How much of the file of losses has been read, 0 to 1."""
        return self._passes.share

    def read(self, most: int = 2**18) -> bool:
        """Read what is new, at most about `most` bytes; return whether anything has changed."""
        changed = self._follow_branch()
        problem = self.problem
        try:
            changed |= self._passes.read(most)
            self.problem = ""
        except CheckpointError as error:
            self.problem = str(error)
        with contextlib.suppress(CheckpointError):  # most runs hold nothing out
            changed |= self._held_out.read(most)
        return changed or problem != self.problem

    def _follow_branch(self) -> bool:
        """Go over to the files of another branch, if the run has been saved on one since; return whether it has."""
        try:
            found = os.lstat(self.folder / MANIFEST)
        except OSError:
            return False
        version = (found.st_mtime_ns, found.st_size)
        if version == self._manifest:
            return False
        self._manifest = version
        try:
            name = read_manifest(self.folder).losses
        except CheckpointError:
            return False  # its losses may be there all the same
        if name == self._name:
            return False
        self._name = name
        self._begin_files()
        return True


class _GrowingFile:
    """A CSV file of which more and more is there. Where it is another file by now, it is read from the beginning."""

    def __init__(self, path: Path, most: int) -> None:
        self.points = LossPoints(most)
        self.is_behind = False
        self.share = 1.0  # that has been read
        self._path = path
        self._most = most
        self._begin()

    def _begin(self) -> None:
        self.points = LossPoints(self._most)
        self._end = 0  # of what has been read, in bytes
        self._last = b""  # row that has been read
        self._file: tuple[int, int] | None = None  # device and number
        self._places: tuple[int | None, ...] = ()
        self._width = 0  # columns

    def read(self, most: int) -> bool:
        """Read on. Raises CheckpointError for a file that is not there, or not what it should be."""
        self.is_behind = False
        try:
            with open_regular(self._path) as stream:
                found = os.fstat(stream.fileno())
                changed = not self._is_same(stream, found)
                if changed:
                    self._begin()
                    self._file = (found.st_dev, found.st_ino)
                stream.seek(self._end)
                if not self._end and not self._read_header(stream):
                    return changed
                data = stream.read(most)
        except FileNotFoundError:
            raise CheckpointError(self._path, "there is no such file") from None
        except OSError as error:
            raise CheckpointError(self._path, f"cannot be read: {error.strerror or error}") from None
        whole = data[: data.rfind(b"\n") + 1]
        if not whole and len(data) == most:
            raise CheckpointError(self._path, "is altered: it has a row without an end")
        self.is_behind = len(data) == most
        self.share = (self._end + len(whole)) / max(1, found.st_size) if self.is_behind else 1.0
        if not whole:
            return changed
        self._add(whole)
        self._end += len(whole)
        self._last = whole[whole[:-1].rfind(b"\n") + 1 :]
        return True

    def _is_same(self, stream: io.BufferedReader, found: os.stat_result) -> bool:
        """Tell whether what has been read is still there: a resumed run writes over what came after its checkpoint."""
        if self._file != (found.st_dev, found.st_ino) or found.st_size < self._end:
            return False
        stream.seek(self._end - len(self._last))
        return stream.read(len(self._last)) == self._last

    def _read_header(self, stream: io.BufferedReader) -> bool:
        """Find the columns; return whether the header is there. Raises CheckpointError."""
        header = stream.readline(_LONGEST)
        if not header.endswith(b"\n"):
            if len(header) == _LONGEST:
                raise CheckpointError(self._path, "line 1: is not the names of columns")
            return False
        names = header.decode("ascii", "replace").strip().split(",")
        if not {"update", "loss"} <= {*names}:
            raise CheckpointError(self._path, "line 1: has no column update, or no column loss")
        self._places = tuple(names.index(name) if name in names else None for name in _COLUMNS)
        self._width = len(names)
        self._end = len(header)
        return True

    def _add(self, rows: bytes) -> None:
        try:
            table = _table(rows, self._width)
        except ValueError:
            raise CheckpointError(self._path, f"is altered: it has a row without {self._width} numbers") from None
        update, loss, seconds, accuracy = (None if at is None else table[:, at] for at in self._places)
        assert update is not None
        assert loss is not None
        before = self.points.last[-1:]
        if not (np.diff(update, prepend=before) >= 0).all() or not (0 < update[0] <= update[-1] < _LARGEST):
            raise CheckpointError(self._path, "is altered: its updates do not ascend")
        self.points.add(update, loss, seconds=seconds, accuracy=accuracy)


def _table(rows: bytes, width: int) -> NDArray[np.float64]:
    """Return rows of numbers, (n, width); what is empty is NaN. Raises ValueError."""
    while b",," in rows:
        rows = rows.replace(b",,", b",nan,")
    rows = rows.replace(b",\n", b",nan\n")
    table: NDArray[np.float64] = np.loadtxt(io.BytesIO(rows), delimiter=",", ndmin=2, comments=None)
    if table.shape[1] != width or len(table) != rows.count(b"\n"):
        raise ValueError
    return table
