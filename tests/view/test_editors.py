"""What the editors show is what they mean: every text and every number comes back, and all of it can be seen."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.common.glyphs import safe
from rnn_tui.experiment.settings import SETTINGS
from rnn_tui.experiment.spec import ExperimentError
from rnn_tui.view.screens.editors import as_text, from_text


@given(st.lists(st.text(st.characters(codec=None), min_size=1), max_size=3))
def test_every_text_survives_its_editor(rows: list[str]) -> None:
    shown = as_text("data.inputs", rows)
    assert from_text("data.inputs", shown) == tuple(rows)
    assert safe(shown) == shown
    assert from_text("data.vocabulary", as_text("data.vocabulary", "".join(rows))) == "".join(rows)


@given(st.text())
def test_no_text_breaks_an_editor(text: str) -> None:
    for field in SETTINGS:
        with suppress(ExperimentError):
            from_text(field.path, text)


@given(st.floats(allow_nan=False))
def test_every_number_survives_its_editor(number: float) -> None:
    assert from_text("training.lr", as_text("training.lr", number)) == number
