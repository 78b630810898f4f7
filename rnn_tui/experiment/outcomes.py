"""How the networks of a comparison fared, one by one and by group: how many learnt, when, to which loss."""

import math
from collections.abc import Callable, Iterable, Sequence

from rnn_tui.common.value import Value
from rnn_tui.experiment.comparison import Comparison
from rnn_tui.experiment.statistics import Quartiles, quartiles, wilson_interval
from rnn_tui.experiment.vary import SEED

__all__ = ["Group", "Outcome", "grouped", "settings_compared"]


class Outcome(Value, frozen=True, kw_only=True):
    """How one network fared."""

    member: int  # from 0, as the comparison numbers them
    epoch: int  # that it has come to, or update of a text or a series
    began: float = math.nan  # the loss of its first update; NaN: not known
    loss: float = math.nan  # the newest; NaN: there is none
    learnt: int = 0  # the epoch at which it was right for the first time; 0: never
    right: bool = False  # whether it is right now
    held_out: float = math.nan  # the newest loss on held-out data; NaN: there is none
    diverged: bool = False  # its loss is no longer a number
    done: bool = True  # it has come to its end; else it was interrupted

    @property
    def rose(self) -> bool:
        """Whether its loss is higher than it began, or no longer a number."""
        return self.diverged or self.loss > self.began


class Group(Value, frozen=True, kw_only=True):
    """Networks with the same values of some of the settings that vary."""

    values: tuple[tuple[str, int], ...]  # (path, index of the value) of each of those settings; empty: all networks
    members: int
    learnt: int  # how many
    right: int  # that are right now: some lose again what they had learnt
    diverged: int
    rose: int  # whose loss is higher than it began, with those that diverged
    going: int  # that were interrupted
    epochs: Quartiles | None  # at which they had learnt it; None: none has
    loss: Quartiles | None  # of those that did not diverge
    held_out: Quartiles | None

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the share that learns it."""
        return wilson_interval(self.learnt, self.members)

    def index(self, path: str) -> int:
        """Return which value of that setting it has. Raises KeyError where it is not one of its settings."""
        return dict(self.values)[path]


def settings_compared(comparison: Comparison) -> tuple[str, ...]:
    """Return the paths of what varies besides seeds, in order."""
    return tuple(each.path for each in comparison.varied if each.path != SEED)


def grouped(comparison: Comparison, outcomes: Iterable[Outcome], paths: Sequence[str]) -> list[Group]:
    """Return a group for each combination of the values of these settings, in the order of the members."""
    places = [number for number, each in enumerate(comparison.varied) if each.path in paths]
    found: dict[tuple[int, ...], list[Outcome]] = {}
    for each in outcomes:
        indices = comparison.indices(each.member)
        found.setdefault(tuple(indices[place] for place in places), []).append(each)
    names = [comparison.varied[place].path for place in places]
    return [_group(tuple(zip(names, indices, strict=True)), found[indices]) for indices in sorted(found)]


def _group(values: tuple[tuple[str, int], ...], outcomes: list[Outcome]) -> Group:
    def spread(number: Callable[[Outcome], float]) -> Quartiles | None:
        return quartiles([number(each) for each in outcomes if not each.diverged])

    return Group(
        values=values,
        members=len(outcomes),
        learnt=sum(each.learnt > 0 for each in outcomes),
        right=sum(each.right for each in outcomes),
        diverged=sum(each.diverged for each in outcomes),
        rose=sum(each.rose for each in outcomes),
        going=sum(not (each.done or each.diverged) for each in outcomes),
        epochs=quartiles([each.learnt for each in outcomes if each.learnt]),
        loss=spread(lambda each: each.loss),
        held_out=spread(lambda each: each.held_out),
    )
