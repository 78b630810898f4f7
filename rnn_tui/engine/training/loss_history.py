"""The past of a run: every loss, thinned to the columns of a chart on demand, and the distinct predictions."""

from array import array
from collections import OrderedDict
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rnn_tui.protocol.frame import Curve, PredictionSeen

__all__ = ["LossSeries", "PredictionHistory", "first_difference"]

Doubles = NDArray[np.float64]
Indices = NDArray[np.int64]

_LONGEST = 200  # characters of a prediction that are kept
_BLOCK = 64  # values that one value of the next level stands for


class LossSeries:
    """Numbers that only ever grow at the end, with the extremes of any stretch of them at hand.

    Each level above the first holds the smallest and largest of blocks of 64 below it, so that a chart of a
    million losses costs as much as one of a thousand. NaN and infinities are kept, and left out of the extremes.
    """

    def __init__(self) -> None:
        self._values = array("d")
        self._levels: list[tuple[array[float], array[float]]] = []  # lows and highs of blocks

    def __len__(self) -> int:
        return len(self._values)

    def append(self, value: float) -> None:
        """Add one number."""
        self._values.append(value)
        if len(self._values) % _BLOCK == 0:
            self._close_block()

    def __iter__(self) -> Iterator[float]:
        return iter(self._values.tolist())

    def numbers(self) -> Doubles:
        """Return a copy of all numbers, (n,)."""
        return np.array(self._values)

    def last(self) -> float | None:
        """Return the newest number."""
        return self._values[-1] if self._values else None

    def at(self, index: int) -> float | None:
        """Return the number at that place, or None where there is none."""
        return self._values[index] if 0 <= index < len(self._values) else None

    def head(self, count: int) -> "LossSeries":
        """Return a copy that has the first `count` numbers."""
        copy = LossSeries()
        copy._values = self._values[: max(count, 0)]
        blocks = len(copy._values)
        for lows, highs in self._levels:
            blocks //= _BLOCK
            if blocks:
                copy._levels.append((lows[:blocks], highs[:blocks]))
        return copy

    def envelope(self, columns: int, *, first_x: float = 1.0, step_x: float = 1.0, log_x: bool = False) -> Curve:
        """Return at most `columns` points with their extremes; value i stands at first_x + i * step_x."""
        edges = self._edges(max(1, columns), first_x / step_x, log_x)
        newest = (edges[1:] - 1).astype(np.float64)  # where a column stands, so that the last is the newest of all
        x = np.multiply(newest, step_x) + first_x
        low, high = self._extremes(edges[:-1], edges[1:], 0)
        seen = ~np.isnan(low)
        return Curve(x=x[seen], low=low[seen], high=high[seen])

    def _edges(self, columns: int, offset: float, log_x: bool) -> Indices:
        """Return where the columns begin and end, as indices: 0, ..., size."""
        size = len(self._values)
        if size <= columns:
            return np.arange(size + 1)
        if log_x:
            edges = np.geomspace(offset, offset + size, columns + 1) - offset
        else:
            edges = np.linspace(0, size, columns + 1)
        return np.unique(np.rint(edges).astype(np.int64))

    def _extremes(self, starts: Indices, stops: Indices, level: int) -> tuple[Doubles, Doubles]:
        """Return the smallest and the largest of each start..stop-1, counted in blocks of `level`."""
        inner, outer = -(-starts // _BLOCK), stops // _BLOCK
        deep = (outer - inner >= 2) & (level < len(self._levels))
        low, high = self._scan(starts, np.where(deep, inner * _BLOCK, stops), level)
        if deep.any():
            for part in (
                self._scan(outer[deep] * _BLOCK, stops[deep], level),
                self._extremes(inner[deep], outer[deep], level + 1),
            ):
                low[deep], high[deep] = np.fmin(low[deep], part[0]), np.fmax(high[deep], part[1])
        return low, high

    def _scan(self, starts: Indices, stops: Indices, level: int) -> tuple[Doubles, Doubles]:
        """Return the extremes of stretches that are shorter than three blocks; NaN of those that are empty."""
        lows, highs = self._levels[level - 1] if level else (self._values, self._values)
        at = starts[:, None] + np.arange(max(1, (stops - starts).max(initial=0)))
        is_there = at < stops[:, None]
        at = np.minimum(at, len(lows) - 1)
        low = np.where(is_there, np.frombuffer(lows)[at], np.nan) if len(lows) else np.full(at.shape, np.nan)
        if not level:
            low[np.isinf(low)] = np.nan
        high = np.where(is_there, np.frombuffer(highs)[at], np.nan) if level else low
        return np.fmin.reduce(low, axis=1), np.fmax.reduce(high, axis=1)

    def _close_block(self) -> None:
        level, end = 0, len(self._values)
        while end % _BLOCK == 0:
            low, high = self._scan(np.array([end - _BLOCK]), np.array([end]), level)
            if level == len(self._levels):
                self._levels.append((array("d"), array("d")))
            self._levels[level][0].append(low.item())
            self._levels[level][1].append(high.item())
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
