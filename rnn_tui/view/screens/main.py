"""The main screen: keys that change how the run is looked at. Those that change the run itself are the app's."""

from typing import TYPE_CHECKING, ClassVar, Literal

from msgspec.structs import replace
from textual import on
from textual.binding import BindingType

from rnn_tui.protocol.inspect.sample import SampleAsk
from rnn_tui.view.model.keys import bindings
from rnn_tui.view.screens.field_screen import FieldScreen
from rnn_tui.view.screens.sharing import SharingScreen
from rnn_tui.view.screens.touching import TouchingScreen
from rnn_tui.view.screens.touring import TouringScreen
from rnn_tui.view.widgets.pane import Pane
from rnn_tui.view.widgets.rank_strip import RankStrip
from rnn_tui.view.widgets.status_lines import StatusLines

if TYPE_CHECKING:
    from rnn_tui.view.panes.sample import SamplePane

__all__ = ["MainScreen"]


class MainScreen(TouchingScreen, TouringScreen, FieldScreen, SharingScreen):
    """The screen with all of its keys."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]

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

    def action_column(self) -> None:
        """Look at the next column of a series."""
        if self.scene is not None and self.scene.opened.series is not None:
            self.look_at(self.view.next_column(self.scene.opened.series.count))

    def action_layer(self, by: int) -> None:
        """Look at another layer; while a pane looks inside, each of its directions comes by itself."""
        if self.scene is not None:
            network = self.scene.experiment.network
            self.look_at(self.view.next_layer(by, network, directions=self.grid.active is not None))

    def action_log(self, axis: Literal["x", "y"]) -> None:
        """Turn the logarithmic scale of an axis of the loss on or off."""
        self.look_at(self.view.with_log(axis), curve=True)

    def action_chart(self) -> None:
        """Turn the pane of the loss to the next of its charts."""
        is_script = self.scene is not None and self.scene.subject is not None
        self.look_at(self.view.next_chart(is_script=is_script), curve=True)

    def action_follow(self) -> None:
        """Show all panes again; else let the cursor follow again; else close the pane that looks inside."""
        grid = self.grid
        if self.view.touch is not None:
            self._restore("")
        elif grid.zoomed is not None:
            grid.zoom(None)
        elif self.view.cursor is None and grid.active is not None:
            grid.close_pane(grid.active)
        elif self.view.cursor is None and self._of_field:
            self.post_message(self.MemberLeft())
        else:
            self.look_at(replace(self.view, cursor=None))

    # ---- keys: panes ------------------------------------------------------------------------------------------

    def action_stage(self) -> None:
        """Show one pane at a time in large, or all of them again."""
        self._set_stage(not self.view.stage)
        self.look_at(replace(self.view, stage=not self.view.stage), curve=True)
        self.set_class(self._is_too_small(self.size), "-too-small")

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
        elif self._open_member():
            return
        elif self.scene is not None and self.scene.subject is None:
            self._touch(self.scene)

    def on_sample_pane_typing_changed(self) -> None:
        """Name the keys of typing, or the others again."""
        if self.scene is not None:
            self._show_keys(self.scene)

    def on_sample_pane_typed(self, event: "SamplePane.Typed") -> None:
        """Ask what comes next after every key that is typed."""
        self.look_at(replace(self.view, prime=event.prime))

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
        self.app.push_screen(GenerationScreen(before, experiment.tokenizer), answered)

    def action_explain(self) -> None:
        """Explain the pane with the focus in plain words."""
        from rnn_tui.view.screens.explain import Explained, ExplainScreen  # for start-up time

        if self.is_active:
            subject = None if self.scene is None else self.scene.subject
            strip = self.query_one(RankStrip)
            panes: list[Explained] = [*self.grid.shown, *([strip] if strip.is_on_screen else [])]
            focused: Explained = strip if strip.has_focus else self._focused_pane
            self.app.push_screen(ExplainScreen(panes, focused, subject))

    def action_save(self) -> None:
        """Save the screen, or the numbers of the pane with the focus, in a file."""
        from rnn_tui.view.screens.saving import ask_and_save  # for start-up time

        if self.is_active and self.scene is not None:
            ask_and_save(self.app, self.scene, self._focused_pane)

    def action_rates(self) -> None:
        """Show in the status lines how the terminal keeps up, or no longer."""
        self.query_one(StatusLines).toggle_rates()
