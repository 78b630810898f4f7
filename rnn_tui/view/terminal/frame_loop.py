"""The loop of frames: ask for the next when the last is drawn, and when `fps` and the terminal allow it."""

import math
import time
from collections.abc import Callable

from msgspec.structs import replace
from textual.app import App
from textual.timer import Timer

from rnn_tui.protocol.engine_messages import Frame
from rnn_tui.protocol.field import FieldWanted
from rnn_tui.protocol.frame_request import CurveWanted, FrameRequest, Wanted
from rnn_tui.view.model.frame_requests import FrameRequests
from rnn_tui.view.terminal.driver import pacing_of

__all__ = ["FrameLoop"]

_PATIENCE = 0.15  # seconds after which a key is acknowledged, if its effect cannot be shown yet


class FrameLoop:
    """Asks for frames, and acknowledges keys whose effect takes long to be shown."""

    def __init__(
        self,
        app: App[int],
        fps: float,
        *,
        wanted: Callable[[], tuple[Wanted, CurveWanted | None] | None],
        send: Callable[[FrameRequest], None],
        show_waiting: Callable[[int], None],
    ) -> None:
        """Make a loop. `wanted` says what the screen can show, None while a dialog covers it; `send` sends a request.

        `show_waiting(n)` tells the user that n keys have been heard whose effect is still to come.
        """
        self._app = app
        self.fps = fps
        self._wanted, self._send, self._show_waiting = wanted, send, show_waiting
        self._requests = FrameRequests(fps)
        self._timer: Timer | None = None
        self._waits_for_terminal = False
        self._used = time.process_time()  # seconds of a core, up to the last request
        self._key_timer: Timer | None = None  # since a key whose effect has not been shown yet
        self._keys = 0  # pressed since then, that one included
        self._is_late = False  # the timer has ended

    @property
    def acknowledges(self) -> bool:
        """Whether a key waits for its effect to be shown."""
        return self._key_timer is not None

    def begin_again(self) -> None:
        """Forget what another engine was asked."""
        self._requests = FrameRequests(self.fps)

    def arrived(self, frame: Frame) -> None:
        """Note a frame that has come."""
        self._requests.arrived(frame, time.monotonic(), time.process_time())
        if not self._requests.in_flight and self._key_timer is not None:
            self._key_timer.stop()
            self._key_timer, self._keys, self._is_late = None, 0, False
            self._show_waiting(0)

    def field_asked(self, frame: Frame) -> FieldWanted | None:
        """Return what the picture of a field in a frame that has come answers."""
        return self._requests.field_asked(frame)

    def ask(self) -> None:
        """Ask for the next frame as soon as `fps` and the terminal allow it."""
        now, pacing = time.monotonic(), pacing_of(self._app)
        wait = max(self._requests.wait(now), pacing.wait(now) if pacing is not None else 0.0)
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._waits_for_terminal = math.isinf(wait)
        if self._waits_for_terminal:
            return  # `terminal_took` is called when it goes on
        if wait > 0:
            self._timer = self._app.set_timer(wait, self.ask_now)
        else:
            self.ask_now()

    def ask_now(self) -> None:
        """Ask for the next frame, unless the one on its way is the same."""
        wanted = self._wanted()
        if wanted is None:
            return
        request = self._requests.next_request(*wanted, time.monotonic())
        if request is not None:
            used = time.process_time()
            self._send(replace(request, drawing=max(0.0, used - self._used)))
            self._used = used

    def terminal_took(self) -> None:
        """Ask, if the terminal alone was waited for."""
        if self._waits_for_terminal:
            self.ask()

    def curve_changed(self) -> None:
        """Ask for a new loss curve in the next request: its axes or its width have changed."""
        self._requests.curve_changed()

    def look_again(self, *, by_key: bool) -> None:
        """Ask at once for what another view of the run needs; `by_key`: the user waits for it."""
        self.ask_now()
        if by_key and self._requests.is_owed:  # a run at rest answers the other requests only when it moves on
            self.acknowledge()

    def acknowledge(self) -> None:
        """Tell the user that a key has been heard, if its effect takes long."""
        if not self._requests.in_flight:
            return
        self._keys += 1
        if self._key_timer is None:
            self._key_timer = self._app.set_timer(_PATIENCE, self._acknowledge_late)
        elif self._is_late:  # each further key shows at once, though the first one still waits
            self._show_waiting(self._keys)

    def _acknowledge_late(self) -> None:
        if self._key_timer is not None:  # else the answer came between the timer's end and this call
            self._is_late = True
            self._show_waiting(self._keys)
