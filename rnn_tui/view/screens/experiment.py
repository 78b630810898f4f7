"""The form on `e`: every part of an experiment, checked as it is typed.

What is not edited follows from what is, as on the command line: see `overrides`.
"""

from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.widget import Widget
from textual.widgets import Input

from rnn_tui.common.glyphs import safe
from rnn_tui.draw.kit.numbers import compact, count
from rnn_tui.draw.status import describe_network
from rnn_tui.experiment.memory import check_memory, memory_bytes
from rnn_tui.experiment.overrides import overridden
from rnn_tui.experiment.setting import Setting
from rnn_tui.experiment.settings import SETTINGS, setting
from rnn_tui.experiment.spec import Experiment, ExperimentError, Tokens
from rnn_tui.experiment.validate import from_dict
from rnn_tui.view.screens.editors import as_text, from_text
from rnn_tui.view.screens.form import Fields, Form

__all__ = ["ExperimentScreen"]

_COLUMNS = (("data",), ("network",), ("training", "run"))
_FIRST = sorted((each for each in SETTINGS if each.front), key=lambda each: each.front)
_LONGEST = 24  # characters of a text in the summary


class ExperimentScreen(Form[Experiment]):
    """Change any part of an experiment, and return the valid one to start, or None."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (104, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]  # noqa: RUF012
    DEFAULT_CSS = """
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
    #form-hint { height: 3; border-top: solid $foreground 20%; color: $foreground 65%; }
    #form-verdict, #form-last { height: 2; margin: 0; }
    #form-submit { margin: 0 0 0 1; }
    ExperimentScreen.-narrow {
        #form-hint { height: 4; }
        #form-verdict, #form-last { height: 3; }
    }
    """
    CSS = """
    ExperimentScreen #form { padding: 1 2 0 2; max-height: 100%; }
    ExperimentScreen.-wide #form { max-width: 118; width: 96%; }
    ExperimentScreen.-short #form { padding: 0 2 0 2; }
    """
    SUBMIT = "Start"
    HINTED = True

    def __init__(self, experiment: Experiment) -> None:
        self._base = experiment
        self._shown = {each.path: as_text(each.path, each.of(experiment)) for each in SETTINGS}
        super().__init__(
            f"Experiment · {experiment.name}",
            "↑ ↓ field · ← → choose · ctrl+s start · esc cancel",
            [(each, self._shown[each.path]) for each in SETTINGS],
        )
        self._given: dict[str, str] = {}  # what was edited, and does not follow from the rest

    def fields(self) -> ComposeResult:
        """Yield what is changed most often, then the rest in four groups."""
        with Fields(id="fields"):
            with Vertical(id="fields-first", classes="fields-group") as group:
                group.border_title = " Most often changed "
                yield from (self.rows[each.path] for each in _FIRST)
            yield from self._column(0)
            with Container(id="fields-columns"):
                yield from self._column(1)
                yield from self._column(2)

    def _column(self, number: int) -> ComposeResult:
        with Vertical(id=f"fields-column-{number}", classes="fields-column"):
            for section in _COLUMNS[number]:
                with Vertical(classes="fields-group") as group:
                    group.border_title = f" {section.capitalize()} "
                    yield from (row for row in self.rows.values() if _is_in(row.setting, section))

    def on_resize(self, event: events.Resize) -> None:
        """Give the rows the height that is left."""
        short, narrow = self.has_class("-short"), self.has_class("-narrow")
        around = 2 + 1 + (6 if narrow else 4) + (0 if short else 3)  # borders, line, hint and verdict, padding
        self.query_one(Fields).styles.max_height = max(3, event.size.height - around)

    # ---- checking -----------------------------------------------------------------------------------------

    def edited(self, editor: Widget, text: str) -> None:
        """Note an edit, unless the same text follows from the other edits."""
        path = next(path for path, row in self.rows.items() if row.editor is editor)
        if text == self._shown[path]:  # this form has written it itself
            return
        self._shown[path] = text
        self._given.pop(path, None)
        try:
            follows = self._values()
        except ExperimentError:
            follows = None
        if follows is None or as_text(path, _at(follows, path)) != text:
            self._given[path] = text
        self.judge()

    def _values(self) -> dict[str, Any]:
        """Return all values: those edited, and what follows from them. Raises ExperimentError."""
        return overridden(self._base, {path: from_text(path, text) for path, text in self._given.items()})

    def collect(self) -> Experiment:
        """Return the experiment that would start, and show what follows from the edits. Raises ExperimentError."""
        try:
            values = self._values()
            self._follow(values)
            experiment = from_dict(values)
            check_memory(experiment)
        except ExperimentError:
            self._show_defaults(None)
            raise
        self._show_defaults(experiment)
        return experiment

    def verdict(self, ready: Experiment | None, wrong: ExperimentError | None) -> str:
        """Return a summary of the experiment, or where it fails."""
        return f"✗ not yet: {_place(wrong)}" if ready is None else _summary(ready)

    def _follow(self, values: dict[str, Any]) -> None:
        """Write what follows from the edits into the other fields."""
        for path, row in self.rows.items():
            text = as_text(path, _at(values, path))
            if path not in self._given and text != self._shown[path]:
                self._shown[path] = text
                row.editor.value = text

    def _show_defaults(self, experiment: Experiment | None) -> None:
        """Show what an empty text stands for: the characters themselves, if they are known."""
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
            stands_for = {
                "data.targets": f"the next {experiment.data.unit}s of the text",
                "data.vocabulary": _VOCABULARIES[experiment.data.tokens].format("text"),
            }
        if experiment is not None and experiment.data.pairs:
            stands_for = {
                "data.targets": "the answers of the pairs",
                "data.vocabulary": _VOCABULARIES[experiment.data.tokens].format("pairs"),
                "data.labels": "the targets of the pairs, sorted",
            }
        for path, text in stands_for.items():
            widget = self.rows[path].editor
            if isinstance(widget, Input):
                widget.placeholder = text

    def hint(self, setting: Setting) -> str:
        """Return what a setting is about, with "no" for an option such as --no-learn."""
        about = setting.about.replace(f"--no-{setting.option[2:]}", "no")
        return f"{about[0].upper()}{about[1:]}. {setting.form_hint}".rstrip()

    def entered(self) -> None:
        """Go to the next field, since there are many."""
        self.focus_next()


_VOCABULARIES: dict[Tokens, str] = {
    "char": "the characters of the {}, sorted",
    "word": "the most frequent words of what is learnt",
    "byte": "all 256 bytes",
}


def _is_in(setting: Setting, section: str) -> bool:
    """Return whether a setting stands in the group of a section."""
    return setting.section == section and not setting.front


def _at(values: dict[str, Any], path: str) -> Any:
    section, _, name = path.partition(".")
    return values[section][name]


def _place(error: ExperimentError | None) -> str:
    """Return the label of the field that an error names, or the error."""
    path = error.path if error is not None else ""
    known = any(each.path == path for each in SETTINGS)
    return f"see {setting(path).label}" if known else safe(str(error))


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
    return f"✓ {describe_network(experiment)} · {weights}{floor} · {_memory(memory_bytes(experiment))} · {text}"


def _brief(text: str) -> str:
    return safe(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")


def _memory(size: float) -> str:
    for unit in ("KiB", "MiB", "GiB"):
        size /= 1024
        if size < 1000:
            return f"{max(0.1, size):.{1 if size < 10 else 0}f} {unit}"
    return f"{size:,.0f} GiB"
