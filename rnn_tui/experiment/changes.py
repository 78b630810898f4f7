"""How a run is made to learn in another way from some tick on: what a fork, `c` and a kept run remember."""

from typing import Annotated

import msgspec

from rnn_tui.common.value import Value
from rnn_tui.experiment.spec import Training

__all__ = ["Turn"]


class Turn(Value, frozen=True, kw_only=True):
    """How the run is made to learn from a tick on."""

    tick: Annotated[int, msgspec.Meta(ge=0)]  # done before it takes effect
    training: Training
    reseed: bool = False  # the random numbers begin anew with its seed
