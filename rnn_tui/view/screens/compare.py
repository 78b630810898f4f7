"""The dialog on `A`: as this, but with many seeds, or with settings that vary; it begins a field of networks."""

from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Static

from rnn_tui.common.glyphs import safe
from rnn_tui.experiment.comparison import Comparison, Varied
from rnn_tui.experiment.setting import Setting
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.experiment.vary import SEED, VaryError, comparison_of, parse_varied, vary_text
from rnn_tui.view.screens.editors import Row, TextInput
from rnn_tui.view.screens.form import Form

__all__ = ["CompareScreen"]

_MOST = 3  # settings that vary, besides the seeds
_USUAL = "64"  # seeds, where nothing has varied yet
_SEEDS = Setting(
    "so many seeds, counted up from the experiment's own; empty: its own alone", path="compare.seeds", label="seeds"
)
_VARY = tuple(
    Setting(
        f"a setting and its values: {example}",
        path=f"compare.vary{number}",
        label="with" if number == 1 else "and with",
    )
    for number, example in enumerate(("lr=0.001..1:24", "cell=rnn,gru,lstm", "hidden=2..16"), 1)
)


class CompareScreen(Form[Comparison]):
    """Choose what varies, and return the comparison, or None."""

    DEFAULT_CSS = """
    #compare-about { height: auto; margin: 0 0 1 0; color: $foreground 75%; }
    #form-hint { height: 1; margin: 1 0 0 0; color: $foreground 75%; }
    """
    CSS = "CompareScreen #form { max-width: 84; }"
    SUBMIT = "Compare"
    HINTED = True

    def __init__(self, base: Experiment, varied: tuple[Varied, ...] = ()) -> None:
        """Begin with what has varied so far, if anything has."""
        seeds, others = _shown(base, varied)
        texts = [*others, *[""] * _MOST][:_MOST]
        super().__init__(
            f"Compare many: as {base.name}, but with …",
            "↑ ↓ field · enter begin · esc cancel",
            [(_SEEDS, seeds), *zip(_VARY, texts, strict=True)],
        )
        self._base = base

    def row(self, setting: Setting, text: str) -> Row:
        """Return a row with a text editor, which shows an example while it is empty."""
        example = setting.about.rpartition(": ")[2] if setting is not _SEEDS else ""
        return Row(setting, text, TextInput(text, placeholder=example, compact=True))

    def fields(self) -> ComposeResult:
        """Yield what will happen, and the rows."""
        text = "All of them learn at once, each as it would alone. This run ends."
        yield Static(text, id="compare-about", markup=False)
        yield from super().fields()

    def edited(self, editor: Widget, text: str) -> None:
        """Check after an edit."""
        self.judge()

    def problem(self, error: ExperimentError) -> str:
        """Return what is wrong, including the value."""
        return safe(str(error))

    def collect(self) -> Comparison | None:
        """Return the comparison. Raises ExperimentError, which names the row that is wrong."""
        from rnn_tui.experiment.members import check_values  # for start-up time

        varied = []
        for each in _VARY:
            text = self.rows[each.path].editor.value.strip()
            if text:
                varied.append(_parsed(each.path, text))
        seeds = _number(self.rows[_SEEDS.path].editor.value.strip())
        try:
            comparison = comparison_of(self._base, varied, seeds)
            check_values(comparison)
        except VaryError as error:
            raise ExperimentError(_SEEDS.path if seeds else _VARY[0].path, str(error)) from None
        return comparison

    def check(self, ready: Comparison) -> None:
        """Check all networks, of which there may be thousands, before they begin. Raises ExperimentError."""
        from rnn_tui.experiment.members import checked_members  # for start-up time

        try:
            checked_members(ready)
        except VaryError as error:
            path = _SEEDS.path if self.rows[_SEEDS.path].editor.value.strip() else _VARY[0].path
            raise ExperimentError(path, str(error)) from None

    def verdict(self, ready: Comparison | None, wrong: ExperimentError | None) -> str:
        """Return how many networks there will be."""
        if ready is None:
            return "✗ not yet"
        product = " × ".join(f"{len(each.values):,}" for each in ready.varied)
        return f"✓ {ready.members:,} networks" + (f" = {product}" if len(ready.varied) > 1 else "")


def _shown(base: Experiment, varied: tuple[Varied, ...]) -> tuple[str, list[str]]:
    """Return the number of seeds and the texts of what has varied so far."""
    if not varied:
        return _USUAL, []
    seeds = next((each for each in varied if each.path == SEED), None)
    others = [vary_text(each) for each in varied if each.path != SEED]
    if seeds is None:
        return "", others
    first = base.training.seed
    if seeds.values == tuple(range(first, first + len(seeds.values))):
        return str(len(seeds.values)), others
    return "", [*others, vary_text(seeds)]


def _parsed(path: str, text: str) -> Varied:
    try:
        return parse_varied(text)
    except VaryError as error:
        raise ExperimentError(path, str(error)) from None


def _number(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise ExperimentError(_SEEDS.path, f"{text!r} is not a whole number")
    return int(text)
