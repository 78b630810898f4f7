"""What can be heard of the torch of a process: which calls a listener gets from the hooks in it."""

from typing import Any, Protocol

from torch import Tensor, nn
from torch.optim import Optimizer

__all__ = ["Listener"]


class Listener(Protocol):
    """Is called in the thread that computes. An error of its own never reaches the caller: it ends the listening."""

    hears_calls: bool  # whether calls of modules are told; `adjust` makes a change of it known

    def recurrent_made(self, module: nn.Module) -> None:
        """Hear that a recurrent module has been made, or copied."""

    def calling(self, module: nn.Module) -> None:
        """Hear of a module that is about to be called."""

    def called(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        """Hear of a module's call that has returned."""

    def lost(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], value: Any) -> None:
        """Hear of the value of a loss function."""

    def scaled(self, value: Tensor, scale: Tensor) -> None:
        """Hear that a gradient scaler has multiplied a loss."""

    def backward_begins(self) -> None:
        """Hear that gradients are about to be computed."""

    def backward_done(self, roots: tuple[Tensor, ...], inputs: tuple[Tensor, ...], *, again: bool) -> None:
        """Hear that gradients of these have been computed; no weight has moved since.

        `inputs`: those by which, where they were returned in the place of being added up in all weights. `again`: the
        graph is kept, so that another backward can go through it.
        """

    def collective_begins(self) -> None:
        """Hear that the script calls for what all ranks do together."""

    def collective_ends(self) -> None:
        """Hear that this is done."""

    def optimizer_made(self, optimizer: Optimizer) -> None:
        """Hear that there is a new optimizer."""

    def before_step(self, optimizer: Optimizer) -> None:
        """Hear that an optimizer is about to move its weights."""

    def after_step(self, optimizer: Optimizer) -> None:
        """Hear that an optimizer has moved its weights."""

    def fail(self, error: Exception) -> None:
        """Hear of an error of its own: it hears nothing any more after that."""
