"""When the view asks for the next frame, and for what: one look in flight, never more than `fps` a second.

What is dear comes in fewer frames than the rest: loss curves, and what the network makes of a whole text.

Pure bookkeeping, no app: the time is given, and what to do is returned.
"""

import os

from msgspec.structs import replace

from rnn_tui.protocol.engine_messages import Frame
from rnn_tui.protocol.frame_request import CurveWanted, FrameRequest, Wanted
from rnn_tui.protocol.inspect import Ask
from rnn_tui.protocol.inspect.reading import ReadingAsk
from rnn_tui.protocol.inspect.sample import SampleAsk

__all__ = ["FrameRequests"]

_CURVE_PERIOD = 0.15  # seconds between two loss curves: the eye needs no more, and they cost the most
_WATCHING = 0.25  # of all cores, that the views which do not drive may take together
_LONGEST_REST = 2.0  # seconds
_SMOOTH = 0.2  # of a new measurement
_DEAR = (SampleAsk, ReadingAsk)  # asks that have texts of their own, which no time step of the other panes belongs to
_DEAR_PERIOD = (0.2, 1.0)  # seconds between two answers to those, at least and at most
_DEAR_REST = 9  # and at least so many times as long as the last one took: a tenth of the time is theirs


class FrameRequests:
    """Decides about looks. `due(now)` says how long to wait, `look(...)` what to send then."""

    def __init__(self, fps: float = 20.0, cores: int | None = None) -> None:
        """`cores` of this machine, which those that watch share with the training; None: as many as there are."""
        self._period = 1 / fps
        self._cores = cores or os.cpu_count() or 1
        self._cpu: float | None = None  # seconds of the processor that this view had taken when the last frame came
        self._frame_cost = 0.0  # of those, for a frame, of late
        self._rest = 0.0  # seconds between two frames, where this view only watches
        self._number = 0
        self._asked_at = -1e9
        self._curve_at = -1e9
        self._in_flight: Wanted | None = None
        self._is_owed = False
        self._curve_in_flight: CurveWanted | None = None
        self._answered: Wanted | None = None  # what the frame on the screen was asked for
        self._revision = -1
        self._run = -1
        self._curve_is_stale = True
        self._curve_exists = False
        self._dear_at = -1e9
        self._dear_period = _DEAR_PERIOD[0]
        self._dear_in_flight: tuple[Ask, ...] = ()
        self._dear_answered: tuple[Ask, ...] = ()
        self._dear_revision = -1
        self._dear_is_stale = False

    @property
    def in_flight(self) -> bool:
        """Whether an answer is still to come."""
        return self._in_flight is not None

    @property
    def is_owed(self) -> bool:
        """Whether the look in flight is answered in any case; the others only once the run has moved on."""
        return self.in_flight and self._is_owed

    def wait(self, now: float) -> float:
        """Seconds until the next look may be sent."""
        return max(0.0, self._asked_at + max(self._period, self._rest) - now)

    def look(self, wanted: Wanted, curve: CurveWanted | None, now: float) -> FrameRequest | None:
        """The look to send now; None where the one in flight asks for the same."""
        dear = tuple(ask for ask in wanted.inside if isinstance(ask, _DEAR))
        curve_is_due = self._curve_is_stale and curve is not None
        dear_is_due = bool(dear) and (self._dear_is_stale or dear != self._dear_answered)
        missing = (curve_is_due and self._curve_in_flight != curve) or (dear_is_due and self._dear_in_flight != dear)
        if self._in_flight == wanted and not missing:
            return None
        with_curve = curve_is_due or (curve is not None and now - self._curve_at >= _CURVE_PERIOD)
        with_dear = dear_is_due or (bool(dear) and now - self._dear_at >= self._dear_period)
        unchanged = wanted == self._answered and not curve_is_due and not dear_is_due and not self.is_owed
        self._number += 1
        self._asked_at = now
        self._curve_exists = curve is not None
        self._in_flight, self._curve_in_flight = wanted, curve if with_curve else None
        self._is_owed = not unchanged
        self._dear_in_flight = dear if with_dear else ()
        if with_curve:
            self._curve_at = now
        if with_dear:
            self._dear_at = now
        inside = tuple(ask for ask in wanted.inside if with_dear or not isinstance(ask, _DEAR))
        return FrameRequest(
            number=self._number,
            opened=self._run,
            seen=self._revision if unchanged else -1,
            wanted=replace(wanted, curve=self._curve_in_flight, inside=inside),
        )

    def _share(self, frame: Frame, cpu: float) -> None:
        """All views that watch take a share of the machine's cores together: the more of them, the fewer frames."""
        if self._cpu is not None:
            self._frame_cost += _SMOOTH * (cpu - self._cpu - self._frame_cost)
        self._cpu = cpu
        watch = frame.views - 1
        playing = frame.status.state == "playing"
        self._rest = 0.0
        if watch > 0 and not frame.controls and playing:
            self._rest = min(self._frame_cost * watch / (_WATCHING * self._cores), _LONGEST_REST)

    def curve_changed(self) -> None:
        """The next frame must bring a curve: its axes or its width are others."""
        self._curve_is_stale = True

    def arrived(self, frame: Frame, now: float, cpu: float = 0.0) -> None:
        """A frame has come; `cpu` is the processor time that this view has taken so far."""
        self._share(frame, cpu)
        rests = frame.status.state != "playing"
        if frame.look == self._number:
            self._answered, self._in_flight = self._in_flight, None
            if self._dear_in_flight:
                self._dear_answered, self._dear_is_stale = self._dear_in_flight, False
                self._dear_revision = frame.revision
                least, most = _DEAR_PERIOD
                self._dear_period = min(max(_DEAR_REST * (now - self._dear_at), least), most)
            elif frame.opened is not None or (rests and frame.revision != self._dear_revision):
                self._dear_is_stale = True  # the last frame before a rest must not leave an old answer behind
        self._revision = frame.revision
        if frame.opened is not None:
            self._run = frame.opened.run
        if frame.curve is not None or any(each.part == "curve" for each in frame.failures):
            self._curve_is_stale = False
        elif self._curve_exists and rests:
            self._curve_is_stale = True  # likewise
