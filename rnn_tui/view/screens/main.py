"""The main screen: keys that change how the panes are looked at. What changes the run is said to the app."""

import time
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

from textual import on
from textual.binding import BindingType
from textual.timer import Timer

from rnn_tui.draw.status import describe_flow
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.inspect import SampleAsk
from rnn_tui.view.model.keys import bindings
from rnn_tui.view.screens.panes import PanesScreen
from rnn_tui.view.terminal.driver import flow_of
from rnn_tui.view.widgets.pane import Pane

if TYPE_CHECKING:
    from rnn_tui.view.panes.sample import SamplePane

__all__ = ["MainScreen"]


class MainScreen(PanesScreen):
    """The panes, and the keys for them."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]

    def __init__(self, experiment: Experiment) -> None:
        super().__init__(experiment)
        self._flow_timer: Timer | None = None

    def action_cursor(self, by: int) -> None:
        """Move the time cursor."""
        if self.scene is not None:
            step = min(max(self.scene.cursor + by, 0), self.scene.experiment.length - 1)
            self.look_again(replace(self.gaze, cursor=step))

    @on(Pane.CursorSet)
    def _cursor_set(self, event: Pane.CursorSet) -> None:
        self.look_again(replace(self.gaze, cursor=event.step))

    def action_follow(self) -> None:
        """Back to all panes; else the cursor follows again; else the pane that looks inside goes."""
        stage = self.stage
        if stage.zoomed is not None:
            stage.zoom(None)
        elif self.gaze.cursor is None and stage.active is not None:
            stage.close_pane(stage.active)
        else:
            self.look_again(replace(self.gaze, cursor=None))

    def action_row(self, by: int) -> None:
        """Another row of the batch."""
        if self.scene is not None:
            rows = self.scene.experiment.rows
            self.look_again(replace(self.gaze, row=min(max(self.gaze.row + by, 0), rows - 1)))

    def action_layer(self, by: int) -> None:
        """Another layer; where one looks inside, each of its directions comes by itself."""
        if self.scene is not None:
            network = self.scene.experiment.network
            ways = network.directions if self.stage.active is not None else 1
            at = min(self.gaze.layer, network.layers - 1) * ways + (self.gaze.direction if ways > 1 else 0)
            layer, direction = divmod(min(max(at + by, 0), network.layers * ways - 1), ways)
            self.look_again(replace(self.gaze, layer=layer, direction=direction if ways > 1 else self.gaze.direction))

    def action_flow(self) -> None:
        """How the terminal keeps up, in the status line, or no more."""
        if self._flow_timer is None:
            self._flow_timer = self.set_interval(1.0, self._show_flow)
            self._show_flow()
        else:
            self._flow_timer.stop()
            self._flow_timer, self.flow = None, ""
            self.draw()

    def _show_flow(self) -> None:
        """Once a second, so that it can be read, and adds little to what it counts."""
        flow = flow_of(self.app)
        frames, sent = flow.rates(time.monotonic()) if flow is not None else (0.0, 0.0)
        self.flow = describe_flow(frames, sent, flow.lag if flow is not None else None)
        self.draw()

    def action_log(self, axis: Literal["x", "y"]) -> None:
        """A logarithmic axis for the loss, or back."""
        gaze = (
            replace(self.gaze, log_x=not self.gaze.log_x)
            if axis == "x"
            else replace(self.gaze, log_y=not self.gaze.log_y)
        )
        self.look_again(gaze, curve=True)

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
            self.look_again(pane.other(self.scene.experiment, self.gaze))

    def action_item(self, by: int) -> None:
        """The next unit, or matrix, of the pane that looks inside."""
        pane = self.stage.active
        if pane is not None and self.scene is not None:
            self.look_again(pane.next_item(self.scene.experiment, self.gaze, by))

    def action_type(self) -> None:
        """Type the text that the network goes on from, where the pane for it is open."""
        from rnn_tui.view.panes.sample import SamplePane

        pane = self.stage.active
        if isinstance(pane, SamplePane):
            pane.focus()
            pane.begin_typing()

    def on_sample_pane_typed(self, event: "SamplePane.Typed") -> None:
        """Somebody types: what comes next is asked anew after every key."""
        self.look_again(replace(self.gaze, prime=event.prime))

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
                prime = self.gaze.prime if sample.prime == before.prime else sample.prime
                self.look_again(replace(self.gaze, prime=prime, sample=sample))

        before = chosen_sample(experiment, self.gaze)
        self.app.push_screen(GenerationScreen(before, experiment.vocabulary), answered)

    def action_explain(self) -> None:
        """The pane with the focus in plain words."""
        from rnn_tui.view.screens.explain import ExplainScreen

        focused = self.focused if isinstance(self.focused, Pane) else self.network
        if self.is_active:
            self.app.push_screen(ExplainScreen(self.stage.shown, focused))
