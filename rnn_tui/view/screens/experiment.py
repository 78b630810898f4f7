"""The form on `e`: every part of an experiment, judged as it is typed.

What was not edited follows what was, as on the command line: see `overrides`.
"""

from typing import Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Input, Static

from rnn_tui.draw.numbers import compact, count
from rnn_tui.draw.status import describe_network
from rnn_tui.experiment import Experiment, ExperimentError
from rnn_tui.fields import FIELDS, Field, field
from rnn_tui.memory import check_memory
from rnn_tui.options import without_value
from rnn_tui.overrides import overridden
from rnn_tui.rules import from_dict
from rnn_tui.text import safe
from rnn_tui.view.screens.dialog import Dialog
from rnn_tui.view.screens.editors import Choice, Row, as_text, from_text

__all__ = ["ExperimentScreen"]

_COLUMNS = (("data",), ("network",), ("training", "run"))
_ESCAPES = {
    "data.inputs": " | separates rows; \\| \\\\ \\n \\t \\x1b \\u200b stand for what cannot be typed.",
    "data.targets": " | separates rows; \\| \\\\ \\n \\t \\x1b \\u200b stand for what cannot be typed.",
    "data.vocabulary": " \\\\ \\n \\t \\x1b \\u200b stand for what cannot be typed.",
    "run.until": " A comma stands between several.",
}
_SECTIONS = tuple(section for column in _COLUMNS for section in column)
_LONGEST = 24  # characters of a text in the summary


