"""The engine's log: one file for everything, also what Python and libraries print, and the traceback of a crash."""

import faulthandler
import io
import logging
import os
import sys
import threading
from logging.handlers import RotatingFileHandler
from types import TracebackType
from typing import Any

from rnn_tui.engine.answers.guard import one_line
from rnn_tui.protocol.engine_log import open_for_log

__all__ = ["begin_log"]

_log = logging.getLogger("rnn_tui.engine")
_MOST = 1 << 20  # bytes of a file; then it is kept as NAME.1, and another begins


class _File(RotatingFileHandler):
    """A log file to which standard output and error are redirected, also after it was rotated."""

    def _open(self) -> io.TextIOWrapper:
        """Open the file, and redirect standard output and error to it; called by logging."""
        descriptor = open_for_log(self.baseFilename)
        for stream in (1, 2):
            os.dup2(descriptor, stream)
        return open(descriptor, "a", encoding="utf-8", errors="backslashreplace")


def begin_log(path: str) -> None:
    """Log to a file from now on: records, warnings, what is printed, uncaught exceptions and crashes."""
    logging.raiseExceptions = False  # what cannot be logged harms nothing
    try:
        handler = _File(path, maxBytes=_MOST, backupCount=1)
    except OSError:
        return  # output goes where it was redirected when the process began
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)
    faulthandler.enable(2)
    sys.excepthook = _uncaught
    sys.unraisablehook = lambda found: _log.warning(
        "ignored in %r: %s", found.object, found.err_msg or "", exc_info=found.exc_value
    )
    threading.excepthook = lambda found: _tell(found.exc_value)


def _uncaught(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> Any:
    _tell(error)


def _tell(error: BaseException | None) -> None:
    """Log the traceback, and then the error in one line: the last of the log, which the view shows."""
    if error is None or isinstance(error, SystemExit):
        return
    _log.critical("uncaught exception", exc_info=error)
    _log.critical("%s", one_line(error))
