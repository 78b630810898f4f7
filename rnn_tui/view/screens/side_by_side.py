"""Two or three runs in the same pane, one under another: one time axis, one scale, one cursor."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal

import msgspec
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from rnn_tui.client.link import EngineLink
from rnn_tui.common.glyphs import safe
from rnn_tui.protocol.engine_messages import Frame, Opened
from rnn_tui.protocol.frame import BranchCurve
from rnn_tui.protocol.frame_request import CurveWanted, Wanted
from rnn_tui.view.model.columns import Columns, columns_of
from rnn_tui.view.model.keys import KEYS
from rnn_tui.view.model.one_scale import on_one_scale
from rnn_tui.view.model.scene import Scene, next_scene
from rnn_tui.view.model.side_run import SideRun
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.pane_grid.wanted import axis_of, curve_wanted, wanted
from rnn_tui.view.panes.inspect_base import InsidePane
from rnn_tui.view.panes.registry import INSIDE, PANES, inside_pane
from rnn_tui.view.screens.paced import PacedScreen
from rnn_tui.view.screens.side_source import SideSource
from rnn_tui.view.terminal.ascii import is_ascii, spelled
from rnn_tui.view.terminal.colors import palette_of
from rnn_tui.view.widgets.pane import Pane

__all__ = ["SideBySideScreen"]

_USUAL = {1: "network", 2: "states", 3: "loss", 4: "prediction"}  # as the number keys have them
_SHARED = ("cursor", "row", "layer", "log", "item", "other", "inside", "zoom(")  # actions that are the main screen's
_LEFT_OUT = ("sample", "reading")  # panes that are asked about one network at a time
_KEYS = (
    "1 network  2 states  3 loss  4 prediction  g gates  v gradients  p space  w weights   [ ] time  { } row  "
    "↑ ↓ layer   esc back",
    "1 2 3 4 panes  g gates  v gradients   [ ] time  { } row  ↑ ↓ layer   esc back",
    "1 2 3 4 g v panes  [ ] time  esc back",
)


class SideBySideScreen(PacedScreen[None], Screen[None]):
    """The same pane of each run. The links are the screen's own: it hangs up when it goes."""

    DEFAULT_CSS = """
    SideBySideScreen { layout: vertical; }
    SideBySideScreen .side-run { height: 1fr; }
    SideBySideScreen .side-name { height: 1; text-style: bold; padding: 0 1; }
    SideBySideScreen .side-run Pane { height: 1fr; width: 1fr; }
    SideBySideScreen #side-keys { height: 1; color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(key.keys, key.action, key.label, show=False)
            for key in KEYS
            if key.action.startswith(_SHARED) and not any(name in key.action for name in _LEFT_OUT)
        ),
        Binding("space", "toggle_play", "play", show=False),
        Binding("escape,q", "leave", "back", show=False),
    ]

    def __init__(
        self, sources: Sequence[tuple[EngineLink, Sequence[SideRun]]], *, fps: float, pane: str = "states"
    ) -> None:
        """Show the runs of these engines, two or three together. Each link has nobody else who reads it."""
        super().__init__()
        self._sources = [
            SideSource(self.app, link, runs, fps, wanted=self._wanted, changed=self._draw) for link, runs in sources
        ]
        self._runs = [run for source in self._sources for run in source.runs]
        self._scenes: dict[SideRun, Scene] = {}
        self._pane = pane
        self.view = ViewState()

    def compose(self) -> ComposeResult:
        """Stack the runs; called by textual."""
        for number, run in enumerate(self._runs):
            with Vertical(classes="side-run", id=f"side-{number}"):
                yield Static(Content(safe(run.told)), classes="side-name")
                yield self._kind()
        yield Static("", id="side-keys")

    def on_mount(self) -> None:
        """Listen to all engines."""
        for source in self._sources:
            self.run_worker(source.listen())
        self._write_keys()

    def on_unmount(self) -> None:
        """Hang up."""
        for source in self._sources:
            source.hang_up()

    def check_idle(self) -> None:
        """Paint, and ask for what is newer, as the terminal goes on; called by the app."""
        super().check_idle()
        for source in self._sources:
            source.frames.terminal_took()

    def _wanted(self, run: SideRun) -> tuple[Wanted, CurveWanted | None] | None:
        """Return what the pane of a run can show; None: this screen has gone."""
        if not self.is_attached:
            return None
        opened, pane = run.opened, self._pane_of(run)
        if opened is None or pane is None:
            return Wanted(), None
        found = wanted(
            opened.experiment,
            self.view,
            columns=self._columns(),
            score_width=pane.size.width if pane.TIMED else 0,
            sizes={pane.ID: pane.size},
            asks=(pane.ask(opened.experiment, self.view),) if isinstance(pane, InsidePane) and pane.size else (),
        )
        return found, curve_wanted(pane.size, self.view) if pane.ID == "loss" else None

    # ---- drawing ----------------------------------------------------------------------------------------------

    def _kind(self) -> Pane:
        kinds: dict[str, Any] = {each.ID: each for each in PANES}
        pane: Pane = (kinds.get(self._pane) or inside_pane(self._pane))()
        return pane

    def _pane_of(self, run: SideRun) -> Pane | None:
        found = self.query(f"#side-{self._runs.index(run)} Pane").results(Pane)
        return next(iter(found), None)

    def _columns(self) -> Columns:
        """Return what the columns are fitted to: the same in all runs, so that time steps stand under one another."""
        each = [columns_of(run.opened.experiment, is_script=False) for run in self._runs if run.opened]
        return Columns(
            narrowest=max((one.narrowest for one in each), default=1),
            longest=max((one.longest for one in each), default=0),
        )

    def _draw(self) -> None:
        there = [(run, run.opened, run.frame) for run in self._runs if run.opened and run.frame]
        frames = on_one_scale([frame for _, _, frame in there])
        columns = self._columns()
        with self.app.batch_update():
            for (run, opened, _), frame in zip(there, frames, strict=True):
                pane = self._pane_of(run)
                if pane is not None:
                    self._draw_run(run, pane, frame, opened, columns)
            for number, run in enumerate(self._runs):
                told = spelled(run.told) if is_ascii(self.app) else run.told
                self.query_one(f"#side-{number} .side-name", Static).update(Content(safe(told)))

    def _draw_run(self, run: SideRun, pane: Pane, frame: Frame, opened: Opened, columns: Columns) -> None:
        others = tuple(
            BranchCurve(name=safe(each.name), curve=each.curve)
            for each in self._runs
            if each is not run and each.curve is not None
        )
        self._scenes[run] = next_scene(
            self._scenes.get(run),
            msgspec.structs.replace(frame, others=others, curve=run.curve),
            opened,
            view=self.view,
            palette=palette_of(self.app),
            axis=axis_of(opened.experiment, pane.size.width, frame.steps, columns),
            fitted=columns,
        )
        pane.show(self._scenes[run])

    def _write_keys(self) -> None:
        width = self.app.size.width
        words = next((each for each in _KEYS if len(each) + 2 <= width), _KEYS[-1])
        self.query_one("#side-keys", Static).update(Content(f" {spelled(words) if is_ascii(self.app) else words}"))

    def on_resize(self, _event: events.Resize) -> None:
        """Ask for what fits now."""
        self._write_keys()
        self.call_after_refresh(self._look)

    def _look(self) -> None:
        self._draw()
        for source in self._sources:
            source.look_again()

    # ---- keys -------------------------------------------------------------------------------------------------

    def _look_at(self, view: ViewState) -> None:
        self.view = view
        self._look()

    @property
    def _first(self) -> Scene | None:
        return next((self._scenes[run] for run in self._runs if run in self._scenes), None)

    def action_cursor(self, by: int) -> None:
        """Move the time cursor of all runs."""
        if self._first is not None:
            self._look_at(self.view.at_step(self._first.cursor + by, self._first.experiment.length))

    @on(Pane.CursorSet)
    def _cursor_set(self, event: Pane.CursorSet) -> None:
        self._look_at(replace(self.view, cursor=event.step))

    def action_row(self, by: int) -> None:
        """Look at another row of the batch."""
        if self._first is not None:
            self._look_at(self.view.next_row(by, self._first.experiment.rows))

    def action_layer(self, by: int) -> None:
        """Look at another layer."""
        if self._first is not None:
            is_inside = self._pane in INSIDE
            self._look_at(self.view.next_layer(by, self._first.experiment.network, directions=is_inside))

    def action_log(self, axis: Literal["x", "y"]) -> None:
        """Turn the logarithmic scale of an axis of the loss on or off."""
        self._look_at(self.view.with_log(axis))

    def action_item(self, by: int) -> None:
        """Look at the next of the things that the panes show one by one."""
        pane, scene = self._pane_of(self._runs[0]), self._first
        if isinstance(pane, InsidePane) and scene is not None:
            self._look_at(pane.next_item(scene.experiment, self.view, by))

    def action_other(self) -> None:
        """Turn the panes to the next thing that they can show."""
        pane, scene = self._pane_of(self._runs[0]), self._first
        if isinstance(pane, InsidePane) and scene is not None:
            self._look_at(pane.other(scene.experiment, self.view))

    async def action_zoom(self, number: int) -> None:
        """Show another of the usual panes; the others are a field's own."""
        if number in _USUAL:
            await self._show(_USUAL[number])

    async def action_inside(self, name: str) -> None:
        """Show a pane that looks inside."""
        await self._show(name)

    async def _show(self, name: str) -> None:
        self._pane = name
        self._scenes.clear()
        for container in self.query(".side-run"):
            await container.query(Pane).remove()
            await container.mount(self._kind())
        self.call_after_refresh(self._look)

    def action_toggle_play(self) -> None:
        """Play or pause the field; single runs are only looked at."""
        for source in self._sources:
            source.toggle_play()

    def action_leave(self) -> None:
        """Go back to what was there before, or leave the app if this is all there is."""
        if len(self.app.screen_stack) > 1:
            self.dismiss()
        else:
            self.app.exit(0)
