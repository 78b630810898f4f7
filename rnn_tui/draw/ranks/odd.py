"""Several processes that train together: which of them is unlike the others, and how, in a sentence.

A rank stands out if its loss is no number, if it is late, if it computes longer than the others, or if its loss is far
from theirs. All of it is computed from the figures of one moment.
"""

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Literal

from rnn_tui.draw.kit.numbers import compact, count
from rnn_tui.draw.kit.text_fit import first_that_fits
from rnn_tui.protocol.ranks import RankFigures

__all__ = ["Odd", "Oddness", "find_odd", "milliseconds", "odd_ranks", "told"]

Oddness = Literal["gone", "not a number", "late", "slow", "far"]  # the worst first
Odd = Mapping[Oddness, Sequence[RankFigures]]

_SLOW = 1.2  # times the median of the computing times
_FAR, _LEAST_FAR = 0.5, 0.1  # from the median of the other losses: as a share of it, and in nats
_SPREADS, _MOST = 2.0, 0.75  # and so many times as far as most of the other losses are: this share of them
_MANY = 16  # ranks from which on each is compared with all, itself included
_SLACK = 2.0  # seconds that figures of ranks may be apart that each writes down by itself
_NAMED = 3  # ranks that a sentence names one by one
_WORST_FIRST: tuple[Oddness, ...] = ("gone", "not a number", "late", "slow", "far")


def milliseconds(seconds: float) -> str:
    """Write seconds in milliseconds, with a decimal below 1,000; an en dash where they are no time."""
    if not math.isfinite(seconds) or seconds < 0:
        return "–"
    return f"{1000 * seconds:.1f}" if seconds < 0.99995 else count(1000 * seconds)


def find_odd(figures: Sequence[RankFigures], *, is_script: bool = False) -> Odd:
    """Return the ranks that stand out in each way, the worst way first, and in each the worst rank.

    `is_script`: their figures are not of one moment, since each rank writes them down by itself.
    """
    gone = [each for each in figures if each.phase in ("ended", "silent")]
    there = [each for each in figures if each not in gone]
    found = {kind: _of_kind(there, kind) for kind in _WORST_FIRST[1:]}
    if is_script:
        found["late"] = [each for each in found["late"] if _seconds_late(each, there) > _SLACK]
    found = {"gone": gone, **found}
    return {kind: odd for kind, odd in found.items() if odd}


def odd_ranks(odd: Odd) -> Mapping[int, tuple[Oddness, ...]]:
    """Return in which ways each rank stands out, the worst rank first."""
    found: dict[int, list[Oddness]] = {}
    for kind, ranks in odd.items():
        for each in ranks:
            found.setdefault(each.rank, []).append(kind)
    return {rank: tuple(kinds) for rank, kinds in found.items()}


def told(figures: Sequence[RankFigures], odd: Odd, room: int) -> str:
    """Return a sentence of at most `room` cells about what stands out, or that nothing does; empty where none fits."""
    there = [each for each in figures if each not in odd.get("gone", ())]
    parts = [_FORMS[kind](there, ranks) for kind, ranks in odd.items()]
    if not parts:
        return first_that_fits(_alike(figures), room)
    together = [] if len(parts) == 1 else ["; ".join(forms[at] for forms in parts) for at in (0, -1)]
    return first_that_fits([*together, *parts[0]], room)


def _of_kind(figures: Sequence[RankFigures], kind: Oddness) -> list[RankFigures]:
    """Return the ranks that stand out in this way, the worst first."""
    if kind == "not a number":
        return [each for each in figures if each.rows and not math.isfinite(each.loss)]
    if kind == "late":
        newest = max((each.update for each in figures), default=0)
        return sorted((each for each in figures if each.update < newest), key=lambda each: each.update)
    if kind == "slow":
        middle = _middle_time(figures)
        slow = [each for each in figures if math.isfinite(each.computing) and each.computing > _SLOW * middle]
        return sorted(slow, key=lambda each: -each.computing) if middle > 0 else []
    losses = [each for each in figures if each.rows and math.isfinite(each.loss)]
    if len(losses) > _MANY:  # one of so many hardly moves their median
        middle, apart = _spread([each.loss for each in losses])
        far = {each.rank: abs(each.loss - middle) for each in losses if _is_far(each.loss, middle, apart)}
    else:
        far = {}
        for each in losses:
            middle, apart = _spread([other.loss for other in losses if other.rank != each.rank])
            if _is_far(each.loss, middle, apart):
                far[each.rank] = abs(each.loss - middle)
    return sorted((each for each in losses if each.rank in far), key=lambda each: -far[each.rank])


def _seconds_late(rank: RankFigures, figures: Sequence[RankFigures]) -> float:
    """Return how long a rank takes for the updates that the newest is ahead of it."""
    each_takes = rank.computing + (rank.waiting if math.isfinite(rank.waiting) else 0.0)
    return (max(each.update for each in figures) - rank.update) * each_takes if math.isfinite(each_takes) else 0.0


def _middle_time(figures: Sequence[RankFigures]) -> float:
    times = [each.computing for each in figures if math.isfinite(each.computing)]
    return median(times) if times else 0.0


def _losses(figures: Sequence[RankFigures]) -> list[float]:
    return [each.loss for each in figures if each.rows and math.isfinite(each.loss)]


def _spread(losses: Sequence[float]) -> tuple[float, float]:
    """Return the median of some losses, and how far most of them are from it at most; NaN where there are none."""
    if not losses:
        return math.nan, math.nan
    middle = median(losses)
    return middle, sorted(abs(loss - middle) for loss in losses)[max(1, round(_MOST * len(losses))) - 1]


