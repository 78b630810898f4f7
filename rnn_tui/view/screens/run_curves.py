"""The screen with the curves of kept runs over one another. Files that grow are read on."""

import time
from dataclasses import dataclass
from typing import ClassVar, get_args

from msgspec.structs import replace
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen

from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.text_fit import first_that_fits
from rnn_tui.draw.runs.curve import CurvesView, Unit
from rnn_tui.draw.runs.picture import RunCurvesPicture
from rnn_tui.view.model.compared_runs import ComparedRuns
from rnn_tui.view.screens.paced import PacedScreen
from rnn_tui.view.terminal.ascii import is_ascii, spelled
from rnn_tui.view.terminal.colors import palette_of
from rnn_tui.view.widgets.picture import Picture

__all__ = ["RunCurvesScreen"]

_PERIOD = 0.5  # seconds between two looks at the files
_SHARE = 0.25  # of the time that drawing grown curves may take
_FAR = 10  # columns
_UNITS: tuple[Unit, ...] = get_args(Unit)
_KEYS = (  # the forms of the last line, the longest first
    "↑ ↓ run   ← → cursor   u update, time, characters   o loss, held out   y x logarithmic   end   q leave",
    "↑ ↓ run   ← → cursor   u what x counts   o held out   y x log   end   q leave",
    "↑ ↓ run  ← → cursor  u x axis  o held out  y x log  q leave",
    "↑ ↓  ← →  u  o  y  x  q leave",
)


class _Curves(Picture):
    """The picture; it tells where the mouse is."""

    @dataclass
    class Pointed(Message):
        """The mouse is on a cell of the picture; `pressed`: its button was pressed there."""

        x: int
        y: int
        pressed: bool

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Tell where the mouse is."""
        self.post_message(self.Pointed(event.x, event.y, pressed=False))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Tell where the mouse is pressed."""
        self.post_message(self.Pointed(event.x, event.y, pressed=True))


class RunCurvesScreen(PacedScreen[None], Screen[None]):
    """Curves, a legend, and a cursor that tells run and value."""

    DEFAULT_CSS = """
    RunCurvesScreen { layout: vertical; }
    RunCurvesScreen > #curves { height: 1fr; }
    RunCurvesScreen > #curve-keys { height: 1; background: $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "choose(-1)", "the run above", show=False),
        Binding("down", "choose(1)", "the run below", show=False),
        Binding("left", "move(-1)", "the cursor to the left", show=False),
        Binding("right", "move(1)", "the cursor to the right", show=False),
        Binding("shift+left", f"move(-{_FAR})", "the cursor far to the left", show=False),
        Binding("shift+right", f"move({_FAR})", "the cursor far to the right", show=False),
        Binding("end", "to_end", "to the end of each run", show=False),
        Binding("u", "next_unit", "what x counts", show=False),
        Binding("o", "other_curve", "loss, or held out", show=False),
        Binding("y", "log('log_y')", "y logarithmic", show=False),
        Binding("x", "log('log_x')", "x logarithmic", show=False),
        Binding("q,escape", "app.quit", "leave", show=False),
        Binding("ctrl+l", "app.draw_again", "draw again", show=False),
        Binding("ctrl+z", "app.suspend_process", "to the shell", show=False),
    ]

    def __init__(self, runs: ComparedRuns) -> None:
        super().__init__()
        self._runs = runs
        self._view = CurvesView(settings=runs.settings)
        self._selected = 0
        self._at: float | None = None  # on the x axis; None: the end of each run
        self._picture: RunCurvesPicture | None = None
        self._is_stale = False  # whether more has been read than is drawn
        self._due = 0.0  # when grown curves may be drawn again

    def compose(self) -> ComposeResult:
        """Make the picture and the line of keys; called by textual."""
        yield _Curves(id="curves")
        yield Picture(id="curve-keys")

    def on_mount(self) -> None:
        """Read and draw, now and from time to time."""
        self.set_interval(_PERIOD, self._look)
        self._look()

    def on_resize(self) -> None:
        """Draw for the new size."""
        self.call_after_refresh(self._compose_picture)

    # ---- reading and drawing ----------------------------------------------------------------------------------

    def _look(self) -> None:
        """Read what is new, a part at a time, and draw it: often enough, but not after each part."""
        changed = self._runs.read()
        behind = self._runs.is_behind
        self._is_stale |= changed
        if self._is_stale and time.monotonic() >= self._due:
            self._compose_picture()
        if behind:
            self.call_later(self._look)

    def _compose_picture(self) -> None:
        """Draw the curves anew, and the cursor on them."""
        began = time.monotonic()
        size = self.query_one("#curves", _Curves).size
        if not size:
            return
        reading = min(99, round(100 * self._runs.share)) if self._runs.is_behind else 0
        view = replace(self._view, reading=reading)
        self._picture = RunCurvesPicture(
            self._runs.curves(view), view, width=size.width, height=size.height, palette=palette_of(self.app)
        )
        self._draw()
        self._is_stale = False
        now = time.monotonic()
        self._due = now + max(_PERIOD / 2, (now - began) / _SHARE)

    def _draw(self) -> None:
        """Draw the cursor, and the line of keys."""
        if self._picture is None:
            return
        self.query_one("#curves", _Curves).paint(self._picture.strips(self._selected, self._at))
        line, palette = self.query_one("#curve-keys", Picture), palette_of(self.app)
        canvas = Canvas(line.size.width, 1)
        forms = [spelled(each) for each in _KEYS] if is_ascii(self.app) else _KEYS
        canvas.put(1, 0, first_that_fits(forms, line.size.width - 2), palette.dim)
        line.paint(canvas.strips())

    # ---- keys and the mouse -----------------------------------------------------------------------------------

    def action_choose(self, by: int) -> None:
        """Choose another run; after the last comes the first."""
        self._selected = (self._selected + by) % self._runs.count
        self._draw()

    def action_move(self, columns: int) -> None:
        """Move the cursor along the curve."""
        if self._picture is not None:
            self._at = self._picture.moved(self._selected, self._at, columns)
            self._draw()

    def action_to_end(self) -> None:
        """Follow the end of each run again."""
        self._at = None
        self._draw()

    def action_next_unit(self) -> None:
        """Let x count something else: updates, seconds, characters."""
        unit = _UNITS[(_UNITS.index(self._view.unit) + 1) % len(_UNITS)]
        self._show(replace(self._view, unit=unit))

    def action_other_curve(self) -> None:
        """Show the losses of what is held out, or those of what is learnt."""
        self._show(replace(self._view, y="held out" if self._view.y == "loss" else "loss"))

    def action_log(self, axis: str) -> None:
        """Make an axis logarithmic, or linear again."""
        log_x, log_y = self._view.log_x != (axis == "log_x"), self._view.log_y != (axis == "log_y")
        self._view = replace(self._view, log_x=log_x, log_y=log_y)
        self._compose_picture()

    def _show(self, view: CurvesView) -> None:
        self._view, self._at = view, None  # a position on one axis is none on another
        self._compose_picture()

    @on(_Curves.Pointed)
    def _pointed(self, event: _Curves.Pointed) -> None:
        found = None if self._picture is None else self._picture.found(event.x, event.y)
        if found is None:
            return
        run, at = found
        if at is None and not event.pressed:
            return  # over the legend, a run is chosen by a click
        self._selected = run
        self._at = self._at if at is None else at
        self._draw()
