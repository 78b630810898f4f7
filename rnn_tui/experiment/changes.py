"""A change of the training at some tick: what a fork, `c` and a saved run remember."""

from typing import Annotated

import msgspec

from rnn_tui.common.value import Value
from rnn_tui.experiment.spec import Training

__all__ = ["Change"]


class Change(Value, frozen=True, kw_only=True):
    """How the run is trained from a tick on."""

    tick: Annotated[int, msgspec.Meta(ge=0)]  # done before it takes effect
    training: Training
    reseed: bool = False  # the random numbers begin anew with its seed
