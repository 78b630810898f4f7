"""Slow motion: the phase of a tick at which the run is paused."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rnn_tui.common.value import Value
from rnn_tui.protocol.arrays import Floats, Integers

__all__ = ["Gradient", "Moved", "Phase", "PhaseKind"]

PhaseKind = Literal["update", "embed", "cell", "head", "softmax", "loss", "backward"]


class Moved(Value, frozen=True, kw_only=True):
    """How far an update has moved one weight tensor."""

    name: str  # as the module calls it: "weight_ih_l0"
    distance: float  # ‖ΔW‖
    relative: float  # to ‖W‖ before


class Gradient(Value, frozen=True, kw_only=True):
    """How much the loss depends on a layer's states, at the time steps that the backward pass has reached."""

    layer: int
    direction: int
    first: int  # the time step of the first norm
    norms: NDArray[np.float32]  # ‖∂L/∂h_t‖ of the row on the screen, inside the window
    units: Integers | None = None  # (u,) which units the rows of `values` are
    values: Floats | None = None  # (u, n) ∂L/∂h_t of those units, at the time steps of the norms


class Phase(Value, frozen=True, kw_only=True):
    """The part of a tick at which the run is paused."""

    kind: PhaseKind
    time_step: int  # 0 for an update
    layer: int = -1  # of a cell, and of the backward pass if it goes layer by layer; -1: all
    direction: int = 0
    words: str  # one line, safe to print
    next: str = ""  # what comes after it, in a few words; empty: not told
    numbers: tuple[tuple[str, float], ...] = ()  # the results, by name
    moved: tuple[Moved, ...] = ()  # by an update
    gradients: tuple[Gradient, ...] = ()  # in the backward pass, and until the next pass begins
    largest: float = 0.0  # of all norms of this pass, including those still to come: the scale of the bars
    largest_value: float = 0.0  # the largest |∂L/∂h_t| of a unit, likewise: the scale of the colours
