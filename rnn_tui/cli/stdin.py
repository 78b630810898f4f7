"""A text that comes in on stdin, as a file: it is read more than once, and the view needs the keyboard."""

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rnn_tui.cli.terminal import reopen_stdin

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
        reopen_stdin()
        yield str(path)
