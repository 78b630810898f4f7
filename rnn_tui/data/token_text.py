"""A text as it is read: by characters, by words or by bytes. Each token is an index into the vocabulary."""

from collections import Counter
from collections.abc import Iterable

import numpy as np

from rnn_tui.data.builtin import built_in_text
from rnn_tui.data.text import Corpus, read_corpus, read_raw, text_of
from rnn_tui.experiment.spec import Data, ExperimentError
from rnn_tui.experiment.tokenizers import UNKNOWN, joined_words, split_words, tokenizer_of

__all__ = ["frequent_words", "read_tokens"]

_BYTES = 256


def read_tokens(data: Data, seed: int = 0) -> Corpus:
    """Read the file `data.text`, or what it stands for with that seed, in the tokens that `data.tokens` names.

    Raises ExperimentError for a file that cannot be read, and for a vocabulary that lacks one of its tokens.
    """
    if data.tokens == "word":
        return _words(data, seed)
    return _bytes(data, seed) if data.tokens == "byte" else read_corpus(data, seed)


def _bytes(data: Data, seed: int) -> Corpus:
    """Read a file as it is: any byte may come, and none needs an encoding."""
    built_in = built_in_text(data.text, seed)
    raw = read_raw(data.text) if built_in is None else np.frombuffer(built_in.encode(), np.uint8)
    return Corpus(vocabulary="", codes=raw, table=np.arange(_BYTES), tokens="byte")


def _words(data: Data, seed: int) -> Corpus:
    """Read a text word by word. Its vocabulary is made of what is learnt, so that what is held out may be unknown."""
    words = split_words(built_in_text(data.text, seed) or text_of(data, "text"))
    if not words:
        raise ExperimentError("data.text", "has blanks only: there is nothing to learn")
    learnt = words[: len(words) - int(len(words) * data.holdout)]
    own = joined_words(frequent_words(learnt, data.vocabulary_size))
    vocabulary = data.vocabulary or own
    index = {word: at for at, word in enumerate(tokenizer_of("word", vocabulary).names)}
    unknown = index.get(UNKNOWN)
    if unknown is None:
        missing = sorted(set(words) - set(index))
        if missing:
            raise ExperimentError(
                "data.vocabulary",
                f"lacks {', '.join(map(repr, missing[:5]))}: it must hold every word of the text, or {UNKNOWN}, which "
                "stands for all others",
            )
        unknown = 0
    smallest = np.min_scalar_type(len(index) - 1)
    codes = np.fromiter((index.get(word, unknown) for word in words), smallest, len(words))
    return Corpus(
        vocabulary=vocabulary, codes=codes, table=np.arange(len(index)), is_sorted=vocabulary == own, tokens="word"
    )


def frequent_words(words: Iterable[str], size: int) -> list[str]:
    """Return the unknown word and the `size - 1` most frequent ones; of equals those that sort first."""
    counts = Counter(words)
    counts.pop(UNKNOWN, None)
    found = sorted(counts, key=lambda word: (-counts[word], word))
    return [UNKNOWN, *found[: size - 1]]
