"""The past of a run: every loss, thinned to the columns of a chart on demand, and the distinct predictions."""

from collections import OrderedDict
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rnn_tui.protocol.frame import Curve, PredictionSeen

__all__ = ["LossSeries", "PredictionHistory", "first_difference"]

Doubles = NDArray[np.float64]

_LONGEST = 200  # characters of a prediction that are kept
_BLOCK = 64  # values that one value of the next level stands for


class LossSeries:
    """Numbers that only ever grow at the end, with the extremes of any stretch of them at hand.

    Each level above the first holds the smallest and largest of blocks of 64 below it, so that a chart of a
    million losses costs as much as one of a thousand. NaN and infinities are kept, and left out of the extremes.
    """

    def __init__(self) -> None:
        self._values: Doubles = np.empty(1024)
        self._size = 0
        self._levels: list[tuple[list[float], list[float]]] = []  # lows and highs of blocks

    def __len__(self) -> int:
        return self._size

    def append(self, value: float) -> None:
        """Add one number."""
        if self._size == len(self._values):
            self._values = np.resize(self._values, 2 * self._size)
        self._values[self._size] = value
        self._size += 1
        if self._size % _BLOCK == 0:
            self._close_block()

    def __iter__(self) -> Iterator[float]:
        return iter(self._values[: self._size].tolist())

    def last(self) -> float | None:
        """Return the newest number."""
        return float(self._values[self._size - 1]) if self._size else None

    def at(self, index: int) -> float | None:
        """Return the number at that place, or None where there is none."""
        return float(self._values[index]) if 0 <= index < self._size else None

    def head(self, count: int) -> "LossSeries":
        """Return a copy that has the first `count` numbers."""
        copy = LossSeries()
        copy._size = min(max(count, 0), self._size)
        copy._values = self._values[: max(1024, copy._size)].copy()
        blocks = copy._size
        for lows, highs in self._levels:
            blocks //= _BLOCK
            if blocks:
                copy._levels.append((lows[:blocks], highs[:blocks]))
        return copy

    def envelope(self, columns: int, *, first_x: float = 1.0, step_x: float = 1.0, log_x: bool = False) -> Curve:
        """Return at most `columns` points with their extremes; value i stands at first_x + i * step_x."""
        edges = self._edges(max(1, columns), first_x / step_x, log_x)
        x = first_x + step_x * (edges[1:] - 1)  # a column stands at its newest value, so the last is the newest of all
        extremes = np.array([self._extremes(int(a), int(b), 0) for a, b in pairwise(edges)])
        low, high = extremes.reshape(-1, 2).T
        seen = ~np.isnan(low)
        return Curve(x=x[seen], low=low[seen], high=high[seen])

    def _edges(self, columns: int, offset: float, log_x: bool) -> NDArray[np.int64]:
        """Return where the columns begin and end, as indices: 0, ..., size."""
        size = self._size
        if size <= columns:
            return np.arange(size + 1)
        if log_x:
            edges = np.geomspace(offset, offset + size, columns + 1) - offset
        else:
            edges = np.linspace(0, size, columns + 1)
        return np.unique(np.rint(edges).astype(np.int64))

    def _extremes(self, start: int, stop: int, level: int) -> tuple[float, float]:
        """Return the smallest and the largest of start..stop-1, counted in blocks of `level`."""
        inner, outer = -(-start // _BLOCK), stop // _BLOCK
        if level >= len(self._levels) or outer - inner < 2:
            return self._scan(start, stop, level)
        parts = (
            self._scan(start, inner * _BLOCK, level),
            self._extremes(inner, outer, level + 1),
            self._scan(outer * _BLOCK, stop, level),
        )
        return float(np.fmin.reduce([low for low, _ in parts])), float(np.fmax.reduce([high for _, high in parts]))

    def _scan(self, start: int, stop: int, level: int) -> tuple[float, float]:
        if stop <= start:
            return np.nan, np.nan
        if level:
            lows, highs = self._levels[level - 1]
            return float(np.fmin.reduce(lows[start:stop])), float(np.fmax.reduce(highs[start:stop]))
        values = self._values[start:stop]
        values = values[np.isfinite(values)]
        return (float(values.min()), float(values.max())) if len(values) else (np.nan, np.nan)

    def _close_block(self) -> None:
        level, end = 0, self._size
        while end % _BLOCK == 0:
            low, high = self._scan(end - _BLOCK, end, level)
            if level == len(self._levels):
                self._levels.append(([], []))
            self._levels[level][0].append(low)
            self._levels[level][1].append(high)
            level, end = level + 1, end // _BLOCK


def first_difference(text: str, target: str) -> int | None:
    """Return the index of the first character in which two texts of one length differ, or None where none does."""
    return next((at for at, (one, other) in enumerate(zip(text, target, strict=True)) if one != other), None)


class PredictionHistory:
    """The distinct predictions of a run, each with the epoch at which it first came up.

    Of a long one, the part around its first wrong character is kept.
    """

    def __init__(self, kept: int = 10_000) -> None:
        self._kept = kept
        self._first: OrderedDict[tuple[str, int], tuple[int, bool, int | None]] = OrderedDict()
        self.learnt: int | None = None  # the epoch at which one was first right

    def add(self, text: str, epoch: int, right: bool, *, wrong: int | None = None) -> None:
        """Add what was predicted at the end of this epoch; `wrong`: its first wrong character."""
        brief, at = _part(text, wrong)
        if (key := (brief, hash(text))) not in self._first:
            self._first[key] = (epoch, right, at)
            if len(self._first) > self._kept:
                self._first.popitem(last=False)
        if right and self.learnt is None:
            self.learnt = epoch

    @property
    def seen(self) -> tuple[PredictionSeen, ...]:
        """All that are kept, oldest first."""
        return self.newest(self._kept)[::-1]

    def recall(self, seen: tuple[PredictionSeen, ...], learnt: int | None) -> None:
        """Restore what another process had seen. Of long texts only a part is known."""
        for each in seen[-self._kept :]:
            self._first[(each.text, hash(each.text))] = (each.epoch, each.right, each.wrong)
        self.learnt = learnt

    def head(self, epoch: int) -> "PredictionHistory":
        """Return what had been predicted by the end of that epoch, to go on from there."""
        copy = PredictionHistory(self._kept)
        copy._first.update((key, seen) for key, seen in self._first.items() if seen[0] <= epoch)
        copy.learnt = self.learnt if self.learnt is not None and self.learnt <= epoch else None
        return copy

    def newest(self, count: int, *, by: int | None = None) -> tuple[PredictionSeen, ...]:
        """Return the last `count` that came up for the first time (by the end of an epoch), newest first."""
        items = [(text, seen) for (text, _), seen in self._first.items() if by is None or seen[0] <= by]
        items = items[-count:] if count else []
        return tuple(
            PredictionSeen(text=text, epoch=epoch, right=right, wrong=wrong)
            for text, (epoch, right, wrong) in reversed(items)
        )


def _part(text: str, wrong: int | None) -> tuple[str, int | None]:
    """Return what is kept of a text, with an ellipsis where it is cut, and where its wrong character is in that."""
    if len(text) <= _LONGEST:
        return text, wrong
    start = min(max(0, (wrong or 0) - _LONGEST // 2), len(text) - _LONGEST)
    part = text[start : start + _LONGEST]
    part = f"…{part[1:]}" if start else part
    part = f"{part[:-1]}…" if start + _LONGEST < len(text) else part
    return part, None if wrong is None else wrong - start
