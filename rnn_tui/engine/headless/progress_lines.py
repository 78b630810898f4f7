"""Output of a long run without a view: lines above a progress bar, and Ctrl+C noted."""

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, Self, TextIO

from tqdm import tqdm

from rnn_tui.common.glyphs import printable
from rnn_tui.common.signals import ENDING

__all__ = ["Interrupts", "Lines"]

_PATIENCE = 0.1  # seconds that a line may wait for the next one, so that thousands a second cost little


class Lines:
    """Writes lines to `out`, above a progress bar on `err` if that is a terminal; control characters are escaped."""

    def __init__(self, out: TextIO, err: TextIO, *, total: int | None, unit: str = "epochs") -> None:
        self._out = out
        self._above_bar = err.isatty() and out.isatty()
        self._bar: Any = tqdm(
            total=total, file=err, unit=f" {unit}", leave=False, dynamic_ncols=True, disable=not err.isatty()
        )
        self._waiting: list[str] = []
        self._written = 0.0  # when

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()
        self._above_bar = False
        self._flush()

    def count(self) -> None:
        """Advance the progress bar by one."""
        self._bar.update()

    def write(self, line: str) -> None:
        """Write a line, which may wait a moment for the next one."""
        self._waiting.append(printable(line))
        if time.perf_counter() - self._written >= _PATIENCE:
            self._flush()

    @staticmethod
    def tell(line: str, err: TextIO) -> None:
        """Write a line on `err` at once, above the bar if there is one."""
        tqdm.write(printable(line), file=err)

    def _flush(self) -> None:
        text = "".join(f"{line}\n" for line in self._waiting)
        self._waiting.clear()  # first, so that a closed `out` is not tried twice
        if self._above_bar:
            tqdm.write(text, file=self._out, end="")
        else:
            self._out.write(text)
        self._out.flush()
        self._written = time.perf_counter()


class Interrupts:
    """Notes the first Ctrl+C, or another signal that ends programs; the second one ends the program as usual."""

    def __init__(self, elsewhere: Callable[[], int] = lambda: 0) -> None:
        """Note signals of this process; `elsewhere` returns one that another process of the run was sent, or 0."""
        self._seen = 0
        self._elsewhere = elsewhere
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in ENDING:
                if signal.getsignal(number) in (signal.default_int_handler, signal.SIG_DFL):  # it is not ignored
                    self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        self._before.clear()

    @property
    def seen(self) -> int:
        """The signal; 0: none has come."""
        return self._seen or self._elsewhere()

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._seen = number
        signal.signal(number, self._before[number])
