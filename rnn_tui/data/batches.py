"""Which part of a text, a series or pairs each pass reads, and which is kept for validation; no torch, no terminal."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnn_tui.common.wording import counted
from rnn_tui.experiment.spec import Data, ExperimentError

__all__ = ["Batches", "PairBatches", "Piece", "Places"]

Places = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Rows of one length that are evaluated at once."""

    starts: Places  # (N,)
    length: int
    ahead: int = 1

    @property
    def places(self) -> Places:
        """(T+A, N) the characters of each row, and the A after them, of which the last is the last target."""
        return self.starts + np.arange(self.length + self.ahead)[:, None]


class Batches:
    """A text cut into batches: N rows of L characters, each with the character after it as the last target.

    Of a series the last target stands A time steps after the last that is read. Where there is but one target for a
    sequence, what is held out is cut into whole ones.

    Characters 0 .. learnt-1 are for learning, the others are held out. A pass is counted from 1 on; `count` of them are
    one epoch. What a pass reads depends on its number and the seed alone, so that any of them can be had again.
    """

    def __init__(self, characters: int, data: Data) -> None:
        """Plan the batches. Raises ExperimentError where the text is too short for them."""
        self.length = data.length
        self.rows = data.batch
        self.stateful = data.stateful
        self.ahead = data.ahead if data.series else 1
        what, one = ("series", "value") if data.series else ("text", "character")
        self.held_out = int(characters * data.holdout)
        if data.task == "many-to-one":
            self.held_out -= (self.held_out - self.ahead) % self.length
        self.learnt = characters - self.held_out
        if data.holdout and self.held_out < (1 + self.ahead if data.task == "many-to-many" else self.length):
            problem = f"{data.holdout:g} of {counted(characters, one)} leaves nothing to evaluate: "
            needed = 1 + self.ahead if data.task == "many-to-many" else self.length + self.ahead
            least = np.ceil(1000 * needed / characters) / 1000
            raise ExperimentError(
                "data.holdout", problem + (f"it must be at least {least:g}, or 0" if least <= 0.9 else "it must be 0")
            )
        there = f"the {what} has {counted(self.learnt, one)}" + (" that are not held out" if self.held_out else "")
        most = self.learnt - self.ahead
        if most < data.length:
            more = {0: "", 1: ", and one more is the last target"}
            then = more.get(self.ahead, f", and the last target stands {self.ahead:,} after the last that is read")
            fits = f"at most {most:,}" if most > 0 else f"a longer {what}"
            raise ExperimentError("data.length", f"{data.length} is too long: {there}{then}; it must be {fits}")
        self.sequences = most // data.length  # of which no two share a target
        self.count = self.sequences // data.batch
        if not self.count:
            raise ExperimentError(
                "data.batch",
                f"{data.batch} is too large: {there}, in which are {self.sequences:,} sequences of {data.length}; "
                f"it must be at most {self.sequences:,}",
            )
        self._order: tuple[int, int, Places] | None = None  # of which seed and epoch

    def starts(self, number: int, seed: int) -> Places:
        """Return (N,) where the rows of that pass begin: with `stateful`, where row r of the previous pass ended."""
        epoch, at = divmod(number - 1, self.count)
        if self.stateful:
            return (np.arange(self.rows) * self.count + at) * self.length
        return self._shuffled(seed, epoch)[at * self.rows : (at + 1) * self.rows] * self.length

    def held_out_parts(self, most: int = 256) -> list[Piece]:
        """Return all that is held out, in the pieces in which it is evaluated; the first few are a fair sample of it.

        Each character but the first is predicted once. Where the state is carried, a piece is one row of at most `most`
        time steps that goes on where the previous one ended: together they read all of it in one go, so that the
        score depends neither on how many rows are learnt at once nor on their length. Otherwise a piece is a batch of
        sequences, shuffled, always in the same order; what is left comes last.
        """
        if not self.held_out:
            return []
        if self.stateful:
            last = self.learnt + self.held_out - self.ahead
            starts = range(self.learnt, last, most)
            return [self._piece(np.array([start]), min(most, last - start)) for start in starts]
        sequences, rest = divmod(self.held_out - self.ahead, self.length)
        rows = min(self.rows, sequences)
        whole: list[Places] = []
        if sequences:
            order = np.random.RandomState(0).permutation(sequences)
            whole = np.split(order, range(rows, sequences, rows))
        pieces = [self._piece(self.learnt + numbers * self.length, self.length) for numbers in whole]
        if rest:
            pieces.append(self._piece(np.array([self.learnt + sequences * self.length]), rest))
        return pieces

    def _piece(self, starts: Places, length: int) -> Piece:
        return Piece(starts=starts, length=length, ahead=self.ahead)

    def begins_epoch(self, number: int) -> bool:
        """Tell whether that pass is the first of an epoch."""
        return (number - 1) % self.count == 0

    def _shuffled(self, seed: int, epoch: int) -> Places:
        """Return all sequences in the order of an epoch; those that fill no batch come last, others every time."""
        if self._order is None or self._order[:2] != (seed, epoch):
            self._order = seed, epoch, _permutation(self.sequences, seed, epoch)
        return self._order[2]


class PairBatches:
    """Pairs cut into batches of N, as `Batches` cuts a text: pairs 0 .. learnt-1 are for learning."""

    def __init__(self, pairs: int, data: Data) -> None:
        """Plan the batches; a batch of 0 is all pairs that are learnt. Raises ExperimentError for too few."""
        self.held_out = int(pairs * data.holdout)
        self.learnt = pairs - self.held_out
        if data.holdout and not self.held_out:
            least = np.ceil(1000 / pairs) / 1000
            problem = f"{data.holdout:g} of {pairs:,} pairs leaves none to evaluate: "
            raise ExperimentError(
                "data.holdout", problem + (f"it must be at least {least:g}, or 0" if least <= 0.9 else "it must be 0")
            )
        self.rows = data.batch or self.learnt
        if self.rows > self.learnt:
            there = f"{self.learnt:,} of them" + (" that are not held out" if self.held_out else "")
            raise ExperimentError(
                "data.batch",
                f"{data.batch} pairs a pass are too many: the file has {there}; it must be at most that, or 0",
            )
        self.count = self.learnt // self.rows
        self._order: tuple[int, int, Places] | None = None  # of which seed and epoch

    def chosen(self, number: int, seed: int) -> Places:
        """Return (N,) the pairs of that pass: all of them in their order, or a part of an epoch's own order."""
        if self.rows == self.learnt:
            return np.arange(self.learnt)
        epoch, at = divmod(number - 1, self.count)
        if self._order is None or self._order[:2] != (seed, epoch):
            self._order = seed, epoch, _permutation(self.learnt, seed, epoch)
        return self._order[2][at * self.rows : (at + 1) * self.rows]

    def held_out_parts(self) -> list[Places]:
        """Return all that are held out, in the batches in which they are evaluated."""
        places = np.arange(self.learnt, self.learnt + self.held_out)
        return np.split(places, range(self.rows, self.held_out, self.rows)) if self.held_out else []


def _permutation(count: int, seed: int, epoch: int) -> Places:
    """Return the order of an epoch. NumPy keeps the numbers of `RandomState` the same from version to version."""
    return np.random.RandomState(np.random.MT19937(np.random.SeedSequence((seed, epoch)))).permutation(count)
