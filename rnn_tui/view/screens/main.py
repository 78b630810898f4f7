"""The main screen: the panes, and how they are looked at. What changes the run is said to the app."""

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.geometry import Size
from textual.message import Message
from textual.screen import Screen
from textual.theme import Theme
from textual.widgets import Footer, Static

from rnn_tui.draw.axis import TimeAxis
from rnn_tui.draw.palette import Palette
from rnn_tui.draw.status import draw_status
from rnn_tui.experiment import Experiment
from rnn_tui.protocol import CurveWanted, Frame, Opened, Wanted
from rnn_tui.view.keys import bindings
from rnn_tui.view.layout import SMALLEST, curve_wanted, time_axis, wanted
from rnn_tui.view.pane import Pane, Picture
from rnn_tui.view.panes.loss import LossPane
from rnn_tui.view.panes.network import NetworkPane, height_of
from rnn_tui.view.panes.prediction import PredictionPane
from rnn_tui.view.panes.shapes import ShapesPane
from rnn_tui.view.panes.states import StatesPane
from rnn_tui.view.scene import Gaze, Scene
from rnn_tui.view.slow import PhaseLines
from rnn_tui.view.theme import palette_for
from rnn_tui.view.thin import ThinCompositor
from rnn_tui.view.timeline import TimeLine

__all__ = ["MainScreen"]

_NETWORK_SHARE = 0.6  # of the height, that the unrolled network takes at most


