"""The exact state of a run between two passes: weights, optimiser, random numbers and position; to the bit."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from rnn_tui.engine.training.snapshot_data import GRADIENT, Slot, Snapshot
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.memory import averages

__all__ = ["Slot", "Snapshot", "restore", "state_bytes", "take", "take_beginning"]


def state_bytes(trainer: Trainer) -> int:
    """Estimate what one snapshot takes: the weights, and as much again for each running average, and for gradients."""
    weights = sum(parameter.nbytes for parameter in trainer.model.parameters())
    training = trainer.experiment.training
    return weights * (1 + averages(training) + (training.accumulate > 1))


def take(trainer: Trainer) -> Snapshot:
    """Take the state of a trainer that is between two passes, its update made."""
    trainer.taking(beginning=False)
    return _take(trainer)


def _take(trainer: Trainer) -> Snapshot:
    parameters = list(trainer.model.parameters())
    waiting = trainer.of_all_ranks([each.grad for each in parameters]) if trainer.collected else []
    slots, tensors = _optimizer_tensors(trainer, parameters, waiting)
    values = _flat([*parameters, *tensors])
    draws = trainer.experiment.network.initial_state == "random"
    return Snapshot(
        ticks=trainer.ticks,
        epoch=trainer.epoch,
        updates=trainer.updates,
        collected=trainer.collected,
        plateau=trainer.plateau,
        earlier=trainer.earlier,
        scaling=None if trainer.updater.scaler is None else trainer.updater.scaler.state_dict(),
        values=values,
        slots=slots,
        random=torch.get_rng_state() if draws else None,
        state=trainer.of_all_rows(trainer.state) if trainer.dataset.carries_into(trainer.epoch + 1) else None,
    )


def take_beginning(trainer: Trainer) -> Snapshot:
    """Take the state at the beginning of the pass under way, or of the last one; the trainer is left as it is.

    The weights move between two passes only, so they are those of now. Where the update after the last pass has been
    made already, this is the state after it.
    """
    trainer.taking(beginning=True)
    now = _take(trainer)
    if not trainer.logits or (trainer.learns and trainer.at_end_of_pass and not trainer.has_update):
        return now
    began = trainer.pass_began
    parameters = list(trainer.model.parameters())
    slots, tensors = _optimizer_tensors(trainer, parameters, trainer.of_all_ranks(began.gradients))
    values = _flat([*parameters, *tensors])
    return replace(
        now,
        ticks=began.ticks,
        epoch=trainer.epoch - 1,
        collected=began.collected,
        values=values,
        slots=slots,
        random=began.random,
        state=trainer.of_all_rows(trainer.h_0) if trainer.dataset.carries_into(trainer.epoch) else None,
    )


def restore(trainer: Trainer, snapshot: Snapshot | None) -> None:
    """Put a trainer back, so that its next tick is the one that came after the snapshot, to the bit.

    Of several processes the first has the snapshot, and the others None.
    """
    snapshot = trainer.own_part(snapshot)
    parameters = list(trainer.model.parameters())
    optimizer = trainer.updater.optimizer
    tensors: list[Tensor] = []
    if optimizer is not None:
        optimizer.zero_grad()
        optimizer.state.clear()
        for slot in snapshot.slots:
            tensor = torch.empty(slot.shape, device=slot.device)
            if slot.key == GRADIENT:
                parameters[slot.parameter].grad = tensor
            else:
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
    if trainer.updater.scaler is not None and snapshot.scaling is not None:
        counts = {key: int(snapshot.scaling[key]) for key in ("growth_interval", "_growth_tracker")}
        trainer.updater.scaler.load_state_dict(snapshot.scaling | counts)  # a checkpoint holds all of them as floats
    trainer.return_to(snapshot.ticks, snapshot.epoch, snapshot.state)
    trainer.updates, trainer.collected, trainer.plateau = snapshot.updates, snapshot.collected, snapshot.plateau
    trainer.earlier = snapshot.earlier


def _flat(tensors: list[Tensor]) -> Tensor:
    """Join all values, on the device of the first: RMSprop counts its steps on the CPU."""
    with torch.no_grad():
        return torch.cat([tensor.reshape(-1).to(tensors[0].device) for tensor in tensors])


def _optimizer_tensors(
    trainer: Trainer, parameters: list[nn.Parameter], gradients: Sequence[Tensor | None]
) -> tuple[tuple[Slot, ...], list[Tensor]]:
    """Return the optimiser's tensors, and the gradients that wait for those of other passes, if any."""
    if trainer.updater.optimizer is None:
        return (), []
    slots, tensors = [], []
    for number, parameter in enumerate(parameters):
        waiting = {GRADIENT: gradients[number]} if gradients else {}
        for key, value in (trainer.updater.optimizer.state.get(parameter, {}) | waiting).items():
            if isinstance(value, Tensor):
                slots.append(Slot(parameter=number, key=key, shape=value.shape, device=value.device))
                tensors.append(value)
    return tuple(slots), tensors
