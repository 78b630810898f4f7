"""A tour on the screen: its caption, and the panes of its steps."""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace
from textual.message import Message

from rnn_tui.tours.tour import Step
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.screens.panes_screen import PanesScreen
from rnn_tui.view.widgets.caption import Caption
from rnn_tui.view.widgets.stage_line import StageLine

__all__ = ["TouringScreen"]


class TouringScreen(PanesScreen):
    """The screen, on which a tour leads."""

    @dataclass
    class StepAsked(Message):
        """The step after (1) or before (-1) this one of a tour was asked for."""

        by: int

    def action_step_back(self) -> None:
        """Go back to the step before in a tour."""
        if self._has_tour:
            self.post_message(self.StepAsked(-1))

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
