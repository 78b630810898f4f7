"""One engine serves a run, or a field of many networks: whichever was opened last."""

from rnn_tui.engine.host.commands import obey
from rnn_tui.engine.host.driver import Driver
from rnn_tui.engine.host.field_frames import FieldFrames
from rnn_tui.engine.host.field_host import FieldHost
from rnn_tui.engine.host.frames import Frames
from rnn_tui.engine.host.host import Host, Pictures
from rnn_tui.protocol.commands import Command, Open
from rnn_tui.protocol.field import OpenField

__all__ = ["open_other"]


def open_other(before: Host, command: Command) -> tuple[Host, Pictures] | None:
    """Return the host that a command opens in the place of another kind of host, and its pictures; None: it opens none.

    Views of the host before see the new one as something newer. Raises ExperimentError for what cannot be opened; the
    host before goes on then.
    """
    found: tuple[Host, Pictures]
    if isinstance(command, OpenField) and not isinstance(before, FieldHost):
        field = FieldHost()
        found = field, FieldFrames(field)
    elif isinstance(command, Open) and isinstance(before, FieldHost):
        driver = Driver(obey)
        found = driver, Frames(driver)
    else:
        return None
    host, _ = found
    host.tell, host.attended = before.tell, before.attended
    host.obey(command)
    host.revision += before.revision
    host.description += before.description
    return found
