"""The part of the seam that slow motion speaks: the phase of a tick at which the run is held."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rnn_tui.common.value import Value

__all__ = ["Gradient", "Moved", "Phase", "PhaseKind"]

PhaseKind = Literal["update", "embed", "cell", "head", "softmax", "loss", "backward"]


class Moved(Value, frozen=True, kw_only=True):
    """How far an update has moved one tensor of weights."""

    name: str  # as the module calls it: "weight_ih_l0"
    distance: float  # ‖ΔW‖
    relative: float  # to ‖W‖ before


class Gradient(Value, frozen=True, kw_only=True):
    """How much the loss depends on the states of a layer, at the time steps that backward has come to."""

    layer: int
    direction: int
    first: int  # the time step of the first norm
    norms: NDArray[np.float32]  # ‖∂L/∂h_t‖ of the row that is looked at, inside the window


class Phase(Value, frozen=True, kw_only=True):
    """The part of a tick that the run is held at."""

    kind: PhaseKind
    time_step: int  # 0 for an update
    layer: int = -1  # of a cell, and of backward where it goes layer by layer; -1: all
    direction: int = 0
    words: str  # one line, safe to print
    numbers: tuple[tuple[str, float], ...] = ()  # what has come out, by name
    moved: tuple[Moved, ...] = ()  # by an update
    gradients: tuple[Gradient, ...] = ()  # in backward, and until the next pass begins
    largest: float = 0.0  # of all norms of this pass, also of those still to come: the scale of the bars
