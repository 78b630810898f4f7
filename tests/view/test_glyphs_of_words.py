"""Words of any script: safe, never empty, and in columns that settle."""

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from rnn_tui.draw.kit.text_fit import cut_cells
from rnn_tui.protocol.subject import Subject
from rnn_tui.view.model.columns import Columns, columns_of, widened
from rnn_tui.view.model.glyphs import Glyphs
from tests.examples import examples
from tests.view.fake_scripts import script

TEXTS = st.text(max_size=400)


@settings(max_examples=examples(80))
@given(st.lists(TEXTS, min_size=1, max_size=8))
def test_every_word_is_safe_and_there(words: list[str]) -> None:
    which = script(words=tuple(words))
    glyphs = Glyphs(which.experiment, which.subject)
    assert len(glyphs) == len(words)
    for at, word in enumerate(glyphs):
        assert word == glyphs[at] == glyphs[at - len(words)]
        assert cell_len(word) > 0
        assert not [each for each in word if unicodedata.category(each) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")]
        assert not word.startswith(" ")
        assert not word.endswith(" ")


def test_a_word_is_itself() -> None:
    words = ("the", " of", "a b ", "", " ", "\x1b[31m", "日本", "\ue000")
    which = script(words=words)
    assert list(Glyphs(which.experiment, which.subject)) == ["the", "␣of", "a b␣", "''", "␣", "␛[31m", "日本", "�"]


def test_characters_of_own_runs_are_as_ever() -> None:
    which = script(classes=3)
    assert list(Glyphs(which.experiment)) == ["�"] * 3
    assert list(Glyphs(which.experiment, Subject(script="a"))) == ["0", "1", "2"]


@settings(max_examples=examples(80))
@given(st.lists(st.tuples(st.lists(TEXTS, max_size=5), st.integers(1, 90)), max_size=12))
def test_columns_only_grow_and_not_without_end(windows: list[tuple[list[str], int]]) -> None:
    before = columns_of(script().experiment, is_script=True)
    for words, length in windows:
        after = widened(before, words, length)
        assert before.narrowest <= after.narrowest <= 7
        assert before.longest <= after.longest
        assert widened(after, words, length) == after
        assert all(cell_len(cut_cells(word, after.narrowest - 1)) <= after.narrowest - 1 for word in words)
        assert all(cell_len(word) < after.narrowest or after.narrowest == 7 for word in words)
        before = after


def test_the_longest_word_of_all_plays_no_part() -> None:
    which = script(words=("a", "b", *(["x" * 40] * 10)))
    assert columns_of(which.experiment, is_script=True) == Columns(4, 12)
    assert widened(Columns(4, 12), ["a", "b"], 12) == Columns(4, 12)
