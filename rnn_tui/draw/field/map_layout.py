"""Where each member of a comparison stands on the map: which settings are columns, which rows, and the labels."""

import math
from collections.abc import Sequence
from itertools import permutations

import numpy as np

from rnn_tui.common.glyphs import safe
from rnn_tui.common.value import Value
from rnn_tui.experiment.comparison import Comparison, Varied
from rnn_tui.experiment.settings import setting

__all__ = ["MapLayout", "layout_count", "layout_of", "sampled"]

_SEED = "training.seed"
_NEAR = 3  # rows or columns on either side of the cursor that are never left out


class MapLayout(Value, frozen=True, kw_only=True):
    """The members as a table."""

    members: tuple[tuple[int, ...], ...]  # of each row; -1: none
    row_labels: tuple[tuple[str, ...], ...]  # of each row, a value for each of the settings in rows, outermost first
    column_labels: tuple[str, ...]  # of each column; empty where columns are no setting
    row_name: str  # the settings in rows
    column_name: str  # the setting in columns; empty: none

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.members)

    @property
    def columns(self) -> int:
        """How many columns there are."""
        return len(self.members[0])

    def place(self, member: int) -> tuple[int, int]:
        """Return the row and column of a member."""
        return next((row, line.index(member)) for row, line in enumerate(self.members) if member in line)

    def moved(self, member: int, rows: int, columns: int) -> int:
        """Return the member so many rows and columns away, or as near as the table has one."""
        row, column = self.place(member)
        row = min(max(row + rows, 0), self.rows - 1)
        line = [each for each in self.members[row] if each >= 0]
        return line[min(max(column + columns, 0), len(line) - 1)]

    def next_to(self, member: int, by: int) -> int:
        """Return the next member in reading order, or the one before; after the last comes the first."""
        order = [each for line in self.members for each in line if each >= 0]
        return order[(order.index(member) + by) % len(order)]


def layout_count(comparison: Comparison) -> int:
    """Return how many layouts there are: which setting is in columns, and which is the outermost in rows."""
    settings = len(_varying(comparison))
    return settings * (settings - 1) if settings > 1 else 1


def layout_of(comparison: Comparison, number: int = 0, room: tuple[int, int] | None = None) -> MapLayout:
    """Return one of the layouts, the number taken modulo their count.

    The first has the setting with the most values in its columns: screens are wide. A single setting that varies fills
    a table row after row: a square one, unless that does not fit the `room` for rows and columns and a wider one does.
    """
    varying = _varying(comparison)
    if len(varying) < 2:
        return _table(comparison, varying, room)
    varied = comparison.varied
    longest = max(varying, key=lambda at: (len(varied[at].values), varied[at].path != _SEED))
    pairs = sorted(permutations(varying, 2), key=lambda pair: (pair[0] != longest, varying.index(pair[1])))
    column, outer = pairs[number % len(pairs)]
    rest = [outer, *(each for each in varying if each not in (column, outer))]
    shape = [len(comparison.varied[each].values) for each in rest]
    lines, labels = [], []
    for place in np.ndindex(*shape):
        indices = [0] * len(comparison.varied)
        for each, index in zip(rest, place, strict=True):
            indices[each] = index
        line = []
        for at in range(len(comparison.varied[column].values)):
            indices[column] = at
            line.append(comparison.number(tuple(indices)))
        lines.append(tuple(line))
        labels.append(tuple(_text(comparison.varied[each], index) for each, index in zip(rest, place, strict=True)))
    across = comparison.varied[column]
    return MapLayout(
        members=tuple(lines),
        row_labels=tuple(labels),
        column_labels=tuple(_text(across, at) for at in range(len(across.values))),
        row_name=" · ".join(_label(comparison.varied[each]) for each in rest),
        column_name=_label(across),
    )


def sampled(count: int, room: int, at: int) -> list[int]:
    """Return which of `count` rows or columns are shown in the `room` for so many: all, or an even sample.

    The one at the cursor and its neighbours are always shown.
    """
    if count <= room:
        return list(range(count))
    near = min(_NEAR, max(0, (room - 1) // 4))
    first = min(max(at - near, 0), count - (2 * near + 1)) if room > 2 * near else at
    kept = set(range(first, first + 2 * near + 1)) if room > 2 * near else {at}
    others = [each for each in range(count) if each not in kept]
    free = max(0, room - len(kept))
    chosen = np.linspace(0, len(others) - 1, free).round().astype(int).tolist() if free else []
    return sorted({*kept, *(others[each] for each in chosen)})


def _varying(comparison: Comparison) -> list[int]:
    """Return which of the varied settings have more than one value."""
    return [at for at, each in enumerate(comparison.varied) if len(each.values) > 1]


def _table(comparison: Comparison, varying: Sequence[int], room: tuple[int, int] | None) -> MapLayout:
    members = list(range(comparison.members))
    columns = max(1, math.ceil(math.sqrt(len(members))))
    if room is not None:
        wider = math.ceil(len(members) / max(1, room[0]))
        columns = wider if columns < wider <= room[1] else columns
    lines = [members[at : at + columns] for at in range(0, len(members), columns)]
    lines[-1] += [-1] * (columns - len(lines[-1]))
    labels: list[tuple[str, ...]] = [("",)] * len(lines)
    if varying:
        varied = comparison.varied[varying[0]]
        labels = [(_text(varied, comparison.indices(line[0])[varying[0]]),) for line in lines]
    return MapLayout(
        members=tuple(map(tuple, lines)),
        row_labels=tuple(labels),
        column_labels=("",) * columns,
        row_name=_label(comparison.varied[varying[0]]) if varying else "",
        column_name="",
    )


def _text(varied: Varied, index: int) -> str:
    return safe(varied.text(index))


def _label(varied: Varied) -> str:
    return setting(varied.path).label
