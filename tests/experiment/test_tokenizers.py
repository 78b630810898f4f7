"""What a time step reads: how text becomes tokens, and tokens text again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.experiment.tokenizers import UNKNOWN, joined_words, split_words, tokenizer_of

ALICE = "“Off with her head!” — don't (she said) mind, state-of-the-art.\nAlice"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("we know't, we", ["we", "know't", ",", "we"]),
        ("a\tb\r\n\n c", ["a", "b", "\n", "\n", "c"]),
        ("state-of-the-art -- 3.14", ["state-of-the-art", "-", "-", "3", ".", "14"]),
        ("किताब पढ़ो", ["किताब", "पढ़ो"]),  # vowel signs are marks, not letters
        ("cafe\u0301!", ["cafe\u0301", "!"]),
        ("the <unk> of", ["the", "<unk>", "of"]),
        ("😀🏽 x_1", ["😀", "🏽", "x_1"]),
        (" \t ", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert split_words(text) == words


def test_blanks_are_put_back() -> None:
    words = split_words(ALICE)
    tokenizer = tokenizer_of("word", joined_words(dict.fromkeys(words)))
    assert tokenizer.decode(tokenizer.encode(ALICE)) == ALICE


def test_what_is_not_known_is_one_word_or_none() -> None:
    known, closed = tokenizer_of("word", f"{UNKNOWN} a b"), tokenizer_of("word", "a b")
    assert known.encode("a queue b ?") == [1, 0, 2, 0]
    assert known.decode([1, 0, 2]) == "a <unk> b"
    assert closed.encode("a queue") == [0, -1]
    assert tokenizer_of("char", "abc").encode("ax") == [0, -1]


def test_bytes_are_those_of_utf_8() -> None:
    tokenizer = tokenizer_of("byte", "")
    assert tokenizer.encode("é\n") == [0xC3, 0xA9, 0x0A]
    assert tokenizer.pieces("é\n") == ["c3", "a9", "\n"]
    assert len(tokenizer.symbols) == len(set(tokenizer.symbols)) == len(tokenizer.names) == 256


def test_half_a_character_waits_for_its_other_half() -> None:
    decoder = tokenizer_of("byte", "").decoder()
    assert [decoder.feed(each) for each in b"a\xc3\xa9\xe2\x82"] == ["a", "", "é", "", ""]
    assert decoder.end() == "\ufffd"


@given(st.text())
def test_bytes_give_the_very_text_back(text: str) -> None:
    tokenizer = tokenizer_of("byte", "")
    assert tokenizer.decode(tokenizer.encode(text)) == text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    assert len(tokenizer.pieces(text)) == len(tokenizer.encode(text))


@given(st.text(st.sampled_from("ab’'-.,()“”\n <unk>é्ि_1"), max_size=40))
def test_what_words_say_is_read_as_the_same_words(text: str) -> None:
    words = split_words(text)
    tokenizer = tokenizer_of("word", joined_words(dict.fromkeys(words)))
    assert split_words(tokenizer.decode(tokenizer.encode(text))) == words
    assert [tokenizer.names[index] for index in tokenizer.encode(text)] == tokenizer.pieces(text) == words
