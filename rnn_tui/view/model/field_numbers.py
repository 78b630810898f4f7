"""What the panes of a field show, as numbers for a file: by network, and by group."""

from collections.abc import Sequence

import msgspec

from rnn_tui.experiment.comparison import Comparison
from rnn_tui.protocol.arrays import Doubles, Floats, Integers
from rnn_tui.protocol.field import Bundle, FieldPicture, HeldOutBundle, LearntSteps, Measure

__all__ = ["GroupLearnt", "GroupLosses", "NetworkNumbers", "group_learnt", "group_losses", "network_numbers"]

_STATES = ("waiting", "learning", "done", "diverged")


class NetworkNumbers(msgspec.Struct, frozen=True, kw_only=True):
    """A network of the map."""

    name: str  # by its values
    state: str
    learnt: float | None = None  # the epoch; only what the map shows is there
    loss: float | None = None
    held_out: float | None = None
    norm: float | None = None


class GroupLosses(msgspec.Struct, frozen=True, kw_only=True):
    """The losses of a group, by epoch or update."""

    name: str  # the value that its networks share
    x: Doubles
    low: Floats
    quarter: Floats
    median: Floats
    three_quarters: Floats
    high: Floats
    held_out: HeldOutBundle | None = None  # if something is held out


class GroupLearnt(msgspec.Struct, frozen=True, kw_only=True):
    """How many of a group had learnt it by which epoch."""

    name: str
    epochs: Integers
    counts: Integers
    of: int
    now: int


def network_numbers(comparison: Comparison, picture: FieldPicture, measure: Measure) -> tuple[NetworkNumbers, ...]:
    """Return all networks, with what the map shows of them."""
    measured = [None] * comparison.members if picture.measured is None else picture.measured.tolist()
    states = picture.states or bytes(comparison.members)
    return tuple(
        NetworkNumbers(name=comparison.words(member), state=_STATES[state], **{measure: value})
        for member, (state, value) in enumerate(zip(states, measured, strict=True))
    )


def group_losses(comparison: Comparison, bundles: Sequence[Bundle], path: str) -> tuple[GroupLosses, ...]:
    """Return the losses of all groups, by the setting with this path."""
    return tuple(
        GroupLosses(
            name=_group(comparison, path, each.group),
            x=each.x,
            low=each.low,
            quarter=each.quarter,
            median=each.median,
            three_quarters=each.three_quarters,
            high=each.high,
            held_out=each.held_out,
        )
        for each in bundles
    )


def group_learnt(comparison: Comparison, steps: Sequence[LearntSteps], path: str) -> tuple[GroupLearnt, ...]:
    """Return how many of each group had learnt it, by the setting with this path."""
    return tuple(
        GroupLearnt(
            name=_group(comparison, path, each.group), epochs=each.epochs, counts=each.counts, of=each.of, now=each.now
        )
        for each in steps
    )


def _group(comparison: Comparison, path: str, index: int) -> str:
    varied = next((each for each in comparison.varied if each.path == path), None)
    return "all" if varied is None else varied.text(index)