class MainScreen(Screen[None]):
    """Four panes, a status line on top, the keys below."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012

    @dataclass
    class GazeChanged(Message):
        """Other numbers may be needed now: another window, another row, another size."""

        curve: bool = False  # the loss curve too

    @dataclass
    class Ready(Message):
        """The panes have their sizes."""

    def __init__(self, experiment: Experiment) -> None:
        super().__init__()
        self._compositor = ThinCompositor()
        self._first = experiment
        self.gaze = Gaze()
        self.scene: Scene | None = None
        self._zoomed: Pane | None = None
        self._experiment: Experiment | None = None  # the one that the panes are arranged for

    def compose(self) -> ComposeResult:
        """Status, panes, notice, keys."""
        yield Picture(id="status")
        with Horizontal(id="panes"):
            with Vertical(id="score"):
                yield NetworkPane(id="network")
                yield PhaseLines(id="phase")
                yield StatesPane(id="states")
            with Vertical(id="side"):
                yield LossPane(id="loss")
                yield ShapesPane(id="shapes")
                yield PredictionPane(id="prediction")
        yield TimeLine(id="timeline")
        yield Static(id="notice", markup=False)
        yield Footer(compact=True, show_command_palette=False)
        yield Static(id="too-small", markup=False)

    def on_mount(self) -> None:
        """Arrange the panes; what is in them comes when they have their sizes."""
        self.prepare(self._first)
        self.app.theme_changed_signal.subscribe(self, self._theme_changed)
        self.call_after_refresh(self.post_message, self.Ready())

    def on_screen_resume(self) -> None:
        """A dialog has gone: look again."""
        self.post_message(self.GazeChanged(curve=True))

    @property
    def network(self) -> NetworkPane:
        """The unrolled network."""
        return self.query_one(NetworkPane)

    @property
    def panes(self) -> list[Pane]:
        """All panes, in their order."""
        return list(self.query(Pane))

    # ---- what is shown ----------------------------------------------------------------------------------------

    def show(self, frame: Frame, opened: Opened) -> None:
        """Draw a frame in every pane that is on the screen."""
        self.prepare(opened.experiment)
        old = self.scene if self.scene is not None and self.scene.opened.run == opened.run else None
        curve = frame.curve or (old.curve if old else None)
        characters = frame.characters if frame.curve else (old.characters if old else None)
        others = frame.others if frame.curve else (old.others if old else ())
        self.scene = Scene(
            opened=opened,
            frame=frame,
            gaze=self.gaze,
            curve=curve,
            characters=characters,
            others=others,
            palette=self._palette(),
            axis=self._axis_of(opened.experiment, frame),
        )
        self._draw()

    def _palette(self) -> Palette:
        return palette_for(dark=self.app.current_theme.dark, monochrome=self.app.no_color)

    def _theme_changed(self, _theme: Theme) -> None:
        if self.scene is not None:
            self.scene = replace(self.scene, palette=self._palette())
            self._draw()

    def _axis_of(self, experiment: Experiment, frame: Frame) -> TimeAxis:
        """The shared axis at today's width, for the window that the frame has."""
        if frame.steps is None:
            return time_axis(experiment, self._score_width())
        axis = time_axis(experiment, self._score_width(), frame.steps.first)
        return replace(axis, first=frame.steps.first, count=min(axis.count, len(frame.steps.inputs)))

    def _draw(self) -> None:
        scene = self.scene
        if scene is None:
            return
        with self.app.batch_update():
            status = self.query_one("#status", Picture)
            status.paint(draw_status(scene.opened, scene.frame.status, width=status.size.width, palette=scene.palette))
            self.query_one(TimeLine).show(scene)
            if self.query_one(PhaseLines).show(scene):
                self.call_after_refresh(self._resized)
            self.say(scene.frame.status.notice)
            for pane in self.panes:
                if self._is_shown(pane):
                    pane.show(scene)

    def say(self, text: str) -> None:
        """A line above the keys; empty: none."""
        notice = self.query_one("#notice", Static)
        if text != str(notice.content):
            notice.update(text)
            notice.set_class(bool(text), "-shown")

    def prepare(self, experiment: Experiment) -> None:
        """Give an experiment its panes and the network its height; nothing where they stand already."""
        old, self._experiment = self._experiment, experiment
        if old is not None and (old.data, old.network, old.training.learn) == (
            experiment.data,
            experiment.network,
            experiment.training.learn,
        ):
            return
        self.gaze = replace(self.gaze, cursor=None, row=0, layer=0)
        learns = experiment.training.learn
        for selector, there in (("#loss", learns), ("#prediction", learns), ("#shapes", not learns)):
            self.query_one(selector).set_class(not there, "absent")  # an inline `display` would win over a zoom
        if self._zoomed is not None and self._zoomed.has_class("absent"):
            self._zoom(None)
        self.call_after_refresh(self._resized)

    def _share_height(self) -> None:
        if self._zoomed is not None:
            self.network.styles.height = "1fr"
        elif self._experiment is not None:
            room = self.query_one("#panes").size.height
            self.network.styles.height = max(3, min(height_of(self._experiment) + 2, round(_NETWORK_SHARE * room)))

    def _is_shown(self, pane: Pane) -> bool:
        column = pane.parent
        hidden = pane.has_class("gone") or pane.has_class("absent")
        return not hidden and isinstance(column, Vertical) and not column.has_class("gone")

    def _visible_size(self, selector: str) -> Size | None:
        pane = self.query_one(selector, Pane)
        return pane.size if self._is_shown(pane) and pane.size else None

    def _score_width(self) -> int:
        size = self._visible_size("#network") or self._visible_size("#states")
        return size.width if size is not None else 0

    # ---- what the engine is asked for -------------------------------------------------------------------------

    def wanted(self) -> Wanted:
        """What the panes on the screen can show."""
        if self._experiment is None:
            return Wanted()
        return wanted(
            self._experiment,
            self.gaze,
            network=self._visible_size("#network"),
            states=self._visible_size("#states"),
            prediction=self._visible_size("#prediction"),
            shapes=self._visible_size("#shapes") is not None,
        )

    def curve_wanted(self) -> CurveWanted | None:
        """The loss curve that fits, where there is one."""
        return curve_wanted(self._visible_size("#loss"), self.gaze)

    def _look_again(self, gaze: Gaze, *, curve: bool = False) -> None:
        """Draw what is known with another gaze at once, and ask for what is not."""
        self.gaze = gaze
        if self.scene is not None:
            self.scene = replace(self.scene, gaze=gaze)
            self._draw()
        self.post_message(self.GazeChanged(curve=curve))

    def on_resize(self, event: events.Resize) -> None:
        """Other sizes: another share, other numbers."""
        small = event.size.width < SMALLEST.width or event.size.height < SMALLEST.height
        self.set_class(small, "-too-small")
        self.query_one("#too-small", Static).update(
            f"{event.size.width}×{event.size.height} is too small:\n"
            f"at least {SMALLEST.width}×{SMALLEST.height} is needed."
        )
        self.call_after_refresh(self._resized)

    def _resized(self) -> None:
        self._share_height()
        self.call_after_refresh(self._redraw)

    def _redraw(self) -> None:
        """The sizes have changed: a new axis for what is known, and new numbers."""
        if self.scene is not None:
            self.scene = replace(self.scene, axis=self._axis_of(self.scene.experiment, self.scene.frame))
            self._draw()
        self.post_message(self.GazeChanged(curve=True))

    # ---- keys that change how it is looked at -----------------------------------------------------------------

    def action_cursor(self, by: int) -> None:
        """Move the time cursor."""
        if self.scene is not None:
            step = min(max(self.scene.cursor + by, 0), self.scene.experiment.length - 1)
            self._look_again(replace(self.gaze, cursor=step))

    @on(Pane.CursorSet)
    def _cursor_set(self, event: Pane.CursorSet) -> None:
        self._look_again(replace(self.gaze, cursor=event.step))

    def action_follow(self) -> None:
        """Back to all panes; else the cursor follows again."""
        if self._zoomed is not None:
            self._zoom(None)
        else:
            self._look_again(replace(self.gaze, cursor=None))

    def action_row(self, by: int) -> None:
        """Another row of the batch."""
        if self.scene is not None:
            rows = len(self.scene.experiment.data.inputs)
            self._look_again(replace(self.gaze, row=min(max(self.gaze.row + by, 0), rows - 1)))

    def action_layer(self, by: int) -> None:
        """Other layers."""
        if self.scene is not None:
            layers = self.scene.experiment.network.layers
            self._look_again(replace(self.gaze, layer=min(max(self.gaze.layer + by, 0), layers - 1)))

    def action_log(self, axis: Literal["x", "y"]) -> None:
        """A logarithmic axis for the loss, or back."""
        gaze = (
            replace(self.gaze, log_x=not self.gaze.log_x)
            if axis == "x"
            else replace(self.gaze, log_y=not self.gaze.log_y)
        )
        self._look_again(gaze, curve=True)

    def action_zoom(self, number: int) -> None:
        """A pane by its number fills the screen."""
        learns = self.scene is None or self.scene.experiment.training.learn
        names = ("#network", "#states", "#loss" if learns else "#shapes", "#prediction" if learns else "#shapes")
        pane = self.query_one(names[number - 1], Pane)
        pane.focus()
        self._zoom(None if pane is self._zoomed else pane)

    def action_zoom_focused(self) -> None:
        """The pane with the focus fills the screen."""
        focused = self.focused if isinstance(self.focused, Pane) else self.network
        self._zoom(None if self._zoomed is not None else focused)

    def _zoom(self, pane: Pane | None) -> None:
        self._zoomed = pane
        for column in self.query("#score, #side"):
            column.set_class(pane is not None and pane.parent is not column, "gone")
            column.set_class(pane is not None and pane.parent is column, "full")
        for each in self.panes:
            each.set_class(pane is not None and each is not pane, "gone")
            each.set_class(each is pane, "full")
        self.call_after_refresh(self._resized)
