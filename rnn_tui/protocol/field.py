"""The field: many networks that learn at once. What a view asks for, and what an engine answers.

m members, numbered as in `experiment.comparison.Comparison`. The rest of a frame is about the selected member.
"""

from typing import Annotated, Literal

import msgspec

from rnn_tui.common.value import Value
from rnn_tui.experiment.comparison import Comparison, Varied
from rnn_tui.protocol.arrays import Doubles, Floats, Integers
from rnn_tui.protocol.save_options import SaveOptions

__all__ = [
    "DIVERGED",
    "DONE",
    "LEARNING",
    "WAITING",
    "Bundle",
    "FieldFacts",
    "FieldPicture",
    "FieldSummary",
    "FieldWanted",
    "HeldOutBundle",
    "KeepMember",
    "KeptMember",
    "LearntSteps",
    "Measure",
    "OpenField",
    "SelectMember",
]

Measure = Literal["learnt", "loss", "held_out", "norm"]

WAITING, LEARNING, DONE, DIVERGED = range(4)  # the states of a member


class FieldWanted(Value, frozen=True, kw_only=True):
    """What the panes of the field can show."""

    seen: int = -1  # the `FieldPicture.revision` on the screen: it is not sent again
    measure: Measure = "learnt"  # the colour of the map
    is_map: bool = False  # whether the map is on the screen
    columns: int = 0  # of the chart of losses, and of the steps of what is learnt; 0: neither is on the screen
    lines: int = 0  # how many single curves to show behind the bundle, at most
    log_x: bool = False
    grouped_by: str = ""  # the path of the varied setting whose values are groups; empty: one group


class FieldSummary(Value, frozen=True, kw_only=True):
    """What is compared, and how many networks have come how far, for a list of runs. What is None is not known."""

    comparison: Comparison
    learnt: int | None = None  # how many have learnt it
    ended: int | None = None  # how many have come to their end, or have diverged
    diverged: int | None = None

    def varied(self, path: str) -> Varied | None:
        """Return a setting that varies; None: it does not."""
        return next((each for each in self.comparison.varied if each.path == path), None)


class FieldFacts(Value, frozen=True, kw_only=True):
    """The description of a field; the rest of `Opened` describes the selected member."""

    comparison: Comparison
    counts_epochs: bool = True  # whether x is in epochs; else in updates, of texts and series
    has_right: bool = True  # whether a prediction can be right, so that a network can have learnt it
    has_held_out: bool = False
    floors: Floats | None = None  # (m,) the lowest loss each can come to; NaN: none
    guessing: float | None = None  # the loss of guessing, where all members share it

    @property
    def unit(self) -> str:
        """What x counts."""
        return "epoch" if self.counts_epochs else "update"


class HeldOutBundle(Value, frozen=True, kw_only=True):
    """The losses of a group on what is held out: of the members that have been evaluated and have not diverged.

    They are evaluated on a part of it; at its end a member is evaluated on all of it.
    """

    x: Doubles  # (n,) the epochs, or updates, after which some were evaluated; the others count as they were last
    quarter: Floats  # (n,) a quarter of the members lie below
    median: Floats  # (n,)
    three_quarters: Floats  # (n,)


class Bundle(Value, frozen=True, kw_only=True):
    """The losses of a group over epochs (or updates): of the members that have come so far and are finite."""

    group: int  # the index of its value; 0 if there is one group
    x: Doubles  # (n,)
    low: Floats  # (n,) the lowest
    quarter: Floats  # (n,) a quarter of the members lie below
    median: Floats  # (n,)
    three_quarters: Floats  # (n,)
    high: Floats  # (n,)
    lines: Floats  # (k, n) single members; NaN after the end of one
    members: Integers  # (k,) which they are
    held_out: HeldOutBundle | None = None  # if something is held out


class LearntSteps(Value, frozen=True, kw_only=True):
    """How many members of a group had learnt it by each epoch: a step for each epoch at which one has."""

    group: int
    epochs: Integers  # (n,) ascending
    counts: Integers  # (n,) that had learnt it by then
    of: int  # members in the group
    now: int  # the epoch that the slowest going member of the group has come to: up to there the counts are final


class FieldPicture(Value, frozen=True, kw_only=True):
    """The state of all members. A frame without one brings nothing newer than what the view has seen."""

    revision: int = 0  # grows from picture to picture
    selected: int  # the member whose numbers are in the rest of the frame
    newest: int  # the epoch (or update) that the first have come to
    going: int  # how many members are learning
    done: int  # how many have come to their end
    learnt: int  # how many have learnt it
    diverged: int
    states: Annotated[bytes, msgspec.Meta(description="a byte for each member: WAITING, LEARNING, DONE, DIVERGED")] = (
        b""
    )
    measured: Floats | None = None  # (m,) what the map shows; NaN: not known (yet); `learnt`: the epoch at which
    bundles: tuple[Bundle, ...] = ()
    learnt_steps: tuple[LearntSteps, ...] = ()
    updates_per_second: float = 0.0  # of all networks together
    findings: tuple[str, ...] = ()  # what they show, in sentences, while they stand still: paused, or all at their end


class OpenField(Value, frozen=True, kw_only=True, tag=True):
    """Begin a comparison."""

    comparison: Comparison
    play: bool = True
    stops_when_learnt: bool = False  # a member that has learnt it stands still
    keep: SaveOptions | None = None  # None: not saved; what resumes is as its folder says
    may_keep: bool = True  # save it unasked when its last view has gone


class SelectMember(Value, frozen=True, kw_only=True, tag=True):
    """Show another member in the rest of the frame."""

    member: Annotated[int, msgspec.Meta(ge=0)]


class KeepMember(Value, frozen=True, kw_only=True, tag=True):
    """Keep a member as it is now, as a run of its own on the disk. Answered by `KeptMember` when it is there."""

    member: Annotated[int, msgspec.Meta(ge=0)]


class KeptMember(Value, frozen=True, kw_only=True, tag=True):
    """A member is on the disk as a run of its own, or cannot be."""

    member: int
    passes: int  # that it had made when it was to be kept
    name: str = ""  # by which the run is found
    problem: str = ""  # why it is not there; empty: it is
