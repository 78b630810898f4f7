"""A learning rate found: which range of those that were tried learns, which diverges, and what the best one takes."""

from collections.abc import Sequence

from rnn_tui.common.value import Value
from rnn_tui.common.wording import counted
from rnn_tui.experiment.statistics import Quartiles, share_text, spread_text, wilson_interval

__all__ = ["Rate", "found_by_learning", "found_by_loss"]

_NEAR = 0.05  # of the lowest loss: losses that are that near to it count as as low
_FEW = 5  # networks at a rate, below which luck is as likely a reason


class Rate(Value, frozen=True, kw_only=True):
    """A learning rate, and how the networks fared that had it."""

    lr: float
    members: int
    learnt: int = 0
    diverged: int = 0  # whose loss is higher than it began, or no longer a number
    epochs: Quartiles | None = None  # at which they had learnt it
    loss: Quartiles | None = None  # of those that did not diverge

    @property
    def diverges(self) -> bool:
        """Whether most of its networks do."""
        return 2 * self.diverged > self.members


def found_by_learning(rates: Sequence[Rate], unit: str = "epoch") -> list[str]:
    """Say in sentences which rates learn it, where a network can be right. Rates ascend."""
    if not any(each.learnt for each in rates):
        return [f"no learning rate from {_span(rates)} learns it: {_share(rates)}", *_divergence(rates)]
    best = _most_often(rates)
    first, last = _range_that_learns(rates, best.learnt / best.members / 2)
    one = first == last
    range_told = f"learning rate{'' if one else 's'} {_ends(rates, first, last)} learn{'s' if one else ''} it"
    inside = f"{range_told}: {_share(rates[first : last + 1])}"
    others = ((name, each) for name, each in (("below", rates[:first]), ("above", rates[last + 1 :])) if each)
    outside = ", ".join(f"{name} {_learnt(each)}" for name, each in others)
    found = [f"{inside}; {outside}" if outside else inside]
    if len(rates) > 1 and best.epochs is not None:
        when = f"at {unit} {spread_text(best.epochs, whole=True)}"
        found.append(f"best: {best.lr:g}, {_share([best])}, {when}{_no_worse(rates, best)}")
    return [*found, *_divergence(rates), *_caution(rates)]


def found_by_loss(rates: Sequence[Rate], name: str = "loss") -> list[str]:
    """Say in sentences which rates come to the lowest loss, where no prediction is right or wrong. Rates ascend."""
    there = [number for number, each in enumerate(rates) if each.loss is not None and not each.diverges]
    if not there:
        return [f"no learning rate from {_span(rates)} comes to a loss that is a number"]
    best = min(there, key=lambda number: _median(rates[number]))
    lowest = _median(rates[best])
    near = lowest + _NEAR * abs(lowest)
    first = last = best
    while first - 1 in there and _median(rates[first - 1]) <= near:
        first -= 1
    while last + 1 in there and _median(rates[last + 1]) <= near:
        last += 1
    its = rates[best].loss
    assert its is not None
    found = [f"best learning rate: {rates[best].lr:g}, with a {name} of {spread_text(its)}"]
    if first < last:
        found.append(f"within {_NEAR:.0%} of that: {_ends(rates, first, last)}".replace("%", " %"))
    elif best in (0, len(rates) - 1) and len(rates) > 1:
        end, beyond = ("smallest", "smaller") if best == 0 else ("largest", "larger")
        found.append(f"it is the {end} that was tried: {beyond} ones may be better")
    return [*found, *_divergence(rates), *_caution(rates)]


def _most_often(rates: Sequence[Rate]) -> Rate:
    """Return the rate with which the largest share learns it, and of several the one that takes the fewest epochs."""

    def place(each: Rate) -> tuple[float, float]:
        return -each.learnt / each.members, each.epochs.median if each.epochs is not None else 0.0

    return min((each for each in rates if each.learnt), key=place)


def _range_that_learns(rates: Sequence[Rate], share: float) -> tuple[int, int]:
    """Return the first and the last of the neighbouring rates that learn it more often than `share`, taken together.

    Of all ranges it is the one with the most successes above that share: a single failure between rates that learn it
    does not cut it in two.
    """
    best, found = (0.0, 0), (0, 0)
    for first in range(len(rates)):
        total = 0.0
        for last in range(first, len(rates)):
            total += rates[last].learnt - share * rates[last].members
            place = (round(total, 9), first - last)  # of two that are as good, the shorter one
            if place > best:
                best, found = place, (first, last)
    return found


def _no_worse(rates: Sequence[Rate], best: Rate) -> str:
    """Say how many rates may be as good as the best one, as far as the intervals tell."""
    if min(each.members for each in rates) < _FEW:
        return ""  # `_caution` says more
    low = _interval([best])[0]
    count = sum(each is not best and _interval([each])[1] >= low for each in rates)
    return f"; {counted(count, 'other')} may be as good: the intervals overlap" if count else ""


def _learnt(rates: Sequence[Rate]) -> str:
    return f"{sum(each.learnt for each in rates):,} of {sum(each.members for each in rates):,}"


def _share(rates: Sequence[Rate]) -> str:
    return f"{_learnt(rates)} (95 %: {share_text(_interval(rates))})"


def _interval(rates: Sequence[Rate]) -> tuple[float, float]:
    return wilson_interval(sum(each.learnt for each in rates), sum(each.members for each in rates))


def _divergence(rates: Sequence[Rate]) -> list[str]:
    """Say from which rate on the loss rises, or is no longer a number."""
    total = sum(each.diverged for each in rates)
    if not total:
        return ["none diverged: no loss is higher than it began"]
    start = len(rates)
    while start and rates[start - 1].diverges:
        start -= 1
    some = next(each for each in rates if each.diverged)
    if start == len(rates):
        return [f"{counted(total, 'network')} diverged, the first at {some.lr:g}: higher than they began, or no number"]
    over = rates[start:]
    of, diverged = sum(each.members for each in over), sum(each.diverged for each in over)
    share = f"{diverged:,} of {counted(of, 'network')} (95 %: {share_text(wilson_interval(diverged, of))})"
    before = f"; {total - diverged:,} below" if total > diverged else ""
    end = "end higher than they began, or as no number"
    return [f"from {rates[start].lr:g} on they diverge: {share} {end}{before}"]


def _caution(rates: Sequence[Rate]) -> list[str]:
    """Say how little a few networks at each rate can tell."""
    fewest = min(each.members for each in rates)
    if fewest >= _FEW:
        return []
    at_each = "one network" if fewest == 1 else f"{fewest} networks"
    return [f"{at_each} at a rate cannot tell it from its neighbours: more seeds would"]


def _median(each: Rate) -> float:
    assert each.loss is not None
    return each.loss.median


def _span(rates: Sequence[Rate]) -> str:
    return f"{rates[0].lr:g} to {rates[-1].lr:g}"


def _ends(rates: Sequence[Rate], first: int, last: int) -> str:
    """Name a range of rates, and say where it ends only because none beyond was tried."""
    smallest = " (the smallest tried)" if first == 0 else ""
    largest = " (the largest tried)" if last == len(rates) - 1 else ""
    if first == last:
        return f"{rates[first].lr:g}{smallest or largest}"
    return f"{rates[first].lr:g}{smallest} to {rates[last].lr:g}{largest}"
