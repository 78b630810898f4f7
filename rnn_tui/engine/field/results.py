"""What a field has come to: an array over its members for each figure, and the losses of all updates."""

import numpy as np
from numpy.typing import NDArray

from rnn_tui.engine.field.evaluations import Evaluations
from rnn_tui.protocol.field import DIVERGED, LEARNING, WAITING

__all__ = ["Losses", "Results"]

_MOST = 16_000_000  # losses that are kept; from there on every second update's, and so on


class Losses:
    """The loss of every update of m members, (updates, m); NaN where a member has made none.

    Of a long run every `every`th update is kept.
    """

    def __init__(self, members: int, *, most: int = _MOST) -> None:
        self._rows = np.full((16, members), np.nan, np.float32)
        self._used = 0
        self._most = max(most, 32 * members)
        self.every = 1

    @property
    def updates(self) -> NDArray[np.int64]:
        """(n,) the numbers of the updates that are kept."""
        return np.arange(self._used, dtype=np.int64) * self.every + 1

    @property
    def values(self) -> NDArray[np.float32]:
        """(n, m) their losses: a view, not to be changed."""
        return self._rows[: self._used]

    def put(self, update: int, members: NDArray[np.int64], losses: NDArray[np.floating]) -> None:
        """Note the losses of an update, counted from 1, of some members; updates come in order."""
        row, rest = divmod(update - 1, self.every)
        if rest:
            return
        while row >= len(self._rows):
            self._grow()
            row, rest = divmod(update - 1, self.every)
            if rest:
                return
        self._used = max(self._used, row + 1)
        self._rows[row, members] = losses

    def of(self, member: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the updates of one member, (n,), and its losses."""
        losses = self.values[:, member]
        made = ~np.isnan(losses)
        return self.updates[made], losses[made]

    def restore(self, values: NDArray[np.float32], every: int) -> None:
        """Begin with the losses (n, m) that were kept before, those of each `every`th update."""
        rows = 16
        while rows < len(values) + 1:
            rows *= 2
        self._rows = np.full((rows, values.shape[1]), np.nan, np.float32)
        self._rows[: len(values)] = values
        self._used, self.every = len(values), every

    def forget(self, member: int) -> None:
        """Forget the losses of a member, which begins anew."""
        self._rows[:, member] = np.nan

    def _grow(self) -> None:
        rows, members = self._rows.shape
        if 2 * rows * members <= self._most:
            self._rows = np.concatenate((self._rows, np.full_like(self._rows, np.nan)))
            return
        kept = self._rows[: self._used : 2]
        self._rows[: len(kept)] = kept.copy()
        self._rows[len(kept) :] = np.nan
        self._used, self.every = len(kept), 2 * self.every


class Results:
    """The figures of m members."""

    def __init__(self, members: int) -> None:
        self.passes = np.zeros(members, np.int32)  # that each has done
        self.loss = np.full(members, np.nan)  # of the newest pass
        self.learnt = np.zeros(members, np.int32)  # the epoch at which all was first predicted right; 0: not yet
        self.right = np.zeros(members, bool)  # whether the newest pass predicts it all right
        self.held_out = np.full(members, np.nan)  # the newest evaluation
        self.norm = np.full(members, np.nan)  # ‖∂L/∂W‖ of the first update, before clipping
        self.states = np.full(members, WAITING, np.uint8)  # of protocol.field
        self.losses = Losses(members)
        self.evaluations = Evaluations(members)  # on what is held out

    @property
    def going(self) -> int:
        """How many have not come to their end."""
        return int((self.states <= LEARNING).sum())

    @property
    def diverged(self) -> int:
        """How many have a loss that is not finite."""
        return int((self.states == DIVERGED).sum())