def _is_far(loss: float, middle: float, apart: float) -> bool:
    return abs(loss - middle) > max(_FAR * abs(middle), _LEAST_FAR, _SPREADS * apart)


# ---- in words ------------------------------------------------------------------------------------------------------


def _names(ranks: Sequence[RankFigures]) -> str:
    """Name a few ranks one by one, by their numbers, or say how many there are."""
    numbers = [str(number) for number in sorted(each.rank for each in ranks)]
    if len(numbers) == 1:
        return f"rank {numbers[0]}"
    if len(numbers) > _NAMED:
        return f"{len(numbers):,} ranks"
    return f"ranks {', '.join(numbers[:-1])} and {numbers[-1]}"


def _gone(figures: Sequence[RankFigures], odd: Sequence[RankFigures]) -> tuple[str, ...]:
    del figures
    ended = [each for each in odd if each.phase == "ended"]
    if len(ended) == len(odd):
        return (f"{_names(odd)} {'has' if len(odd) == 1 else 'have'} ended",)
    if ended:
        return (
            f"{_names(ended)} {'has' if len(ended) == 1 else 'have'} ended, and others are silent",
            "some have ended",
        )
    words = f"nothing has been heard of {_names(odd)} for {max(each.since for each in odd):,.0f} s"
    return (words, f"{_names(odd)} {'is' if len(odd) == 1 else 'are'} silent")


def _not_numbers(figures: Sequence[RankFigures], odd: Sequence[RankFigures]) -> tuple[str, ...]:
    are_nan = all(math.isnan(each.loss) for each in odd)
    if len(odd) == len(figures) > 1:
        return ("no rank has a loss that is a number" if are_nan else "no rank has a finite loss",)
    if len(odd) == 1:
        return (f"the loss of {_names(odd)} is {'not a number' if are_nan else 'infinite'}",)
    return (f"the losses of {_names(odd)} are {'not numbers' if are_nan else 'not finite'}",)


def _late(figures: Sequence[RankFigures], odd: Sequence[RankFigures]) -> tuple[str, ...]:
    newest = max(each.update for each in figures)
    by = newest - odd[0].update
    updates = f"{by:,} update{'' if by == 1 else 's'}"
    if len(odd) == 1:
        return (f"{_names(odd)} is {updates} late: {odd[0].update:,} of {newest:,}", f"{_names(odd)} is {updates} late")
    return (f"{_names(odd)} are late, rank {odd[0].rank} by {updates}", f"{_names(odd)} are late")


def _slow(figures: Sequence[RankFigures], odd: Sequence[RankFigures]) -> tuple[str, ...]:
    slowest, middle = odd[0], _middle_time(figures)
    name, times = f"rank {slowest.rank}", f"{milliseconds(slowest.computing)} ms"
    if len(figures) == 2:
        other = next(each for each in figures if each.rank != slowest.rank)
        than = f"rank {other.rank} {milliseconds(other.computing)} ms"
        longer = f"{100 * (slowest.computing / other.computing - 1):,.0f} %" if other.computing > 0 else "much"
        return (
            f"{name} is slower: it computes {times}, {than}",
            f"{name} computes {times}, {than}",
            f"{name} computes {longer} longer",
            f"{name} is slow",
        )
    longer = f"{100 * (slowest.computing / middle - 1):,.0f} %"
    more = f"{longer} more than the median"
    if len(odd) == 1:
        return (
            f"{name} is the slowest: it computes {times}, {more}",
            f"{name} computes {longer} longer",
            f"{name} is slow",
        )
    return (
        f"{_names(odd)} are slow: rank {slowest.rank} computes {times}, {more}",
        f"{_names(odd)} are slow, most of all {name}",
        f"{_names(odd)} are slow",
    )


def _far(figures: Sequence[RankFigures], odd: Sequence[RankFigures]) -> tuple[str, ...]:
    if len(odd) == len(figures) == 2:
        low, high = sorted(odd, key=lambda each: each.loss)
        apart = f"rank {high.rank} {compact(high.loss)}, rank {low.rank} {compact(low.loss)}"
        return (f"the losses are far apart: {apart}", "the losses are far apart")
    first = odd[0]
    middle = compact(median(_losses([each for each in figures if each.rank != first.rank])))
    value = f"{compact(first.loss)}; the median of the others is {middle}"
    if len(odd) == 1:
        return (f"the loss of {_names(odd)} is {value}", f"the loss of {_names(odd)} is far from the others'")
    return (
        f"the losses of {_names(odd)} are far from the others': rank {first.rank} has {value}",
        f"the losses of {_names(odd)} are far from the others'",
    )


_FORMS = {"gone": _gone, "not a number": _not_numbers, "late": _late, "slow": _slow, "far": _far}


def _alike(figures: Sequence[RankFigures]) -> list[str]:
    """Return the forms that say that no rank stands out, and within which bounds."""
    times = [each.computing for each in figures if math.isfinite(each.computing)]
    losses = _losses(figures)
    if len(figures) < 2 or not times or not losses:
        return []
    computing = f"{_between(*(milliseconds(each) for each in (min(times), max(times))))} ms of computing"
    both = f"none stands out: {computing}, losses {_between(compact(min(losses)), compact(max(losses)))}"
    return [both, f"none stands out: {computing}", "none stands out"]


def _between(low: str, high: str) -> str:
    return low if low == high else f"{low}–{high}"
