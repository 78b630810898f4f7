"""Which ranks share a line, where there are more of them than lines: those that stand out have one each."""

from collections.abc import Collection, Sequence
from itertools import groupby, pairwise

from rnn_tui.protocol.ranks import RankFigures

__all__ = ["Line", "line_of", "lines_of", "rows_for"]

Line = tuple[RankFigures, ...]  # of one rank, or of several that follow one another

_SHORT = 30  # rows of a terminal below which each row counts
_FEWEST = 2  # lines of ranks
_PART = 8  # a taller terminal has a line for so many rows


def rows_for(ranks: int, height: int) -> int:
    """Return the rows that a terminal of `height` rows has for these ranks, the one above them included; 0: none."""
    if not ranks:
        return 0
    return 1 + min(ranks, _FEWEST if height < _SHORT else max(_FEWEST, height // _PART))


def lines_of(
    figures: Sequence[RankFigures], count: int, *, odd: Collection[int] = (), shown: int | None = None
) -> list[Line]:
    """Return at most `count` lines, by rank.

    `odd`: ranks that stand out, the worst first; `shown`: the one whose row is on the screen. As many of them as leave
    a line for the others have one each.
    """
    figures = sorted(figures, key=lambda each: each.rank)
    if len(figures) <= count:
        return [(each,) for each in figures]
    if count < 1:
        return []
    wanted = dict.fromkeys([*odd, *([] if shown is None else [shown])])
    alone = set(list(wanted)[: count - 1])
    others = [each for each in figures if each.rank not in alone]
    lines: list[Line] = [(each,) for each in figures if each.rank in alone]
    return sorted([*lines, *_groups(others, count - len(lines))], key=lambda line: line[0].rank)


def line_of(lines: Sequence[Line], rank: int | None) -> int | None:
    """Return the line that a rank is in; None: in none."""
    return next((at for at, line in enumerate(lines) if any(each.rank == rank for each in line)), None)


def _groups(figures: Sequence[RankFigures], count: int) -> list[Line]:
    """Divide ranks by their machines, where there are lines for all of them; large machines into several parts."""
    machines = [list(line) for _, line in groupby(figures, key=lambda each: each.node)]
    if len(machines) > count:
        return _parts(figures, count)
    lines = [1] * len(machines)
    for _ in range(count - len(machines)):
        at = max(range(len(machines)), key=lambda each: len(machines[each]) / lines[each])
        lines[at] += len(machines[at]) > lines[at]
    return [part for line, some in zip(machines, lines, strict=True) for part in _parts(line, some)]


def _parts(figures: Sequence[RankFigures], count: int) -> list[Line]:
    """Divide ranks that follow one another into parts of nearly one size."""
    least, more = divmod(len(figures), count)
    ends = [least * at + min(at, more) for at in range(count + 1)]
    return [tuple(figures[start:end]) for start, end in pairwise(ends) if end > start]
