"""What a comparison has found, in sentences that are computed: which values do best, and whether luck may be why."""

import math
from collections.abc import Sequence

from rnn_tui.common.wording import counted
from rnn_tui.experiment.comparison import Comparison
from rnn_tui.experiment.lr_range import Rate, found_by_learning, found_by_loss
from rnn_tui.experiment.outcomes import Group, Outcome, grouped, settings_compared
from rnn_tui.experiment.settings import setting
from rnn_tui.experiment.statistics import Quartiles, share_text, spread_text, wilson_interval
from rnn_tui.experiment.vary import short_name

__all__ = ["findings", "sentences"]

_LR = "training.lr"
_LOSS_DIFFERS = ("training.reduction",)  # settings whose values give the loss another meaning
_SMOOTHING = "training.label_smoothing"  # whose values do so too, but not to what is held out
_MOST = 6  # combinations of other settings, for each of which learning rates are told


def findings(
    comparison: Comparison,
    outcomes: Sequence[Outcome],
    *,
    unit: str = "epoch",
    has_right: bool = True,
    has_held_out: bool = False,
) -> list[str]:
    """Return the sentences; none before any network has made a pass."""
    if not outcomes:
        return []
    paths = settings_compared(comparison)
    if not paths:
        return _of_seeds(outcomes) if has_right else []
    found = []
    if len(_values(comparison, _LR)) > 1:
        found += _of_rates(comparison, outcomes, unit, has_right=has_right, has_held_out=has_held_out)
    for path in paths:
        if path == _LR or len(_values(comparison, path)) < 2:
            continue
        groups = grouped(comparison, outcomes, (path,))
        if has_right:
            found += _most_often(comparison, path, groups, unit)
        elif path not in _LOSS_DIFFERS and (has_held_out or path != _SMOOTHING):
            found += _lowest(comparison, path, groups, has_held_out=has_held_out)
    return found


def sentences(found: Sequence[str]) -> list[str]:
    """Return findings as sentences that stand by themselves: with a capital, unless they begin with a setting."""
    return [each[:1].upper() + each[1:] if "=" not in each.split(" ")[0] else each for each in found]


def _of_seeds(outcomes: Sequence[Outcome]) -> list[str]:
    learnt, of = sum(each.learnt > 0 for each in outcomes), len(outcomes)
    if of < 2:
        return []
    share = share_text(wilson_interval(learnt, of))
    right = sum(each.right for each in outcomes)
    kept = f"; {right:,} {'was' if right == 1 else 'were'} right at the end" if right < learnt else ""
    return [f"{learnt:,} of {counted(of, 'seed')} learnt it: of all seeds {share} would (95 %){kept}"]


def _of_rates(
    comparison: Comparison, outcomes: Sequence[Outcome], unit: str, *, has_right: bool, has_held_out: bool
) -> list[str]:
    """Tell of the learning rates for each combination of the other settings."""
    others = [path for path in settings_compared(comparison) if path != _LR]
    by_others: dict[tuple[int, ...], list[Outcome]] = {}
    places = [number for number, each in enumerate(comparison.varied) if each.path in others]
    for each in outcomes:
        indices = comparison.indices(each.member)
        by_others.setdefault(tuple(indices[place] for place in places), []).append(each)
    found: list[str] = []
    if len(by_others) > _MOST:
        return found
    for indices in sorted(by_others):
        values = " ".join(
            f"{short_name(setting(comparison.varied[place].path))}={comparison.varied[place].text(index)}"
            for place, index in zip(places, indices, strict=True)
        )
        groups = grouped(comparison, by_others[indices], (_LR,))
        rates = sorted(
            (_rate(comparison, each, has_held_out=has_held_out) for each in groups), key=lambda each: each.lr
        )
        if has_right:
            sentences = found_by_learning(rates, unit)
        else:
            sentences = found_by_loss(rates, "held-out loss" if has_held_out else "loss")
        found += [f"{values}: {each}" if values else each for each in sentences]
    return found


def _rate(comparison: Comparison, group: Group, *, has_held_out: bool) -> Rate:
    return Rate(
        lr=_values(comparison, _LR)[group.index(_LR)],
        members=group.members,
        learnt=group.learnt,
        diverged=group.rose,
        epochs=group.epochs,
        loss=group.held_out if has_held_out else group.loss,
    )


def _most_often(comparison: Comparison, path: str, groups: Sequence[Group], unit: str) -> list[str]:
    """Compare by the share that learns it, and between equal ones by when."""

    def place(each: Group) -> tuple[float, float]:
        return -each.learnt / each.members, each.epochs.median if each.epochs is not None else math.inf

    if len(groups) < 2:
        return []
    best, second = sorted(groups, key=place)[:2]
    if not best.learnt:
        return [
            f"no {short_name(setting(path))} learns it: 0 of {counted(sum(each.members for each in groups), 'network')}"
        ]
    first = f"{_name(comparison, path, best)} learns it most often: {_share(best)}"
    both = f"{_name(comparison, path, best)} and {_name(comparison, path, second)} learn it as often: {_share(best)}"
    if best.learnt * second.members == second.learnt * best.members:
        if best.epochs is None or second.epochs is None or best.epochs.median == second.epochs.median:
            return [f"{both}, and none sooner"]
        sooner = f"{spread_text(best.epochs, whole=True)} against {spread_text(second.epochs, whole=True)}"
        return [f"{both}, {_name(comparison, path, best)} sooner: at {unit} {sooner}"]
    apart = second.interval[1] < best.interval[0]
    told = "the intervals do not overlap" if apart else "the intervals overlap, so luck may be why"
    return [f"{first}; next {_name(comparison, path, second)}: {_share(second)}; {told}"]


def _lowest(comparison: Comparison, path: str, groups: Sequence[Group], *, has_held_out: bool) -> list[str]:
    """Compare by the median loss, held out where there is one."""
    name = "held-out loss" if has_held_out else "loss"

    def its(group: Group) -> Quartiles | None:
        return group.held_out if has_held_out else group.loss

    there = [(losses, each) for each in groups if (losses := its(each)) is not None]
    if len(there) < 2:
        return []
    there.sort(key=lambda pair: pair[0].median)
    (low, best), (next_low, second) = there[:2]
    first = f"{_name(comparison, path, best)} comes to the lowest {name}: {spread_text(low)}"
    if min(best.members, second.members) < 2:
        told = "with one network each, luck may be why"
    elif low.upper < next_low.lower:
        told = "their middle halves do not overlap"
    else:
        told = "their middle halves overlap, so luck may be why"
    return [f"{first}; next {_name(comparison, path, second)}: {spread_text(next_low)}; {told}"]


def _share(group: Group) -> str:
    return f"{group.learnt:,} of {group.members:,} (95 %: {share_text(group.interval)})"


def _name(comparison: Comparison, path: str, group: Group) -> str:
    varied = next(each for each in comparison.varied if each.path == path)
    return f"{short_name(setting(path))}={varied.text(group.index(path))}"


def _values(comparison: Comparison, path: str) -> Sequence[float]:
    return next((each.values for each in comparison.varied if each.path == path), ())
