"""A driver without a socket, and the frames of its run."""

from rnn_tui.engine.host.commands import obey
from rnn_tui.engine.host.driver import Driver
from rnn_tui.engine.host.frames import Frames

__all__ = ["Driven"]


class Driven(Driver):
    """A driver that tells nobody what goes wrong."""

    def __init__(self) -> None:
        super().__init__(obey)
        self.frames = Frames(self)
