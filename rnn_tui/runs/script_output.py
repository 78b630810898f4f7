"""What a script prints: a file that both its streams append to, bounded however long it prints, and read by lines.

The streams of the script, and of the processes that it starts, are descriptors of the file itself, as with
`python train.py > file 2>&1`: their order is kept, nothing is copied, and nobody has to read for the script to go on.
When the file has grown, its text moves to a second one in place of what was there, and the first is emptied; a line
that is printed at that very moment may be lost.
"""

import contextlib
import os
import re
import threading
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

from rnn_tui.common.atomic_files import FILE_MODE
from rnn_tui.common.glyphs import safe
from rnn_tui.common.printed_line import last_state, shown_part
from rnn_tui.protocol.script_log import MOST_CHARACTERS, MOST_LINES, LogLines, ReadLog

__all__ = ["ScriptOutput"]

_MOST = 4 * 2**20  # bytes of each of the two files
_EVERY = 0.25  # seconds between two looks at the size
_CHUNK = 1 << 16  # bytes that are read at once


class ScriptOutput:
    """The text that a script has printed. Positions are bytes since the script began."""

    def __init__(self, path: Path, most: int = _MOST) -> None:
        """Take the file that the streams append to. Raises OSError."""
        self.path = path
        self._older = path.with_name(f"{path.name}.1")
        self._most = most
        self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._start = self._base = 0  # where what is kept begins, and where the newer file does
        self._dropped = 0  # lines before `_start`
        self._counted = self._lines = 0  # how far lines are counted, and how many have ended there
        self._ends_in_line = False
        self._marks = [(0, 0)]  # a position every now and then, and the lines that have ended before it

    def bound(self) -> None:
        """Keep the file from growing without end from now on, in a thread of its own."""
        threading.Thread(target=self._bound, name="rnn-tui output", daemon=True).start()

    def _bound(self) -> None:
        while not self._over.wait(_EVERY):
            with contextlib.suppress(OSError):
                self.trim()

    def close(self) -> None:
        """Let the file be; it stays where it is."""
        self._over.set()
        with self._lock:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1

    def trim(self) -> None:
        """Move the text to the older file if there is too much of it. Raises OSError."""
        with self._lock:
            if self._file < 0 or os.fstat(self._file).st_size <= self._most:
                return
            self._count()
            start = max(self._base, self._counted - self._most)
            dropped = self._lines_before(start)
            part = self._older.with_name(f"{self._older.name}.part")
            try:
                with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, FILE_MODE), "wb") as to:
                    for piece in self._pieces(start, self._counted):
                        to.write(piece)
                    before = self._counted
                    self._count()  # what was printed meanwhile
                    for piece in self._pieces(before, self._counted):
                        to.write(piece)
                os.replace(part, self._older)
            except OSError:  # a full disk: what is there gives way
                for each in (part, self._older):
                    with contextlib.suppress(OSError):
                        each.unlink()
                start, dropped = self._counted, self._lines
            finally:
                os.ftruncate(self._file, 0)
            self._start, self._dropped, self._base = start, dropped, self._counted
            self._marks = [(start, dropped), *(mark for mark in self._marks if mark[0] > start)]

    def read(self, ask: ReadLog) -> LogLines:
        """Return the lines that are asked for. Raises OSError."""
        with self._lock:
            if self._file < 0:
                return LogLines(path=safe(str(self.path)))
            self._count()
            total = self._lines + self._ends_in_line
            count = min(ask.count, MOST_LINES)
            last = max(self._dropped, total - count)  # the first line of the last ones
            first = last if ask.first is None else min(max(ask.first, self._dropped), last)
            found = self._find(ask.find, ask.after, backwards=ask.backwards) if ask.find else None
            if found is not None and not first <= found < first + count:
                first = min(max(found - count // 2, self._dropped), last)
            stop = ask.column + min(ask.width, MOST_CHARACTERS)
            lines = [last_state(line)[ask.column : stop] for line in self._some_lines(first, count)]
            return LogLines(
                first=first,
                lines=tuple(lines),
                oldest=self._dropped,
                total=total,
                found=found,
                path=safe(str(self.path)),
            )

    def tail(self, count: int) -> list[str]:
        """Return the last lines, safe to print. Raises OSError."""
        return list(self.read(ReadLog(count=count, width=MOST_CHARACTERS)).lines)

    # ---- lines ------------------------------------------------------------------------------------------------

    def _count(self) -> None:
        """Count the lines of what is new."""
        size = os.fstat(self._file).st_size
        if self._base + size < self._counted:  # the script has emptied the file itself
            self._start = self._base = self._counted
            self._dropped = self._lines
            self._marks = [(self._start, self._dropped)]
        stop = self._base + size
        while self._counted < stop:
            piece = os.pread(self._file, min(_CHUNK, stop - self._counted), self._counted - self._base)
            if not piece:
                break
            if self._counted - self._marks[-1][0] >= _CHUNK:
                self._marks.append((self._counted, self._lines))
            self._counted += len(piece)
            self._lines += piece.count(b"\n")
            self._ends_in_line = not piece.endswith(b"\n")

    def _pieces(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield the text between two positions."""
        older = -1
        try:
            while start < stop:
                if start < self._base:
                    if older < 0:
                        older = os.open(self._older, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
                    end = min(stop, self._base)
                    piece = os.pread(older, min(_CHUNK, end - start), start - self._start)
                else:
                    piece = os.pread(self._file, min(_CHUNK, stop - start), start - self._base)
                if not piece:
                    return
                start += len(piece)
                yield piece
        finally:
            if older >= 0:
                os.close(older)

    def _lines_before(self, position: int) -> int:
        """Return how many lines have ended before a position that is kept."""
        at, lines = self._marks[bisect_right(self._marks, position, key=lambda mark: mark[0]) - 1]
        return lines + sum(piece.count(b"\n") for piece in self._pieces(at, position))

    def _some_lines(self, first: int, count: int) -> Iterator[bytes]:
        """Yield lines from that number on, without their ends."""
        mark = bisect_right(self._marks, first - 1, key=lambda mark: mark[1]) - 1
        at, number = self._marks[max(0, mark)]
        rest = b""
        for piece in self._pieces(at, self._counted):
            *whole, rest = (rest + piece).split(b"\n")
            rest = shown_part(rest)
            for line in whole:
                if first <= number < first + count:
                    yield line
                number += 1
            if number >= first + count:
                return
        if rest and first <= number < first + count:
            yield rest

    def _find(self, text: str, after: int, *, backwards: bool) -> int | None:
        """Return the number of the next line that shows the text, from the other end on if there is none."""
        wanted = text.lower()
        hint = max(re.split(rb"[^ -~]+|\t", wanted.encode()), key=len)  # what stands in the file just so
        matches: list[int] = []
        number, rest = self._dropped, b""
        for piece in (*self._pieces(self._start, self._counted), b"\n"):
            block = rest + piece
            end = block.rfind(b"\n") + 1
            block, rest = block[:end], shown_part(block[end:])
            if hint in block.lower():
                lines = block[:-1].split(b"\n")
                matches += [number + at for at, line in enumerate(lines) if wanted in last_state(line).lower()]
            number += block.count(b"\n")
        if not matches:
            return None
        at = bisect_right(matches, after - backwards)
        return matches[at - 1] if backwards else matches[at % len(matches)]
