"""The screen with the panes: it draws what is known, and says what else could be shown."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual import events, on
from textual.app import ComposeResult
from textual.geometry import Size
from textual.message import Message
from textual.screen import Screen
from textual.theme import Theme
from textual.widgets import Static

from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.messages import CurveWanted, Frame, Opened, Wanted
from rnn_tui.view.model.scene import Gaze, Scene, next_scene
from rnn_tui.view.model.theme import palette_for
from rnn_tui.view.panes.network import NetworkPane
from rnn_tui.view.screens.paced import Paced
from rnn_tui.view.stage.stage import Stage
from rnn_tui.view.stage.wanted import SMALLEST, curve_wanted, time_axis, wanted
from rnn_tui.view.terminal.ascii import is_ascii
from rnn_tui.view.widgets.key_line import KeyLine
from rnn_tui.view.widgets.pane import Pane
from rnn_tui.view.widgets.phase_lines import PhaseLines
from rnn_tui.view.widgets.status_lines import StatusLines
from rnn_tui.view.widgets.time_line import TimeLine

if TYPE_CHECKING:
    pass

__all__ = ["PanesScreen"]

_NAMES = {"status": "The status", "opened": "The description of the run"}


class PanesScreen(Paced[None], Screen[None]):
    """Four panes, a status line on top, the keys below."""

    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012

    @dataclass
    class GazeChanged(Message):
        """Other numbers may be needed now: another window, another row, another size."""

        curve: bool = False  # the loss curve too
        chosen: bool = False  # by a key or the mouse, which is acknowledged where the numbers take long

    @dataclass
    class Ready(Message):
        """The panes have their sizes."""

    def __init__(self, experiment: Experiment) -> None:
        super().__init__()
        self._first = experiment
        self.gaze = Gaze()
        self.scene: Scene | None = None
        self.flow = ""  # how the terminal keeps up, where that is shown
        self.waits = 0  # keys pressed whose effect is still to come
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
        self.draw()

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
            self.draw()

    def _axis_of(self, experiment: Experiment, frame: Frame) -> TimeAxis:
        """The shared axis at today's width, for the window that the frame has."""
        if frame.steps is None:
            return time_axis(experiment, self.stage.score_width)
        axis = time_axis(experiment, self.stage.score_width, frame.steps.first)
        return replace(axis, first=frame.steps.first, count=min(axis.count, len(frame.steps.inputs)))

    def draw(self) -> None:
        """Draw what is known."""
        scene = self.scene
        if scene is None:
            return
        self._drawn_at = self._sizes()
        with self.app.batch_update():
            self.query_one(StatusLines).show(scene, flow=self.flow, waits=self.waits)
            self.query_one(TimeLine).show(scene)
            if self.query_one(PhaseLines).show(scene):
                self.call_after_refresh(self._resized)
            self.say(scene.frame.status.notice or _failed(scene))
            for pane in self.stage.shown:
                pane.show(scene)

    def wait_for_answer(self, waits: int) -> None:
        """Say in the status line that so many keys have been heard, none for 0, also below a dialog."""
        changed, self.waits = waits != self.waits, waits
        if changed and self.scene is not None:
            self.query_one(StatusLines).show(self.scene, flow=self.flow, waits=waits)

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

    def look_again(self, gaze: Gaze, *, curve: bool = False) -> None:
        """Draw what is known with another gaze at once, and ask for what is not."""
        self.gaze = gaze
        if self.scene is not None:
            self.scene = replace(self.scene, gaze=gaze)
            self.draw()
        self.post_message(self.GazeChanged(curve=curve, chosen=True))

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
        self._drawn_at = self._sizes()  # also where there is nothing to draw yet
        if self.scene is not None:
            self.scene = replace(self.scene, axis=self._axis_of(self.scene.experiment, self.scene.frame))
            self.draw()
        self.post_message(self.GazeChanged(curve=True))


def _failed(scene: Scene) -> str:
    """A line for what no pane shows, where it could not be computed; or nothing."""
    failures = [scene.failures[part] for part in ("status", "opened") if part in scene.failures]
    return f"✗ {_NAMES[failures[0].part]} failed: {failures[0].problem}. Training goes on." if failures else ""