class Fields(VerticalScroll, can_focus=False):
    """The rows. ↑ and ↓ go from one to the next, and it scrolls by itself."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "app.focus_previous", "the field above", show=False),
        Binding("down", "app.focus_next", "the field below", show=False),
    ]


class ExperimentScreen(Dialog[Experiment | None]):
    """Change any part of an experiment: the sound one that shall begin, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "begin", "begin", priority=True),
        Binding("escape", "cancel", "cancel"),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (104, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]  # noqa: RUF012
    DEFAULT_CSS = """
    #fields {
        height: auto;
        scrollbar-size-vertical: 1; scrollbar-background: $surface; scrollbar-color: $foreground 30%;
    }
    .fields-group {
        height: auto;
        border-top: solid $foreground 20%;
        border-title-color: $primary;
        border-title-style: bold;
        margin: 0 0 1 0;
    }
    .fields-column { height: auto; }
    #fields-columns { height: auto; }
    ExperimentScreen.-wide {
        #fields-columns { layout: horizontal; }
        #fields-column-1 { width: 49fr; margin: 0 3 0 0; }
        #fields-column-2 { width: 56fr; }
    }
    #form-end { height: auto; border-top: solid $foreground 20%; }
    #form-hint { height: 2; color: $foreground 65%; }
    #form-verdict { width: 1fr; height: 2; color: $success; &.-wrong { color: $error; } }
    #form-last { height: 2; }
    #form-begin { min-width: 9; margin: 0 0 0 1; }
    ExperimentScreen.-narrow {
        #form-hint, #form-verdict, #form-last { height: 3; }
    }
    """
    CSS = """
    #form { padding: 1 2 0 2; }
    ExperimentScreen.-wide #form { max-width: 118; width: 96%; }
    ExperimentScreen.-short #form { padding: 0 2 0 2; }
    ExperimentScreen #form { max-height: 100%; }
    """

    def __init__(self, experiment: Experiment) -> None:
        super().__init__()
        self._base = experiment
        self._shown = {each.path: as_text(each.path, _value(experiment, each)) for each in FIELDS}
        self._unchanged = dict(self._shown)
        self._given: dict[str, str] = {}  # what was edited, and does not follow from the rest
        self._ready: Experiment | None = None  # what would begin
        self._rows: dict[str, Row] = {}

    def compose(self) -> ComposeResult:
        """Four groups of rows; the hint, the verdict and the button stay below them."""
        self._rows = {each.path: Row(each, self._shown[each.path]) for each in FIELDS}
        with Vertical(id="form", classes="dialog") as dialog:
            dialog.border_title = f"Experiment · {safe(self._base.name)}".replace("[", "\\[")
            dialog.border_subtitle = "↑ ↓ field · ← → choose · ctrl+s begin · esc cancel"
            with Fields(id="fields"):
                yield from self._column(0)
                with Container(id="fields-columns"):
                    yield from self._column(1)
                    yield from self._column(2)
            with Vertical(id="form-end"):
                yield Static(id="form-hint", markup=False)
                with Horizontal(id="form-last"):
                    yield Static(id="form-verdict", markup=False)
                    yield Button("Begin", id="form-begin", variant="primary", compact=True)

    def _column(self, number: int) -> ComposeResult:
        with Vertical(id=f"fields-column-{number}", classes="fields-column"):
            for section in _COLUMNS[number]:
                with Vertical(classes="fields-group") as group:
                    group.border_title = f" {section.capitalize()} "
                    yield from (row for row in self._rows.values() if row.setting.section == section)

    def on_mount(self) -> None:
        """Judge what is there."""
        self._judge()

    def on_resize(self, event: events.Resize) -> None:
        """The rows take what is left of the height."""
        short, narrow = self.has_class("-short"), self.has_class("-narrow")
        around = 2 + 1 + (6 if narrow else 4) + (0 if short else 3)  # borders, line, hint and verdict, padding
        self.query_one(Fields).styles.max_height = max(3, event.size.height - around)

    # ---- judging ------------------------------------------------------------------------------------------

    @on(Input.Changed)
    @on(Choice.Changed)
    def _edited(self, event: Input.Changed | Choice.Changed) -> None:
        widget = event.input if isinstance(event, Input.Changed) else event.choice
        path = next(path for path, row in self._rows.items() if row.editor is widget)
        if event.value == self._shown[path]:  # this form wrote it itself
            return
        self._shown[path] = event.value
        self._given.pop(path, None)
        try:
            follows = self._values()
        except ExperimentError:
            follows = None
        if follows is None or as_text(path, _at(follows, path)) != event.value:
            self._given[path] = event.value
        self._judge()

    def _values(self) -> dict[str, Any]:
        """What was edited, and the rest following. Raises ExperimentError."""
        return overridden(self._base, {path: from_text(path, text) for path, text in self._given.items()})

    def _judge(self) -> None:
        """Say whether it can begin, and if not, where it fails and what would be right."""
        wrong: ExperimentError | None = None
        self._ready = None
        try:
            values = self._values()
            self._follow(values)
            experiment = from_dict(values)
            check_memory(experiment)
            self._ready = experiment
        except ExperimentError as error:
            wrong = error
        for path, row in self._rows.items():
            problem = _problem(wrong) if wrong is not None and wrong.path == path else ""
            row.mark(changed=self._shown[path] != self._unchanged[path], problem=problem)
        verdict = self.query_one("#form-verdict", Static)
        verdict.set_class(wrong is not None, "-wrong")
        text = _summary(self._ready) if self._ready is not None else f"✗ not yet: {_place(wrong)}"
        verdict.update(text, layout=False)
        self.query_one("#form-begin", Button).disabled = self._ready is None
        self._show_defaults(self._ready)

    def _follow(self, values: dict[str, Any]) -> None:
        """Write what follows from the edits into the fields that were not edited."""
        for path, row in self._rows.items():
            text = as_text(path, _at(values, path))
            if path not in self._given and text != self._shown[path]:
                self._shown[path] = text
                row.editor.value = text

    def _show_defaults(self, experiment: Experiment | None) -> None:
        """What an empty text stands for: the very characters, where they are known."""
        stands_for = {
            "data.targets": "the input's next characters",
            "data.vocabulary": "the characters of the data, sorted",
        }
        if experiment is not None:
            targets = as_text("data.targets", experiment.data.targets) or "none: nothing is learnt"
            stands_for = {"data.targets": targets, "data.vocabulary": as_text("data.vocabulary", experiment.vocabulary)}
        if experiment is not None and experiment.is_numbers:
            stands_for = {"data.targets": "the next values of the series", "data.vocabulary": "none: it reads numbers"}
        elif experiment is not None and experiment.data.text:
            stands_for = {"data.targets": "the next characters of the text", "data.vocabulary": "the text's, sorted"}
        if experiment is not None and experiment.data.pairs:
            stands_for = {"data.targets": "those of the pairs", "data.vocabulary": "the pairs', sorted"}
        for path, text in stands_for.items():
            widget = self._rows[path].editor
            if isinstance(widget, Input):
                widget.placeholder = text

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Tell what the field with the focus is about."""
        row = next((row for row in self._rows.values() if row.editor is event.widget), None)
        self.query_one("#form-hint", Static).update("" if row is None else _hint(row.setting), layout=False)

    # ---- leaving ------------------------------------------------------------------------------------------

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.focus_next()

    @on(Button.Pressed)
    def action_begin(self) -> None:
        """Begin it, if it is sound."""
        if self._ready is not None:
            self.leave(self._ready)

    def action_cancel(self) -> None:
        """Leave everything as it was."""
        self.leave()


def _value(experiment: Experiment, setting: Field) -> Any:
    return getattr(getattr(experiment, setting.section), setting.name)


def _at(values: dict[str, Any], path: str) -> Any:
    section, _, name = path.partition(".")
    return values[section][name]


def _hint(setting: Field) -> str:
    """What a setting is about; where the command line has --no-learn, the form has no."""
    about = setting.about.replace(f"--no-{setting.option[2:]}", "no")
    return f"{about[0].upper()}{about[1:]}.{_ESCAPES.get(setting.path, '')}"


def _problem(error: ExperimentError) -> str:
    """What is wrong, below the value; where that is a list, with the part of it that is to blame."""
    return safe(str(error) if error.value is not None else without_value(str(error)))


def _place(error: ExperimentError | None) -> str:
    """The label of the field that an error names."""
    path = error.path if error is not None else ""
    known = any(each.path == path for each in FIELDS)
    return f"see {field(path).label}" if known else safe(str(error))


def _summary(experiment: Experiment) -> str:
    data = experiment.data
    rows = f"{experiment.rows} rows of {experiment.length}, " if experiment.rows > 1 else ""
    text = rows + _brief(data.file or data.inputs[0]) + (f" → {_brief(data.targets[0])}" if data.targets else "")
    weights = f"{count(experiment.weights)} weights · " if experiment.classes else ""
    floor = (
        "forward only"
        if not experiment.training.learn
        else "no floor"
        if experiment.floor is None
        else f"floor {compact(experiment.floor)}"
    )
    return f"✓ {describe_network(experiment)} · {weights}{floor} · {_memory(experiment.memory_bytes)} · {text}"


def _brief(text: str) -> str:
    return safe(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")


def _memory(size: float) -> str:
    for unit in ("KiB", "MiB", "GiB"):
        size /= 1024
        if size < 1000:
            return f"{max(0.1, size):.{1 if size < 10 else 0}f} {unit}"
    return f"{size:,.0f} GiB"
