"""The form on `F`: learn in another way from the tick on the screen."""

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Static

from rnn_tui.draw.numbers import count
from rnn_tui.experiment import Experiment, ExperimentError
from rnn_tui.fields import field
from rnn_tui.frame import Status
from rnn_tui.options import without_value
from rnn_tui.protocol import Learn
from rnn_tui.rules import from_dict, to_dict
from rnn_tui.text import safe
from rnn_tui.view.screens.dialog import Dialog
from rnn_tui.view.screens.editors import Choice, Row, as_text, from_text

__all__ = ["ForkScreen"]

_NAMES = ("lr", "schedule", "optimizer", "weight_decay", "clip", "reduction", "seed", "epochs")


class ForkScreen(Dialog[Learn | None]):
    """What changes from this tick on: the command for it, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "begin", "begin", priority=True),
        Binding("escape", "cancel", "cancel"),
        Binding("up", "app.focus_previous", "the field above", show=False),
        Binding("down", "app.focus_next", "the field below", show=False),
    ]
    DEFAULT_CSS = """
    #fork-about { height: auto; margin: 0 0 1 0; color: $foreground 75%; }
    #fork-rows { height: auto; }
    #fork-end { height: auto; margin: 1 0 0 0; }
    #fork-verdict { width: 1fr; height: 2; color: $success; &.-wrong { color: $error; } }
    #fork-begin { min-width: 9; }
    """
    CSS = "#fork { max-width: 76; }"

    def __init__(self, experiment: Experiment, status: Status) -> None:
        super().__init__()
        self._base = experiment
        self._status = status
        training = experiment.training
        self._unchanged = {name: as_text(f"training.{name}", getattr(training, name)) for name in _NAMES}
        self._rows: dict[str, Row] = {}
        self._ready: Learn | None = None

    def compose(self) -> ComposeResult:
        """A row for each thing that may change; the verdict and the button below them."""
        self._rows = {name: Row(field(f"training.{name}"), self._unchanged[name]) for name in _NAMES}
        with Vertical(id="fork", classes="dialog") as dialog:
            dialog.border_title = f"Fork at tick {count(self._status.tick)}"
            dialog.border_subtitle = "↑ ↓ field · ← → choose · ctrl+s begin · esc cancel"
            yield Static(_about(self._status), id="fork-about", markup=False)
            with Vertical(id="fork-rows"):
                yield from self._rows.values()
            with Horizontal(id="fork-end"):
                yield Static(id="fork-verdict", markup=False)
                yield Button("Fork", id="fork-begin", variant="primary", compact=True)

    def on_mount(self) -> None:
        """Judge what is there."""
        self._judge()

    @on(Input.Changed)
    @on(Choice.Changed)
    def _judge(self) -> None:
        """Say whether it can go on so, and if not, where it fails."""
        values: dict[str, Any] = to_dict(self._base)
        texts = {name: row.editor.value for name, row in self._rows.items()}
        changed = [name for name in _NAMES if texts[name] != self._unchanged[name]]
        wrong: ExperimentError | None = None
        self._ready = None
        try:
            values["training"] |= {name: from_text(f"training.{name}", text) for name, text in texts.items()}
            training = from_dict(values).training
            if changed:
                self._ready = Learn(training=training, reseed="seed" in changed)
        except ExperimentError as error:
            wrong = error
        for name, row in self._rows.items():
            blamed = wrong is not None and wrong.path == f"training.{name}"
            row.mark(changed=name in changed, problem=safe(without_value(str(wrong))) if blamed else "")
        verdict = self.query_one("#fork-verdict", Static)
        verdict.set_class(wrong is not None, "-wrong")
        what = ", ".join(f"{field(f'training.{name}').label} {texts[name]}" for name in changed)
        verdict.update("✗ not yet" if wrong else f"✓ from here on: {safe(what)}" if changed else "nothing changes yet")
        self.query_one("#fork-begin", Button).disabled = self._ready is None

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_begin()

    @on(Button.Pressed)
    def action_begin(self) -> None:
        """Begin it, if it is sound."""
        if self._ready is not None:
            self.leave(self._ready)

    def action_cancel(self) -> None:
        """Leave everything as it was."""
        self.leave()


def _about(status: Status) -> str:
    """What becomes of the future that there is."""
    if status.tick < status.newest:
        return (
            "The run goes on from here in another way, on a branch of its own. The old future stays in the loss chart, "
            "faint, and b goes from branch to branch."
        )
    return "This is the newest tick: the run goes on in another way. Go back first (←) to keep both futures."
