"""A pane: a border with a title, what is under the mouse in its lower border, and clicks that set the time cursor."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from textual import events
from textual.content import Content
from textual.message import Message
from textual.strip import Strip

from rnn_tui.common.glyphs import safe
from rnn_tui.common.value import Value
from rnn_tui.draw.kit.text_fit import draw_note, first_that_fits
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.frame import Failure
from rnn_tui.view.model.pane_heights import PaneHeights
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.terminal.ascii import is_ascii, spelled
from rnn_tui.view.widgets.picture import Picture

__all__ = ["Explanation", "Pane", "failure_told"]

_CORNERS = 4  # cells of a border that stay a line


class Explanation(Value, frozen=True, kw_only=True):
    """A pane in plain words, for somebody who sees it for the first time."""

    shows: str
    read: str  # how to read it
    then: str  # what to try next
    in_script: str = ""  # what to try instead where a script is watched
    read_in_script: str = ""  # how to read it there, if that differs
    shows_in_script: str = ""  # likewise


class Pane(Picture, can_focus=True):
    """One rectangle that draws one aspect of a frame. A new pane says what it draws and what is under the mouse."""

    ID: ClassVar[str] = ""  # of the widget, and the name of what it asks the engine
    NAME: ClassVar[str] = ""
    HOME: ClassVar[Literal["score", "side", "field"]] = "score"  # its column: panes over time stand above one another
    EXPLANATION: ClassVar[Explanation]
    TIMED: ClassVar[bool] = False  # whether it draws time steps: it needs a frame that has some
    HAS_NOTES: ClassVar[bool] = False  # whether its explanation has what cannot be seen of a script
    PARTS: ClassVar[tuple[str, ...]] = ()  # of a frame, without which there is no picture
    EXTRAS: ClassVar[tuple[str, ...]] = ()  # of a frame, without which some of the picture is missing

    @dataclass
    class CursorSet(Message):
        """A time step was chosen with the mouse."""

        step: int

    @dataclass
    class TickChosen(Message):
        """A tick was chosen with the mouse."""

        tick: int

    def __init__(self) -> None:
        super().__init__(id=self.ID, classes="pane")
        self._scene: Scene | None = None
        self._mouse: tuple[int, int] | None = None
        self._title = ""
        self._whispered = ""

    def show(self, scene: Scene) -> None:
        """Draw this scene."""
        self._scene = scene
        failure = self._failure(scene, self.PARTS)
        why = self.why_empty(scene) if failure is None else ""
        if not self.display or not self.size:
            return
        if why:
            self._show_why(scene, why)
            return
        if self.TIMED and scene.steps is None and failure is None:
            return
        title = self.NAME if scene.view.stage else self.title(scene)
        if title != self._title:  # setting one repaints the whole pane
            self._title = title
            self.border_title = Content(title)
        self._whisper()
        width, height = self.size
        if failure is None:
            self.paint(self.picture(scene, width, height))
        else:
            self.paint(draw_note(_failed(failure, scene), width=width, height=height, palette=scene.palette))

    def _show_why(self, scene: Scene, why: str) -> None:
        """Draw a line in the place of the picture."""
        if self._title != self.NAME or self._whispered:
            self._title, self._whispered = self.NAME, ""
            self.border_title, self.border_subtitle = Content(self.NAME), Content("")
        width, height = self.size
        self.paint(draw_note(why, width=width, height=height, palette=scene.palette))

    def why_empty(self, scene: Scene) -> str:
        """Return why there is no picture of a script that is watched; empty if there is one."""
        return scene.why_no_pass if self.TIMED else ""

    def heights(self, experiment: Experiment) -> PaneHeights | None:
        """Return the rows that it can use inside its border; None: as many as it gets."""
        return None

    def title(self, scene: Scene) -> str:
        """Return what the picture is, with its tensor's shape."""
        raise NotImplementedError

    def in_border(self, *forms: str) -> str:
        """Return the first of several forms of a title or subtitle that fits the border, else the last, cut."""
        return first_that_fits(forms, self.size.width - _CORNERS) or forms[-1]

    def picture(self, scene: Scene, width: int, height: int) -> list[Strip]:
        """Return the picture, as `height` strips of `width` cells."""
        raise NotImplementedError

    def subtitle(self, scene: Scene) -> str:
        """Return what stands in the lower border while the mouse is elsewhere."""
        return ""

    def under_mouse(self, scene: Scene, x: int, y: int) -> str:
        """Return the exact value at a cell, in words."""
        return ""

    def step_at(self, scene: Scene, x: int) -> int | None:
        """Return the time step at a cell; None where there is none."""
        return scene.axis.step_at(x) if self.TIMED else None

    def on_resize(self) -> None:
        """Draw again at the new size."""
        if self._scene is not None:
            self.show(self._scene)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Write the value under the mouse into the lower border."""
        offset = event.get_content_offset(self)
        self._mouse = None if offset is None else (offset.x, offset.y)
        self._whisper()

    def on_leave(self) -> None:
        """Forget the mouse, which has left."""
        self._mouse = None
        self._whisper()

    def on_click(self, event: events.Click) -> None:
        """Set the time cursor."""
        offset = event.get_content_offset(self)
        if offset is not None and self._scene is not None:
            step = self.step_at(self._scene, offset.x)
            if step is not None:
                self.post_message(self.CursorSet(step))

    @staticmethod
    def _failure(scene: Scene, parts: tuple[str, ...]) -> Failure | None:
        """Return the first of these parts that the engine could not compute."""
        return next((scene.failures[part] for part in parts if part in scene.failures), None)

    def _whisper(self) -> None:
        if self._scene is None:
            return
        text = ""
        if self._failure(self._scene, self.PARTS) is None:
            extra = self._failure(self._scene, self.EXTRAS)
            text = self.under_mouse(self._scene, *self._mouse) if self._mouse else ""
            text = text or (f"{extra.part} failed: {extra.problem}" if extra is not None else "")
            text = text or self.subtitle(self._scene)
        text = spelled(text) if is_ascii(self.app) else text
        if text != self._whispered:
            self._whispered = text
            self.border_subtitle = Content(text)


def _failed(failure: Failure, scene: Scene) -> str:
    """Return the line that stands in the place of a picture; of a script it is mostly something that cannot be had."""
    if scene.subject is None:
        return failure_told(failure)
    return f"✗ No picture: {safe(failure.problem).rstrip('.')}."


def failure_told(failure: Failure) -> str:
    """Return the line that stands in a pane whose picture failed."""
    return f"✗ This picture failed: {safe(failure.problem)}. Training goes on."
