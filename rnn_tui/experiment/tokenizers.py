"""What one time step reads of a text: a character, a word or a byte. Text becomes indices here, and indices text.

Words are runs of letters, digits and marks, with apostrophes and hyphens inside; every other visible character is a
token of its own, and so is a line's end. Blanks are no tokens: they are put back by a rule, before a word or a mark
that does not close something. Words that are not in the vocabulary are one unknown word.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from typing import Literal, Protocol

from rnn_tui.experiment.stand_ins import stand_ins

__all__ = [
    "CLOSING",
    "OPENING",
    "UNKNOWN",
    "Decoder",
    "Tokenizer",
    "Tokens",
    "joined_words",
    "split_words",
    "tokenizer_of",
]

Tokens = Literal["char", "word", "byte"]

UNKNOWN = "<unk>"  # stands for all words that are not in the vocabulary
CLOSING = ".,;:!?)]}%…”»"  # marks that no blank stands before
OPENING = "([{“„«¿¡"  # and none after these
_SEPARATOR = " "  # between the words of a vocabulary that is written as one text
_NEWLINE = "\n"
_BYTES = 256
_LAST_MARK = 0x1F000  # from there on Unicode has no letters with marks


class Decoder(Protocol):
    """Turns indices into text, one after another."""

    def feed(self, index: int) -> str:
        """Return what this token adds to the text: it may be nothing yet."""

    def end(self) -> str:
        """Return what is left: a character whose last byte never came."""


class Tokenizer(Protocol):
    """Turns text into indices, and back."""

    unit: str  # what a token is called: "character", "word" or "byte"
    symbols: str  # one character for each index: the token itself, or what stands for it
    names: Sequence[str]  # of the tokens, as people read them

    def pieces(self, text: str) -> list[str]:
        """Return the names of a text's tokens, also of those that are unknown."""

    def encode(self, text: str) -> list[int]:
        """Return the index of each token; −1 for one that is in no vocabulary."""

    def decoder(self) -> Decoder:
        """Return what turns indices into text."""

    def decode(self, indices: Iterable[int]) -> str:
        """Return the text of some tokens."""


@lru_cache(maxsize=16)
def tokenizer_of(tokens: Tokens, vocabulary: str) -> Tokenizer:
    """Return what reads such tokens; `vocabulary` has the characters, or the words with blanks between them."""
    if tokens == "word":
        return _Words(vocabulary)
    return _Bytes() if tokens == "byte" else _Characters(vocabulary)


def split_words(text: str) -> list[str]:
    """Split a text into words, marks and line ends."""
    found: list[str] = _pattern().findall(text)
    return found


def joined_words(words: Iterable[str]) -> str:
    """Write words as one vocabulary, in the order of their indices."""
    return _SEPARATOR.join(words)


def _decoded(decoder: Decoder, indices: Iterable[int]) -> str:
    """Return the whole text of some tokens."""
    return "".join([*map(decoder.feed, indices), decoder.end()])


class _Characters:
    unit = "character"
    names: Sequence[str]

    def __init__(self, vocabulary: str) -> None:
        self.symbols = self.names = vocabulary

    @cached_property
    def _index(self) -> dict[str, int]:
        return {character: at for at, character in enumerate(self.symbols)}

    def pieces(self, text: str) -> list[str]:
        return list(text)

    def encode(self, text: str) -> list[int]:
        return [self._index.get(character, -1) for character in text]

    def decoder(self) -> Decoder:
        return _ByName(self.symbols)

    def decode(self, indices: Iterable[int]) -> str:
        return "".join(map(self.symbols.__getitem__, indices))


class _Words:
    unit = "word"
    names: Sequence[str]

    def __init__(self, vocabulary: str) -> None:
        self.names = tuple(vocabulary.split(_SEPARATOR)) if vocabulary else ()
        self.symbols = stand_ins(len(self.names))

    @cached_property
    def _index(self) -> dict[str, int]:
        return {word: at for at, word in enumerate(self.names)}

    def pieces(self, text: str) -> list[str]:
        return split_words(text)

    def encode(self, text: str) -> list[int]:
        unknown = self._index.get(UNKNOWN, -1)
        return [self._index.get(word, unknown) for word in split_words(text)]

    def decoder(self) -> Decoder:
        return _Spaced(self.names)

    def decode(self, indices: Iterable[int]) -> str:
        return _decoded(self.decoder(), indices)


class _Bytes:
    unit = "byte"
    names: Sequence[str]

    def __init__(self) -> None:
        self.symbols = stand_ins(_BYTES)
        as_text = {*range(32, 127), *b"\n\t"}
        self.names = tuple(chr(each) if each in as_text else f"{each:02x}" for each in range(_BYTES))

    def pieces(self, text: str) -> list[str]:
        return [self.names[each] for each in self.encode(text)]

    def encode(self, text: str) -> list[int]:
        return list(text.encode("utf-8", "surrogatepass"))

    def decoder(self) -> Decoder:
        return _OfBytes()

    def decode(self, indices: Iterable[int]) -> str:
        return _decoded(self.decoder(), indices)


class _ByName:
    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def feed(self, index: int) -> str:
        return self._names[index]

    def end(self) -> str:
        return ""


class _Spaced(_ByName):
    """Puts a blank before each word, unless it begins a line or stands close to a mark."""

    _before = _NEWLINE

    def feed(self, index: int) -> str:
        word, before = self._names[index], self._before
        self._before = word
        close = _NEWLINE in (word, before) or word in CLOSING or before in OPENING
        return word if close else f" {word}"


class _OfBytes:
    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, index: int) -> str:
        return self._decoder.decode(bytes((index,)))

    def end(self) -> str:
        return self._decoder.decode(b"", final=True)


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    """Return what a word is. `\\w` lacks the marks that are part of a letter in Hindi, say: they are added."""
    marks = [chr(code) for code in range(_LAST_MARK) if unicodedata.category(chr(code))[0] == "M"]
    letter = rf"[\w{''.join(marks)}]"
    return re.compile(rf"{UNKNOWN}|\n|{letter}+(?:['’-]{letter}+)*|\S")
