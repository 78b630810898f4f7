"""When the view asks for the next frame, and for what: one request in flight, never more than `fps` a second.

Expensive parts come in fewer frames than the rest: loss curves, and answers about a whole text.

Pure bookkeeping without an app: the time is given, and what to do is returned.
"""

import os

from msgspec.structs import replace

from rnn_tui.protocol.engine_messages import Frame
from rnn_tui.protocol.field import FieldWanted
from rnn_tui.protocol.frame_request import CurveWanted, FrameRequest, Wanted
from rnn_tui.protocol.inspect import Ask

__all__ = ["FrameRequests"]

_CURVE_PERIOD = 0.15  # seconds between two loss curves: they cost the most, and the eye needs no more
_WATCHING = 0.25  # of all cores: the share of all views without the controls together
_LONGEST_REST = 2.0  # seconds
_SMOOTH = 0.2  # the weight of a new measurement
_LEAST, _MOST = 0.2, 1.0  # seconds between two answers to those
_REST = 9  # times as long as the last one took is waited: they take a tenth of the time


class FrameRequests:
    """Decides about requests: `wait` tells how long to wait, `next_request` what to send then."""

    def __init__(self, fps: float = 20.0, cores: int | None = None) -> None:
        """Share this many cores between training and views without the controls; None: all of the machine."""
        self._period = 1 / fps
        self._cores = cores or os.cpu_count() or 1
        self._cpu: float | None = None  # CPU seconds that this view had used when the last frame came
        self._frame_cost = 0.0  # of those, for a frame, smoothed
        self._rest = 0.0  # seconds between two frames, if this view has no controls
        self._number = 0
        self._asked_at = -1e9
        self._curve_at = -1e9
        self._in_flight: Wanted | None = None
        self._is_owed = False
        self._curve_in_flight: CurveWanted | None = None
        self._answered: Wanted | None = None  # what the frame on the screen answers
        self._revision = -1
        self._run = -1
        self._curve_is_stale = True
        self._curve_exists = False
        self._expensive_at = -1e9
        self._expensive_period = _LEAST
        self._expensive_in_flight: tuple[Ask, ...] = ()
        self._expensive_answered: tuple[Ask, ...] = ()
        self._expensive_revision = -1
        self._expensive_is_stale = False
        self._fields: dict[int, FieldWanted] = {}  # what was asked of a field, by the number of the request
        self._field_answered: FieldWanted | None = None  # what the newest picture of a field answers
        self._field_seen = -1  # the revision of that picture

    @property
    def in_flight(self) -> bool:
        """Whether an answer is still to come."""
        return self._in_flight is not None

    @property
    def is_owed(self) -> bool:
        """Whether the request in flight is answered at once, rather than when the run has moved on."""
        return self.in_flight and self._is_owed

    def wait(self, now: float) -> float:
        """Return the seconds until the next request may be sent."""
        return max(0.0, self._asked_at + max(self._period, self._rest) - now)

    def next_request(self, wanted: Wanted, curve: CurveWanted | None, now: float) -> FrameRequest | None:
        """Return the request to send now; None if the one in flight asks for the same."""
        expensive = tuple(ask for ask in wanted.inside if ask.IS_EXPENSIVE)
        curve_is_due = self._curve_is_stale and curve is not None
        expensive_is_due = bool(expensive) and (self._expensive_is_stale or expensive != self._expensive_answered)
        missing = (curve_is_due and self._curve_in_flight != curve) or (
            expensive_is_due and self._expensive_in_flight != expensive
        )
        if self._in_flight == wanted and not missing:
            return None
        with_curve = curve_is_due or (curve is not None and now - self._curve_at >= _CURVE_PERIOD)
        with_expensive = expensive_is_due or (bool(expensive) and now - self._expensive_at >= self._expensive_period)
        unchanged = wanted == self._answered and not curve_is_due and not expensive_is_due and not self.is_owed
        self._number += 1
        self._asked_at = now
        self._curve_exists = curve is not None
        self._in_flight, self._curve_in_flight = wanted, curve if with_curve else None
        self._is_owed = not unchanged
        self._expensive_in_flight = expensive if with_expensive else ()
        if with_curve:
            self._curve_at = now
        if with_expensive:
            self._expensive_at = now
        inside = tuple(ask for ask in wanted.inside if with_expensive or not ask.IS_EXPENSIVE)
        field = wanted.field
        if field is not None:
            self._fields[self._number] = field
            field = replace(field, seen=self._field_seen if field == self._field_answered else -1)
        return FrameRequest(
            number=self._number,
            opened=self._run,
            seen=self._revision if unchanged else -1,
            wanted=replace(wanted, curve=self._curve_in_flight, inside=inside, field=field),
        )

    def _share(self, frame: Frame, cpu: float) -> None:
        """Limit the cores that all views without the controls take together: the more views, the fewer frames."""
        if self._cpu is not None:
            self._frame_cost += _SMOOTH * (cpu - self._cpu - self._frame_cost)
        self._cpu = cpu
        watch = frame.views - 1
        playing = frame.status.state == "playing"
        self._rest = 0.0
        if watch > 0 and not frame.controls and playing:
            self._rest = min(self._frame_cost * watch / (_WATCHING * self._cores), _LONGEST_REST)

    def curve_changed(self) -> None:
        """Ask for a curve in the next frame: its axes or its width have changed."""
        self._curve_is_stale = True

    def field_asked(self, frame: Frame) -> FieldWanted | None:
        """Return what the picture of a field in a frame answers; None: it has none, or nothing was asked."""
        asked = self._fields.get(frame.request)
        self._fields = {number: each for number, each in self._fields.items() if number > frame.request}
        if frame.field is None or asked is None:
            return None
        self._field_answered, self._field_seen = asked, frame.field.revision
        return asked

    def arrived(self, frame: Frame, now: float, cpu: float = 0.0) -> None:
        """Note a frame that has come; `cpu`: the CPU seconds that this view has used so far."""
        self._share(frame, cpu)
        rests = frame.status.state != "playing"
        if frame.request == self._number:
            self._answered, self._in_flight = self._in_flight, None
            if self._expensive_in_flight:
                self._expensive_answered, self._expensive_is_stale = self._expensive_in_flight, False
                self._expensive_revision = frame.revision
                self._expensive_period = min(max(_REST * (now - self._expensive_at), _LEAST), _MOST)
            elif frame.opened is not None or (rests and frame.revision != self._expensive_revision):
                self._expensive_is_stale = (
                    True  # the last frame before a rest must not leave an old answer on the screen
                )
        self._revision = frame.revision
        if frame.opened is not None:
            self._run = frame.opened.run
        had_none = frame.request == self._number and self._curve_in_flight is not None  # a script may have no loss
        if frame.curve is not None or had_none or any(each.part == "curve" for each in frame.failures):
            self._curve_is_stale = False
        elif self._curve_exists and rests:
            self._curve_is_stale = True  # likewise
