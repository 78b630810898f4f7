"""The screen without its keys: it draws what is known of the run, and says what else could be shown."""

from dataclasses import dataclass

import msgspec
from msgspec.structs import replace
from textual import events, on
from textual.app import ComposeResult
from textual.geometry import Size
from textual.message import Message
from textual.screen import Screen
from textual.theme import Theme

from rnn_tui.common.glyphs import safe
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.engine_messages import Frame, Opened
from rnn_tui.protocol.field import FieldFacts, FieldWanted
from rnn_tui.protocol.frame_request import CurveWanted, Wanted
from rnn_tui.protocol.subject import Subject
from rnn_tui.view.model.glyphs import Glyphs
from rnn_tui.view.model.next_scene import next_scene
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.pane_grid.pane_grid import PaneGrid
from rnn_tui.view.pane_grid.wanted import SMALLEST, SMALLEST_STAGE
from rnn_tui.view.screens import touches
from rnn_tui.view.screens.paced import PacedScreen
from rnn_tui.view.terminal.colors import palette_of
from rnn_tui.view.widgets.caption import Caption
from rnn_tui.view.widgets.key_line import KeyLine
from rnn_tui.view.widgets.notice import Notice, TooSmall
from rnn_tui.view.widgets.pane import Pane
from rnn_tui.view.widgets.phase_lines import PhaseLines
from rnn_tui.view.widgets.rank_strip import RankStrip
from rnn_tui.view.widgets.stage_line import StageLine
from rnn_tui.view.widgets.status_lines import StatusLines
from rnn_tui.view.widgets.time_line import TimeLine
from rnn_tui.view.widgets.touch_line import TouchLine

__all__ = ["PanesScreen"]

_NAMES = {"status": "The status", "opened": "The description of the run"}
_NUMBER = "+0.00"  # as wide as the numbers of a script are drawn


