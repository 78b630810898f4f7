"""All panes in their columns, and which of them are on the screen."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

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
from rnn_tui.view.model.columns import Columns, columns_of, score_width, widened
from rnn_tui.view.model.pane_heights import BORDER, network_height
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.pane_grid.field_layout import FieldLayout, field_layout, map_height
from rnn_tui.view.pane_grid.heights import arranged_for, rows_of_network, together
from rnn_tui.view.pane_grid.wanted import axis_of, curve_wanted, field_wanted, wanted
from rnn_tui.view.panes.inspect_base import InsidePane
from rnn_tui.view.panes.map import MapPane
from rnn_tui.view.panes.network import NetworkPane, height_of
from rnn_tui.view.panes.registry import FIELD, INSIDE, PANES, field_panes, inside_pane
from rnn_tui.view.widgets.pane import Pane
from rnn_tui.view.widgets.phase_lines import PhaseLines

__all__ = ["PaneGrid"]

_SCORE_SHARE = 0.6  # of the width, for the panes over time
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
    def _alone(self) -> Pane | None:
        """The pane that has all the room: a zoomed one, or on the stage the one that matters."""
        if self._zoomed is not None or not self._is_stage:
            return self._zoomed
        if self._opened:
            return self._opened[-1]
        if self._field is not None:
            return self.pane("map")
        experiment = self._experiment
        if self._without_network or (experiment is not None and experiment.data.text):
            return self.pane("loss")  # of a text every pass shows another piece
        return self.pane("prediction") if experiment is not None and experiment.is_numbers else self.network

    def _there(self) -> Iterator[Pane]:
        """Yield the panes that belong on the screen now."""
        alone = self._alone
        if alone is not None:
            yield alone
            return
        layout = self._field_layout
        if layout is not None:
            yield from (self.pane(name) for name in layout.field)
            if layout.shape != "wide":
                yield from self._opened or (self.pane(name) for name in layout.member)
                return
        usual = ["network", "states", *(["loss", "prediction"] if self._learns else ["shapes"])]
        if self._without_network:
            usual = ["loss"]
        roomy = self.size.height >= _ROOMY
        homes = {each.HOME for each in self._opened}
        if "score" in homes and not (roomy and self._has_room_for_both()):
            usual = [each for each in usual if each != "states"]
        if "side" in homes and not self._without_network:
            usual = [each for each in usual if each not in ("prediction", "shapes") and (roomy or each != "loss")]
        yield from (self.pane(name) for name in usual)
        yield from self._opened

    def _arrange(self) -> None:
        if self._zoomed is not None and self._experiment is not None and not self._belongs(self._zoomed):
            self._zoomed = None
        there, alone = list(self._there()), self._alone
        for pane in self.panes:
            pane.set_class(pane not in there, "absent")
            pane.set_class(pane is alone, "full")
        for column in self.query("#field, #member, #score, #side"):
            column.set_class(not any(column in pane.ancestors for pane in there), "absent")
            column.set_class(alone is not None and column in alone.ancestors, "full")
        self._share_width()
        self.post_message(self.Arranged())

    def _share_width(self) -> None:
        """Give the panes over time their width."""
        score, experiment, layout = self.query_one("#score"), self._experiment, self._field_layout
        room = self.size.width
        if layout is not None:
            self.query_one("#field").styles.width = "1fr" if self._alone else layout.width
            room -= layout.width
        is_column = layout is not None and layout.shape == "middle"
        self.query_one("#member").styles.layout = "vertical" if is_column else "horizontal"
        self.query_one("#side").styles.width = "1fr" if is_column else None
        if is_column:
            score.styles.width = "1fr"
            return
        score.styles.height = None
        usual = round(_SCORE_SHARE * room)
        alone = self._alone is not None or not any(pane.HOME == "side" for pane in self.shown)
        wider = usual
        if experiment is not None and self._subject is None and not alone:  # a script's columns grow while it runs
            wider = score_width(usual, room, experiment.length, self._columns)
        score.styles.width = wider if wider > usual else "1fr" if alone else "3fr"

    def _belongs(self, pane: Pane) -> bool:
        """Return whether a pane has something to show for the experiment."""
        return self._learns or pane.ID not in ("loss", "prediction")

    def share_height(self, *, slow: bool) -> None:
        """Give the network its height. In slow motion it needs more, for the norms between its boxes."""
        layout = self._field_layout
        if self._alone is not None or (layout is not None and layout.shape == "narrow"):
            self.network.styles.height = "1fr"
            self._share_field(layout)
            return
        if self._experiment is None:
            return
        self._share_field(layout)
        if layout is not None and layout.shape == "middle":
            return
        rows = partial(rows_of_network, self._experiment)
        needs = [pane.heights(self._experiment) for pane in self._below_network()]
        below = None if None in needs else together(needs)  # of a pane that can use any room nothing is taken
        self.network.styles.height = network_height(self.size.height, rows, below, natural=slow)

    @property
    def _field_layout(self) -> FieldLayout | None:
        """How a field shares the room; None: there is none."""
        return None if self._field is None else field_layout(self.size, has_right=self._field.has_right)

    def _share_field(self, layout: FieldLayout | None) -> None:
        """Give the map its height, and where the other panes stand in one column, the network too."""
        if layout is None or self._field is None or self._experiment is None:
            return
        room, there = self.size.height, self.shown
        charts = sum(pane.HOME == "field" for pane in there) - 1
        chart = self.pane("map")
        if isinstance(chart, MapPane) and chart in there:
            wanted = chart.rows_wanted(self._field, layout.width)
            chart.styles.height = "1fr" if self._alone else map_height(room, wanted, charts)
        if layout.shape == "middle":
            score, below = self.query_one("#score"), any(pane.HOME == "side" for pane in there)
            natural = (rows_of_network(self._experiment, 3) + BORDER) * (1 + (self.pane("states") in there))
            score.styles.height = min(natural, round(0.5 * room)) if below else "1fr"
            self.network.styles.height = "1fr"

    def _below_network(self) -> list[Pane]:
        """Return the panes that share the left column with the network."""
        return [pane for pane in self.shown if pane.HOME == "score" and pane is not self.network]

    def _has_room_for_both(self) -> bool:
        """Return whether the states can stay on the screen above the pane that has been opened below them."""
        experiment = self._experiment
        if experiment is None:
            return True
        panes = [self.pane("states"), *(pane for pane in self._opened if pane.HOME == "score")]
        both = together([pane.heights(experiment) for pane in panes])
        return both is None or height_of(experiment, box=1) + min(both.forms) + 2 * BORDER <= self.size.height

    def on_resize(self) -> None:
        """Arrange the panes that fit now; one that filled it all for want of room goes to its place."""
        if not self._small and not self._asked_for:
            self._zoomed = None
        self._arrange()
