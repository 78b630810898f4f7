"""The main screen: the panes, and how they are looked at. What changes the run is said to the app."""

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.screen import Screen
from textual.theme import Theme
from textual.timer import Timer
from textual.widgets import Static

from rnn_tui.draw.axis import TimeAxis
from rnn_tui.draw.palette import Palette
from rnn_tui.draw.status import describe_flow
from rnn_tui.experiment import Experiment
from rnn_tui.inside import SampleAsk
from rnn_tui.protocol import CurveWanted, Frame, Opened, Wanted
from rnn_tui.view.ascii import is_ascii
from rnn_tui.view.footer import KeyLine
from rnn_tui.view.keys import bindings
from rnn_tui.view.layout import SMALLEST, curve_wanted, time_axis, wanted
from rnn_tui.view.pane import Pane
from rnn_tui.view.panes.network import NetworkPane
from rnn_tui.view.scene import Gaze, Scene, next_scene
from rnn_tui.view.screens.paced import Paced
from rnn_tui.view.slow import PhaseLines
from rnn_tui.view.stage import Stage
from rnn_tui.view.status import StatusLines
from rnn_tui.view.terminal import flow_of
from rnn_tui.view.theme import palette_for
from rnn_tui.view.timeline import TimeLine

if TYPE_CHECKING:
    from rnn_tui.view.panes.sample import SamplePane

__all__ = ["MainScreen"]


