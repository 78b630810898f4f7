"""The dialog on `E`: the screen as a picture, or the numbers of a pane, in a file."""

import importlib.util
import os
from pathlib import Path
from typing import Literal

import msgspec
from textual.widget import Widget

from rnn_tui.common.atomic_files import Folder
from rnn_tui.common.glyphs import safe
from rnn_tui.experiment.setting import Setting
from rnn_tui.experiment.spec import ExperimentError
from rnn_tui.view.model.picture_file import NO_PNG
from rnn_tui.view.screens.editors import ChoiceInput, Row, TextInput
from rnn_tui.view.screens.form import Form

__all__ = ["FileKind", "SaveOrder", "SaveScreen", "default_name", "write_new"]

FileKind = Literal["svg", "png", "csv", "json"]
_KINDS: dict[FileKind, str] = {
    "svg": "the whole screen, as a picture in which text stays text",
    "png": "the whole screen, as a picture of dots",
    "csv": "a line for each number",
    "json": "every quantity with its units and time steps",
}
_WHAT = Setting(
    "svg, png: the whole screen; csv, json: the numbers of the pane with the focus, exactly",
    label="what",
    path="save.what",
    choices=tuple(_KINDS),
)
_FILE = Setting("a new file; nothing is ever written over another", label="file", path="save.file")


class SaveOrder(msgspec.Struct, frozen=True):
    """What to write, and where."""

    kind: FileKind
    path: Path


class SaveScreen(Form[SaveOrder]):
    """Choose what is saved, and the name of the file."""

    DEFAULT_CSS = """
    #form-hint { height: 2; margin: 1 0 0 0; color: $foreground 75%; }
    """
    CSS = "SaveScreen #form { max-width: 90; }"
    SUBMIT = "Save"
    HINTED = True

    def __init__(self, pane: str, stem: str) -> None:
        """Offer the screen, and the numbers of the pane of that name. `stem` is a file name without its ending."""
        self._pane = pane
        super().__init__(
            "Save what is on the screen",
            "↑ ↓ field · ← → choose · enter save · esc cancel",
            [(_WHAT, "svg"), (_FILE, f"{stem}.svg")],
        )

    def row(self, setting: Setting, text: str) -> Row:
        """Return the row of the kind, or of the file."""
        is_kind = setting is _WHAT
        return Row(setting, text, ChoiceInput(_WHAT.choices, text) if is_kind else TextInput(text, compact=True))

    def edited(self, editor: Widget, text: str) -> None:
        """Let the ending of the file follow the kind, and the other way round."""
        what, file = self.rows[_WHAT.path].editor, self.rows[_FILE.path].editor
        stem, ending = os.path.splitext(file.value)
        if editor is what and ending[1:] in _KINDS:
            file.value = f"{stem}.{text}"
        elif editor is file and ending[1:] in _KINDS:
            what.value = ending[1:]
        self.judge()

    def collect(self) -> SaveOrder:
        """Return what to write. Raises ExperimentError."""
        kind = next(each for each in _KINDS if each == self.rows[_WHAT.path].editor.value)
        if kind == "png" and importlib.util.find_spec("resvg_py") is None:
            raise ExperimentError(_WHAT.path, NO_PNG)
        text = self.rows[_FILE.path].editor.value.strip()
        if not text or "\0" in text:
            raise ExperimentError(_FILE.path, "a name is needed")
        try:
            path = Path(text).expanduser()
        except RuntimeError:
            raise ExperimentError(_FILE.path, "begins with ~ and the name of nobody here") from None
        if os.path.lexists(path):
            raise ExperimentError(_FILE.path, "is there already: another name is needed")
        if not path.parent.is_dir():
            raise ExperimentError(_FILE.path, "is in a folder that is not there")
        return SaveOrder(kind, path)

    def problem(self, error: ExperimentError) -> str:
        """Return what is wrong."""
        return safe(str(error).removeprefix(f"{error.path}: "))

    def verdict(self, ready: SaveOrder | None, wrong: ExperimentError | None) -> str:
        """Return what would be written."""
        if ready is None:
            return "✗ not yet"
        whose = f" of {self._pane}" if ready.kind in ("csv", "json") else ""
        return f"✓ {_KINDS[ready.kind]}{whose}"


def default_name(run: str, pane: str, tick: int) -> str:
    """Return the name of a new file in the current folder, without its ending."""
    words = "".join(each if each.isalnum() or each in "-_" else "-" for each in f"{run or 'run'}-{pane}")
    stem, number = f"{words}-tick-{tick}", 1
    while any(os.path.lexists(f"{stem}{'' if number == 1 else f'-{number}'}.{kind}") for kind in _KINDS):
        number += 1
    return stem if number == 1 else f"{stem}-{number}"


def write_new(path: Path, data: bytes) -> None:
    """Write a new file, whole or not at all. Raises OSError, FileExistsError where something has that name."""
    with Folder(path.parent) as folder, folder.create(path.name) as stream:
        try:
            stream.write(data)
            stream.flush()
        except OSError:
            folder.remove(path.name)
            raise
