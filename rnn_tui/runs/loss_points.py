"""Losses in their order, as points: where there are too many, neighbours become one, which keeps their extremes."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["Floats", "LossPoints"]

Floats = NDArray[np.float64]

_NUMBER, _FIRST, _LAST, _LOW, _HIGH, _NEWEST, _SECONDS, _ACCURACY = range(8)


class LossPoints:
    """n points of up to `stride` rows each: their first and last update, and the lowest, highest and newest loss.

    A loss that is no number counts for nothing, unless all of a point are so.
    """

    def __init__(self, most: int) -> None:
        """Begin without a point; at most `most` are kept, and at least two."""
        self.stride = 1
        self.rows = 0  # added so far
        self._most = max(2, most)
        self._points: Floats = np.empty((8, 0))
        self._has_seconds = self._has_accuracy = False

    def __len__(self) -> int:
        return int(self._points.shape[1])

    def add(
        self, update: Floats, loss: Floats, *, seconds: Floats | None = None, accuracy: Floats | None = None
    ) -> None:
        """Append (n,) rows; `seconds` of training at their ends, and the `accuracy`, where they are known."""
        self._has_seconds |= seconds is not None
        self._has_accuracy |= accuracy is not None
        nothing = np.full(len(update), np.nan)
        rows = np.stack(
            [
                np.arange(self.rows, self.rows + len(update), dtype=np.float64),
                *(update, update, loss, loss, loss),
                nothing if seconds is None else seconds,
                nothing if accuracy is None else accuracy,
            ]
        )
        self.rows += len(update)
        tail = _joined(np.concatenate([self._points[:, -1:], rows], axis=1), self.stride)
        self._points = np.concatenate([self._points[:, :-1], tail], axis=1)
        while len(self) > self._most:
            self.stride *= 2
            self._points = _joined(self._points, self.stride)

    @property
    def first(self) -> Floats:
        """The first update of each point, (n,)."""
        return self._row(_FIRST)

    @property
    def last(self) -> Floats:
        """The last update of each point, (n,)."""
        return self._row(_LAST)

    @property
    def low(self) -> Floats:
        """The lowest loss of each point, (n,)."""
        return self._row(_LOW)

    @property
    def high(self) -> Floats:
        """The highest loss of each point, (n,)."""
        return self._row(_HIGH)

    @property
    def newest(self) -> Floats:
        """The loss of the last update of each point, (n,)."""
        return self._row(_NEWEST)

    @property
    def seconds(self) -> Floats | None:
        """The seconds of training at the end of each point, (n,); None where the file does not tell them."""
        return self._row(_SECONDS) if self._has_seconds else None

    @property
    def accuracy(self) -> Floats | None:
        """The newest accuracy of each point, (n,); None where the file does not tell it."""
        return self._row(_ACCURACY) if self._has_accuracy else None

    def _row(self, number: int) -> Floats:
        row: Floats = self._points[number]
        return row


def _joined(points: Floats, stride: int) -> Floats:
    """Join the points whose rows belong together: those of the same multiple of `stride`."""
    if not points.shape[1]:
        return points
    group = points[_NUMBER] // stride
    starts = np.flatnonzero(np.r_[True, np.diff(group) != 0])
    ends = np.r_[starts[1:], points.shape[1]] - 1
    found = points[:, ends].copy()
    found[_NUMBER], found[_FIRST] = points[_NUMBER, starts], points[_FIRST, starts]
    found[_LOW] = np.fmin.reduceat(points[_LOW], starts)
    found[_HIGH] = np.fmax.reduceat(points[_HIGH], starts)
    return found