class MainScreen(Paced[None], Screen[None]):
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
        self._first = experiment
        self.gaze = Gaze()
        self.scene: Scene | None = None
        self._flow = ""  # how the terminal keeps up, where that is shown
        self._flow_timer: Timer | None = None
        self._experiment: Experiment | None = None  # the one that the panes are arranged for
        self._drawn_at: dict[str, Size] = {}  # what was drawn last

    def compose(self) -> ComposeResult:
        """Status, panes, notice, keys."""
        yield StatusLines(id="status")
        yield Stage()
        yield TimeLine(id="timeline")
        yield Static(id="notice", markup=False)
        yield KeyLine(compact=True, show_command_palette=False)
        yield Static(id="too-small", markup=False)

    def on_mount(self) -> None:
        """Arrange the panes; what is in them comes when they have their sizes."""
        self.prepare(self._first)
        self.app.theme_changed_signal.subscribe(self, self._theme_changed)
        self.screen_layout_refresh_signal.subscribe(self, self._laid_out)
        self.call_after_refresh(self.post_message, self.Ready())

    def on_screen_resume(self) -> None:
        """A dialog has gone: look again."""
        self.post_message(self.GazeChanged(curve=True))

    @property
    def stage(self) -> Stage:
        """The panes, and which of them are on the screen."""
        return self.query_one(Stage)

    @property
    def network(self) -> NetworkPane:
        """The unrolled network."""
        return self.stage.network

    @property
    def panes(self) -> list[Pane]:
        """All panes, in their order."""
        return self.stage.panes

    # ---- what is shown ----------------------------------------------------------------------------------------

    def show(self, frame: Frame, opened: Opened) -> None:
        """Draw a frame in every pane that is on the screen."""
        self.prepare(opened.experiment)
        axis = self._axis_of(opened.experiment, frame)
        self.scene = next_scene(self.scene, frame, opened, gaze=self.gaze, palette=self._palette(), axis=axis)
        self._draw()

    def _palette(self) -> Palette:
        app = self.app
        return palette_for(
            dark=app.current_theme.dark,
            monochrome=app.no_color,
            ascii=is_ascii(app),
            colours=app.console.color_system,
        )

    def _theme_changed(self, _theme: Theme) -> None:
        if self.scene is not None:
            self.scene = replace(self.scene, palette=self._palette())
            self._draw()

    def _axis_of(self, experiment: Experiment, frame: Frame) -> TimeAxis:
        """The shared axis at today's width, for the window that the frame has."""
        if frame.steps is None:
            return time_axis(experiment, self.stage.score_width)
        axis = time_axis(experiment, self.stage.score_width, frame.steps.first)
        return replace(axis, first=frame.steps.first, count=min(axis.count, len(frame.steps.inputs)))

    def _draw(self) -> None:
        scene = self.scene
        if scene is None:
            return
        with self.app.batch_update():
            self.query_one(StatusLines).show(scene, flow=self._flow)
            self.query_one(TimeLine).show(scene)
            if self.query_one(PhaseLines).show(scene):
                self.call_after_refresh(self._resized)
            self.say(scene.frame.status.notice)
            for pane in self.stage.shown:
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
        self.gaze = replace(self.gaze, cursor=None, row=0, layer=0, direction=0, matrix=0, rank=0, prime=None)
        self.stage.prepare(experiment)

    # ---- what the engine is asked for -------------------------------------------------------------------------

    def wanted(self) -> Wanted:
        """What the panes on the screen can show."""
        if self._experiment is None:
            return Wanted()
        stage = self.stage
        return wanted(
            self._experiment,
            self.gaze,
            score_width=stage.score_width,
            sizes=stage.sizes(),
            asks=stage.asks(self.gaze),
        )

    def curve_wanted(self) -> CurveWanted | None:
        """The loss curve that fits, where there is one."""
        return curve_wanted(self.stage.sizes().get("loss"), self.gaze)

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
        self.stage.share_height(slow=self.query_one(PhaseLines).has_class("-shown"))
        self.call_after_refresh(self._redraw)

    @on(Stage.Arranged)
    def _arranged(self) -> None:
        self.call_after_refresh(self._resized)

    def _laid_out(self, _screen: Screen[object]) -> None:
        """The layout of a widget may come after what was called after a refresh: what it changed is drawn then."""
        if self._sizes() != self._drawn_at:
            self._redraw()

    def _sizes(self) -> dict[str, Size]:
        """The size of all that is drawn."""
        others = {str(kind): self.query_one(kind).size for kind in (StatusLines, TimeLine, PhaseLines)}
        return {**others, **self.stage.sizes()}

    def _redraw(self) -> None:
        """The sizes have changed: a new axis for what is known, and new numbers."""
        self._drawn_at = self._sizes()
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
        """Back to all panes; else the cursor follows again; else the pane that looks inside goes."""
        stage = self.stage
        if stage.zoomed is not None:
            stage.zoom(None)
        elif self.gaze.cursor is None and stage.active is not None:
            stage.close_pane(stage.active)
        else:
            self._look_again(replace(self.gaze, cursor=None))

    def action_row(self, by: int) -> None:
        """Another row of the batch."""
        if self.scene is not None:
            rows = self.scene.experiment.rows
            self._look_again(replace(self.gaze, row=min(max(self.gaze.row + by, 0), rows - 1)))

    def action_layer(self, by: int) -> None:
        """Another layer; where one looks inside, each of its directions comes by itself."""
        if self.scene is not None:
            network = self.scene.experiment.network
            ways = network.directions if self.stage.active is not None else 1
            at = min(self.gaze.layer, network.layers - 1) * ways + (self.gaze.direction if ways > 1 else 0)
            layer, direction = divmod(min(max(at + by, 0), network.layers * ways - 1), ways)
            self._look_again(replace(self.gaze, layer=layer, direction=direction if ways > 1 else self.gaze.direction))

    def action_flow(self) -> None:
        """How the terminal keeps up, in the status line, or no more."""
        if self._flow_timer is None:
            self._flow_timer = self.set_interval(1.0, self._show_flow)
            self._show_flow()
        else:
            self._flow_timer.stop()
            self._flow_timer, self._flow = None, ""
            self._draw()

    def _show_flow(self) -> None:
        """Once a second, so that it can be read, and adds little to what it counts."""
        flow = flow_of(self.app)
        frames, sent = flow.rates(time.monotonic()) if flow is not None else (0.0, 0.0)
        self._flow = describe_flow(frames, sent, flow.lag if flow is not None else None)
        self._draw()

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
        stage = self.stage
        learns = self.scene is None or self.scene.experiment.training.learn
        names = ("network", "states", "loss" if learns else "shapes", "prediction" if learns else "shapes")
        pane = stage.pane(names[number - 1])
        stage.zoom(None if pane is stage.zoomed else pane)
        pane.focus()

    def action_zoom_focused(self) -> None:
        """The pane with the focus fills the screen."""
        stage = self.stage
        focused = self.focused if isinstance(self.focused, Pane) else self.network
        stage.zoom(None if stage.zoomed is not None else focused)

    async def action_inside(self, name: str) -> None:
        """Open a pane that looks inside, or close it."""
        await self.stage.toggle(name)

    def action_other(self) -> None:
        """The next thing that the pane which looks inside can show."""
        pane = self.stage.active
        if pane is not None and self.scene is not None:
            self._look_again(pane.other(self.scene.experiment, self.gaze))

    def action_item(self, by: int) -> None:
        """The next unit, or matrix, of the pane that looks inside."""
        pane = self.stage.active
        if pane is not None and self.scene is not None:
            self._look_again(pane.next_item(self.scene.experiment, self.gaze, by))

    def action_type(self) -> None:
        """Type the text that the network goes on from, where the pane for it is open."""
        from rnn_tui.view.panes.sample import SamplePane

        pane = self.stage.active
        if isinstance(pane, SamplePane):
            pane.focus()
            pane.begin_typing()

    def on_sample_pane_typed(self, event: "SamplePane.Typed") -> None:
        """Somebody types: what comes next is asked anew after every key."""
        self._look_again(replace(self.gaze, prime=event.prime))

    def action_generation(self) -> None:
        """Set how the network goes on from a text, and open the pane for it."""
        from rnn_tui.view.panes.sample import chosen_sample
        from rnn_tui.view.screens.generation import GenerationScreen

        if self.scene is None or not self.is_active:
            return
        experiment = self.scene.experiment

        async def answered(sample: SampleAsk | None) -> None:
            if sample is not None:
                await self.stage.open("sample")
                self._look_again(replace(self.gaze, prime=sample.prime, sample=sample))

        self.app.push_screen(GenerationScreen(chosen_sample(experiment, self.gaze), experiment.vocabulary), answered)

    def action_explain(self) -> None:
        """The pane with the focus in plain words."""
        from rnn_tui.view.screens.explain import ExplainScreen

        focused = self.focused if isinstance(self.focused, Pane) else self.network
        if self.is_active:
            self.app.push_screen(ExplainScreen(self.stage.shown, focused))
