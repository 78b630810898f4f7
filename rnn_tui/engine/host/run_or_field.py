"""One engine, which is asked for a run or for a field of many networks: what is opened last is served."""

from collections.abc import Callable, Sequence

from rnn_tui.engine.host.commands import obey
from rnn_tui.engine.host.driver import Driver
from rnn_tui.engine.host.field_frames import FieldFrames
from rnn_tui.engine.host.field_host import FieldHost
from rnn_tui.engine.host.frames import Frames
from rnn_tui.engine.host.host import Host, Pictures
from rnn_tui.protocol.commands import Command, Open
from rnn_tui.protocol.core import Refused
from rnn_tui.protocol.engine_messages import Frame, Opened, Whereabouts
from rnn_tui.protocol.field import OpenField
from rnn_tui.protocol.frame import Failure
from rnn_tui.protocol.frame_request import FrameRequest, Wanted
from rnn_tui.protocol.inspect import Ask

__all__ = ["RunOrField"]


class RunOrField:
    """A host and its pictures, which pass everything on to those of the run, or of the field."""

    def __init__(self) -> None:
        self._tell: Callable[[Refused], None] = lambda _: None
        driver = Driver(obey)
        self._host: Host = driver
        self._pictures: Pictures = Frames(driver)

    # ---- the host ---------------------------------------------------------------------------------------------

    @property
    def tell(self) -> Callable[[Refused], None]:
        """Called with what goes wrong between two commands."""
        return self._tell

    @tell.setter
    def tell(self, tell: Callable[[Refused], None]) -> None:
        self._tell = self._host.tell = tell

    @property
    def attended(self) -> bool:
        """Whether anybody looks."""
        return self._host.attended

    @attended.setter
    def attended(self, on: bool) -> None:
        self._host.attended = on

    @property
    def revision(self) -> int:
        """Grows with everything that a view could see."""
        return self._host.revision

    @revision.setter
    def revision(self, revision: int) -> None:
        self._host.revision = revision

    @property
    def description(self) -> int:
        """The number of the newest description."""
        return self._host.description

    @description.setter
    def description(self, description: int) -> None:
        self._host.description = description

    @property
    def name(self) -> str:
        """The name by which it is found."""
        return self._host.name

    @property
    def kept(self) -> str:
        """The folder on the disk; empty: none."""
        return self._host.kept

    @property
    def is_open(self) -> bool:
        """Whether there is a run, or a field."""
        return self._host.is_open

    @property
    def is_done(self) -> bool:
        """Whether it has come to its end."""
        return self._host.is_done

    @property
    def goes_on_alone(self) -> bool:
        """Whether the process is there for something else."""
        return self._host.goes_on_alone

    @property
    def is_worth_keeping(self) -> bool:
        """Whether anything has been learnt that would be lost."""
        return self._host.is_worth_keeping

    @property
    def playing(self) -> bool:
        """Whether it goes on by itself."""
        return self._host.playing

    @property
    def busy(self) -> bool:
        """Whether there is something to do without being asked."""
        return self._host.busy

    @property
    def fills_cores(self) -> bool:
        """Whether training leaves no core to other processes."""
        return self._host.fills_cores

    def patience(self) -> float | None:
        """Return for how many seconds it may be waited for commands."""
        return self._host.patience()

    def turn(self) -> None:
        """Do what is due."""
        self._host.turn()

    def obey(self, command: Command) -> None:
        """Carry out a command. Raises ExperimentError or HistoryError; what there was stays as it was."""
        is_field = isinstance(self._host, FieldHost)
        if isinstance(command, OpenField) and not is_field:
            field = FieldHost()
            field.obey(command)
            self._replace(field, FieldFrames(field))
        elif isinstance(command, Open) and is_field:
            driver = Driver(obey)
            driver.obey(command)
            self._replace(driver, Frames(driver))
        else:
            self._host.obey(command)

    def pause(self) -> None:
        """Hold it."""
        self._host.pause()

    def keep(self) -> str:
        """Have it on the disk. Returns why that cannot be done."""
        return self._host.keep()

    def keep_updates(self, asks: Sequence[Ask]) -> None:
        """Keep every update of the weights if one of these asks shows it."""
        self._host.keep_updates(asks)

    def stop(self) -> None:
        """End it at once."""
        self._host.stop()

    def close(self) -> None:
        """End it: the disk has all that is kept of it then."""
        self._host.close()

    def _replace(self, host: Host, pictures: Pictures) -> None:
        """Serve another one in place of the one before, which is closed."""
        before = self._host
        before.close()
        host.tell, host.attended = self._tell, before.attended
        host.revision = before.revision + 1
        host.description += before.description
        self._host, self._pictures = host, pictures

    # ---- its pictures -----------------------------------------------------------------------------------------

    @property
    def preparation(self) -> float:
        """Seconds that were spent on this revision to show it."""
        return self._pictures.preparation

    def may_answer(self, look: FrameRequest, asked: float) -> bool:
        """Tell whether there is something new for a request of that time."""
        return self._pictures.may_answer(look, asked)

    def frame(self, wanted: Wanted) -> Frame:
        """Return the newest state, as far as it is wanted."""
        return self._pictures.frame(wanted)

    def opened(self, look: FrameRequest) -> Opened | None:
        """Return the description, unless the view knows it already."""
        return self._pictures.opened(look)

    def whereabouts(self, *, views: int) -> Whereabouts:
        """Return where it is, for a client that does not look at it."""
        return self._pictures.whereabouts(views=views)

    def take_failures(self) -> tuple[Failure, ...]:
        """Return what has failed since the last frame was made."""
        return self._pictures.take_failures()
