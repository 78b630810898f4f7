"""The ranks of a run of several processes, as a view looks at them: whose row is shown, and their times, smoothed."""

import math
from collections.abc import Sequence

from msgspec.structs import replace

from rnn_tui.data.share import Share
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.engine_messages import Frame
from rnn_tui.protocol.ranks import RankFigures
from rnn_tui.protocol.subject import Subject

__all__ = ["RankMeans", "first_row", "has_ranks", "next_rank", "rank_of", "shown_rank"]

_LEAST_WEIGHT = 0.05  # of a new time in its mean: as long as there are fewer, all of them count alike


def has_ranks(experiment: Experiment, subject: Subject | None, frame: Frame | None) -> bool:
    """Return whether several processes share each batch; before the first frame, whether they will."""
    return bool(frame is not None and frame.ranks) or (subject is None and experiment.run.processes > 1)


def rank_of(row: int, *, rows: int, ranks: int) -> int:
    """Return the rank that computes a row of a batch of `rows` rows."""
    return next((rank for rank in range(ranks) if row < Share(rank=rank, world_size=ranks).rows(rows).stop), ranks - 1)


def first_row(rank: int, *, rows: int, ranks: int) -> int:
    """Return the first row of a rank, in the whole batch."""
    start: int = Share(rank=rank, world_size=ranks).rows(rows).start
    return min(start, rows - 1)


def next_rank(row: int, *, rows: int, ranks: int) -> int:
    """Return the first row of the rank after the one that computes this row; after the last comes the first."""
    return first_row((rank_of(row, rows=rows, ranks=ranks) + 1) % ranks, rows=rows, ranks=ranks)


class RankMeans:
    """The running means of the times of each rank: those of one update differ too much from the next to be read."""

    def __init__(self) -> None:
        self._run: object = None
        self._seen: tuple[RankFigures, ...] = ()
        self._means: tuple[RankFigures, ...] = ()
        self._count = 0

    def take(self, run: object, figures: tuple[RankFigures, ...]) -> tuple[RankFigures, ...]:
        """Return the figures of a frame with the means of their times; `run`: what tells this run from others."""
        if figures == self._seen and run == self._run:
            return self._means
        if run != self._run or [each.rank for each in figures] != [each.rank for each in self._seen]:
            self._count, self._means = 0, figures
        self._run, self._seen = run, figures
        self._count += 1
        weight = max(1 / self._count, _LEAST_WEIGHT)
        self._means = tuple(
            replace(
                now,
                computing=_mean(before.computing, now.computing, weight),
                waiting=_mean(before.waiting, now.waiting, weight),
            )
            for before, now in zip(self._means, figures, strict=True)
        )
        return self._means


def _mean(before: float, now: float, weight: float) -> float:
    return before + weight * (now - before) if math.isfinite(before) and math.isfinite(now) else now


def shown_rank(figures: Sequence[RankFigures], *, row: int, rows: int) -> int | None:
    """Return the rank whose row is on the screen; None: there are no ranks."""
    return rank_of(min(row, rows - 1), rows=rows, ranks=len(figures)) if figures else None
