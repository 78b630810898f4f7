"""The base of all forms: rows to edit, a verdict on every edit, and a button to submit."""

from collections.abc import Sequence
from typing import ClassVar, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from rnn_tui.common.glyphs import safe
from rnn_tui.common.wording import without_value
from rnn_tui.experiment.setting import Setting
from rnn_tui.experiment.spec import ExperimentError
from rnn_tui.view.screens.dialog import Dialog
from rnn_tui.view.screens.editors import ChoiceInput, Row

__all__ = ["Fields", "Form"]

Result = TypeVar("Result")


class Fields(VerticalScroll, can_focus=False):
    """The rows of a form. ↑ and ↓ move between them, and they scroll by themselves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "app.focus_previous", "previous field", show=False),
        Binding("down", "app.focus_next", "next field", show=False),
    ]
    DEFAULT_CSS = """
    Fields {
        height: auto;
        scrollbar-size-vertical: 1; scrollbar-background: $surface; scrollbar-color: $foreground 30%;
    }
    """


class Form(Dialog[Result]):
    """A dialog whose rows are edited and checked; it returns what they stand for, or None if it is cancelled.

    A form defines its rows (`fields`), what they stand for (`collect`) and a sentence about it (`verdict`).
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "submit", "submit", priority=True, tooltip="Accept what the form says"),
        Binding("escape", "cancel", "cancel", tooltip="Close the form and change nothing"),
    ]
    DEFAULT_CSS = """
    #form-last { height: auto; margin: 1 0 0 0; }
    #form-verdict { width: 1fr; height: 2; color: $success; &.-wrong { color: $error; } }
    #form-submit { min-width: 9; }
    """
    SUBMIT: ClassVar[str]  # the word on the button
    HINTED: ClassVar[bool] = False  # whether the field with the focus is explained

    def __init__(self, title: str, keys: str, settings: Sequence[tuple[Setting, str]] = ()) -> None:
        super().__init__()
        self._titles = title, keys
        self._ready: Result | None = None  # what would be returned
        self._settings = settings  # with their texts
        self.rows: dict[str, Row] = {}

    def compose(self) -> ComposeResult:
        """Lay out the fields, and below them hint, verdict and button."""
        self.rows = {setting.path: self.row(setting, text) for setting, text in self._settings}
        with Vertical(id="form", classes="dialog") as dialog:
            title, dialog.border_subtitle = self._titles
            dialog.border_title = safe(title).replace("[", "\\[")
            yield from self.fields()
            if self.HINTED:
                yield Static(id="form-hint", markup=False)
            with Horizontal(id="form-last"):
                yield Static(id="form-verdict", markup=False)
                yield Button(self.SUBMIT, id="form-submit", variant="primary", compact=True)

    # ---- what each form defines ---------------------------------------------------------------------------

    def fields(self) -> ComposeResult:
        """Yield what is edited."""
        with Fields(id="fields"):
            yield from self.rows.values()

    def row(self, setting: Setting, text: str) -> Row:
        """Return the row of a setting."""
        return Row(setting, text)

    def collect(self) -> Result | None:
        """Return what the texts stand for; None: nothing yet. Raises ExperimentError."""
        raise NotImplementedError

    def check(self, ready: Result) -> None:
        """Check what would take too long after each key. Raises ExperimentError."""

    def verdict(self, ready: Result | None, wrong: ExperimentError | None) -> str:
        """Return a sentence about it."""
        raise NotImplementedError

    def hint(self, setting: Setting) -> str:
        """Return what a setting is about."""
        return setting.about

    def problem(self, error: ExperimentError) -> str:
        """Return what is wrong, without the value above it; of a list, with the part that is wrong."""
        return safe(str(error) if error.value is not None else without_value(str(error)))

    def edited(self, editor: Widget, text: str) -> None:
        """Check after an edit."""
        self.judge()

    def entered(self) -> None:
        """Submit on enter."""
        self.action_submit()

    # ---- checking and closing -----------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Check what is there."""
        self.judge()

    def judge(self) -> None:
        """Check the rows, and show whether they are valid, and if not, where they fail and what would be right."""
        wrong: ExperimentError | None = None
        self._ready = None
        try:
            self._ready = self.collect()
        except ExperimentError as error:
            wrong = error
        self._tell(wrong)

    def _tell(self, wrong: ExperimentError | None) -> None:
        """Show what is wrong where it is, if anything is, and what would be right."""
        for path, row in self.rows.items():
            row.mark(self.problem(wrong) if wrong is not None and wrong.path == path else "")
        verdict = self.query_one("#form-verdict", Static)
        verdict.set_class(wrong is not None, "-wrong")
        verdict.update(self.verdict(self._ready, wrong))
        self.query_one("#form-submit", Button).disabled = self._ready is None

    @on(Input.Changed)
    @on(ChoiceInput.Changed)
    def _edited(self, event: Input.Changed | ChoiceInput.Changed) -> None:
        self.edited(event.input if isinstance(event, Input.Changed) else event.choice, event.value)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Explain the field with the focus."""
        if self.HINTED:
            row = next((row for row in self.rows.values() if row.editor is event.widget), None)
            self.query_one("#form-hint", Static).update("" if row is None else self.hint(row.setting), layout=False)

    @on(Input.Submitted)
    @on(ChoiceInput.Accepted)
    def _entered(self) -> None:
        self.entered()

    @on(Button.Pressed)
    def action_submit(self) -> None:
        """Close with the result, if it is valid."""
        if self._ready is None:
            return
        try:
            self.check(self._ready)
        except ExperimentError as error:
            self._ready = None
            self._tell(error)
        else:
            self.leave(self._ready)

    def action_cancel(self) -> None:
        """Close, and leave everything as it was."""
        self.leave()
