"""All panes in their columns, and which of them are on the screen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical
from textual.geometry import Size
from textual.message import Message

from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.draw.network.large import NARROWEST
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.field import FieldFacts
from rnn_tui.protocol.frame import Steps
from rnn_tui.protocol.frame_request import CurveWanted, Wanted
from rnn_tui.protocol.subject import Subject
from rnn_tui.view.model.columns import Columns, columns_of, widened
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.pane_grid.choice import Choice
from rnn_tui.view.pane_grid.field_layout import FieldLayout, field_layout
from rnn_tui.view.pane_grid.heights import arranged_for, have_room
from rnn_tui.view.pane_grid.room import Arrangement, share_height, share_width
from rnn_tui.view.pane_grid.wanted import axis_of, curve_wanted, field_wanted, wanted
from rnn_tui.view.panes.inspect_base import InsidePane
from rnn_tui.view.panes.network import NetworkPane
from rnn_tui.view.panes.registry import FIELD, INSIDE, PANES, field_panes, inside_pane
from rnn_tui.view.widgets.pane import Pane
from rnn_tui.view.widgets.phase_lines import PhaseLines

__all__ = ["PaneGrid"]

_ROOMY = 44  # rows from which a pane that looks inside replaces no other
_SMALL = Size(100, 25)  # below this, a pane that looks inside fills it all


class PaneGrid(Horizontal):
    """Two columns of panes. Panes that look inside come and go, one in each column; one pane may fill all of it.

    Where many networks learn at once, a column on the left has their pictures.
    """

    @dataclass
    class Arranged(Message):
        """Other panes are on the screen now, with other sizes."""

    def __init__(self) -> None:
        super().__init__(id="panes")
        self._experiment: Experiment | None = None
        self._subject: Subject | None = None
        self._field: FieldFacts | None = None  # many networks learn at once
        self._without_network = False  # a script is watched that has trained, and has called no recurrent network
        self._columns = Columns()
        self._zoomed: Pane | None = None
        self._asked_for = False  # whether a key zoomed it; else it fills all of it for want of room
        self._is_stage = False  # one pane at a time
        self._opened: list[Pane] = []  # at most one in each column, newest last

    def compose(self) -> ComposeResult:
        """Put every pane into its column."""
        yield Vertical(id="field", classes="absent")
        with Container(id="member"):
            with Vertical(id="score"):
                for kind in PANES:
                    if kind.HOME == "score":
                        yield kind()
                    if kind is NetworkPane:
                        yield PhaseLines(id="phase")
            with Vertical(id="side"):
                yield from (kind() for kind in PANES if kind.HOME == "side")

    @property
    def network(self) -> NetworkPane:
        """The unrolled network."""
        return self.query_one(NetworkPane)

    @property
    def panes(self) -> list[Pane]:
        """All panes, in their order."""
        return list(self.query(Pane))

    @property
    def shown(self) -> list[Pane]:
        """The panes on the screen."""
        return [pane for pane in self.panes if not pane.has_class("absent")]

    @property
    def zoomed(self) -> Pane | None:
        """The pane that fills all of it."""
        return self._zoomed

    @property
    def active(self) -> InsidePane[Any] | None:
        """The pane on the screen that looks inside: the one with the focus, or else the one opened last."""
        there = [pane for pane in (self.screen.focused, *reversed(self._opened)) if isinstance(pane, InsidePane)]
        return next((pane for pane in there if pane in self.shown), None)

    @property
    def score_width(self) -> int:
        """The width of the panes that share the time axis; 0 if none of them is on the screen."""
        timed = [pane.size.width for pane in self.shown if pane.HOME == "score" and pane.TIMED]
        return timed[0] if timed else 0

    def sizes(self) -> dict[str, Size]:
        """Return the size of each pane on the screen, by its ID."""
        return {pane.ID: pane.size for pane in self.shown if pane.size}

    @property
    def columns(self) -> Columns:
        """What the columns of time steps are fitted to; on the stage, those of the network are wide."""
        if self._is_stage and self.network in self.shown:
            return replace(self._columns, narrowest=max(self._columns.narrowest, NARROWEST))
        return self._columns

    def make_room(self, words: Sequence[str]) -> None:
        """Give columns room for what a script reads and predicts, if they do not have it."""
        if self._experiment is not None:
            self._columns = widened(self._columns, words, self._experiment.length)

    def axis_for(self, steps: Steps | None) -> TimeAxis:
        """Return the axis that panes over time share, for the window of a frame; None: the frame has none."""
        assert self._experiment is not None
        return axis_of(self._experiment, self.score_width, steps, self.columns)

    def wanted(self, view: ViewState) -> Wanted:
        """Return what the panes on the screen can show."""
        if self._experiment is None:
            return Wanted()
        inside = [pane for pane in self.shown if isinstance(pane, InsidePane) and pane.size]
        sizes = self.sizes()
        return wanted(
            self._experiment,
            view,
            columns=self.columns,
            score_width=self.score_width,
            sizes=sizes,
            asks=tuple(pane.ask(self._experiment, view) for pane in inside),
            field=None if self._field is None else field_wanted(self._field, view, sizes),
        )

    def curve_wanted(self, view: ViewState) -> CurveWanted | None:
        """Return the loss curve that fits its pane; None if that is not on the screen."""
        return curve_wanted(self.sizes().get("loss"), view)

    @property
    def _learns(self) -> bool:
        """Whether the experiment trains a network; a script does."""
        return self._experiment is None or self._subject is not None or self._experiment.training.learn

    @property
    def _small(self) -> bool:
        """Whether a pane that looks inside needs all of it."""
        return self.size.width < _SMALL.width or self.size.height < _SMALL.height

    # ---- what comes and goes ----------------------------------------------------------------------------------

    def prepare(
        self,
        experiment: Experiment,
        subject: Subject | None = None,
        *,
        ticks: int = 0,
        field: FieldFacts | None = None,
    ) -> bool:
        """Give an experiment its panes; return False if those that are there fit it.

        From pass to pass a script may read rows of other lengths: that is the same experiment.
        """
        old = None if self._experiment is None else arranged_for(self._experiment, self._subject, self._field)
        was_without, was_field = self._without_network, self._field is not None
        self._experiment, self._subject, self._field = experiment, subject, field
        self._without_network = subject is not None and not subject.networks and ticks > 0
        is_other = old is None or old != arranged_for(experiment, subject, field)
        if is_other:
            self._columns = columns_of(experiment, is_script=subject is not None)
        if was_field != (field is not None):
            self._change_field()
        if is_other or was_without != self._without_network:
            self._arrange()
        return is_other

    def rearrange(self) -> None:
        """Share the room anew: the map of a field has other rows and columns."""
        self.post_message(self.Arranged())

    def _change_field(self) -> None:
        """Let the pictures of a field come, or go."""
        column = self.query_one("#field")
        if self._field is not None and not column.children:
            column.mount(*(kind() for kind in field_panes()))
        self._opened, self._zoomed, self._asked_for = [], None, False
        (self.network if self._field is None else self.pane("map")).focus()

    def pane(self, name: str) -> Pane:
        """Return the pane of that ID."""
        return self.query_one(f"#{name}", Pane)

    def numbered(self, number: int) -> Pane:
        """Return the pane that a number key stands for, from 1 to 4; in a field 5 to 7 too."""
        names = ("network", "states", *(("loss", "prediction") if self._learns else ("shapes", "shapes")), *FIELD)
        return self.pane(names[number - 1])

    async def toggle(self, name: str) -> None:
        """Open a pane that looks inside, or close it; where there is little room it fills all of it."""
        pane = next(iter(self.query(f"#{name}").results(Pane)), None)
        if pane is not None and pane in self.shown and pane in self._opened:
            self.close_pane(pane)
        else:
            await self.open(name)

    async def open(self, name: str) -> None:
        """Open a pane that looks inside, unless it is open."""
        if not self.query(f"#{name}"):
            kind = inside_pane(name)
            await self.query_one(f"#{kind.HOME}").mount(kind())
        pane = self.pane(name)
        if pane in self.shown and pane in self._opened:
            return
        if pane not in self._opened:
            self._opened = [each for each in self._opened if each.HOME != pane.HOME] + [pane]
        fills = self._small and not self._is_stage
        self._zoomed, self._asked_for = (pane if fills else None), False
        self._arrange()
        pane.focus()

    async def show_only(self, inside: Sequence[str], zoomed: str = "") -> None:
        """Show the usual panes and those that look inside, by name; `zoomed` fills all of it, unless it is empty."""
        self._opened, self._zoomed, self._asked_for = [], None, False
        for name in inside:
            await self.open(name)
        if zoomed:
            if zoomed in INSIDE:
                await self.open(zoomed)
            self.zoom(self.pane(zoomed))
        self._arrange()
        (self._zoomed or (self._opened[-1] if self._opened else self.network)).focus()

    def close_pane(self, pane: Pane) -> None:
        """Close a pane that looks inside, and show again what it replaced."""
        self._opened.remove(pane)
        if self._zoomed is pane:
            self._zoomed = None
        self._arrange()
        if self._opened and self._opened[-1] in self.shown:
            self._opened[-1].focus()
        else:
            self.network.focus()

    def zoom(self, pane: Pane | None) -> None:
        """Let a pane fill all of it; None: show all panes again."""
        self._zoomed, self._asked_for = pane, True
        self._arrange()

    def set_stage(self, on: bool) -> None:
        """Show one pane at a time, or as many as usual."""
        self._is_stage = on
        self._arrange()

    @property
    def _choice(self) -> Choice:
        """What decides which panes are on the screen."""
        return Choice(
            experiment=self._experiment,
            learns=self._learns,
            without_network=self._without_network,
            layout=self._field_layout,
            opened=self._opened,
            zoomed="" if self._zoomed is None else self._zoomed.ID,
            is_stage=self._is_stage,
        )

    @property
    def _alone(self) -> Pane | None:
        """The pane that has all the room."""
        alone = self._choice.alone
        return self.pane(alone) if alone else None

    def _arrange(self) -> None:
        if self._zoomed is not None and self._experiment is not None and not self._belongs(self._zoomed):
            self._zoomed = None
        roomy = self.size.height >= _ROOMY
        names = self._choice.panes(roomy=roomy, has_room_for_states=self._has_room_for_states())
        there, alone = [self.pane(name) for name in names], self._alone
        for pane in self.panes:
            pane.set_class(pane not in there, "absent")
            pane.set_class(pane is alone, "full")
        for column in self.query("#field, #member, #score, #side"):
            column.set_class(not any(column in pane.ancestors for pane in there), "absent")
            column.set_class(alone is not None and column in alone.ancestors, "full")
        share_width(self, self._arrangement)
        self.post_message(self.Arranged())

    def _belongs(self, pane: Pane) -> bool:
        """Return whether a pane has something to show for the experiment."""
        return self._learns or pane.ID not in ("loss", "prediction")

    def share_height(self, *, slow: bool) -> None:
        """Give the network its height. In slow motion it needs more, for the norms between its boxes."""
        share_height(self, self.network, self._arrangement, slow=slow)

    @property
    def _arrangement(self) -> Arrangement:
        """What is on the screen now."""
        return Arrangement(
            experiment=self._experiment,
            is_script=self._subject is not None,
            field=self._field,
            layout=self._field_layout,
            columns=self._columns,
            shown=self.shown,
            alone=self._alone,
        )

    @property
    def _field_layout(self) -> FieldLayout | None:
        """How a field shares the room; None: there is none."""
        return None if self._field is None else field_layout(self.size, has_right=self._field.has_right)

    def _has_room_for_states(self) -> bool:
        """Return whether the states can stay on the screen above the pane that has been opened below them."""
        below = [self.pane("states"), *(pane for pane in self._opened if pane.HOME == "score")]
        return self._experiment is None or have_room(self._experiment, below, self.size.height)

    def on_resize(self) -> None:
        """Arrange the panes that fit now; one that filled it all for want of room goes to its place."""
        if not self._small and not self._asked_for:
            self._zoomed = None
        self._arrange()
