"""The form on `F`: train differently from the tick on the screen on."""

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
    """Choose what changes from this tick on, and return the command for it, or None."""

    DEFAULT_CSS = "#fork-about { height: auto; margin: 0 0 1 0; color: $foreground 75%; }"
    CSS = "ForkScreen #form { max-width: 76; }"
    SUBMIT = "Fork"

    def __init__(self, experiment: Experiment, status: Status, *, has_ranks: bool = False) -> None:
        """Offer what may change; `has_ranks`: several processes share each batch, which have no way back."""
        super().__init__(
            f"Fork at tick {count(status.tick)}",
            "↑ ↓ field · ← → choose · ctrl+s fork · esc cancel",
            [(each, as_text(each.path, each.of(experiment))) for each in _SETTINGS],
        )
        self._base = experiment
        self._about = _about(status, has_ranks=has_ranks)

    def fields(self) -> ComposeResult:
        """Yield what becomes of the present future, and a row for each setting that may change."""
        yield Static(self._about, id="fork-about", markup=False)
        yield from super().fields()

    def _changed(self) -> list[Row]:
        return [row for row in self.rows.values() if row.changed]

    def collect(self) -> Fork | None:
        """Return the command, if anything changes. Raises ExperimentError."""
        values: dict[str, Any] = to_dict(self._base)
        values["training"] |= {row.setting.name: from_text(path, row.editor.value) for path, row in self.rows.items()}
        training = from_dict(values).training
        changed = [row.setting.name for row in self._changed()]
        return Fork(training=training, reseed="seed" in changed) if changed else None

    def verdict(self, ready: Fork | None, wrong: ExperimentError | None) -> str:
        """Return what changes from here on."""
        if wrong is not None:
            return "✗ not yet"
        what = ", ".join(f"{row.setting.label} {row.editor.value}" for row in self._changed())
        return f"✓ from here on: {safe(what)}" if what else "nothing changes yet"


def _about(status: Status, *, has_ranks: bool) -> str:
    """Return what becomes of the present future, as a sentence."""
    if has_ranks:
        return "The run goes on differently. Several processes share each batch, and have no way back to how it is now."
    if status.tick < status.newest:
        return (
            "From here the run goes on differently, on a new branch. The old future stays in the loss chart, faint; b "
            "switches between branches."
        )
    return "This is the newest tick: the run goes on differently. Go back first (←) to keep both futures."
