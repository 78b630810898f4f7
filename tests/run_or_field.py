"""What an engine serves, a run or a field, without a server: commands in, frames out."""

from typing import Any

from rnn_tui.engine.host.commands import obey
from rnn_tui.engine.host.driver import Driver
from rnn_tui.engine.host.frames import Frames
from rnn_tui.engine.host.host import Host, Pictures
from rnn_tui.engine.host.open_other import open_other
from rnn_tui.protocol.commands import Command

__all__ = ["RunOrField"]


class RunOrField:
    """The host and its pictures as one thing; what is asked of it is asked of these."""

    def __init__(self) -> None:
        driver = Driver(obey)
        self.host: Host = driver
        self.pictures: Pictures = Frames(driver)

    def obey(self, command: Command) -> None:
        """Carry out a command, as a server does."""
        other = open_other(self.host, command)
        if other is None:
            self.host.obey(command)
        else:
            self.host.close()
            self.host, self.pictures = other

    def __getattr__(self, name: str) -> Any:
        return getattr(self.host if hasattr(self.host, name) else self.pictures, name)
