"""A text by words and by bytes: which words are known, and what stands for the others."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnn_tui.data.load import load
from rnn_tui.data.token_text import read_tokens
from rnn_tui.experiment.spec import Data, ExperimentError
from rnn_tui.experiment.tokenizers import UNKNOWN
from tests.engine.text_runs import on_text

TEXT = "b b a c\nb a, d e"  # b three times, a and the line's end and so on once or twice


def words(path: Path, text: str = TEXT, **data: Any) -> Data:
    path.write_text(text, "utf-8")
    return Data(inputs=(), text=str(path), tokens="word", **data)


def test_the_frequent_words_are_told_apart(tmp_path: Path) -> None:
    corpus = read_tokens(words(tmp_path / "t"))
    assert corpus.vocabulary == f"{UNKNOWN} b a \n , c d e"
    assert corpus.indices(slice(None)).tolist() == [1, 1, 2, 5, 3, 1, 2, 4, 6, 7]
    assert corpus.text(0, 6) == "b b a c\nb"
    few = read_tokens(words(tmp_path / "t", vocabulary_size=3))
    assert few.vocabulary == f"{UNKNOWN} b a"
    assert few.indices(slice(None)).tolist() == [1, 1, 2, 0, 0, 1, 2, 0, 0, 0]
    assert few.text() == f"b b a {UNKNOWN} {UNKNOWN} b a {UNKNOWN} {UNKNOWN} {UNKNOWN}"


def test_what_is_held_out_may_be_unknown(tmp_path: Path) -> None:
    """An independent count: of the words before the held-out part."""
    random = np.random.RandomState(0)
    text = " ".join(f"w{int(each)}" for each in random.zipf(1.5, 500).clip(max=300))
    found = load(on_text(tmp_path, text, tokens="word", holdout=0.3, vocabulary_size=20))
    learnt = text.split()[:350]
    frequent = sorted(Counter(learnt), key=lambda word: (-learnt.count(word), word))[:19]
    assert found.experiment.data.vocabulary == " ".join([UNKNOWN, *frequent])
    assert found.given.data.vocabulary == ""
    assert found.source is not None
    assert found.experiment.tokenizer.decode(found.source.indices(slice(None))) == " ".join(  # type: ignore[union-attr]
        word if word in frequent else UNKNOWN for word in text.split()
    )


def test_the_unknown_word_of_a_text_is_the_same_one(tmp_path: Path) -> None:
    corpus = read_tokens(words(tmp_path / "t", "<unk> a <unk>"))
    assert corpus.vocabulary == f"{UNKNOWN} a"
    assert corpus.indices(slice(None)).tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("vocabulary", "complaint"),
    [
        ("a b c , d \n", r"lacks 'e': it must hold every word of the text, or <unk>"),
        ("a b a", "has 'a' more than once"),
        ("a, b", "has 'a,', which is not one word"),
        ("a  b", "has '', which is not one word"),
    ],
)
def test_a_vocabulary_of_your_own_is_checked(tmp_path: Path, vocabulary: str, complaint: str) -> None:
    with pytest.raises(ExperimentError, match=complaint):
        load(on_text(tmp_path, TEXT, tokens="word", vocabulary=vocabulary))


def test_a_vocabulary_of_your_own_sets_the_order(tmp_path: Path) -> None:
    found = load(on_text(tmp_path, TEXT, tokens="word", vocabulary="a <unk> b", length=2, batch=1))
    assert found.given.data.vocabulary == "a <unk> b"
    assert found.source is not None
    assert found.source.indices(slice(None)).tolist() == [2, 2, 0, 1, 1, 2, 0, 1, 1, 1]  # type: ignore[union-attr]
    assert found.experiment.classes == 3


def test_any_file_is_bytes(tmp_path: Path) -> None:
    content = bytes(range(256)) * 2
    (tmp_path / "t").write_bytes(content)
    corpus = read_tokens(Data(inputs=(), text=str(tmp_path / "t"), tokens="byte"))
    assert corpus.indices(slice(None)).tolist() == list(content)


@pytest.mark.parametrize("text", ["   \t ", " "])
def test_blanks_alone_are_no_words(tmp_path: Path, text: str) -> None:
    with pytest.raises(ExperimentError, match="has blanks only"):
        read_tokens(words(tmp_path / "t", text))
