"""Touching a paused run: one number of it is another, for a view that looks, and all that follows from it.

A touch is part of a request for a frame. The run itself stays as it is: nothing of it is learnt or kept.
"""

from typing import Annotated, Literal

import msgspec

from rnn_tui.common.value import Value

__all__ = ["Touch", "TouchFacts", "TouchKind"]

TouchKind = Literal["input", "state", "h0", "c0", "weight"]
_Place = Annotated[int, msgspec.Meta(ge=0)]


class Touch(Value, frozen=True, kw_only=True):
    """One number, and what it is instead; where it counts from 0."""

    kind: TouchKind
    row: _Place = 0  # of the batch; not of a weight
    step: _Place = 0  # of an input and a state
    layer: _Place = 0  # of a state, h₀ and c₀
    direction: _Place = 0
    unit: _Place = 0  # of an input: which of the columns of a series
    name: str = ""  # of a weight tensor: "weight_ih_l0"
    at: tuple[_Place, ...] = ()  # which of its numbers: row and column, or one number for a vector
    value: float | None = None  # an index into the vocabulary for a character; None: as it is, to be told what it is


class TouchFacts(Value, frozen=True, kw_only=True):
    """What has come of touches."""

    touches: tuple[Touch, ...] = ()  # those that this is about
    before: tuple[float, ...] = ()  # what each number is in the run
    loss: float | None = None  # of the steps fed, with all touches; None: nothing is learnt
    loss_before: float | None = None  # the same without
    problem: str = ""  # why nothing was touched; safe to print
