"""The form on `O`: how the network continues a text."""

from collections.abc import Mapping

from rnn_tui.common.glyphs import glyph, safe
from rnn_tui.experiment.sampling_settings import MOST_PRIME, SAMPLE_SETTINGS, sample_numbers
from rnn_tui.experiment.setting import Setting
from rnn_tui.experiment.spec import ExperimentError
from rnn_tui.experiment.tokenizers import Tokenizer
from rnn_tui.protocol.inspect.sample import SampleAsk
from rnn_tui.view.screens.editors import Row, TextInput, as_text, from_text
from rnn_tui.view.screens.form import Form

__all__ = ["GenerationScreen"]

_TEXT = "data.vocabulary"  # the path of a plain text, with escapes for what cannot be typed


class GenerationScreen(Form[SampleAsk]):
    """Choose prime, temperature, top-k, seed and length; None: as before."""

    DEFAULT_CSS = """
    #fields { max-height: 50vh; }
    #form-hint { height: 2; margin: 1 0 0 0; color: $foreground 75%; }
    """
    CSS = "GenerationScreen #form { max-width: 76; }"
    SUBMIT = "Set"
    HINTED = True

    def __init__(self, sample: SampleAsk, tokenizer: Tokenizer) -> None:
        shown = [(each, _shown(each.name, sample)) for each in SAMPLE_SETTINGS]
        super().__init__("How the network writes", "↑ ↓ field · enter set · esc cancel", shown)
        self._tokenizer = tokenizer

    def row(self, setting: Setting, text: str) -> Row:
        """Return a row with a text editor, whatever the setting is."""
        return Row(setting, text, TextInput(text, compact=True))

    def hint(self, setting: Setting) -> str:
        """Return what the setting is about."""
        return setting.about + ("; \\n is a line break" if setting.name == "prime" else "")

    def problem(self, error: ExperimentError) -> str:
        """Return what is wrong, including the value."""
        return safe(str(error))

    def collect(self) -> SampleAsk:
        """Return the settings. Raises ExperimentError."""
        texts = {row.setting.name: row.editor.value for row in self.rows.values()}
        return _ask(_prime(texts["prime"]), texts)

    def verdict(self, ready: SampleAsk | None, wrong: ExperimentError | None) -> str:
        """Return whether they are valid, with a remark."""
        return "✗ not yet" if ready is None else f"✓ {self._remark(ready)}"

    def _remark(self, sample: SampleAsk) -> str:
        """Return which characters of the prime the network does not know, or that it is ready."""
        read = zip(self._tokenizer.pieces(sample.prime), self._tokenizer.encode(sample.prime), strict=True)
        strange = list(dict.fromkeys(piece for piece, index in read if index < 0))
        if strange:
            return f"not in the vocabulary, and left out: {', '.join(map(glyph, strange[:8]))}"
        return "ready" if sample.prime else "without a prime the network writes nothing"


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


def _ask(prime: str, numbers: Mapping[str, str]) -> SampleAsk:
    """Return the settings for a prime and four numbers as text.

    Raises ExperimentError, which names the field and what would be right.
    """
    if len(prime) > MOST_PRIME:
        raise ExperimentError("sample.prime", f"has {len(prime):,} characters: it may have {MOST_PRIME:,}")
    found = sample_numbers(numbers)
    return SampleAsk(
        prime=prime,
        temperature=float(found["temperature"]),
        top_k=int(found["top_k"]),
        seed=int(found["seed"]),
        length=int(found["length"]),
    )
