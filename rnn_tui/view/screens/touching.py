"""Touching on the screen: a letter, a state or a weight of a paused run is made another one, and all panes answer."""

from msgspec.structs import replace
from textual import on

from rnn_tui.protocol.engine_messages import Frame
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.screens import touches
from rnn_tui.view.screens.panes_screen import PanesScreen
from rnn_tui.view.widgets.pane import Pane
from rnn_tui.view.widgets.touch_line import TouchLine

__all__ = ["TouchingScreen"]


class TouchingScreen(PanesScreen):
    """The screen, on which a paused run can be touched."""

    _touched_from: Pane | None = None  # the pane that had the focus when touching began

    def _frame_comes(self, frame: Frame) -> None:
        super()._frame_comes(frame)
        if touches.has_passed(frame, self.view):
            self._restore("The run has gone on: what was touched is as it was.")

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
