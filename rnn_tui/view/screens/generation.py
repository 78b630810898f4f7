"""The form on `O`: how the network goes on from a text."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Input, Static

from rnn_tui.experiment import ExperimentError
from rnn_tui.inside import SampleAsk
from rnn_tui.sample_fields import SAMPLE_FIELDS, sample_ask
from rnn_tui.text import glyph, safe
from rnn_tui.view.screens.dialog import Dialog
from rnn_tui.view.screens.editors import Row, TextInput, as_text, from_text

__all__ = ["GenerationScreen"]

_TEXT = "data.vocabulary"  # a plain text, in which what cannot be typed is an escape


class GenerationScreen(Dialog[SampleAsk | None]):
    """Prime, temperature, top-k, seed and length; None: as before."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "set", "set", priority=True),
        Binding("escape", "cancel", "cancel"),
        Binding("up", "app.focus_previous", "the field above", show=False),
        Binding("down", "app.focus_next", "the field below", show=False),
    ]
    DEFAULT_CSS = """
    #generation-rows { height: auto; max-height: 50vh; }
    #generation-about { height: 2; margin: 1 0 0 0; color: $foreground 75%; }
    #generation-end { height: auto; margin: 1 0 0 0; }
    #generation-verdict { width: 1fr; height: 2; color: $success; &.-wrong { color: $error; } }
    #generation-set { min-width: 9; }
    """
    CSS = "#generation { max-width: 76; }"

    def __init__(self, sample: SampleAsk, vocabulary: str) -> None:
        super().__init__()
        self._vocabulary = vocabulary
        self._first = {each.name: _shown(each.name, sample) for each in SAMPLE_FIELDS}
        self._rows: dict[str, Row] = {}
        self._ready: SampleAsk | None = None

    def compose(self) -> ComposeResult:
        """A row for each setting; what it is about, the verdict and the button below them."""
        for each in SAMPLE_FIELDS:
            text = self._first[each.name]
            self._rows[each.name] = Row(each, text, TextInput(text, compact=True))
        with Vertical(id="generation", classes="dialog") as dialog:
            dialog.border_title = "How it writes"
            dialog.border_subtitle = "↑ ↓ field · enter set · esc cancel"
            with VerticalScroll(id="generation-rows", can_focus=False):
                yield from self._rows.values()
            yield Static(id="generation-about", markup=False)
            with Horizontal(id="generation-end"):
                yield Static(id="generation-verdict", markup=False)
                yield Button("Set", id="generation-set", variant="primary", compact=True)

    def on_mount(self) -> None:
        """Judge what is there."""
        self._judge()

    def on_descendant_focus(self) -> None:
        """What the setting is about."""
        row = next((each for each in self._rows.values() if each.editor.has_focus), None)
        if row is not None:
            escapes = "; \\n is a line break" if row.setting.name == "prime" else ""
            self.query_one("#generation-about", Static).update(row.setting.about + escapes)

    @on(Input.Changed)
    def _judge(self) -> None:
        """Say whether it can be so, and if not, where it fails."""
        texts = {name: row.editor.value for name, row in self._rows.items()}
        wrong: ExperimentError | None = None
        self._ready = None
        try:
            self._ready = sample_ask(_prime(texts["prime"]), texts)
        except ExperimentError as error:
            wrong = error
        for name, row in self._rows.items():
            blamed = wrong is not None and wrong.path == f"sample.{name}"
            row.mark(changed=texts[name] != self._first[name], problem=safe(str(wrong)) if blamed else "")
        verdict = self.query_one("#generation-verdict", Static)
        verdict.set_class(self._ready is None, "-wrong")
        verdict.update("✗ not yet" if self._ready is None else f"✓ {self._remark(self._ready)}")
        self.query_one("#generation-set", Button).disabled = self._ready is None

    def _remark(self, sample: SampleAsk) -> str:
        """What is to be known of a text that the network may not know."""
        strange = list(dict.fromkeys(each for each in sample.prime if each not in self._vocabulary))
        if strange:
            return f"not in the vocabulary, and left out: {', '.join(map(glyph, strange[:8]))}"
        return "ready" if sample.prime else "without a prime it writes nothing"

    @on(Button.Pressed)
    @on(Input.Submitted)
    def action_set(self) -> None:
        """Set it, if it is sound."""
        if self._ready is not None:
            self.leave(self._ready)

    def action_cancel(self) -> None:
        """Leave everything as it was."""
        self.leave(None)


def _shown(name: str, sample: SampleAsk) -> str:
    if name == "prime":
        return as_text(_TEXT, sample.prime)
    value = getattr(sample, name)
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _prime(text: str) -> str:
    try:
        found: str = from_text(_TEXT, text)
    except ExperimentError as error:
        raise ExperimentError("sample.prime", str(error)) from None
    return found
