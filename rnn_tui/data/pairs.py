"""Pairs of an input and a target, of different lengths, as indices into their vocabulary; no torch, no terminal.

Of each pair, the network reads a row of characters (or words, or bytes), one a time step, and predicts some; or it
predicts a label, whose index comes after those of all that is read. Padding follows the end of a
row: -1, which is no character. It is also the target of a step that has none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from rnn_tui.data.builtin import built_in_pairs
from rnn_tui.data.text import text_of
from rnn_tui.data.token_text import frequent_words
from rnn_tui.experiment.spec import END, Data, ExperimentError, Task, Tokens
from rnn_tui.experiment.task_layout import laid_out, unfit
from rnn_tui.experiment.tokenizers import Tokenizer, joined_words, split_words, tokenizer_of

__all__ = ["NONE", "Pairs", "pairs_of", "read_pairs"]

NONE = -1  # where there is no character
Indices = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """The rows of all pairs, one after the other."""

    vocabulary: str  # as `Data.vocabulary` has it
    inputs: Indices  # (n,) what is read
    targets: Indices  # (n,) what is to be predicted at the same step, or NONE
    starts: Indices  # (pairs,) where the row of each begins
    lengths: Indices  # (pairs,) time steps of it
    is_sorted: bool = True  # the vocabulary is their own: of characters all, sorted, and no others
    labels: tuple[str, ...] = ()  # in the order of their indices; empty: tokens of the vocabulary are predicted
    has_own_labels: bool = True  # they are those of the pairs, sorted, and no others
    tokens: Tokens = "char"

    def __len__(self) -> int:
        """Count the pairs."""
        return len(self.lengths)

    @property
    def longest(self) -> int:
        """Time steps of the longest row."""
        return int(self.lengths.max())

    @cached_property
    def next_characters(self) -> bool:
        """Whether the targets are everywhere the characters that are read next."""
        ends = np.zeros(len(self.inputs), bool)
        ends[self.starts + self.lengths - 1] = True
        return bool((ends[:-1] | (self.targets[:-1] == self.inputs[1:])).all())

    def batch(self, chosen: Indices, length: int) -> tuple[Indices, Indices]:
        """Return (T, N) the inputs and the targets of those pairs, with NONE after the end of each."""
        steps = np.arange(length)[:, None]
        there = steps < self.lengths[chosen]
        places = np.where(there, self.starts[chosen] + steps, 0)
        return np.where(there, self.inputs[places], NONE), np.where(there, self.targets[places], NONE)


def pairs_of(data: Data, inputs: Sequence[str], targets: Sequence[str]) -> Pairs:
    """Make pairs for the task of `data`, in its vocabulary, or else in their own.

    Raises ExperimentError where that vocabulary, or `data.labels`, lacks something of theirs.
    """
    own = _own_vocabulary(data, inputs, targets)
    vocabulary = data.vocabulary or own
    tokenizer = tokenizer_of(data.tokens, vocabulary)
    labels: tuple[str, ...] = ()
    own_labels = tuple(sorted(set(targets)))
    if data.answers == "label":
        labels = data.labels or own_labels
        _check_labels(labels, own_labels)
    place = {label: len(tokenizer.symbols) + at for at, label in enumerate(labels)}
    end = tokenizer.encode(END) if data.task == "one-to-many" else []
    rows = []
    for source, target in zip(inputs, targets, strict=True):
        says = [place[target]] if labels else tokenizer.encode(target)
        rows.append(laid_out(data.task, tokenizer.encode(source), says, end))
    missing = any(-1 in reads or -1 in says for reads, _, says in rows)
    if missing:
        raise ExperimentError("data.vocabulary", _lacking(data, tokenizer, inputs, () if labels else targets))
    lengths = np.array([len(reads) for reads, _, _ in rows], np.int64)
    starts = np.cumsum(lengths) - lengths
    said = np.full(lengths.sum(), NONE, np.int64)
    for start, (_, begin, says) in zip(starts.tolist(), rows, strict=True):
        said[start + begin : start + begin + len(says)] = says
    return Pairs(
        vocabulary=vocabulary,
        inputs=np.array([index for reads, _, _ in rows for index in reads], np.int64),
        targets=said,
        starts=starts,
        lengths=lengths,
        is_sorted=vocabulary == own,
        labels=labels,
        has_own_labels=labels == own_labels,
        tokens=data.tokens,
    )


def _own_vocabulary(data: Data, inputs: Sequence[str], targets: Sequence[str]) -> str:
    """Return the vocabulary of pairs: their characters, sorted, or the most frequent words of those that are learnt."""
    both = [*inputs] if data.answers == "label" else [*inputs, *targets]
    end = END if data.task == "one-to-many" else ""
    match data.tokens:
        case "char":
            return "".join(sorted(set(chain.from_iterable(both)) | set(end)))
        case "byte":
            return ""
        case "word":
            learnt = len(inputs) - int(len(inputs) * data.holdout)
            texts = inputs[:learnt] if data.answers == "label" else [*inputs[:learnt], *targets[:learnt]]
            words = [word for text in texts for word in split_words(text)]
            return joined_words(frequent_words([*words, *split_words(end) * learnt], data.vocabulary_size))


def _lacking(data: Data, tokenizer: Tokenizer, inputs: Sequence[str], targets: Sequence[str]) -> str:
    """Say which tokens of the pairs a vocabulary lacks."""
    end = [END] if data.task == "one-to-many" else []
    texts = [*inputs, *targets, *end]
    pairs = [both for text in texts for both in zip(tokenizer.pieces(text), tokenizer.encode(text), strict=True)]
    missing = sorted({piece for piece, index in pairs if index < 0})
    return f"lacks {', '.join(map(repr, missing[:5]))}: it must hold every {data.unit} of the pairs" + (
        " and the line feed that ends an answer" if END in missing else ""
    )


def _check_labels(labels: Sequence[str], found: Sequence[str]) -> None:
    """Raise ExperimentError for labels that lack one of those that were found, or where one would be all."""
    missing = [label for label in found if label not in labels]
    if missing:
        raise ExperimentError(
            "data.labels", f"lacks {', '.join(map(repr, missing[:5]))}: it must hold every label of the pairs"
        )
    if len(labels) < 2:
        raise ExperimentError("data.answers", f"all targets are {labels[0]!r}: there must be at least two labels")


def read_pairs(data: Data, seed: int = 0) -> Pairs:
    """Read the file `data.pairs`, `input<TAB>target` a line without the blank ones, or make what stands for it.

    Raises ExperimentError for a file that cannot be read, is empty or not in that encoding, and for a line that is
    not a pair, which it names.
    """
    made_up = built_in_pairs(data.pairs, seed)
    if made_up is not None:
        return pairs_of(data, *made_up)
    text = text_of(data, "pairs")
    end = "\n" if "\n" in text else "\r"  # of old Macs, where there is no other
    lines = ((number, line.removesuffix("\r")) for number, line in enumerate(text.split(end), 1))
    pairs = [_pair(data, number, line) for number, line in lines if line.strip(" ")]
    if not pairs:
        raise ExperimentError("data.pairs", "has blank lines only: there is nothing to learn")
    return pairs_of(data, [source for source, _ in pairs], [target for _, target in pairs])


def _pair(data: Data, number: int, line: str) -> tuple[str, str]:
    """Split a line into input and target. Raises ExperimentError where it is not a pair for that task."""
    source, *others = line.split("\t")
    problem = ""
    if len(others) != 1:
        found = f"{len(others)} tabs" if others else "no tab"
        problem = f"{found}: a line is an input, one tab, and a target"
    elif not source or not others[0]:
        problem = f"no {'target' if source else 'input'}: give at least one character"
    else:
        problem = _unfit(data, source, others[0])
    if problem:
        raise ExperimentError("data.pairs", f"line {number:,} has {problem}")
    return source, others[0]


def _unfit(data: Data, source: str, target: str) -> str:
    """Say what does not fit the task in a pair; empty: it fits."""
    if data.tokens == "char":
        return "" if data.answers == "label" else _or_label(data.task, unfit(data.task, source, target))
    read = tokenizer_of(data.tokens, "")
    both = read.encode(source), [0] if data.answers == "label" else read.encode(target)
    if not all(both):
        return f"no {data.unit} in its {'target' if both[0] else 'input'}: give at least one"
    return _or_label(data.task, unfit(data.task, *both, data.unit))


def _or_label(task: Task, problem: str) -> str:
    return f"{problem}, and --answers label makes each target a class" if problem and task == "many-to-one" else problem
