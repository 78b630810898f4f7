"""The main screen: it draws what is known of the run, and says what else could be shown.

Keys that change how the run is looked at are handled here; those that change the run itself are the app's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

import msgspec
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.screen import Screen
from textual.theme import Theme

from rnn_tui.common.glyphs import safe
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.engine_messages import Frame, Opened
from rnn_tui.protocol.frame_request import CurveWanted, Wanted
from rnn_tui.protocol.inspect.sample import SampleAsk
from rnn_tui.protocol.subject import Subject
from rnn_tui.tours.tour import Step
from rnn_tui.view.model.glyphs import Glyphs
from rnn_tui.view.model.keys import bindings
from rnn_tui.view.model.scene import Scene, next_scene
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
from rnn_tui.view.widgets.stage_line import StageLine
from rnn_tui.view.widgets.status_lines import StatusLines
from rnn_tui.view.widgets.time_line import TimeLine
from rnn_tui.view.widgets.touch_line import TouchLine

if TYPE_CHECKING:
    from rnn_tui.view.panes.sample import SamplePane

__all__ = ["MainScreen"]

_NAMES = {"status": "The status", "opened": "The description of the run"}
_NUMBER = "+0.00"  # as wide as the numbers of a script are drawn


class MainScreen(PacedScreen[None], Screen[None]):
    """The panes, status lines above them, the time line and the keys below."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012

    @dataclass
    class ViewChanged(Message):
        """Other numbers may be needed now: another window, another row, another size."""

        curve: bool = False  # the loss curve too
        by_key: bool = False  # or by the mouse: then it is acknowledged, if the numbers take long

    @dataclass
    class Ready(Message):
        """The panes have their sizes."""

    @dataclass
    class StepAsked(Message):
        """The step after (1) or before (-1) this one of a tour was asked for."""

        by: int

    def __init__(self, experiment: Experiment, *, stage: bool = False) -> None:
        super().__init__()
        self._first = experiment
        self.view = ViewState(stage=stage)
        self.scene: Scene | None = None
        self._drawn_at: dict[str, Size] = {}  # the sizes of what was drawn last
        self._notes_read: set[str] = set()  # of the script that is watched
        self._tour_notice: str | None = None  # what was said of the run when a tour ended; None: none has
        self._loads = False  # the run of a tour's step is not there yet
        self._touched_from: Pane | None = None  # the pane that had the focus when touching began

    def compose(self) -> ComposeResult:
        """Stack status, caption, panes, time line, notice and keys."""
        yield StatusLines(id="status")
        yield Caption()
        yield PaneGrid()
        yield StageLine()
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
        self.call_after_refresh(self.post_message, self.Ready())

    @property
    def grid(self) -> PaneGrid:
        """The panes, and which of them are on the screen."""
        return self.query_one(PaneGrid)

    # ---- drawing ----------------------------------------------------------------------------------------------

    def show(self, frame: Frame, opened: Opened) -> None:
        """Draw a frame in every pane that is on the screen."""
        self._prepare(opened.experiment, opened.subject, ticks=frame.status.newest)
        grid = self.grid
        if touches.has_passed(frame, self.view):
            self._restore("The run has gone on: what was touched is as it was.")
        if opened.subject is not None:
            grid.make_room(_words(frame, opened))
        self.scene = next_scene(
            self.scene,
            frame,
            opened,
            view=self.view,
            palette=palette_of(self.app),
            axis=grid.axis_for(frame.steps),
            fitted=grid.columns,
        )
        self.draw()

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
            if self.query_one(PhaseLines).show(scene):
                self.call_after_refresh(self._resized)
            # it has come to where a step stops, and the caption has said so
            is_told = status.hits and (self._has_tour or status.notice == self._tour_notice)
            notice = "" if is_told else status.notice
            self.query_one(Notice).show(notice or _failed(scene) or self._notes(scene.subject))
            self.query_one(TouchLine).show(scene, self.view.touch, touches.target_of(scene, self.view))
            for pane in self.grid.shown:
                pane.show(scene)

    def _show_keys(self, scene: Scene) -> None:
        """Name the keys that do something now."""
        grid, active = self.grid, self.grid.active
        escape = "all panes" if grid.zoomed is not None else "follow" if self.view.cursor is not None else ""
        escape = escape or ("close" if active is not None else "")
        typing = active is not None and active.has_class("-typing")
        escape = "restore" if self.view.touch is not None else escape
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

    def _prepare(self, experiment: Experiment, subject: Subject | None = None, *, ticks: int = 0) -> None:
        """Give an experiment its panes, and forget what was chosen in another one."""
        if self.grid.prepare(experiment, subject, ticks=ticks):
            self.view = self.view.of_another_experiment()

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
        if self._sizes() != self._drawn_at:
            self._redraw()

    def _sizes(self) -> dict[str, Size]:
        """Return the size of all that is drawn."""
        others = {str(kind): self.query_one(kind).size for kind in (StatusLines, TimeLine, PhaseLines)}
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

    # ---- keys: what is looked at ------------------------------------------------------------------------------

    def action_cursor(self, by: int) -> None:
        """Move the time cursor."""
        if self.scene is not None:
            self.look_at(self.view.at_step(self.scene.cursor + by, self.scene.experiment.length))

    @on(Pane.CursorSet)
    def _cursor_set(self, event: Pane.CursorSet) -> None:
        self.look_at(replace(self.view, cursor=event.step))

    def action_row(self, by: int) -> None:
        """Look at another row of the batch."""
        if self.scene is not None:
            self.look_at(self.view.next_row(by, self.scene.experiment.rows))

    def action_layer(self, by: int) -> None:
        """Look at another layer; while a pane looks inside, each of its directions comes by itself."""
        if self.scene is not None:
            network = self.scene.experiment.network
            self.look_at(self.view.next_layer(by, network, directions=self.grid.active is not None))

    def action_log(self, axis: Literal["x", "y"]) -> None:
        """Turn the logarithmic scale of an axis of the loss on or off."""
        self.look_at(self.view.with_log(axis), curve=True)

    def action_follow(self) -> None:
        """Show all panes again; else let the cursor follow again; else close the pane that looks inside."""
        grid = self.grid
        if self.view.touch is not None:
            self._restore("")
        elif grid.zoomed is not None:
            grid.zoom(None)
        elif self.view.cursor is None and grid.active is not None:
            grid.close_pane(grid.active)
        else:
            self.look_at(replace(self.view, cursor=None))

    # ---- keys: panes ------------------------------------------------------------------------------------------

    @property
    def _focused_pane(self) -> Pane:
        return self.focused if isinstance(self.focused, Pane) else self.grid.network

    def action_stage(self) -> None:
        """Show one pane at a time in large, or all of them again."""
        self._set_stage(not self.view.stage)
        self.look_at(replace(self.view, stage=not self.view.stage), curve=True)
        self.set_class(self._is_too_small(self.size), "-too-small")

    def _set_stage(self, on: bool) -> None:
        self.set_class(on, "-stage")
        self.grid.set_stage(on)

    def action_zoom(self, number: int) -> None:
        """Let a pane fill the screen, by its number, or show all panes again."""
        grid = self.grid
        pane = grid.numbered(number)
        grid.zoom(None if pane is grid.zoomed else pane)
        pane.focus()

    def action_zoom_focused(self) -> None:
        """Let the pane with the focus fill the screen, or show all panes again."""
        self.grid.zoom(None if self.grid.zoomed is not None else self._focused_pane)

    async def action_inside(self, name: str) -> None:
        """Open a pane that looks inside, or close it."""
        await self.grid.toggle(name)

    def action_other(self) -> None:
        """Turn the pane that looks inside to the next thing that it can show."""
        pane = self.grid.active
        if pane is not None and self.scene is not None:
            self.look_at(pane.other(self.scene.experiment, self.view))

    def action_item(self, by: int) -> None:
        """Turn the pane that looks inside to the next unit, or matrix."""
        pane = self.grid.active
        if pane is not None and self.scene is not None:
            self.look_at(pane.next_item(self.scene.experiment, self.view, by))

    def action_type(self) -> None:
        """Go to the next step of a tour; else type the text that the network goes on from, if its pane is open."""
        if self._has_tour:
            self.post_message(self.StepAsked(1))
            return
        from rnn_tui.view.panes.sample import SamplePane  # for start-up time

        pane = self.grid.active
        if isinstance(pane, SamplePane):
            pane.focus()
            pane.begin_typing()
        elif self.scene is not None and self.scene.subject is None:
            self._touch(self.scene)

    # ---- touching ---------------------------------------------------------------------------------------------

    def _touch(self, scene: Scene) -> None:
        """Let the keys touch a paused run."""
        why = touches.why_not(scene)
        if why:
            self.notify(why)
            return
        self._touched_from = self._focused_pane
        self.look_at(touches.begin(scene, self.view, self._touched_from.ID))
        self.query_one(TouchLine).focus()

    @on(TouchLine.Moved)
    def _touch_moved(self, event: TouchLine.Moved) -> None:
        if self.scene is not None:
            self.look_at(touches.moved(self.scene, self.view, event))

    @on(TouchLine.Changed)
    def _touch_changed(self, event: TouchLine.Changed) -> None:
        if self.scene is not None:
            self.look_at(touches.changed(self.scene, self.view, event))

    @on(TouchLine.Typed)
    def _touch_typed(self, event: TouchLine.Typed) -> None:
        if self.view.touch is not None:
            self.look_at(replace(self.view, touch=replace(self.view.touch, typed=event.text)))

    @on(TouchLine.OtherKind)
    def _touch_other_kind(self) -> None:
        if self.scene is not None:
            self.look_at(touches.other_kind(self.scene, self.view))

    @on(TouchLine.Left)
    def _touch_left(self, event: TouchLine.Left) -> None:
        if event.restore:
            self._restore("")
        else:
            self._leave_touch_line()

    def _restore(self, why: str) -> None:
        """Let everything be as it was, and say why, if the user has not asked for it."""
        self._leave_touch_line()
        if why and self.view.touch is not None and self.view.touch.made:
            self.notify(why)
        self.look_at(replace(self.view, touch=None))

    def _leave_touch_line(self) -> None:
        """Give the keys back to the pane from which they were taken."""
        if self.focused is self.query_one(TouchLine) and self._touched_from is not None:
            self._touched_from.focus()

    def on_descendant_focus(self) -> None:
        """Name the keys of what has the focus now."""
        if self.scene is not None and self.view.touch is not None:
            self._show_keys(self.scene)

    def on_sample_pane_typing_changed(self) -> None:
        """Name the keys of typing, or the others again."""
        if self.scene is not None:
            self._show_keys(self.scene)

    def on_sample_pane_typed(self, event: "SamplePane.Typed") -> None:
        """Ask what comes next after every key that is typed."""
        self.look_at(replace(self.view, prime=event.prime))

    def action_step_back(self) -> None:
        """Go back to the step before in a tour."""
        if self._has_tour:
            self.post_message(self.StepAsked(-1))

    def action_generation(self) -> None:
        """Set how the network goes on from a text, and open the pane for it."""
        from rnn_tui.view.panes.sample import chosen_sample  # for start-up time
        from rnn_tui.view.screens.generation import GenerationScreen  # likewise

        if self.scene is None or not self.is_active:
            return
        experiment = self.scene.experiment

        async def answered(sample: SampleAsk | None) -> None:
            if sample is not None:
                await self.grid.open("sample")
                prime = self.view.prime if sample.prime == before.prime else sample.prime
                self.look_at(replace(self.view, prime=prime, sample=sample))

        before = chosen_sample(experiment, self.view)
        self.app.push_screen(GenerationScreen(before, experiment.vocabulary), answered)

    def action_explain(self) -> None:
        """Explain the pane with the focus in plain words."""
        from rnn_tui.view.screens.explain import ExplainScreen  # for start-up time

        if self.is_active:
            subject = None if self.scene is None else self.scene.subject
            self.app.push_screen(ExplainScreen(self.grid.shown, self._focused_pane, subject))

    def action_save(self) -> None:
        """Save the screen, or the numbers of the pane with the focus, in a file."""
        from rnn_tui.view.screens.saving import ask_and_save  # for start-up time

        if self.is_active and self.scene is not None:
            ask_and_save(self.app, self.scene, self._focused_pane)

    def action_rates(self) -> None:
        """Show in the status lines how the terminal keeps up, or no longer."""
        self.query_one(StatusLines).toggle_rates()

    # ---- a tour -----------------------------------------------------------------------------------------------

    @property
    def _has_tour(self) -> bool:
        return self.query_one(Caption).has_class("-shown")

    def show_caption(self, text: str, *, title: str, keys: str, loads: bool) -> None:
        """Show the caption of a tour's step, with `title` and `keys` in its border; `loads`: its run is not there."""
        self._loads = loads
        self.set_class(True, "-led")
        self.query_one(Caption).show(text, title=title, keys=keys)
        if self.scene is not None:
            self.query_one(StageLine).show(self.scene, is_led=True, loads=loads)

    def hide_caption(self) -> None:
        """Take the caption away, because the tour is over; the run stays as it is."""
        self.query_one(Caption).set_class(False, "-shown")
        self.set_class(False, "-led")
        self._tour_notice = self.scene.frame.status.notice if self.scene is not None else ""
        self.draw()

    async def show_step(self, step: Step) -> None:
        """Show the panes of a tour's step, and nothing of what was chosen before."""
        fresh = ViewState(stage=self.view.stage)
        cursor = step.time - 1 if step.time else None
        view = {name: max(0, getattr(step, name) - 1) for name in ("row", "layer", "unit")}
        self.look_at(replace(fresh, cursor=cursor, prime=step.prime or None, **view), curve=True)
        await self.grid.show_only(step.open, step.zoom)

    async def press(self, actions: Sequence[str]) -> None:
        """Do what keys of these actions do."""
        for action in actions:
            await self.run_action(action)


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
