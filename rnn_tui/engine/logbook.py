"""Losses as CSV, a row for each pass, appended while it trains and read again when a run goes on."""

import csv
from collections.abc import Sequence
from pathlib import Path

from rnn_tui.manifest import CheckpointError
from rnn_tui.whole import append, write_whole

__all__ = ["CHARACTERS", "HELD_OUT", "LOSSES", "Logbook", "Row"]

LOSSES = ("update", "tick", "loss")
CHARACTERS = ("tick", "loss")
HELD_OUT = ("update", "loss", "accuracy", "characters")

Row = Sequence[int | float | None]


class Logbook:
    """One CSV file that only ever grows. Every row of it is whole, also after a full disk."""

    def __init__(self, path: Path, columns: tuple[str, ...]) -> None:
        self.path = path
        self.columns = columns
        self.rows = 0  # in the file
        self._end = 0  # of the last whole row, in bytes; 0: there is no file yet

    def add(self, rows: Sequence[Row]) -> None:
        """More rows; the first time behind the names, in the place of what is there. Raises OSError: none is there."""
        data = "".join(f"{','.join('' if each is None else repr(each) for each in row)}\n" for row in rows).encode()
        if not self._end:
            data = f"{','.join(self.columns)}\n".encode() + data
            write_whole(self.path, data)
        elif rows:
            append(self.path, data, at=self._end)
        self._end += len(data)
        self.rows += len(rows)

    def read(self, count: int) -> list[list[str]]:
        """The first `count` rows, behind which it goes on, over what stands there. Raises CheckpointError."""
        found: list[list[str]] = []
        try:
            with open(self.path, "rb") as stream:
                header = stream.readline()
                if header.decode("ascii").strip().split(",") != list(self.columns):
                    raise CheckpointError(self.path, f"line 1: is not {','.join(self.columns)}")
                end = len(header)
                while len(found) < count:
                    line = stream.readline()
                    if not line.endswith(b"\n"):
                        problem = f"is cut: {len(found):,} rows of the {count:,} that its checkpoint counts"
                        raise CheckpointError(self.path, problem)
                    end += len(line)
                    found.append(self._row(line, len(found) + 2))
        except FileNotFoundError:
            raise CheckpointError(self.path, "there is no such file") from None
        except UnicodeDecodeError:
            raise CheckpointError(self.path, "is altered: it is no text") from None
        except OSError as error:
            raise CheckpointError(self.path, f"cannot be read: {error.strerror or error}") from None
        self.rows, self._end = count, end
        return found

    def _row(self, line: bytes, number: int) -> list[str]:
        row = next(csv.reader([line.decode("ascii")]), [])
        try:
            if len(row) != len(self.columns):
                raise ValueError
            for each in row[:-1]:
                int(each)
            float(row[-1] or "nan")
        except ValueError:
            raise CheckpointError(self.path, f"line {number}: is not {','.join(self.columns)}") from None
        return row
