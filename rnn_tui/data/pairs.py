"""Pairs of an input and a target, of different lengths, as indices into their vocabulary; no torch, no terminal.

Of each pair, the network reads a row of characters, one a time step, and predicts some. Padding follows the end of a
row: -1, which is no character. It is also the target of a step that has none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from rnn_tui.data.builtin import sums
from rnn_tui.data.text import text_of
from rnn_tui.experiment.spec import END, SUMS, Data, ExperimentError, Task
from rnn_tui.experiment.task_layout import laid_out, unfit

__all__ = ["NONE", "Pairs", "pairs_of", "read_pairs"]

NONE = -1  # where there is no character
Indices = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """The rows of all pairs, one after the other."""

    vocabulary: str
    inputs: Indices  # (n,) what is read
    targets: Indices  # (n,) what is to be predicted at the same step, or NONE
    starts: Indices  # (pairs,) where the row of each begins
    lengths: Indices  # (pairs,) time steps of it
    is_sorted: bool = True  # the vocabulary holds the characters of the pairs, sorted, and no others

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
    """Make pairs for the task of `data`, in its vocabulary, or else in their characters sorted.

    Raises ExperimentError where that vocabulary lacks one of their characters.
    """
    rows = [laid_out(data.task, *pair) for pair in zip(inputs, targets, strict=True)]
    own = "".join(sorted(set(chain.from_iterable(reads for reads, _, _ in rows)).union(*(says for *_, says in rows))))
    vocabulary = data.vocabulary or own
    missing = sorted(set(own) - set(vocabulary))
    if missing:
        raise ExperimentError(
            "data.vocabulary",
            f"lacks {', '.join(map(repr, missing[:5]))}: it must hold every character of the pairs"
            + (" and the line feed that ends an answer" if END in missing else ""),
        )
    index = {character: place for place, character in enumerate(vocabulary)}
    lengths = np.array([len(reads) for reads, _, _ in rows], np.int64)
    starts = np.cumsum(lengths) - lengths
    said = np.full(lengths.sum(), NONE, np.int64)
    for start, (_, begin, says) in zip(starts.tolist(), rows, strict=True):
        said[start + begin : start + begin + len(says)] = [index[character] for character in says]
    return Pairs(
        vocabulary=vocabulary,
        inputs=np.array([index[character] for reads, _, _ in rows for character in reads], np.int64),
        targets=said,
        starts=starts,
        lengths=lengths,
        is_sorted=vocabulary == own,
    )


def read_pairs(data: Data, seed: int = 0) -> Pairs:
    """Read the file `data.pairs`, `input<TAB>target` a line without the blank ones, or make the sums of a seed.

    Raises ExperimentError for a file that cannot be read, is empty or not in that encoding, and for a line that is
    not a pair, which it names.
    """
    if data.pairs == SUMS:
        if data.task != "one-to-many":
            raise ExperimentError("data.task", f"{data.task} does not fit the sums: it must be one-to-many")
        return pairs_of(data, *sums(seed))
    text = text_of(data, "pairs")
    end = "\n" if "\n" in text else "\r"  # of old Macs, where there is no other
    lines = ((number, line.removesuffix("\r")) for number, line in enumerate(text.split(end), 1))
    pairs = [_pair(data.task, number, line) for number, line in lines if line.strip(" ")]
    if not pairs:
        raise ExperimentError("data.pairs", "has blank lines only: there is nothing to learn")
    return pairs_of(data, [source for source, _ in pairs], [target for _, target in pairs])


def _pair(task: Task, number: int, line: str) -> tuple[str, str]:
    """Split a line into input and target. Raises ExperimentError where it is not a pair for that task."""
    source, *others = line.split("\t")
    problem = ""
    if len(others) != 1:
        found = f"{len(others)} tabs" if others else "no tab"
        problem = f"{found}: a line is an input, one tab, and a target"
    elif not source or not others[0]:
        problem = f"no {'target' if source else 'input'}: give at least one character"
    else:
        problem = unfit(task, source, others[0])
    if problem:
        raise ExperimentError("data.pairs", f"line {number:,} has {problem}")
    return source, others[0]
