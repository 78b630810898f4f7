"""How a network did on what is held out in the course of a run, and whether that has parted from what is learnt."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from rnn_tui.protocol.frame import Curve, HeldOut

__all__ = ["EvalHistory", "Evaluation"]

_PATIENCE = 3  # evaluations in a row that are worse than the best
_WORSE = 1.005  # by how much, so that it is no noise


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """One evaluation of what is held out. Losses are per character, in nats."""

    update: int  # the pass whose weights were evaluated
    loss: float
    accuracy: float
    characters: int
    rows: float | None  # the share of the rows in which all was right, where each row is something by itself
    whole: bool  # all that is held out, rather than the part that is evaluated every time
    part: bool = False  # one of those that are evaluated every so many updates, whether the run is left or not
    learnt: float  # the mean loss of the updates since the evaluation before


class EvalHistory:
    """The evaluations of one branch, oldest first."""

    def __init__(self) -> None:
        self._made: list[Evaluation] = []  # all of them
        self._all: list[
            Evaluation
        ] = []  # those that are made every so many updates, of the part that is evaluated then
        self._sum, self._count = 0.0, 0  # of the losses since the newest

    def learnt(self, loss: float) -> None:
        """Add the loss of another update."""
        self._sum += loss
        self._count += 1

    def add(
        self,
        *,
        update: int,
        loss: float,
        accuracy: float,
        characters: int,
        whole: bool,
        part: bool,
        rows: float | None = None,
    ) -> None:
        """Add an evaluation: of the `whole`, a regular one (`part`), both, or neither.

        Neither is one of the part that is evaluated every time, made because the run was left.
        """
        newest = self._all[-1].learnt if self._all else float("nan")
        learnt = self._sum / self._count if self._count else newest
        one = Evaluation(
            update=update,
            loss=loss,
            accuracy=accuracy,
            characters=characters,
            rows=rows,
            whole=whole,
            part=part,
            learnt=learnt,
        )
        self._made.append(one)
        if part:
            self._all.append(one)
            self._sum, self._count = 0.0, 0

    @property
    def count(self) -> int:
        """How many there are of all kinds."""
        return len(self._made)

    def all(self) -> list[Evaluation]:
        """Return all of them in the order in which they were made, oldest first."""
        return list(self._made)

    def head(self, update: int) -> "EvalHistory":
        """Return those up to that update, to go on from there."""
        copy = EvalHistory()
        copy._made = [each for each in self._made if each.update <= update]
        copy._all = [each for each in self._all if each.update <= update]
        return copy

    def told_all(self) -> list[dict[str, Any]]:
        """Return all of them as plain values, oldest first."""
        return [asdict(each) for each in self._made]

    def recall(self, rows: Iterable[dict[str, Any]], losses: Sequence[float]) -> None:
        """Restore what `told_all` gave; `losses` are those of all updates."""
        for values in rows:
            one = Evaluation(**values)
            self._made.append(one)
            if one.part:
                self._all.append(one)
        for loss in losses[self._all[-1].update if self._all else 0 :]:
            self.learnt(loss)

    def newest(self, by: int | None = None) -> Evaluation | None:
        """Return the last one up to an update; of several at one update the one of the whole."""
        found = [each for each in self._made if by is None or each.update <= by]
        return max(found, key=lambda each: (each.update, each.whole), default=None)

    def regular(self, by: int | None = None) -> Evaluation | None:
        """Return the last regular one up to an update, which early stopping watches."""
        return next((each for each in reversed(self._all) if by is None or each.update <= by), None)

    def at(self, update: int) -> Evaluation | None:
        """Return the one of an update that is comparable with the regular ones: of the same characters."""
        same = self._made[0].characters if self._made else 0  # the first of all is a regular one
        return next((each for each in self._made if each.update == update and each.characters == same), None)

    def after(self, update: int) -> list[Evaluation]:
        """Return those of the part after that update."""
        return [each for each in self._all if each.update > update]

    @property
    def best(self) -> Evaluation | None:
        """The one with the smallest loss among those of the part."""
        return min(self._all, key=lambda each: each.loss, default=None)

    @property
    def parted(self) -> int | None:
        """The update since which the held-out loss rises while the training loss falls.

        That of the best evaluation, where the last three are all worse by half a percent, and the mean loss of the
        updates before the newest is smaller than before the best.
        """
        best = self.best
        if best is None or not self._all[-_PATIENCE:][0].update > best.update:
            return None
        rises = all(each.loss > _WORSE * best.loss for each in self._all[-_PATIENCE:])
        return best.update if rises and self._all[-1].learnt < best.learnt else None

    def told(self, columns: int, by: int | None = None) -> HeldOut | None:
        """Return them for a chart of so many columns, and the newest up to an update."""
        newest = self.newest(by)
        if newest is None:
            return None
        return HeldOut(
            update=newest.update,
            loss=newest.loss,
            accuracy=newest.accuracy,
            characters=newest.characters,
            rows=newest.rows,
            whole=newest.whole,
            parted=self.parted,
            curve=self._curve(columns),
        )

    def _curve(self, columns: int) -> Curve:
        x = np.array([each.update for each in self._all], np.float64)
        loss = np.array([each.loss for each in self._all], np.float64)
        step = -(-len(x) // max(1, columns))
        if step <= 1:
            return Curve(x=x, low=loss, high=loss)
        starts = np.arange(0, len(x), step)
        ends = np.minimum(starts + step, len(x)) - 1
        return Curve(x=x[ends], low=np.minimum.reduceat(loss, starts), high=np.maximum.reduceat(loss, starts))
