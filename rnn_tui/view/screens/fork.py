"""The form on `F`: learn in another way from the tick on the screen."""

from typing import Any

from textual.app import ComposeResult
from textual.widgets import Static

from rnn_tui.common.glyphs import safe
from rnn_tui.draw.kit.numbers import count
from rnn_tui.experiment.settings import SETTINGS
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.experiment.validate import from_dict, to_dict
from rnn_tui.protocol.commands import Fork
from rnn_tui.protocol.frame import Status
from rnn_tui.view.screens.editors import Row, as_text, from_text
from rnn_tui.view.screens.form import Form

__all__ = ["ForkScreen"]

_SETTINGS = sorted((each for each in SETTINGS if each.fork > 0), key=lambda each: each.fork)


class ForkScreen(Form[Fork]):
    """What changes from this tick on: the command for it, or None."""

    DEFAULT_CSS = "#fork-about { height: auto; margin: 0 0 1 0; color: $foreground 75%; }"
    CSS = "ForkScreen #form { max-width: 76; }"
    SUBMIT = "Fork"

    def __init__(self, experiment: Experiment, status: Status) -> None:
        super().__init__(
            f"Fork at tick {count(status.tick)}",
            "↑ ↓ field · ← → choose · ctrl+s begin · esc cancel",
            [(each, as_text(each.path, each.of(experiment))) for each in _SETTINGS],
        )
        self._base = experiment
        self._status = status

    def fields(self) -> ComposeResult:
        """What becomes of the future; a row for each thing that may change."""
        yield Static(_about(self._status), id="fork-about", markup=False)
        yield from super().fields()

    def _changed(self) -> list[Row]:
        return [row for row in self.rows.values() if row.changed]

    def collect(self) -> Fork | None:
        """The command, where anything changes. Raises ExperimentError."""
        values: dict[str, Any] = to_dict(self._base)
        values["training"] |= {row.setting.name: from_text(path, row.editor.value) for path, row in self.rows.items()}
        training = from_dict(values).training
        changed = [row.setting.name for row in self._changed()]
        return Fork(training=training, reseed="seed" in changed) if changed else None

    def verdict(self, ready: Fork | None, wrong: ExperimentError | None) -> str:
        """What changes from here on."""
        if wrong is not None:
            return "✗ not yet"
        what = ", ".join(f"{row.setting.label} {row.editor.value}" for row in self._changed())
        return f"✓ from here on: {safe(what)}" if what else "nothing changes yet"


def _about(status: Status) -> str:
    """What becomes of the future that there is."""
    if status.tick < status.newest:
        return (
            "The run goes on from here in another way, on a branch of its own. The old future stays in the loss chart, "
            "faint, and b goes from branch to branch."
        )
    return "This is the newest tick: the run goes on in another way. Go back first (←) to keep both futures."