class PanesScreen(PacedScreen[None], Screen[None]):
    """The panes, status lines above them, the time line and the keys below."""

    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012

    @dataclass
    class ViewChanged(Message):
        """Other numbers may be needed now: another window, another row, another size."""

        curve: bool = False  # the loss curve too
        by_key: bool = False  # or by the mouse: then it is acknowledged, if the numbers take long

    @dataclass
    class Ready(Message):
        """The panes have their sizes."""

    _of_field = False  # whether the run on the screen was opened from a field

    def __init__(self, experiment: Experiment, *, stage: bool = False) -> None:
        super().__init__()
        self._first = experiment
        self.view = ViewState(stage=stage)
        self.scene: Scene | None = None
        self._drawn_at: dict[str, Size] = {}  # the sizes of what was drawn last
        self._notes_read: set[str] = set()  # of the script that is watched
        self._tour_notice: str | None = None  # what was said of the run when a tour ended; None: none has
        self._is_ready = False  # the panes have had sizes
        self._loads = False  # the run of a tour's step is not there yet

    def compose(self) -> ComposeResult:
        """Stack status, caption, panes, time line, notice and keys."""
        yield StatusLines(id="status")
        yield Caption()
        yield PaneGrid()
        yield StageLine()
        yield RankStrip()
        yield TimeLine(id="timeline")
        yield Notice()
        yield TouchLine()
        yield KeyLine()
        yield TooSmall(SMALLEST)

    def on_mount(self) -> None:
        """Arrange the panes; what is in them comes when they have their sizes."""
        self._set_stage(self.view.stage)
        self._prepare(self._first)
        self.app.theme_changed_signal.subscribe(self, self._theme_changed)
        self.screen_layout_refresh_signal.subscribe(self, self._laid_out)

    @property
    def grid(self) -> PaneGrid:
        """The panes, and which of them are on the screen."""
        return self.query_one(PaneGrid)

    @property
    def _focused_pane(self) -> Pane:
        return self.focused if isinstance(self.focused, Pane) else self.grid.network

    def _set_stage(self, on: bool) -> None:
        self.set_class(on, "-stage")
        self.grid.set_stage(on)

    # ---- drawing ----------------------------------------------------------------------------------------------

    def show(self, frame: Frame, opened: Opened, *, asked: FieldWanted | None = None) -> None:
        """Draw a frame in every pane that is on the screen. `asked`: what its picture of a field answers."""
        self._prepare(opened.experiment, opened.subject, ticks=frame.status.newest, field=opened.field)
        grid = self.grid
        self._frame_comes(frame)
        if opened.subject is not None or opened.experiment.data.tokens == "word" or opened.experiment.data.labels:
            grid.make_room(_words(frame, opened))
        self.scene = next_scene(
            self.scene,
            frame,
            opened,
            view=self.view,
            palette=palette_of(self.app),
            axis=grid.axis_for(frame.steps),
            fitted=grid.columns,
            asked=asked,
        )
        self.draw()

    def _frame_comes(self, frame: Frame) -> None:
        """Note that a frame has come, before it is drawn."""

    def draw(self) -> None:
        """Draw what is known."""
        scene = self.scene
        if scene is None:
            return
        self._drawn_at = self._sizes()
        with self.app.batch_update():
            self.query_one(StatusLines).show(scene)
            self.query_one(TimeLine).show(scene)
            self._show_keys(scene)
            status = scene.frame.status
            is_led, was_led = self._has_tour, self._tour_notice is not None
            self.query_one(StageLine).show(scene, is_led=is_led, loads=is_led and self._loads, was_led=was_led)
            changed = self.query_one(PhaseLines).show(scene)
            if self.query_one(RankStrip).show(scene) or changed:
                self.call_after_refresh(self._resized)
            # it has come to where a step stops, and the caption has said so
            is_told = status.hits and (self._has_tour or status.notice == self._tour_notice)
            notice = "" if is_told else status.notice
            self.query_one(Notice).show(notice or _failed(scene) or self._notes(scene.subject))
            self.query_one(TouchLine).show(scene, self.view.touch, touches.target_of(scene, self.view))
            for pane in self.grid.shown:
                pane.show(scene)

    def _compositor_refresh(self) -> None:
        """Paint, once there is something to show: empty panes would be painted for nothing, several times."""
        if self.scene is not None:
            super()._compositor_refresh()

    def _show_keys(self, scene: Scene) -> None:
        """Name the keys that do something now."""
        grid, active = self.grid, self.grid.active
        escape = "all panes" if grid.zoomed is not None else "follow" if self.view.cursor is not None else ""
        escape = escape or ("close" if active is not None else "")
        typing = active is not None and active.has_class("-typing")
        escape = "restore" if self.view.touch is not None else escape or ("the field" if self._of_field else "")
        touching = self.focused is self.query_one(TouchLine)
        self.query_one(KeyLine).show(scene, typing=typing, touching=touching, escape=escape)

    def show_keys_of(self, dialog: str) -> None:
        """Name the keys of the dialog over the panes in place of their own; empty: it has gone."""
        self.query_one(KeyLine).cover(dialog)

    def _notes(self, subject: Subject | None) -> str:
        """Return what cannot be seen of a script, as far as nobody has read it."""
        notes = [] if subject is None else [safe(each) for each in subject.notes if each not in self._notes_read]
        return f"{' '.join(notes)} (h and M show it again.)" if notes else ""

    def notes_were_read(self) -> None:
        """Take the notes on the script away, as a key is pressed; `h` and `M` have them."""
        scene = self.scene
        if scene is not None and scene.subject is not None and not self._notes_read.issuperset(scene.subject.notes):
            self._notes_read.update(scene.subject.notes)
            self.draw()

    def show_waiting(self, keys: int) -> None:
        """Say in the status lines that this many keys have been heard; 0: none waits."""
        self.query_one(StatusLines).show_waiting(keys)

    def _theme_changed(self, _theme: Theme) -> None:
        if self.scene is not None:
            self.scene = replace(self.scene, palette=palette_of(self.app))
            self.draw()

    def _prepare(
        self,
        experiment: Experiment,
        subject: Subject | None = None,
        *,
        ticks: int = 0,
        field: FieldFacts | None = None,
    ) -> None:
        """Give an experiment its panes, and forget what was chosen in another one."""
        if self.grid.prepare(experiment, subject, ticks=ticks, field=field):
            self.view = self.view.of_another_experiment()

    @property
    def _has_tour(self) -> bool:
        return self.query_one(Caption).has_class("-shown")

    # ---- sizes ------------------------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        """Share the room anew, and ask for the numbers that fit it."""
        self.set_class(self._is_too_small(event.size), "-too-small")
        self.call_after_refresh(self._resized)

    def _is_too_small(self, size: Size) -> bool:
        if self.view.stage:
            return self.query_one(TooSmall).judge(size, SMALLEST_STAGE)
        fits_stage = size.width >= SMALLEST_STAGE.width and size.height >= SMALLEST_STAGE.height
        return self.query_one(TooSmall).judge(size, way_out="S: one pane at a time" if fits_stage else "")

    def _resized(self) -> None:
        self.grid.share_height(slow=self.query_one(PhaseLines).has_class("-shown"))
        self.call_after_refresh(self._redraw)

    @on(PaneGrid.Arranged)
    def _arranged(self) -> None:
        self.call_after_refresh(self._resized)

    def _laid_out(self, _screen: Screen[object]) -> None:
        """Draw what has another size now: the layout of a widget may come after the calls that follow a refresh."""
        if not self._is_ready:
            self._is_ready = True
            self.grid.share_height(slow=False)
            self.post_message(self.Ready())
        if self._sizes() != self._drawn_at:
            self._redraw()

    def _sizes(self) -> dict[str, Size]:
        """Return the size of all that is drawn."""
        others = {str(kind): self.query_one(kind).size for kind in (StatusLines, TimeLine, PhaseLines, RankStrip)}
        return {**others, **self.grid.sizes()}

    def _redraw(self) -> None:
        """Draw what is known at the new sizes, and ask for new numbers."""
        self._drawn_at = self._sizes()  # also if there is nothing to draw yet
        if self.scene is not None:
            self.scene = replace(self.scene, axis=self.grid.axis_for(self.scene.steps))
            self.draw()
        self.post_message(self.ViewChanged(curve=True))

    # ---- what the engine is asked for -------------------------------------------------------------------------

    def wanted(self) -> Wanted:
        """Return what the panes on the screen can show, and what is touched."""
        wanted, scene, touch = self.grid.wanted(self.view), self.scene, self.view.touch
        target = None if scene is None else touches.target_of(scene, self.view)
        if touch is None or target is None:
            return wanted
        return msgspec.structs.replace(wanted, touch=touch.asked(target))

    def curve_wanted(self) -> CurveWanted | None:
        """Return the loss curve that fits its pane; None if that is not on the screen."""
        return self.grid.curve_wanted(self.view)

    def look_at(self, view: ViewState, *, curve: bool = False) -> None:
        """Draw what is known in another way at once, and ask for what is not."""
        self.view = view
        if self.scene is not None:
            self.scene = replace(self.scene, view=view)
            self.draw()
        self.post_message(self.ViewChanged(curve=curve, by_key=True))

    def on_screen_suspend(self) -> None:
        """Name no key of the panes while something covers them; a dialog says which it has."""
        self.show_keys_of("esc close")

    def on_screen_resume(self) -> None:
        """Ask for new numbers when a dialog has gone."""
        self.show_keys_of("")
        self.post_message(self.ViewChanged(curve=True))


def _words(frame: Frame, opened: Opened) -> list[str]:
    """Return what a script reads and predicts in the window of a frame, and what would be right."""
    steps = frame.steps
    if steps is None:
        return []
    glyphs = Glyphs(opened.experiment, opened.subject)
    reads = opened.subject is None or opened.subject.reads == "tokens"
    indices = {*(steps.inputs.tolist() if reads else ()), *steps.targets.tolist(), *steps.top[:, :1].ravel().tolist()}
    words = [glyphs[each] for each in indices if 0 <= each < len(glyphs)]
    return words if steps.numbers is None else [*words, _NUMBER]


def _failed(scene: Scene) -> str:
    """Return a line for what no pane shows and the engine could not compute; empty if there is nothing of the kind."""
    failures = [scene.failures[part] for part in ("status", "opened") if part in scene.failures]
    return f"✗ {_NAMES[failures[0].part]} failed: {failures[0].problem}. Training goes on." if failures else ""
