"""Losses as CSV, a row for each pass, appended while it trains and read again when a run goes on."""

from collections.abc import Sequence
from pathlib import Path

from rnn_tui.common.atomic_files import CutShort, Folder, NotTheSame, open_regular
from rnn_tui.runs.manifest import CheckpointError

__all__ = ["CHARACTERS", "HELD_OUT", "LOSSES", "MEASURED", "RATIO", "TRAINING", "LossCsv", "Row"]

LOSSES = ("update", "tick", "loss")  # all that there was before 0.2.0
TRAINING = ("seconds", "lr", "gradient_norm", "clipped_norm")  # of every pass, where it is known
MEASURED = ("dead", "saturated")  # of some passes; after them the ratio of each matrix
RATIO = "ratio_"  # before the name of a matrix
CHARACTERS = ("tick", "loss")
HELD_OUT = ("update", "loss", "accuracy", "characters")

_LONGEST = 200  # bytes of a row
_COLUMN = 100  # bytes more for each column: a number, or a name in the header
_COUNTS = {"update", "tick"}
_LARGEST = 2**53  # of a count: more than any run comes to

Row = Sequence[int | float | None]


class LossCsv:
    """One CSV file that only ever grows. Every row of it is whole, also after a full disk."""

    def __init__(self, folder: Folder, name: str, columns: tuple[str, ...], *, older: int = 0) -> None:
        """Name a file in a folder. `older`: with how many of the columns an older version may have written it."""
        self.name = name
        self.columns = columns
        self._older = older
        self.rows = 0  # in the file
        self._folder = folder
        self._end = 0  # of the last whole row, in bytes; 0: there is no file yet

    @property
    def path(self) -> Path:
        """Where it is."""
        return self._folder.path / self.name

    def add(self, rows: Sequence[Row]) -> None:
        """Append rows; the first call writes the header and replaces the file.

        A file that was read goes on with the columns that it has.
        Raises OSError: then `rows` tells how many are there, as many as fit. Raises NotTheSame where somebody has
        changed the file: then it holds none of ours any more, and the next call begins it anew.
        """
        count = len(self.columns)
        lines = [f"{','.join('' if each is None else repr(each) for each in row[:count])}\n".encode() for row in rows]
        if not self._end:
            header = f"{','.join(self.columns)}\n".encode()
            self._folder.write(self.name, header)
            self._end = len(header)
        if not lines:
            return
        data = b"".join(lines)
        try:
            self._folder.append(self.name, data, at=self._end)
        except CutShort as error:
            self.rows += data.count(b"\n", 0, error.kept)
            self._end += error.kept
            raise
        except NotTheSame:
            self.rows = self._end = 0
            raise
        self.rows += len(rows)
        self._end += len(data)

    def read(self, count: int) -> list[list[str]]:
        """Read the first `count` rows; the next ones are written after them, over what is there.

        Raises CheckpointError.
        """
        file, longest = self.path, _LONGEST + _COLUMN * len(self.columns)
        found: list[list[str]] = []
        try:
            with open_regular(file) as stream:
                header = stream.readline(longest)
                columns = tuple(header.decode("ascii").strip().split(","))
                if columns == self.columns[: self._older]:
                    self.columns = columns
                if columns != self.columns:
                    raise CheckpointError(file, f"line 1: is not {self._form}")
                end = len(header)
                while len(found) < count:
                    line = stream.readline(longest)
                    if not line.endswith(b"\n") and len(line) < longest:
                        problem = f"is cut: {len(found):,} rows of the {count:,} that its checkpoint counts"
                        raise CheckpointError(file, problem)
                    end += len(line)
                    found.append(self._row(line, len(found) + 2))
        except FileNotFoundError:
            raise CheckpointError(file, "there is no such file") from None
        except UnicodeDecodeError:
            raise CheckpointError(file, "is altered: it is not text") from None
        except OSError as error:
            raise CheckpointError(file, f"cannot be read: {error.strerror or error}") from None
        self.rows, self._end = count, end
        return found

    def _row(self, line: bytes, number: int) -> list[str]:
        row = line.decode("ascii").strip().split(",")
        try:
            if len(row) != len(self.columns) or not line.endswith(b"\n"):
                raise ValueError
            for column, value in zip(self.columns, row, strict=True):
                if column in _COUNTS and not 0 < int(value) < _LARGEST:
                    raise ValueError
                float(value or "nan")
        except ValueError:
            raise CheckpointError(self.path, f"line {number}: is not {self._form}") from None
        return row

    @property
    def _form(self) -> str:
        """The columns as a message has them: the first of many."""
        return ",".join(self.columns[:3]) + (",…" if len(self.columns) > 3 else "")
