r"""The editors of settings, as text: `|` between rows; `\n`, `\x1b`, `\u200b` for what cannot be typed.

Every editor has a `value`, which is a text whatever the setting is; `as_text` and `from_text` translate.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input, Static

from rnn_tui.common.glyphs import glyph
from rnn_tui.experiment.cell_kinds import OWN
from rnn_tui.experiment.named_cell import named_cell
from rnn_tui.experiment.setting import Setting
from rnn_tui.experiment.settings import setting
from rnn_tui.experiment.spec import ExperimentError

__all__ = ["ChoiceInput", "Row", "TextInput", "as_text", "from_text"]

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_LONG = {"\\n": "\n", "\\r": "\r", "\\t": "\t", "\\\\": "\\", "\\|": "|"}
_PIECE = re.compile(r"\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}|\\.|.", re.DOTALL)
_YES_NO = ("no", "yes")
_MORE = "… "  # before words of which some to the left have no room


def as_text(path: str, value: Any) -> str:
    """Return a setting's value as an editor shows it."""
    edited = setting(path)
    if edited.kind is bool:
        return _YES_NO[value]
    if edited.kind is tuple and edited.separator == "|":
        return "|".join(_escaped(row).replace("|", "\\|") for row in value)
    if edited.kind is tuple:
        return f"{edited.separator} ".join(value)
    if edited.kind is str:
        return _escaped(value)
    return repr(value).removesuffix(".0") if edited.kind is float else str(value)


def from_text(path: str, text: str) -> Any:
    """Return the value that a text stands for; a wrong number stays a text, which `from_dict` refuses.

    Raises ExperimentError for an unknown escape.
    """
    edited = setting(path)
    if edited.kind is tuple and edited.separator != "|":
        return tuple(word.strip() for word in text.split(edited.separator) if word.strip())
    if edited.kind is tuple:
        return tuple(_rows(path, text)) if text else ()
    if edited.kind is str:
        return text if edited.choices else "|".join(_rows(path, text))
    try:
        return edited.parse(text)
    except ValueError:
        return text


def _escaped(text: str) -> str:
    """Return the text with escapes for backslashes and for what is invisible."""
    return printable(text.replace("\\", "\\\\"))


def printable(text: str) -> str:
    """Return the text with escapes for everything that is invisible."""
    return "".join(each if each == " " or glyph(each) == each else _code(each) for each in text)


def _code(character: str) -> str:
    number = ord(character)
    if number < 0x100:
        return _SHORT.get(character, f"\\x{number:02x}")
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _rows(path: str, text: str) -> list[str]:
    rows = [""]
    for piece in _PIECE.findall(text):
        if piece == "|":
            rows.append("")
        else:
            rows[-1] += _character(path, piece)
    return rows


def _character(path: str, piece: str) -> str:
    if piece in _LONG:
        return _LONG[piece]
    if piece[0] != "\\":
        return piece
    code = int(piece[2:], 16) if len(piece) > 2 else None
    if code is None or code > 0x10FFFF:
        raise ExperimentError(
            path,
            f"{piece} is no character: write \\\\ for a backslash, \\| for a bar, "
            "\\n, \\t, \\xNN, \\uNNNN or \\UNNNNNNNN for others",
        )
    return chr(code)


def _editor(path: str, value: str) -> "ChoiceInput | TextInput":
    """Return the editor for the setting with this path."""
    words = _YES_NO if setting(path).kind is bool else setting(path).choices
    if OWN in words and value != OWN and named_cell() is None:  # no file of one's own was named on the command line
        words = tuple(word for word in words if word != OWN)
    return ChoiceInput(words, value) if words else TextInput(value, compact=True)


class TextInput(Input):
    """A line of text in which what is invisible is written as an escape."""

    DEFAULT_CSS = """
    TextInput {
        width: 1fr; background: $panel;
        &:focus { background: $primary 25%; background-tint: transparent; }
        &> .input--placeholder { color: $foreground 50%; }
    }
    """

    def replace(self, text: str, start: int, end: int) -> None:
        """Insert what is typed or pasted, with escapes."""
        super().replace(printable(text), start, end)

    def on_paste(self, event: events.Paste) -> None:
        """Insert all of it, not only its first line."""
        event.prevent_default()
        event.stop()
        self.replace(event.text.removesuffix("\n"), *self.selection)


