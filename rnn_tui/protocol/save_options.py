"""How a run, or a comparison, is saved on the disk."""

from typing import Annotated

import msgspec

from rnn_tui.common.value import Value

__all__ = ["SaveOptions"]


class SaveOptions(Value, frozen=True, kw_only=True):
    """Save a run on the disk, and how."""

    folder: str = ""  # empty: a new one in the default place
    resume: bool = False  # the folder holds a run, which goes on from its last checkpoint
    every: Annotated[int, msgspec.Meta(ge=0)] = 0  # updates between two checkpoints; 0: as time passes
    tensorboard: str = ""  # a folder for TensorBoard's event files; empty: none
    launch: str = ""  # of torchrun, that begins it: it is found again by this; empty: none
