"""Keeps a picture that fails from harming the run: the frame says what failed, and the log has it once.

Only the making of pictures is guarded. Errors of training itself go their own way.
"""

import contextlib
import logging
from collections.abc import Callable
from typing import TypeVar

import torch

from rnn_tui.common.glyphs import safe
from rnn_tui.engine.network.out_of_memory import out_of_memory
from rnn_tui.protocol.frame import Failure

__all__ = ["Guard", "one_line"]

_log = logging.getLogger(__name__)
_LONGEST = 160  # characters of a problem
_MOST_KINDS = 500  # whose tracebacks are logged

Made = TypeVar("Made")


class Guard:
    """Guards the pictures of one engine. `failures` collects what has failed since it was last taken."""

    def __init__(self) -> None:
        self._failures: list[Failure] = []
        self._logged: set[tuple[str, type[Exception], str]] = set()

    def make(self, part: str, make: Callable[[], Made], otherwise: Made) -> Made:
        """Return what `make` returns; where it fails note the failure of that part and return `otherwise`."""
        try:
            return make()
        except Exception as error:
            self._failures.append(Failure(part=part, problem=one_line(error)))
            self._log_once(part, error)
            short = out_of_memory(error)
        if short:  # here nothing holds on to the tensors of that picture any more
            with contextlib.suppress(RuntimeError):
                torch.cuda.empty_cache()
        return otherwise

    def take_failures(self) -> tuple[Failure, ...]:
        """Return the failures noted since the last call, in order."""
        failures, self._failures = tuple(self._failures), []
        return failures

    def _log_once(self, part: str, error: Exception) -> None:
        """Log the traceback of each kind of error once: frames come 20 times a second."""
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = "" if trace is None else f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        kind = (part, type(error), place)
        if kind not in self._logged and len(self._logged) < _MOST_KINDS:
            self._logged.add(kind)
            _log.warning("The part %r of a frame failed; training goes on", part, exc_info=error)


def one_line(error: BaseException) -> str:
    """Return the kind of an error and the first line of its message, safe to print."""
    first = next(iter(str(error).strip().splitlines()), "")
    text = safe(f"{type(error).__name__}: {first}" if first else type(error).__name__)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
