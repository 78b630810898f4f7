"""What the server needs of a run that it shows: our own training, or a script that is watched."""

from collections.abc import Callable, Sequence
from typing import Protocol

from rnn_tui.protocol.commands import Command
from rnn_tui.protocol.core import Refused
from rnn_tui.protocol.engine_messages import Frame, Opened, Whereabouts
from rnn_tui.protocol.field import KeptMember
from rnn_tui.protocol.frame import Failure
from rnn_tui.protocol.frame_request import FrameRequest, Wanted
from rnn_tui.protocol.inspect import Ask

__all__ = ["Host", "Pictures"]


class Host(Protocol):
    """Drives one run, or holds it, or waits for one to begin."""

    tell: Callable[[Refused | KeptMember], None]  # called with what happens between two commands; set by the server
    attended: bool  # whether anybody looks
    revision: int  # grows with everything that a view could see
    description: int  # the number of the newest description of the run

    @property
    def name(self) -> str:
        """The name by which the run is found; empty as long as there is none."""

    @property
    def kept(self) -> str:
        """The run's folder on the disk; empty: none."""

    @property
    def is_open(self) -> bool:
        """Whether there is a run."""

    @property
    def is_done(self) -> bool:
        """Whether the run has come to its end."""

    @property
    def goes_on_alone(self) -> bool:
        """Whether the process is there for something else, and goes on whoever looks."""

    @property
    def is_worth_keeping(self) -> bool:
        """Whether anything has been learnt that would be lost."""

    @property
    def playing(self) -> bool:
        """Whether the run goes on by itself."""

    @property
    def busy(self) -> bool:
        """Whether there is something to do without being asked."""

    @property
    def fills_cores(self) -> bool:
        """Whether training leaves no core to other processes, or tries to."""

    def patience(self) -> float | None:
        """Return for how many seconds it may be waited for commands: 0 at full speed, None while nothing is to do."""

    def turn(self) -> None:
        """Do what is due: a tick, or a piece of something longer."""

    def obey(self, command: Command) -> None:
        """Carry out a command. Raises ExperimentError or HistoryError where that cannot be; the run stays as it was."""

    def pause(self) -> None:
        """Hold the run."""

    def keep(self) -> str:
        """Have the run on the disk. Returns why that cannot be done; empty: it is done."""

    def keep_updates(self, asks: Sequence[Ask]) -> None:
        """Keep every update of the weights from now on if one of these asks shows it."""

    def stop(self) -> None:
        """End the run at once, because a client says so."""

    def close(self) -> None:
        """End it: the disk has all that is kept of it then."""


class Pictures(Protocol):
    """Makes the frames of one host's run, and describes it."""

    @property
    def preparation(self) -> float:
        """Seconds that were spent on this revision to show it, before any frame of it was made."""

    def may_answer(self, look: FrameRequest, asked: float) -> bool:
        """Tell whether there is something new for a request of that time, and this is the moment to show it."""

    def frame(self, wanted: Wanted) -> Frame:
        """Return the newest state of the run, as far as it is wanted, not yet addressed to any view."""

    def opened(self, look: FrameRequest) -> Opened | None:
        """Return the description of the run, unless the view knows it already."""

    def whereabouts(self, *, views: int) -> Whereabouts:
        """Return where the run is, for a client that does not look at it."""

    def take_failures(self) -> tuple[Failure, ...]:
        """Return what has failed since the last frame was made."""
