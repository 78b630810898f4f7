"""A screen that is painted when the terminal is ready for it: what has changed by then is painted as it is then."""

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

else:  # stylesheets go by the first base that is a screen, which is to be the one beside this

    class _Screen(Generic[Result]):
        pass


class PacedScreen(_Screen[Result]):
    """A screen at the terminal's pace, thin on the wire. The app calls `check_idle` when the terminal goes on."""

    def __init__(self) -> None:
        super().__init__()
        self._compositor = DiffCompositor(lambda: terminal_cells(self.app))

    async def on_event(self, event: events.Event) -> None:
        """Called by textual: a size that the terminal had in between is nothing to be arranged for."""
        if not isinstance(event, events.Resize) or event.size == self.app.size:
            await super().on_event(event)

    def _on_timer_update(self) -> None:
        """Called by textual when something is to be painted. What is held back stays noted as to be painted."""
        now, flow = time.monotonic(), pacing_of(self.app)
        wait = flow.wait(now, for_key=True) if flow is not None else 0.0
        if wait > 0:
            self._update_timer.pause()
            if math.isfinite(wait):
                self.set_timer(wait, self.check_idle)
        else:
            super()._on_timer_update()
