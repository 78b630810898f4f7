"""A screen that is painted when the terminal is ready, in the state of that moment."""

import math
import time
from typing import TYPE_CHECKING, Generic, TypeVar

from textual import events
from textual.screen import Screen

from rnn_tui.view.terminal.diff_compositor import DiffCompositor
from rnn_tui.view.terminal.driver import pacing_of, terminal_cells

__all__ = ["PacedScreen"]

Result = TypeVar("Result")


if TYPE_CHECKING:

    class _Screen(Screen[Result]):
        pass

else:  # stylesheets go by the first base that is a screen, which must be the other one

    class _Screen(Generic[Result]):
        pass


class PacedScreen(_Screen[Result]):
    """A screen at the pace of the terminal, which sends only changes. The app calls `check_idle` when it goes on."""

    def __init__(self) -> None:
        super().__init__()
        self._compositor = DiffCompositor(lambda: terminal_cells(self.app))

    async def on_event(self, event: events.Event) -> None:
        """Drop a size that the terminal no longer has."""
        if not isinstance(event, events.Resize) or event.size == self.app.size:
            await super().on_event(event)

    def _on_timer_update(self) -> None:
        """Paint, or wait for the terminal; Textual keeps what is not painted yet."""
        now, pacing = time.monotonic(), pacing_of(self.app)
        wait = pacing.wait(now, for_key=True) if pacing is not None else 0.0
        if wait > 0:
            self._update_timer.pause()
            if math.isfinite(wait):
                self.set_timer(wait, self.check_idle)
        else:
            super()._on_timer_update()
