"""What a pass began with, so that the state between two passes can be taken in the middle of one."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

__all__ = ["PassStart"]


@dataclass(frozen=True, kw_only=True, slots=True)
class PassStart:
    """What a pass changes, as it was before its first tick; the weights stay the same until its end."""

    ticks: int = 0
    collected: int = 0  # passes whose gradients waited
    gradients: Sequence[Tensor | None] = ()  # of each parameter, added up over them; empty where none waited
    random: Tensor | None = None  # of torch's generator, where the run draws numbers
