"""A run that is looked at, within this process: an engine's driver, and a view that asks 20 times a second.

What is drawn is not in it: that is another process's work.
"""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec.structs import replace

from rnn_tui.engine.host.commands import obey
from rnn_tui.engine.host.connection import Connection
from rnn_tui.engine.host.driver import Driver
from rnn_tui.engine.host.frames import Frames
from rnn_tui.engine.host.gallery import Gallery, View
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.commands import Open
from rnn_tui.protocol.engine_messages import Frame
from rnn_tui.protocol.frame_request import CurveWanted, FrameRequest, Wanted

__all__ = ["SCREEN", "LookedAt", "looked_at"]

SCREEN = Wanted(count=32, top=8, units=12, layers=(0, 2), curve=CurveWanted(columns=60))  # of 120 x 36
_RATE = 20.0  # requests a second


class LookedAt:
    """Turns of a driver, with the view's requests or without them."""

    def __init__(self, driver: Driver, view: View, wanted: Wanted) -> None:
        self._driver, self._view, self._wanted = driver, view, wanted
        self._gallery = Gallery(driver, Frames(driver), self._answered)
        self._next, self._seen = 0.0, -1
        self.frames = 0  # that the view has been sent
        self.unseen: Callable[[], None] = driver.turn

    def shown(self) -> None:
        """Do a tick, and answer the view where it may have a picture."""
        if self._view.look is None and time.perf_counter() >= self._next:
            self._view.ask(FrameRequest(number=1, seen=self._seen, wanted=self._wanted))
        self._gallery.show([self._view], self._view)
        self._driver.turn()

    def _answered(self, _: Connection, frame: Frame) -> None:
        self._next, self._seen = time.perf_counter() + 1 / _RATE, frame.revision
        self.frames += 1


@contextmanager
def looked_at(experiment: Experiment, wanted: Wanted = SCREEN) -> Iterator[LookedAt]:
    """Begin the run at full speed; what it has opened is closed at the end."""
    driver = Driver(obey)
    driver.obey(Open(experiment=replace(experiment, run=replace(experiment.run, speed=0.0)), play=True))
    here, there = socket.socketpair()
    try:
        yield LookedAt(driver, View(Connection(here)), wanted)
    finally:
        driver.close()
        here.close()
        there.close()