def _width(words: Sequence[str]) -> int:
    """Return the cells of words side by side, each after its mark."""
    return sum(len(word) + 4 for word in words) - 2


class ChoiceInput(Widget, can_focus=True):
    """One of a few words, side by side: ← and → choose, and so does a click."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"choice--chosen"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "choose(-1)", "previous word", show=False),
        Binding("right,space", "choose(1)", "next word", show=False),
        Binding("enter", "accept", "accept", show=False),
    ]
    DEFAULT_CSS = """
    ChoiceInput {
        width: 1fr; height: 1; text-wrap: nowrap; text-overflow: ellipsis; color: $foreground 65%;
        &> .choice--chosen { color: $foreground; text-style: bold; }
        &:focus { background: $primary 25%; }
    }
    """
    value: reactive[str] = reactive("", init=False)

    @dataclass
    class Changed(Message):
        """Another word has been chosen."""

        choice: "ChoiceInput"
        value: str

    class Accepted(Message):
        """What is there is to be taken, as on enter in a text."""

    def __init__(self, words: tuple[str, ...], value: str) -> None:
        super().__init__()
        self._words = words
        self.set_reactive(ChoiceInput.value, value)

    def watch_value(self, value: str) -> None:
        """Tell that another word has been chosen."""
        self.post_message(self.Changed(self, value))

    def render(self) -> Content:
        """Draw the words, the chosen one marked."""
        chosen = self.get_visual_style("choice--chosen", partial=True)
        first = self._first()
        parts = [
            Content.styled(f"● {word}", chosen) if word == self.value else Content(f"○ {word}")
            for word in self._words[first:]
        ]
        return Content(_MORE * bool(first)) + Content("  ").join(parts)

    def _first(self) -> int:
        """Return the first word that is drawn: where not all fit, words to the left give way to the chosen one."""
        room = self.content_size.width
        first, last = 0, self._words.index(self.value) if self.value in self._words else 0
        while first < last and len(_MORE) * bool(first) + _width(self._words[first : last + 1]) > room:
            first += 1
        return first

    def action_accept(self) -> None:
        """Tell that what is there is to be taken."""
        self.post_message(self.Accepted())

    def action_choose(self, by: int) -> None:
        """Choose the next or previous word, in a circle."""
        self.value = self._words[(self._words.index(self.value) + by) % len(self._words)]

    def on_click(self, event: events.Click) -> None:
        """Choose the word under the mouse."""
        offset = event.get_content_offset(self)
        first = self._first()
        left = len(_MORE) * bool(first)
        for word in self._words[first:]:
            if offset is not None and left <= offset.x < left + len(word) + 2:
                self.value = word
            left += len(word) + 4


class Row(Widget):
    """A setting: its label, its editor, and below them what is wrong. The row itself draws the label."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"row--label"}
    DEFAULT_CSS = """
    Row {
        height: auto;
        text-wrap: nowrap;
        & > ChoiceInput, & > TextInput { margin: 0 0 0 17; }
        & > Static { color: $error; padding: 0 0 0 17; }
        & > .row--label { color: $foreground 65%; }
        &:focus-within > .row--label { color: $foreground; text-style: bold; }
        &.-changed > .row--label { color: $accent; }
        &.-wrong > .row--label { color: $error; }
    }
    """

    def __init__(self, setting: Setting, value: str, editor: "ChoiceInput | TextInput | None" = None) -> None:
        self.editor: ChoiceInput | TextInput = editor or _editor(setting.path, value)
        super().__init__(self.editor)
        self.setting = setting
        self.problem = ""
        self._first = value

    @property
    def changed(self) -> bool:
        """Whether its value is no longer the first one."""
        return self.editor.value != self._first

    def render(self) -> Content:
        """Draw the label, which is beside the editor."""
        sign = "✗" if self.problem else "•" if self.has_class("-changed") else " "
        return Content.styled(f"{sign} {self.setting.label}", self.get_visual_style("row--label", partial=True))

    def mark(self, problem: str) -> None:
        """Show whether the value has changed, and what is wrong with it."""
        self.set_class(self.changed, "-changed")
        if problem == self.problem:
            return
        self.problem = problem
        self.set_class(bool(problem), "-wrong")
        self.query(Static).remove()
        if problem:
            self.mount(Static(problem, markup=False))
