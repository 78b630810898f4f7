"""The breakpoints on `B`: where the run pauses from now on."""

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Button, Static

from rnn_tui.common.glyphs import safe
from rnn_tui.experiment.breakpoints import KINDS, OF_SCRIPTS, Breakpoint, Kind, parse
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.view.screens.editors import TextInput
from rnn_tui.view.screens.form import Fields, Form

__all__ = ["BreakpointsScreen"]

_SCRIPT_ABOUT = "The script is held when …"
_ABOUT = "The run pauses when … (It always pauses if the loss is NaN or infinite.)"


class Box(Widget, can_focus=True):
    """A box to tick, with a label; a space or a click turns it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space,left,right", "turn", "tick", show=False)]
    DEFAULT_CSS = """
    Box { width: 16; height: 1; &:focus { background: $primary 25%; } &.-on { text-style: bold; } }
    """
    on_: reactive[bool] = reactive(False, init=False)

    class Turned(Message):
        """The box has been turned on or off."""

    def __init__(self, label: str, ticked: bool) -> None:
        super().__init__()
        self._label = label
        self.set_reactive(Box.on_, ticked)
        self.set_class(ticked, "-on")

    def watch_on_(self, ticked: bool) -> None:
        """Show the change."""
        self.set_class(ticked, "-on")
        self.post_message(self.Turned())

    def render(self) -> Content:
        """Draw the box and its label."""
        return Content(f"{'[x]' if self.on_ else '[ ]'} {self._label}")

    def action_turn(self) -> None:
        """Turn the box on or off."""
        self.on_ = not self.on_

    def on_click(self) -> None:
        """Turn the box on or off."""
        self.action_turn()


class Point(Widget):
    """A breakpoint: a box, a number if it has one, an explanation, and below them what is wrong."""

    DEFAULT_CSS = """
    Point {
        height: auto;
        & > Horizontal { height: 1; }
        & TextInput { width: 9; margin: 0 1 0 0; }
        & .point-none { width: 10; height: 1; }
        & .point-about { width: 1fr; height: 1; color: $foreground 65%; text-wrap: nowrap; text-overflow: ellipsis; }
        & .point-problem { display: none; height: auto; color: $error; padding: 0 0 0 16; }
        &.-wrong .point-problem { display: block; }
    }
    """

    def __init__(self, kind: Kind, point: Breakpoint | None, *, is_script: bool = False) -> None:
        super().__init__()
        self.kind = kind
        self._word = "update" if is_script and kind == "tick" else kind
        facts = KINDS[kind]
        self._about = facts.about.replace("tick", self._word)
        self.box = Box(f"{self._word} {facts.operator}".rstrip(), point is not None)
        number = str(point).partition(facts.operator)[2] if point is not None and facts.operator else ""
        self.number = TextInput(number, placeholder=facts.example, compact=True) if facts.operator else None

    def compose(self) -> ComposeResult:
        """Lay out the row."""
        with Horizontal():
            yield self.box
            yield self.number if self.number is not None else Static(classes="point-none")
            yield Static(self._about, classes="point-about", markup=False)
        yield Static(classes="point-problem", markup=False)

    def judge(self) -> str | None:
        """Return the breakpoint as text; None if it is off. Raises ExperimentError."""
        problem = ""
        try:
            if not self.box.on_:
                return None
            text = self.number.value.strip() if self.number is not None else ""
            return str(parse(f"{self.kind}{KINDS[self.kind].operator}{text}"))
        except ExperimentError as error:
            problem = safe(str(error)).replace(self.kind, self._word)
            raise
        finally:
            self.set_class(bool(problem), "-wrong")
            self.query_one(".point-problem", Static).update(problem)


class BreakpointsScreen(Form[tuple[str, ...]]):
    """Choose where the run pauses; None: as before."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("B", "cancel", "cancel", show=False)]
    DEFAULT_CSS = """
    #fields { max-height: 50vh; margin: 1 0 0 0; }
    #form-last { margin: 0; }
    #form-verdict { height: auto; }
    #form-submit { margin: 0 0 0 1; }
    """
    SUBMIT = "Set"

    def __init__(self, experiment: Experiment, *, is_script: bool = False) -> None:
        super().__init__("Breakpoints", "↑ ↓ choose · space on or off · ctrl+s set · esc cancel")
        self._experiment, self._is_script = experiment, is_script
        self._points: list[Point] = []

    def fields(self) -> ComposeResult:
        """Yield a row for each breakpoint that is set, and one for each other kind."""
        there = [parse(text) for text in self._experiment.run.until]
        for kind in OF_SCRIPTS if self._is_script else KINDS:
            if self._is_script or self._experiment.training.learn or not KINDS[kind].learning:
                set_ = [Point(kind, each, is_script=self._is_script) for each in there if each.kind == kind]
                self._points += set_ or [Point(kind, None, is_script=self._is_script)]
        yield Static(_SCRIPT_ABOUT if self._is_script else _ABOUT, markup=False)
        with Fields(id="fields"):
            yield from self._points

    def edited(self, editor: Widget, text: str) -> None:
        """Turn a breakpoint on when its number is typed."""
        for point in self._points:
            if point.number is editor:
                point.box.on_ = bool(text.strip())
        self.judge()

    @on(Box.Turned)
    def _turned(self) -> None:
        self.judge()

    def collect(self) -> tuple[str, ...]:
        """Return the breakpoints, after checking all of them. Raises ExperimentError."""
        texts: list[str | None] = []
        wrong: ExperimentError | None = None
        for point in self._points:
            try:
                texts.append(point.judge())
            except ExperimentError as error:
                wrong = error
        if wrong is not None:
            raise wrong
        return tuple(dict.fromkeys(text for text in texts if text is not None))

    def verdict(self, ready: tuple[str, ...] | None, wrong: ExperimentError | None) -> str:
        """Return where the run will pause, or that something is wrong."""
        if ready is None:
            return "✗ not yet"
        verb = "hold" if self._is_script else "pause"
        points = [each.replace("tick=", "update=") if self._is_script else each for each in ready]
        return f"✓ {verb} at {', '.join(points)}" if points else f"✓ {verb} nowhere"

    def on_key(self, event: events.Key) -> None:
        """Set them on enter, wherever the focus is."""
        if event.key == "enter" and not isinstance(self.focused, Button):
            event.stop()
            self.action_submit()
