"""Which view gets a frame, and when: pictures take at most a quarter of the time while there is training to protect.

The view that has the controls comes first, and its keys are answered at once, on credit. The others share what is
left, the one that has waited longest before the rest; equal wishes share one computed frame.

Where no key asks, pictures are content with a twenty-fifth of the time, as long as that is enough for some each second.
Drawing them counts as well where training fills all cores, or tries to: a view then takes its time from one of the
threads, or makes one more of them look slow.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from rnn_tui.engine.host.budget import Budget
from rnn_tui.engine.host.connection import Connection
from rnn_tui.engine.host.host import Host, Pictures
from rnn_tui.protocol.engine_messages import Frame
from rnn_tui.protocol.frame_request import FrameRequest, Wanted

__all__ = ["Gallery", "View"]

_ALL = 0.25  # share of the time that pictures may take
_OTHERS = 0.1  # share of the time for views without the controls, if there are any
_CREDIT = 0.5  # seconds, beside the picture itself, that an answer to a key may be in debt
_CALM = 0.04  # of the time, for pictures of a run that no key has asked for, as long as they come often enough:
_OFTEN = 0.4  # seconds from one to the next
_MOST_MADE = 32  # frames of one revision that are kept: one for each possible view
_LONGEST_DRAWING = 0.5  # seconds; a view that claims more is not believed


@dataclass(eq=False)
class View:
    """A client that looks at the run."""

    connection: Connection
    look: FrameRequest | None = None  # waiting for an answer
    asked: float = 0.0  # when it came
    wanted: Wanted = field(default_factory=Wanted)  # as of the last look
    is_urgent: bool = False  # it has sent a command, and waits to see the effect
    due: float = 0.0  # when its next picture is, if no key asks for one before

    def ask(self, look: FrameRequest) -> None:
        """Note a request, in place of one that waits."""
        self.look, self.wanted = look, look.wanted
        self.asked = time.perf_counter()


class Gallery:
    """Answers requests with frames of one host's run."""

    def __init__(self, host: Host, pictures: Pictures, send: Callable[[Connection, Frame], object]) -> None:
        self._host = host
        self._pictures = pictures
        self._send = send
        self._driving = Budget(_ALL)
        self._watching = Budget(_OTHERS)
        self._made: dict[Wanted, Frame] = {}  # of this revision
        self._revision = -1
        self._cost = 0.0  # seconds that the last frame for the view with the controls took

    def show(self, views: Sequence[View], holder: View | None) -> None:
        """Answer the requests that may be answered now."""
        waiting = [view for view in views if view.look is not None and self._is_ready(view, view.look)]
        if not waiting:
            return
        host = self._host
        self._driving.share = _ALL - (_OTHERS if len(views) > 1 else 0.0)
        waiting.sort(key=lambda view: (view is not holder, view.asked))
        for view in waiting:
            look, budget = view.look, self._budget_of(view, holder)
            assert look is not None
            if host.busy and not self._may(view, look, budget, is_holder=view is holder):
                continue
            began = time.perf_counter()
            self._answer(view, look, views=len(views), controls=view is holder)
            now = time.perf_counter()
            cost = now - began
            if view is holder:
                self._cost = cost
            if host.busy:
                budget.spend(cost)
                claimed = min(_LONGEST_DRAWING, look.drawing)  # in this order NaN counts as the longest
                drawing = claimed if host.fills_cores else 0.0
                view.due = now + min((self._pictures.preparation + cost + drawing) / _CALM, _OFTEN)
        host.keep_updates([ask for view in views for ask in view.wanted.inside])

    def is_awaited(self, views: Sequence[View], holder: View | None) -> bool:
        """Tell whether a view waits for a picture that it may have now, if there were a new one."""
        waiting = [view for view in views if view.look is not None and not view.connection.is_behind]
        return any(
            not self._host.busy or self._may(view, view.look, self._budget_of(view, holder), is_holder=view is holder)
            for view in waiting
            if view.look is not None
        )

    def _budget_of(self, view: View, holder: View | None) -> Budget:
        return self._driving if view is holder else self._watching

    def wait(self, views: Sequence[View], holder: View | None) -> float | None:
        """Return the seconds until a request that waits for its share of the time may be answered; None: none does."""
        waits = [
            self._budget_of(view, holder).wait()
            for view in views
            if view.look is not None and self._is_ready(view, view.look)
        ]
        return min(waits, default=None)

    def _is_ready(self, view: View, look: FrameRequest) -> bool:
        """Tell whether there is something new for a view that has taken what was sent before."""
        return not view.connection.is_behind and self._pictures.may_answer(look, view.asked)

    def _may(self, view: View, look: FrameRequest, budget: Budget, *, is_holder: bool) -> bool:
        """Tell whether a view may have a frame during training."""
        if is_holder and (self._host.patience() or 0.0) > self._cost:  # the next tick is not due before it is there
            return True
        hurries = view.is_urgent or look.seen < 0
        if not hurries and time.perf_counter() < view.due:
            return False
        if budget.left > 0:
            return True
        return is_holder and hurries and budget.left > -(_CREDIT + self._cost)

    def _answer(self, view: View, look: FrameRequest, *, views: int, controls: bool) -> None:
        frame = self._frame(look.wanted)
        view.look, view.is_urgent = None, False
        opened = self._pictures.opened(look)
        failures = frame.failures + self._pictures.take_failures()
        self._send(
            view.connection,
            replace(frame, request=look.number, opened=opened, views=views, controls=controls, failures=failures),
        )

    def _frame(self, wanted: Wanted) -> Frame:
        """Return the frame of this revision; one without failures serves all views that want the same."""
        if self._revision != self._host.revision:
            self._revision = self._host.revision
            self._made.clear()
        frame = self._made.get(wanted)
        if frame is None:
            frame = self._pictures.frame(wanted)
            if not frame.failures:
                if len(self._made) >= _MOST_MADE:  # a run that is held may be looked at in any number of ways
                    del self._made[next(iter(self._made))]
                self._made[wanted] = frame
        return frame
