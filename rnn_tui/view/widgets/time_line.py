"""The time line below the panes: click or drag to go to a tick."""

from dataclasses import dataclass

from textual import events
from textual.message import Message

from rnn_tui.draw.timeline import draw_timeline, tick_at
from rnn_tui.protocol.frame import Status
from rnn_tui.view.model.offers import missing
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.widgets.picture import Picture

__all__ = ["TimeLine"]


class TimeLine(Picture):
    """One row: the run from tick 0 to the newest, and where the screen is in it."""

    @dataclass
    class Dragged(Message):
        """A tick was chosen."""

        tick: int

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._status: Status | None = None
        self._unit = "tick"
        self._held = False
        self._asked = -1

    def show(self, scene: Scene) -> None:
        """Draw where the scene is."""
        subject = scene.subject
        self._status = scene.frame.status
        self._unit = "tick" if subject is None else "update"
        is_there = scene.field_facts is None and not missing("back", subject, has_ranks=scene.has_ranks)
        self.set_class(not is_there, "absent")
        if is_there:
            self.paint([draw_timeline(self._status, width=self.size.width, palette=scene.palette, unit=self._unit)])

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin to drag."""
        self._held = True
        self.capture_mouse()
        self._go(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Go to the tick under the mouse while it drags."""
        if self._held:
            self._go(event.x)

    def on_mouse_up(self) -> None:
        """End dragging."""
        self._held = False
        self._asked = -1
        self.release_mouse()

    def _go(self, x: int) -> None:
        if self._status is None or not self._status.newest:
            return
        tick = tick_at(self._status, self.size.width, x, self._unit)
        if tick != self._asked:
            self._asked = tick
            self.post_message(self.Dragged(tick))
