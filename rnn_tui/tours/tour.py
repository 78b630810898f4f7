"""What a tour is: steps, each a caption, what is on the screen, and where the run stands."""

import msgspec

from rnn_tui.experiment.comparison import Comparison
from rnn_tui.experiment.spec import Experiment

__all__ = ["Step", "Tour"]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step. It says all that its screen depends on, so that it looks the same from wherever one comes to it.

    Time steps, rows, layers and units count from 1; 0: the screen's own choice.
    """

    say: str  # the caption; paragraphs are lines
    then: str = ""  # what is added to it once the run stands there
    experiment: Experiment  # that runs
    begins: bool  # at tick 0 of it; else the run stands where the step before has left it
    comparison: Comparison | None = None  # many networks at once, of which the experiment is the first
    until: str = ""  # the breakpoint to which it plays on; empty: nowhere
    speed: float | None = None  # ticks a second on the way, 0: as fast as it can; None: as the experiment says
    open: tuple[str, ...] = ()  # the panes that look inside
    zoom: str = ""  # the pane that fills the screen; empty: none
    time: int = 0  # the time cursor
    row: int = 0
    layer: int = 0
    unit: int = 0
    prime: str = ""  # what the network goes on from in Generate; empty: the screen's own choice
    press: tuple[str, ...] = ()  # keys, as the manual prints them, that are pressed once the run stands there


class Tour(msgspec.Struct, frozen=True, kw_only=True):
    """A guided lesson."""

    title: str
    about: str = ""
    steps: tuple[Step, ...]  # at least one, the first of which begins an experiment
