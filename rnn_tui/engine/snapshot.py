"""The exact state of a run between two passes: weights, optimiser, random numbers and place; to the bit."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from rnn_tui.engine.trainer import Trainer

__all__ = ["Slot", "Snapshot", "restore", "state_bytes", "take", "take_beginning"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """One tensor of the optimiser's state."""

    parameter: int  # its place among the parameters
    key: str  # "exp_avg"
    shape: torch.Size
    device: torch.device


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """Everything that the next tick depends on. Nothing in it is ever changed."""

    ticks: int
    epoch: int
    values: Tensor  # (n,) weights, then the optimiser's tensors, in float32 or as wide as the weights
    slots: tuple[Slot, ...]
    random: Tensor | None  # of torch's generator, where the run draws numbers

    @property
    def nbytes(self) -> int:
        """Memory that it takes."""
        return self.values.nbytes + (0 if self.random is None else self.random.nbytes)


def state_bytes(trainer: Trainer) -> int:
    """About what one snapshot takes: the weights, and as much again for each running average of the optimiser."""
    weights = sum(parameter.nbytes for parameter in trainer.model.parameters())
    return weights * {"adam": 3, "rmsprop": 2, "sgd": 1}[trainer.experiment.training.optimizer]


def take(trainer: Trainer) -> Snapshot:
    """The state of a trainer that is between two passes, its update made."""
    parameters = list(trainer.model.parameters())
    slots, tensors = _optimizer_tensors(trainer, parameters)
    with torch.no_grad():
        values = torch.cat([tensor.reshape(-1) for tensor in (*parameters, *tensors)])
    draws = trainer.experiment.network.initial_state == "random"
    return Snapshot(
        ticks=trainer.ticks,
        epoch=trainer.epoch,
        values=values,
        slots=slots,
        random=torch.get_rng_state() if draws else None,
    )


def take_beginning(trainer: Trainer) -> Snapshot:
    """The state at the beginning of the pass under way, or of the last one; the trainer is left as it is.

    The weights move between two passes only, so they are those of now. Where the update after the last pass has been
    made already, this is the state behind it.
    """
    now = take(trainer)
    if not trainer.logits or (trainer.learns and trainer.at_end_of_pass and not trainer.has_update):
        return now
    ticks, random = trainer.pass_began
    return replace(now, ticks=ticks, epoch=trainer.epoch - 1, random=random)


def restore(trainer: Trainer, snapshot: Snapshot) -> None:
    """Put a trainer back, so that its next tick is the one that came after the snapshot, to the bit."""
    parameters = list(trainer.model.parameters())
    optimizer = trainer.optimizer
    tensors: list[Tensor] = []
    if optimizer is not None:
        optimizer.zero_grad()
        optimizer.state.clear()
        for slot in snapshot.slots:
            tensor = torch.empty(slot.shape, device=slot.device)
            optimizer.state[parameters[slot.parameter]][slot.key] = tensor
            tensors.append(tensor)
    with torch.no_grad():
        targets = [*parameters, *tensors]
        for target, value in zip(
            targets, torch.split(snapshot.values, [each.numel() for each in targets]), strict=True
        ):
            target.copy_(value.view_as(target))
    if snapshot.random is not None:
        torch.set_rng_state(snapshot.random)
    trainer.return_to(snapshot.ticks, snapshot.epoch)


def _optimizer_tensors(trainer: Trainer, parameters: list[nn.Parameter]) -> tuple[tuple[Slot, ...], list[Tensor]]:
    if trainer.optimizer is None:
        return (), []
    slots, tensors = [], []
    for number, parameter in enumerate(parameters):
        for key, value in trainer.optimizer.state.get(parameter, {}).items():
            if isinstance(value, Tensor):
                slots.append(Slot(parameter=number, key=key, shape=value.shape, device=value.device))
                tensors.append(value)
    return tuple(slots), tensors
