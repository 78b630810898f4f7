"""The evaluations of many members on what is held out, each at the update after which it was made."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["Evaluations"]

_MOST = 4_000_000  # losses that are kept; from there on of every second update


class Evaluations:
    """The losses of m members on what is held out; members are evaluated at other updates than others."""

    def __init__(self, members: int, *, most: int = _MOST) -> None:
        self._members = members
        self._most = most
        self._rows: dict[int, NDArray[np.float32]] = {}

    def put(self, update: int, members: NDArray[np.integer], losses: NDArray[np.floating]) -> None:
        """Note what some members have come to after an update, counted from 1."""
        if update not in self._rows:
            self._rows[update] = np.full(self._members, np.nan, np.float32)
            if len(self._rows) > 2 and len(self._rows) * self._members > self._most:
                for each in sorted(self._rows)[1:-1:2]:
                    if each != update:
                        del self._rows[each]
        self._rows[update][members] = losses

    @property
    def updates(self) -> NDArray[np.int64]:
        """(n,) the updates after which there was an evaluation, ascending."""
        return np.array(sorted(self._rows), np.int64)

    @property
    def values(self) -> NDArray[np.float32]:
        """(n, m) the losses; NaN where a member was not evaluated."""
        rows = [self._rows[each] for each in sorted(self._rows)]
        return np.stack(rows) if rows else np.zeros((0, self._members), np.float32)

    def of(self, member: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the updates at which one member was evaluated, (n,), and its losses."""
        updates = self.updates
        losses = np.array([self._rows[each][member] for each in updates.tolist()], np.float32)
        made = ~np.isnan(losses)
        return updates[made], losses[made]

    def newest(self) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return the newest finite loss of each member by each update, (n, m), NaN before the first; and which are new.

        Each member keeps its last loss until the next, and after its end.
        """
        losses = self.values
        are_new = np.isfinite(losses)
        losses[~are_new] = np.nan
        for (before, now), is_new in zip(pairwise(losses), are_new[1:], strict=False):
            np.copyto(now, before, where=~is_new)
        return losses, are_new

    def restore(self, updates: NDArray[np.int64], values: NDArray[np.float32]) -> None:
        """Begin with the evaluations that were made before."""
        self._rows = {int(update): row.copy() for update, row in zip(updates, values, strict=True)}

    def forget(self, member: int) -> None:
        """Forget the evaluations of a member, which begins anew."""
        for row in self._rows.values():
            row[member] = np.nan
