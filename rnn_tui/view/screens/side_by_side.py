"""Two or three runs in the same pane, one under another: one time axis, one scale, one cursor."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import msgspec
from msgspec.structs import replace
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
from rnn_tui.view.model.next_scene import next_scene
from rnn_tui.view.model.one_scale import beside_of, on_one_scale
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.model.side_keys import SIDE_KEYS, side_entries
from rnn_tui.view.model.side_run import SideRun
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.pane_grid.wanted import axis_of, curve_wanted, wanted
from rnn_tui.view.panes.inspect_base import InsidePane
from rnn_tui.view.panes.registry import INSIDE, PANES, inside_pane
from rnn_tui.view.screens.paced import PacedScreen
from rnn_tui.view.screens.side_dialogs import ask_how_to_leave, explain, show_help
from rnn_tui.view.screens.side_source import SideSource
from rnn_tui.view.terminal.ascii import is_ascii, spelled
from rnn_tui.view.terminal.colors import palette_of
from rnn_tui.view.widgets.key_line import KeyLine
from rnn_tui.view.widgets.pane import Pane

__all__ = ["SideBySideScreen"]

_USUAL = {1: "network", 2: "states", 3: "loss", 4: "prediction"}  # as the number keys have them


class SideBySideScreen(PacedScreen[None], Screen[None]):
    """The same pane of each run. The links are the screen's own: it hangs up when it goes."""

    DEFAULT_CSS = """
    SideBySideScreen { layout: vertical; }
    SideBySideScreen .side-name { height: 1; text-style: bold; padding: 0 1; }
    SideBySideScreen .side-run Pane { height: 1fr; width: 1fr; }
    SideBySideScreen #keys { dock: bottom; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key.keys, key.action, key.label, show=False) for keys in SIDE_KEYS.values() for key in keys)
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
        self.view = ViewState(log_y=True)  # small losses differ too

    def compose(self) -> ComposeResult:
        """Stack the runs; called by textual."""
        for number, run in enumerate(self._runs):
            with Vertical(classes="side-run", id=f"side-{number}"):
                yield Static(Content(safe(run.told)), classes="side-name")
                yield self._kind()
        yield KeyLine()

    def on_mount(self) -> None:
        """Listen to all engines."""
        for source in self._sources:
            self.run_worker(source.listen())
        self._share_height()

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
            self._show_keys()

    def _draw_run(self, run: SideRun, pane: Pane, frame: Frame, opened: Opened, columns: Columns) -> None:
        others = tuple(
            BranchCurve(name=safe(each.name), curve=each.curve)
            for each in self._runs
            if each is not run and each.curve is not None and each.measure == run.measure
        )
        charted = run.charted or frame
        scene = next_scene(
            self._scenes.get(run),
            msgspec.structs.replace(
                frame, others=others, curve=run.curve, characters=charted.characters, held_out=charted.held_out
            ),
            opened,
            view=self.view,
            palette=palette_of(self.app),
            axis=axis_of(opened.experiment, pane.size.width, frame.steps, columns),
            fitted=columns,
        )
        self._scenes[run] = replace(scene, beside=beside_of(self._runs, run))
        pane.show(self._scenes[run])

    @property
    def _is_over_field(self) -> bool:
        """Whether the field that these networks are of is beneath."""
        return self.app.screen_stack[0] is not self

    def _show_keys(self) -> None:
        """Name the keys that do something now."""
        first = self._runs[0]
        state = "" if first.frame is None or first.member is None else first.frame.status.state
        line = side_entries(state, follows=self.view.cursor is None, over_field=self._is_over_field)
        self.query_one(KeyLine).offer(line)

    def on_screen_suspend(self) -> None:
        """Name no key of the runs while a dialog covers them."""
        self.query_one(KeyLine).cover("esc close")

    def on_screen_resume(self) -> None:
        """Name the keys again."""
        self.query_one(KeyLine).cover("")

    def on_resize(self, _event: events.Resize) -> None:
        """Ask for what fits now."""
        self._share_height()
        self.call_after_refresh(self._look)

    def _share_height(self) -> None:
        """Give every run the same rows, so that their scales are the same."""
        for each in self.query(".side-run"):
            each.styles.height = max(1, (self.app.size.height - 1) // len(self._runs))

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

    def action_column(self) -> None:
        """Look at the next column of a series."""
        if self._first is not None and self._first.opened.series is not None:
            self._look_at(self.view.next_column(self._first.opened.series.count))

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
        """Show another of the usual panes."""
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

    def action_explain(self) -> None:
        """Explain the pane in plain words."""
        pane, scene = self._pane_of(self._runs[0]), self._first
        if pane is not None and self.is_active:
            explain(self.app, pane, None if scene is None else scene.subject)

    def action_help(self) -> None:
        """Show the keys that apply here, and the manual."""
        if self.is_active:
            show_help(self.app)

    # ---- leaving ----------------------------------------------------------------------------------------------

    def action_follow(self) -> None:
        """Let the cursor follow again; else go back to the field, if there is one. The app is left by `q` alone."""
        if self.view.cursor is not None:
            self._look_at(replace(self.view, cursor=None))
        elif self._is_over_field:
            self.dismiss()

    def action_leave(self) -> None:
        """Go back to what was there before; else leave the app, and ask first if networks would end with it."""
        own = next((source for source in self._sources if source.is_own_field), None)
        if not self.is_active:
            return
        if self._is_over_field:
            self.dismiss()
        elif own is None or own.runs[0].opened is None or own.runs[0].frame is None or own.runs[0].lost:
            self.app.exit(0)
        else:
            ask_how_to_leave(self.app, own, own.runs[0].opened, own.runs[0].frame)
