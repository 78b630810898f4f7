"""A text that comes in on stdin, as a file: it is read more than once, and the view needs the keyboard."""

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

__all__ = ["stdin_as_file"]


@contextlib.contextmanager
def stdin_as_file() -> Iterator[str]:
    """Yield the path of a file with what stdin holds; then stdin is the terminal again, where there is one.

    Raises OSError where it cannot be kept.
    """
    with tempfile.TemporaryDirectory(prefix="rnn-tui-") as folder:  # which only its owner can enter
        path = Path(folder) / "stdin.txt"
        with path.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file, 1 << 20)
        with contextlib.suppress(OSError):  # there is none: then there is no view either
            terminal = os.open("/dev/tty", os.O_RDWR)
            os.dup2(terminal, 0)
            os.close(terminal)
            sys.stdin = open(0, closefd=False)  # noqa: SIM115 - it lives as long as the process
        yield str(path)
