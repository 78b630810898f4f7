"""The two lines on top."""

import time
from functools import partial

from textual.timer import Timer

from rnn_tui.draw.field.status import draw_field_status
from rnn_tui.draw.status import describe_flow, draw_status
from rnn_tui.draw.status_parts import ViewStatus
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.terminal.driver import pacing_of
from rnn_tui.view.widgets.picture import Picture

__all__ = ["StatusLines"]


class StatusLines(Picture):
    """What is being run, and where it is; on demand, how the terminal keeps up."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._scene: Scene | None = None
        self._waits = 0
        self._rates = ""
        self._rates_timer: Timer | None = None

    def show(self, scene: Scene) -> None:
        """Draw the lines of this scene."""
        self._scene = scene
        frame, facts = scene.frame, scene.field_facts
        draw = (
            draw_status
            if facts is None
            else partial(draw_field_status, facts=facts, picture=scene.field_picture, member=scene.member)
        )
        strips = draw(
            scene.opened,
            frame.status,
            width=self.size.width,
            palette=scene.palette,
            view=ViewStatus(views=frame.views, controls=frame.controls, flow=self._rates, waits=self._waits),
        )
        self.paint(strips)

    def show_waiting(self, keys: int) -> None:
        """Say that this many keys have been heard whose effect is still to come."""
        if keys != self._waits:
            self._waits = keys
            self._draw()

    def toggle_rates(self) -> None:
        """Show how many pictures and bytes a second the terminal takes, or no longer."""
        if self._rates_timer is None:
            self._rates_timer = self.set_interval(1.0, self._count)
            self._count()
        else:
            self._rates_timer.stop()
            self._rates_timer, self._rates = None, ""
            self._draw()

    def _count(self) -> None:
        """Draw the rates anew: once a second, so that they can be read and add little to what they count."""
        pacing = pacing_of(self.app)
        frames, sent = pacing.rates(time.monotonic()) if pacing is not None else (0.0, 0.0)
        self._rates = describe_flow(frames, sent, pacing.lag if pacing is not None else None)
        self._draw()

    def _draw(self) -> None:
        if self._scene is not None:
            self.show(self._scene)
