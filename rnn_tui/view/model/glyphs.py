"""The vocabulary as it is drawn: characters as glyphs, tokens as words, those of a script also as their numbers."""

import unicodedata
from collections.abc import Sequence
from typing import overload

from rnn_tui.common.glyphs import glyph, token_glyph
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.subject import Subject

__all__ = ["UNREAD", "Glyphs", "has_stand_ins"]

UNREAD = "·"  # stands for every character of a text that has not been read yet


def has_stand_ins(experiment: Experiment) -> bool:
    """Return whether the vocabulary has characters that stand for tokens: what is read is not a text of characters."""
    return unicodedata.category((experiment.vocabulary or UNREAD)[0]) == "Co"


class Glyphs(Sequence[str]):
    """A glyph or a word for each index, made when it is first asked for: a vocabulary may have 50,000 words."""

    def __init__(self, experiment: Experiment, subject: Subject | None = None, *, running: bool = False) -> None:
        """Take the names of the tokens; `running`: words are followed by a blank, as in a text."""
        self._after = " " if running and experiment.data.tokens == "word" else ""
        self._vocabulary = experiment.vocabulary or UNREAD
        self._is_script = subject is not None
        self._words = subject.words if subject is not None else _names(experiment)
        self._classes_from = subject.classes_from if subject is not None else 0
        if self._classes_from:
            self._words = self._words[: self._classes_from]
        self._made: dict[int, str] = {}

    def __len__(self) -> int:
        return max(len(self._vocabulary), len(self._words))

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        """Return what is drawn for an index of the vocabulary. Raises IndexError."""
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        index = int(index)
        if index not in self._made:
            self._made[index] = self._make(index) + self._after
        return self._made[index]

    def _make(self, index: int) -> str:
        if index < len(self._words) and index >= -len(self._words):
            return token_glyph(self._words[index])
        character = self._vocabulary[index]
        is_stand_in = self._is_script and unicodedata.category(character) == "Co"
        if not is_stand_in:
            return glyph(character)
        index %= len(self)
        return str(index - self._classes_from if index >= self._classes_from else index)


def _names(experiment: Experiment) -> Sequence[str]:
    """Return the names of tokens and labels; empty: characters stand for themselves."""
    names, labels = experiment.tokenizer.names, experiment.data.labels
    if labels:
        return (*names, *labels)
    return () if isinstance(names, str) else names  # there may be many words, and this is done in every frame
